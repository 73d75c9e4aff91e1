"""Content of an adapter: rank, base model and weights."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .adapter_list import CONFIG, AdapterSpec, Server, find_pickles
from .features import TensorFacts, add_features, check_features, read_features
from .modules import check_modules, read_target_modules
from .outcome import LoadError, say
from .settings import Settings
from .tensors import LENGTH_BYTES, SUFFIX, NoTensorsError, find_header_length, read_tensors

MAX_CONFIG_BYTES = 1 << 20
"""Largest accepted adapter configuration. It is held in memory."""


def read_config(spec: AdapterSpec, path: Path) -> dict[str, Any]:
    """Return rank, base model and features from an adapter's configuration."""
    check_size(spec, path.stat().st_size)
    try:
        config: Any = json.loads(path.read_bytes())
        ranks: list[Any] = [config.get("r"), *(config.get("rank_pattern") or {}).values()]
        base, features = config.get("base_model_name_or_path"), read_features(config)
        targets = read_target_modules(config)
    except (ValueError, AttributeError, RecursionError) as e:
        raise LoadError("damaged", f"{spec}: {CONFIG} in the repo is not a JSON object ({type(e).__name__}). Correct it there") from None
    rank = max((r for r in ranks if is_rank(r)), default=None)
    return {"rank": rank, "base_model": base if is_name(base) else None, "features": features, "target_modules": targets}


def is_rank(value: Any) -> bool:
    """Return True for an int that is not a bool."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_name(value: Any) -> bool:
    """Return True if a value from an untrusted file can be printed as a model name."""
    return isinstance(value, str) and value.isprintable() and len(value) <= 200


def check_size(spec: AdapterSpec, size: int) -> None:
    """Raise LoadError if a configuration is too large; also called before the download."""
    if size > MAX_CONFIG_BYTES:
        raise LoadError("damaged", f"{spec}: {CONFIG} has {size} bytes, more than the limit of {MAX_CONFIG_BYTES}. Correct it in the repo")


def read_facts(spec: AdapterSpec, directory: Path, names: Iterable[str]) -> dict[str, Any]:
    """Return rank, base model and features of the files of an adapter."""
    facts = read_config(spec, directory / CONFIG)
    for name in names:
        add_features(facts, check_weights(spec, directory / name))
    return facts


def check_tensors(spec: AdapterSpec, path: Path, facts: dict[str, Any], server: Server) -> None:
    """Add the facts of a file's tensors to those of its adapter, and compare them with the server.

    Features that `check_fit` compared before are not compared again.
    """
    check_features(spec, add_features(facts, check_weights(spec, path)), server)
    check_modules(spec, {"modules": facts["modules"]}, server)


def check_fit(s: Settings, spec: AdapterSpec, facts: dict[str, Any], server: Server) -> None:
    """Compare an adapter with the limits of the server.

    A rank above the limit and a feature that the engine refuses raise LoadError; uncertain
    mismatches print a warning. NIM and the hub
    name one model differently (meta/llama3-8b-instruct, meta-llama/Meta-Llama-3-8B-Instruct).
    """
    check_features(spec, facts.get("features"), server)
    check_modules(spec, facts, server)
    rank: int = facts["rank"] if is_rank(facts.get("rank")) else 0
    trained_on: str = facts["base_model"] if is_name(facts.get("base_model")) else ""
    if s.max_rank is not None and rank > s.max_rank:
        fix = "Raise lora.max_rank, or remove the adapter"
        raise LoadError("rank", f"{spec}: its rank {rank} is above the server's NIM_MAX_LORA_RANK={s.max_rank}. {fix}")
    if s.max_rank is None and server.default_rank is not None and rank > server.default_rank:
        say(f"warning: {spec} has rank {rank}, and the server's default limit is {server.default_rank}. Set lora.max_rank")
    if is_other_model(trained_on, server.model):
        say(f"warning: {spec} was trained on {trained_on}, the server's model is {server.model}")


def is_other_model(trained_on: str, served: str) -> bool:
    """Return True if two names of models differ by more than the names of NIM and of the hub do."""
    base, model = (re.sub(r"[^a-z0-9]", "", name.rsplit("/", 1)[-1].lower()) for name in (trained_on, served))
    return bool(base and model) and base not in model and model not in base


def check_weights(spec: AdapterSpec, path: Path) -> TensorFacts:
    """Raise LoadError if a file does not contain weights; return the facts of the tensors.

    The hub's record proves only that the bytes are those of the repo. They may still be, for
    example, a Git LFS pointer.
    """
    if path.suffix == SUFFIX:
        try:
            with path.open("rb") as f:
                size = path.stat().st_size
                return read_tensors(f.read(find_header_length(f.read(LENGTH_BYTES), size)), size)
        except NoTensorsError as e:
            raise refuse_format(spec, path.name, f"a safetensors file ({e})") from None
    if find_pickles([path.name]):
        from .pickles import find_code

        try:
            code = find_code(path)
        except (ValueError, IndexError, UnicodeError) as e:
            raise refuse_format(spec, path.name, f"a PyTorch file ({e})") from None
        if code is not None:
            text = f"{path.name} is a pickle with {ascii(code)[1:-1][:80]}, which is no tensor and can run code. Do not load it"
            raise LoadError("pickle", f"{spec}: {text}; use a repo with safetensors")
    return TensorFacts()


def refuse_format(spec: AdapterSpec, name: str, wanted: str) -> LoadError:
    """Return the error of a file that is not in its format."""
    return LoadError("damaged", f"{spec}: {name} is not {wanted} in the repo itself. Pin another revision or repair the repo")
