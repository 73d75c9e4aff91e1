"""Rules across the LoRA adapters of a service and the fields that they depend on."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..text.field_paths import Path, show_argument_path
from .autoscaling import AutoscalingArgs
from .base_modules import find_modules
from .field_types import Memory
from .fixes import fix
from .generation import SINGLE_MODULE, GenerationName, LoRALimits, find_generation
from .lora_adapter import PICKLES, LockedAdapter, LoRAAdapter
from .lora_options import LIMITS, PEFT_SOURCE, LoRAArgs, adapter_names
from .managed_names import CACHE_PATH, SHM_PATH
from .outputs import is_output
from .problems import Problem
from .served_model import find_base_model, list_model_facts

_VLLM_RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""Values of vLLM's `--max-lora-rank`."""
_RENAMED = {"hf_repo_ids": [{"repo_id": "org/name", "name": "other-name"}]}
_MEMORY = {"lora_adapter_mem": "2Gi"}


def validate_lora(adapters: Sequence[LoRAAdapter] | None, lora: LoRAArgs, memory: Any, env: Mapping[str, Any] | None) -> Iterator[Problem]:
    """Require memory for the download of adapters, and the directory that the server reads."""
    if not adapter_names(adapters, lora):
        return
    origin = "hf_repo_ids" if adapters else "lora.source"
    if adapters and memory is None:
        message = "must be set with hf_repo_ids: it is the memory of the container that downloads the LoRA adapters"
        yield Problem(("lora_adapter_mem",), message, fix("Set {}.", _MEMORY))
    source = (env or {}).get(PEFT_SOURCE)
    action = fix("Set {}.", {"env": {PEFT_SOURCE: "/opt/nim/peft_adapters"}})
    path = ("env", PEFT_SOURCE)
    if source is None:
        yield Problem(path, f"must be set with {origin}: the server reads the adapters from this directory", action)
    elif not isinstance(source, str):
        yield Problem(path, f"must be a plain string with {origin}: a volume is mounted there", action)
    elif not re.fullmatch(r"(/[A-Za-z0-9._-]+)+", source, re.ASCII) or any(step in (".", "..") for step in source.split("/")):
        yield Problem(path, "must be an absolute path below the root directory", action, repr(source))
    elif any(_overlap(source, taken) for taken in (SHM_PATH, CACHE_PATH)):
        yield Problem(path, f"must not be inside or above {SHM_PATH} or {CACHE_PATH}", action, repr(source))


def _overlap(one: str, other: str) -> bool:
    first, second = f"{one.rstrip('/')}/", f"{other}/"
    return first.startswith(second) or second.startswith(first)


def validate_names(
    adapters: Sequence[LoRAAdapter] | None,
    lora: LoRAArgs,
    served_model: str | None,
    image: str,
    env: Mapping[str, Any] | None,
    args: Sequence[Any] | None,
) -> Iterator[Problem]:
    """Require one directory and one model name for each adapter.

    `a/x` and `b/x` would overwrite one another; so would `x` and `X` on a volume such as SMB.
    """
    base = served_model or find_base_model(*list_model_facts(image, env, args))
    names = adapter_names(adapters, lora)
    seen: dict[str, int] = {}
    list_path: Path = ("lora", "source", "names") if lora.source is not None else ("hf_repo_ids",)
    action = "Rename the directory." if lora.source is not None else fix("Rename the adapter: {}.", _RENAMED)
    for index, name in enumerate(names):
        first = seen.setdefault(name.lower(), index)
        if first != index:
            case = "" if names[first] == name else " in another case: some volumes do not distinguish case"
            message = f"must not have the name of {show_argument_path((*list_path, first))}{case}"
            yield Problem((*list_path, index), message, action, repr(name))
        elif name == base:
            yield Problem((*list_path, index), "must not have the name of the served model", action, repr(name))


def validate_origin(
    adapters: Sequence[LoRAAdapter] | None, memory: Memory | None, lora: LoRAArgs, volumes: Sequence[Mapping[str, Any]] | None
) -> Iterator[Problem]:
    """Require one origin of adapters, the hub or a source, and only settings that apply to it."""
    source = lora.source
    if source is not None and adapters:
        message = "must not be combined with hf_repo_ids: the server reads one directory"
        yield Problem(("lora", "source"), message, "Remove one of the two.")
    if source is not None and source.image is not None and memory is None:
        message = "must be set with lora.source.image: it is the memory of that image's container"
        yield Problem(("lora_adapter_mem",), message, fix("Set {}.", _MEMORY))
    if source is not None and source.volume is not None and source.volume not in [each["name"] for each in volumes or ()]:
        known = ", ".join(each["name"] for each in volumes or ()) or "none"
        action = f"Add the volume to extra_volumes. Volumes there: {known}."
        yield Problem(("lora", "source", "volume"), "must be the name of a volume in extra_volumes", action, repr(source.volume))
    if not adapters:
        for name in ("volume", "endpoint", "index_url"):
            if getattr(lora, name) is not None:
                yield Problem(("lora", name), "has no effect without hf_repo_ids", "Remove it, or list adapters in hf_repo_ids.")
    elif lora.refresh_interval is not None and lora.volume is None:
        yield Problem(
            ("lora", "volume"),
            "must be set with refresh_interval: adapters inside a pod cannot be changed from outside",
            fix(
                "Use a shared PVC that the component creates, {}, or an existing one, {}.",
                {"lora": {"volume": {}}},
                {"lora": {"volume": {"existing_claim": "my-pvc"}}},
            ),
        )


def validate_volume(
    lora: LoRAArgs, access_mode: str | None, replicas: int, autoscaling: AutoscalingArgs | None, rollout: str | None
) -> Iterator[Problem]:
    """Require a shared volume if a second pod, or a Job beside the pod, mounts it."""
    volume = lora.volume
    if volume is None or volume.existing_claim is not None or access_mode == "ReadWriteMany":
        return
    most = replicas if autoscaling is None else autoscaling.max_replicas
    reason = (
        "refresh_interval, whose Job writes while the pods read"
        if lora.refresh_interval is not None
        else f"{most} replicas"
        if most > 1
        else "rollout 'surge', which runs two pods at once"
        if rollout == "surge"
        else None
    )
    if reason is not None:
        action = fix(
            "Use {} with a storage class that supports it, or a shared PVC in existing_claim.",
            {"lora": {"volume": {"access_mode": "ReadWriteMany"}}},
        )
        yield Problem(("lora", "volume", "access_mode"), f"must allow sharing for {reason}", action, repr(access_mode))


def validate_limits(
    name: GenerationName | None, image: str, rank: int | None, gpu: int | None, cpu: int | None, env: Mapping[str, Any] | None
) -> Iterator[Problem]:
    """Require LoRA and a known generation for limits, and values that the engine supports."""
    generation = find_generation(name, image)
    limits = {"max_rank": rank, "max_gpu": gpu, "max_cpu": cpu}
    first = next((field for field, value in limits.items() if value is not None), None)
    if first is None:
        return
    if PEFT_SOURCE not in (env or {}):
        action = fix("Enable LoRA: {}.", {"env": {PEFT_SOURCE: "/opt/nim/peft_adapters"}})
        yield Problem(("lora", first), f"has no effect without {PEFT_SOURCE}", action)
    if generation.lora is None:
        message = f"must be set with lora.{first}: the image's tag does not show which generation the limit is for"
        yield Problem(("generation",), message, "Set it to 1.x, 2.x-vllm or 2.x-sglang.")
    if generation.name == "2.x-vllm" and rank is not None and rank not in _VLLM_RANKS:
        higher = next((each for each in _VLLM_RANKS if each >= rank), _VLLM_RANKS[-1])
        message = f"must be one of {', '.join(map(str, _VLLM_RANKS))} with vLLM"
        yield Problem(("lora", "max_rank"), message, f"Use {higher}: adapters of a lower rank fit too.", repr(rank))


def validate_ranks(adapters: Sequence[LoRAAdapter] | None, rank: int | None) -> Iterator[Problem]:
    """Refuse locked adapters above `max_rank`: their rank is known before a pod starts."""
    for index, adapter in enumerate(adapters or ()):
        of_adapter = None if adapter.locked is None else adapter.locked.rank
        if rank is not None and of_adapter is not None and of_adapter > rank:
            message = f"has rank {of_adapter}, above lora.max_rank ({rank})"
            action = fix("Set {}, or remove the adapter.", {"lora": {"max_rank": of_adapter}})
            yield Problem(("hf_repo_ids", index), message, action, repr(adapter.repo_id))


def validate_features(adapters: Sequence[LoRAAdapter] | None, name: GenerationName | None, image: str) -> Iterator[Problem]:
    """Refuse locked adapters with features that the engine does not load."""
    limits = find_generation(name, image).lora
    if limits is None:
        return
    for index, adapter in enumerate(adapters or ()):
        for feature in () if adapter.locked is None else adapter.locked.features:
            if feature.partition(" ")[0] in limits.refused:
                message = f"uses {feature}, which {limits.engine} does not load"
                action = "Train or export it as plain LoRA, or merge it into the model."
                yield Problem(("hf_repo_ids", index), message, action, repr(adapter.repo_id))


def validate_modules(
    adapters: Sequence[LoRAAdapter] | None,
    name: GenerationName | None,
    image: str,
    env: Mapping[str, Any] | None,
    args: Sequence[Any] | None,
) -> Iterator[Problem]:
    """Refuse locked adapters of another architecture: the base model lacks their modules.

    The tensors decide. Without them, one module of the base model is enough: PEFT accepts further
    target modules that a model does not have.
    """
    base = find_base_model(*list_model_facts(image, env, args))
    limits = find_generation(name, image).lora
    for index, adapter in enumerate(adapters or ()):
        if adapter.locked is not None and (message := describe_refused_modules(adapter.locked, base, limits)):
            yield Problem(("hf_repo_ids", index), message, "Use an adapter of this base model.", repr(adapter.repo_id))


def describe_refused_modules(locked: LockedAdapter, base: str | None, limits: LoRALimits | None) -> str | None:
    """Return why the modules of a locked adapter are refused; None if they are not."""
    absent = find_absent_modules(locked, base)
    if absent and len(absent) == len(locked.modules or locked.target_modules):
        return f"changes only {', '.join(absent[:5])}, and {base} has none of these modules"
    if absent and locked.modules and limits is not None and SINGLE_MODULE in limits.refused:
        return f"changes {', '.join(absent[:5])}, which {base} does not have"
    return None


def find_absent_modules(locked: LockedAdapter, base: str | None) -> list[str]:
    """Return the modules that a locked adapter changes and that the base model does not have."""
    modules = find_modules(base)
    return [each for each in locked.modules or locked.target_modules if modules and each not in modules]


def validate_pickles(adapters: Sequence[LoRAAdapter] | None) -> Iterator[Problem]:
    """Require consent for weights that are pickles, and a scan of locked ones."""
    for index, adapter in enumerate(adapters or ()):
        locked = None if adapter.locked is None else adapter.locked
        files = [*(adapter.files or ()), *(() if locked is None else locked.files)]
        pickle = next((file for file in files if file.lower().endswith(PICKLES)), None)
        if pickle is not None and not adapter.allow_pickle:
            message = f"must be true for {pickle}, which is a pickle and can run code in the server"
            action = "Use a repository with safetensors. If you trust this one, set allow_pickle: true on the adapter."
            yield Problem(("hf_repo_ids", index, "allow_pickle"), message, action, repr(adapter.repo_id))
        elif pickle is not None and locked is not None and not locked.weights_only:
            message = f"is locked with {pickle}, which was not scanned for code"
            yield Problem(("hf_repo_ids", index), message, "Run nim-component adapters lock --upgrade.", repr(adapter.repo_id))


def validate_engine_arguments(args: Sequence[Any] | None, env: Mapping[str, Any] | None) -> Iterator[Problem]:
    """Refuse LoRA limits as engine flags.

    They would be passed twice, and the loader would use another value.
    """
    limits = find_generation("2.x-vllm", "").lora
    assert limits is not None
    flags = {getattr(limits, field): field for field in LIMITS}
    passed = (env or {}).get("NIM_PASSTHROUGH_ARGS")
    words = [(("args", at), word) for at, word in enumerate(args or ())]
    words += [(("env", "NIM_PASSTHROUGH_ARGS"), word) for word in (passed.split() if isinstance(passed, str) else ())]
    for path, word in words:
        flag = None if is_output(word) else "--" + re.sub("_", "-", str(word).partition("=")[0].removeprefix("--"))
        if flag in flags and str(word).startswith("--"):
            message = f"contains {flag}, which is managed by the component"
            yield Problem(path, message, f"Use the field lora.{flags[flag]} instead.")
