"""Rules across a service's adapters and everything that they hang on."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..text.field_paths import Path, show_argument_path
from .autoscaling import AutoscalingArgs
from .field_types import Memory
from .generation import GenerationName, find_generation
from .lora_adapter import LoRAAdapter, model_of_image
from .lora_options import LIMITS, PEFT_SOURCE, LoRAArgs, adapter_names
from .managed_names import CACHE_PATH, SHM_PATH
from .outputs import is_output
from .problems import Problem

_VLLM_RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""The ranks that vLLM's `--max-lora-rank` takes."""
_RENAME = "Give {} another name: LoRAAdapter(repo_id=..., name=...)."


def validate_lora(adapters: Sequence[LoRAAdapter] | None, lora: LoRAArgs, memory: Any, env: Mapping[str, Any] | None) -> Iterator[Problem]:
    """Adapters need memory to be downloaded in and a directory that the server reads."""
    if not adapter_names(adapters, lora):
        return
    given = "hf_repo_ids" if adapters else "lora.source"
    if adapters and memory is None:
        yield Problem(
            ("lora_adapter_mem",),
            "memory to download the LoRA adapters must be set with hf_repo_ids",
            'Set lora_adapter_mem, such as "2Gi".',
        )
    source = (env or {}).get(PEFT_SOURCE)
    remedy = f'Set it in env: {{"{PEFT_SOURCE}": "/opt/nim/peft_adapters"}}.'
    path = ("env", PEFT_SOURCE)
    if source is None:
        yield Problem(path, f"must be set with {given}: it is where the server looks for the adapters", remedy)
    elif not isinstance(source, str):
        yield Problem(path, f"must be plain text with {given}: it decides a mount", remedy)
    elif not re.fullmatch(r"(/[A-Za-z0-9._-]+)+", source, re.ASCII) or any(part in (".", "..") for part in source.split("/")):
        yield Problem(path, "must be an absolute path below the root", remedy, repr(source))
    elif any(_overlap(source, taken) for taken in (SHM_PATH, CACHE_PATH)):
        yield Problem(path, f"must not lie in or above {SHM_PATH} or {CACHE_PATH}", remedy, repr(source))


def _overlap(one: str, other: str) -> bool:
    first, second = f"{one.rstrip('/')}/", f"{other}/"
    return first.startswith(second) or second.startswith(first)


def validate_names(adapters: Sequence[LoRAAdapter] | None, lora: LoRAArgs, served_model: str | None, image: str) -> Iterator[Problem]:
    """One directory and one model name each: `a/x` and `b/x` would overwrite one another, and on a volume such as SMB `x` and `X` too."""
    base = served_model or model_of_image(image)
    names = adapter_names(adapters, lora)
    seen: dict[str, int] = {}
    where: Path = ("lora", "source", "names") if lora.source is not None else ("hf_repo_ids",)
    for index, name in enumerate(names):
        first = seen.setdefault(name.lower(), index)
        if first != index:
            case = "" if names[first] == name else " in another case: some volumes take them for one"
            yield Problem(
                (*where, index),
                f"must not have the name of {show_argument_path((*where, first))}{case}",
                _RENAME.format("one of them"),
                repr(name),
            )
        elif name == base:
            yield Problem((*where, index), "must not have the name of the served model", _RENAME.format("the adapter"), repr(name))


def validate_origin(
    adapters: Sequence[LoRAAdapter] | None, memory: Memory | None, lora: LoRAArgs, volumes: Sequence[Mapping[str, Any]] | None
) -> Iterator[Problem]:
    """Adapters come from the hub or from elsewhere, and what the group says must have something to say it of."""
    source = lora.source
    if source is not None and adapters:
        yield Problem(("lora", "source"), "must not be given together with hf_repo_ids: the server reads one directory", "Leave one out.")
    if source is not None and source.image is not None and memory is None:
        yield Problem(("lora_adapter_mem",), "must be set with lora.source.image, which runs in it", 'Set it, such as "2Gi".')
    if source is not None and source.volume is not None and source.volume not in [each["name"] for each in volumes or ()]:
        known = ", ".join(each["name"] for each in volumes or ()) or "none"
        rule, remedy = "must be the name of one of extra_volumes", f"Add it there; known: {known}."
        yield Problem(("lora", "source", "volume"), rule, remedy, repr(source.volume))
    if not adapters:
        for name in ("volume", "endpoint", "index_url"):
            if getattr(lora, name) is not None:
                yield Problem(("lora", name), "has no meaning without hf_repo_ids", "Leave it out, or list adapters.")
    elif lora.refresh_interval is not None and lora.volume is None:
        yield Problem(
            ("lora", "volume"),
            "must be given with refresh_interval: adapters in a pod of its own cannot change behind its back",
            "Write volume: {} for a shared claim of the component's own, or volume: {existing_claim: ...}.",
        )


def validate_volume(
    lora: LoRAArgs, access_mode: str | None, replicas: int, autoscaling: AutoscalingArgs | None, rollout: str | None
) -> Iterator[Problem]:
    """A volume that one node at a time can have serves neither a second pod nor a Job beside the pod."""
    volume = lora.volume
    if volume is None or volume.existing_claim is not None or access_mode == "ReadWriteMany":
        return
    most = replicas if autoscaling is None else autoscaling.max_replicas
    why = (
        "refresh_interval, whose Job writes while the pods read"
        if lora.refresh_interval is not None
        else f"{most} replicas"
        if most > 1
        else "rollout 'surge', which runs two pods at once"
        if rollout == "surge"
        else None
    )
    if why is not None:
        remedy = "Use access_mode: ReadWriteMany with a storage class that has it, or an existing_claim that can be shared."
        yield Problem(("lora", "volume", "access_mode"), f"must allow sharing for {why}", remedy, repr(access_mode))


def validate_limits(
    name: GenerationName | None, image: str, rank: int | None, gpu: int | None, cpu: int | None, env: Mapping[str, Any] | None
) -> Iterator[Problem]:
    """Limits reach a server that loads adapters and whose generation is known, in the form that its engine takes."""
    generation = find_generation(name, image)
    given = {"max_rank": rank, "max_gpu": gpu, "max_cpu": cpu}
    first = next((field for field, value in given.items() if value is not None), None)
    if first is None:
        return
    if PEFT_SOURCE not in (env or {}):
        yield Problem(("lora", first), f"has no meaning without {PEFT_SOURCE}", f"Set {PEFT_SOURCE} in env: it turns LoRA on.")
    if generation.lora is None:
        rule = f"must be set with lora.{first}: the image's tag does not say whether that is a variable or an argument"
        yield Problem(("generation",), rule, "Set it to 1.x, 2.x-vllm or 2.x-sglang.")
    if generation.name == "2.x-vllm" and rank is not None and rank not in _VLLM_RANKS:
        higher = next((each for each in _VLLM_RANKS if each >= rank), _VLLM_RANKS[-1])
        rule = f"must be one of {', '.join(map(str, _VLLM_RANKS))} with vLLM"
        yield Problem(("lora", "max_rank"), rule, f"Take {higher}: smaller adapters fit too.", repr(rank))


def validate_ranks(adapters: Sequence[LoRAAdapter] | None, rank: int | None) -> Iterator[Problem]:
    """What is locked is known before a pod starts."""
    for index, adapter in enumerate(adapters or ()):
        of_adapter = None if adapter.locked is None else adapter.locked.rank
        if rank is not None and of_adapter is not None and of_adapter > rank:
            rule = f"has rank {of_adapter}, above lora.max_rank ({rank})"
            yield Problem(("hf_repo_ids", index), rule, "Raise lora.max_rank, or drop the adapter.", repr(adapter.repo_id))


def validate_engine_arguments(args: Sequence[Any] | None, env: Mapping[str, Any] | None) -> Iterator[Problem]:
    """A flag beside the argument would be given twice, and the loader would check against the other."""
    limits = find_generation("2.x-vllm", "").lora
    assert limits is not None
    flags = {getattr(limits, field): field for field in LIMITS}
    passed = (env or {}).get("NIM_PASSTHROUGH_ARGS")
    words = [(("args", at), word) for at, word in enumerate(args or ())]
    words += [(("env", "NIM_PASSTHROUGH_ARGS"), word) for word in (passed.split() if isinstance(passed, str) else ())]
    for path, word in words:
        flag = None if is_output(word) else "--" + re.sub("_", "-", str(word).partition("=")[0].removeprefix("--"))
        if flag in flags and str(word).startswith("--"):
            yield Problem(path, f"holds {flag}, which is managed by the component", f"Use the argument lora.{flags[flag]}.")
