"""Locked adapters compared with their server: problems that a preview refuses, and doubts.

Facts of an adapter are those of the lock file; facts of servers are in `args.generation` and
`args.base_modules`. Pure functions.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..args import NIM, LoRAAdapter
from ..args.adapter_rules import (
    describe_refused_modules,
    find_absent_modules,
    validate_features,
    validate_modules,
    validate_pickles,
    validate_ranks,
)
from ..args.generation import GenerationName, find_generation
from ..args.outputs import is_output
from ..args.problems import Problem
from ..args.served_model import find_base_model, list_model_facts
from ..lora_loader.adapter import is_other_model


@dataclass(frozen=True)
class ServerFacts:
    """Fields of a service that decide which adapters its server loads; all are plain."""

    image: str
    generation: GenerationName | None = None
    max_rank: int | None = None
    env: Mapping[str, Any] | None = None
    args: Sequence[Any] | None = None


def facts_of(nim: NIM) -> ServerFacts | None:
    """Return the facts of a service; None if one of them is an Output."""
    fields = (nim.image, nim.generation, nim.lora.max_rank, nim.env, nim.args)
    plain = not any(is_output(each) for each in (*fields, *list_model_facts(nim.image, nim.env, nim.args)))
    return ServerFacts(*fields) if plain else None  # pyright: ignore[reportArgumentType]


def find_problems(adapters: Sequence[LoRAAdapter], server: ServerFacts) -> Iterator[Problem]:
    """Yield the problems of locked adapters that a preview refuses."""
    yield from validate_ranks(adapters, server.max_rank)
    yield from validate_features(adapters, server.generation, server.image)
    yield from validate_modules(adapters, server.generation, server.image, server.env, server.args)
    yield from validate_pickles(adapters)


def find_doubts(adapters: Sequence[LoRAAdapter], server: ServerFacts) -> Iterator[str]:
    """Yield a sentence for each fact of a locked adapter that may keep it from being served."""
    limits = find_generation(server.generation, server.image).lora
    base = find_base_model(*list_model_facts(server.image, server.env, server.args))
    refused = limits.refused if limits is not None else ()
    for adapter in adapters:
        locked = adapter.locked
        if locked is None:
            continue
        for feature in locked.features:
            if feature.partition(" ")[0] not in refused:
                yield f"{adapter.repo_id} uses {feature}, and its support by the server is unknown. Test it before a release."
        absent = find_absent_modules(locked, base) if locked.modules else []
        if absent and describe_refused_modules(locked, base, limits) is None:
            yield f"{adapter.repo_id} changes {', '.join(absent[:5])}, which {base} does not have. Use an adapter of this model."
        if limits is not None and limits.documented and (extra := [each for each in locked.modules if each not in limits.documented]):
            yield f"{adapter.repo_id} changes {', '.join(extra[:5])}, and {limits.engine} documents no support for that. Test it first."
        if is_other_model(locked.base_model or "", base or ""):
            yield f"{adapter.repo_id} was trained on {locked.base_model}, and the server's model is {base}. Use an adapter of this model."
        if limits is not None and server.max_rank is None and (locked.rank or 0) > limits.default_rank:
            yield f"{adapter.repo_id} has rank {locked.rank}, and the server's default limit is {limits.default_rank}. Set lora.max_rank."
