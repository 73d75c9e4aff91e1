"""Options of LoRA: limits, volume and source of the adapters, and access to the hub."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field

from .arguments import Arguments
from .field_types import AccessMode, AnyText, Image, Integer, Limit, ListOf, ObjectName, Storage, StorageClass, Url
from .fixes import fix
from .lora_adapter import AdapterName, LoRAAdapter
from .pod import Environment, validate_managed
from .problems import Problem, problem_error
from .rule import Rule
from .validators import match_pattern

LOADER_IMAGE = "python:3.12-alpine@sha256:6d43704baacd1bfbe7c295d7f13079d5d8104ed33568873133f8fc69980419df"
"""Default image of the LoRA loader. A digest cannot be moved; `make loader-image` updates it."""
PEFT_SOURCE = "NIM_PEFT_SOURCE"
"""Environment variable with the directory from which the server reads adapters. It enables LoRA."""
LIMITS = ("max_gpu", "max_cpu", "max_rank")
LORA_ENV = {
    "NIM_PEFT_REFRESH_INTERVAL": "lora.refresh_interval",
    "NIM_MAX_GPU_LORAS": "lora.max_gpu",
    "NIM_MAX_CPU_LORAS": "lora.max_cpu",
    "NIM_MAX_LORA_RANK": "lora.max_rank",
}
"""Environment variables of the server, each with the field that decides its value."""
_LOADER_ENV = {
    PEFT_SOURCE: "env",
    "HF_TOKEN": "secrets.hf_token_key",
    "LORA_DEADLINE_SECONDS": "startup_timeout",
    "LORA_UNLOAD_SECONDS": "lora.refresh_interval",
    "NIM_MAX_LORA_RANK": "lora.max_rank",
}
"""Environment variables of the loader, each with the field that decides its value."""

if TYPE_CHECKING:
    Directory = str
else:
    Directory = Annotated[
        str,
        match_pattern(
            r"(?!.*(^|/)\.\.?(/|$))[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*",
            "must be a path inside the volume",
            fix("Write it without '..' and without '/' at its ends, such as {}.", "team/llama"),
            400,
        ),
    ]


def _require_unique(names: list[str]) -> list[str]:
    if len(set(names)) < len(names):
        raise problem_error("must not repeat a name", "Remove the repeated name.")
    return names


class AdapterVolume(Arguments):
    """Volume for adapters that all replicas share and that outlives them.

    Each adapter is downloaded once; a restarted pod finds it on the volume.
    """

    existing_claim: ObjectName | None = None
    """Name of an existing PVC. Unset: the component creates a PVC and deletes it with the
    service."""

    directory: Directory | None = None
    """Directory of the volume for this service alone. Services that share an existing PVC each need
    one. Unset: the root of the volume."""

    size: Storage = "10Gi"
    """Size of the PVC that the component creates. Adapters have tens to hundreds of MB; after a
    change of revision, the old and the new adapter are on the volume for a short time."""

    access_mode: AccessMode = "ReadWriteMany"
    """Access mode of the PVC that the component creates. `ReadWriteOnce` suffices for one replica
    without `refresh_interval`."""

    storage_class: StorageClass | None = None
    """StorageClass of the PVC that the component creates. Unset: the cluster's default class."""

    @staticmethod
    def _validate(existing: Any, size: Any, mode: Any, storage_class: Any) -> Iterator[Problem]:
        fields = {"size": (size, "10Gi"), "access_mode": (mode, "ReadWriteMany"), "storage_class": (storage_class, None)}
        for name, (value, default) in fields.items():
            if existing is not None and value != default:
                yield Problem((name,), "has no effect with existing_claim", "Remove it: it is for a PVC that the component creates.")

    rules = (Rule(("existing_claim", "size", "access_mode", "storage_class"), _validate.__func__, waits=False),)  # pyright: ignore


class LoRASource(Arguments):
    """Source of adapters that others provide, in place of `hf_repo_ids`.

    The adapters are verified before the server starts, and neither copied nor changed. Each is a
    directory with `adapter_config.json` and `adapter_model.safetensors` (or `.bin`). Exactly one of
    `claim`, `volume` and `image` is required.
    """

    names: Annotated[ListOf[AdapterName], Field(min_length=1), AfterValidator(_require_unique)]
    """Names of the adapters that must exist: directories, and model names in requests. A server
    that starts without one of them would answer with the base model."""

    claim: ObjectName | None = None
    """Name of the PVC that contains the adapters."""

    volume: str | None = None
    """Name of the volume in `extra_volumes` that contains the adapters: NFS, CSI, an image volume,
    or a directory of the node."""

    image: Image | None = None
    """Container image whose `command` writes the adapters to `$NIM_PEFT_SOURCE`, for stores that
    the loader does not support: NGC, S3, an artifact registry. It runs in every pod before the
    verification, with `lora_adapter_mem` and `lora.env`."""

    command: ListOf[AnyText] | None = None
    """Command of `image`. Unset: the image's."""

    directory: Directory | None = None
    """Directory of `claim` or `volume` that contains the adapters. Unset: the root of the
    volume."""

    @staticmethod
    def _validate(claim: Any, volume: Any, image: Any, command: Any, directory: Any) -> Iterator[Problem]:
        chosen = [name for name, value in {"claim": claim, "volume": volume, "image": image}.items() if value is not None]
        if len(chosen) != 1:
            action = fix("Set one of them, such as {}.", {"claim": "my-adapters"})
            yield Problem(("claim",), "requires exactly one of claim, volume and image", action)
        if command is not None and image is None:
            yield Problem(("command",), "has no effect without image", "Set the image that the command runs in, or remove it.")
        if directory is not None and image is not None:
            yield Problem(("directory",), "has no effect with image, which writes to $NIM_PEFT_SOURCE", "Remove it.")

    rules = (Rule(("claim", "volume", "image", "command", "directory"), _validate.__func__, waits=False),)  # pyright: ignore


class LoRAArgs(Arguments):
    """Options of LoRA: limits, storage and other sources of adapters, hub and package index."""

    max_rank: Limit | None = None
    """Highest rank of an adapter: `NIM_MAX_LORA_RANK` in 1.x, `--max-lora-rank` in 2.x. The loader
    refuses an adapter above it, which the server would skip. Unset: the server's own (32 in 1.x, 16
    in vLLM)."""

    max_gpu: Limit | None = None
    """Number of adapters in GPU memory, which is the number in one batch: `NIM_MAX_GPU_LORAS`,
    `--max-loras`. Unset: the server's own (8 in 1.x, 1 in vLLM)."""

    max_cpu: Limit | None = None
    """Number of adapters in the host's memory: `NIM_MAX_CPU_LORAS`, `--max-cpu-loras`. Unset: the
    server's own (16 in 1.x)."""

    refresh_interval: Annotated[Integer, Field(ge=1, le=86400)] | None = None
    """Seconds after which the server reads its adapters again (`NIM_PEFT_REFRESH_INTERVAL`). With
    it, a change of `hf_repo_ids` restarts nothing: a Job downloads the adapters to `volume`, and
    the servers load them. Unset: the server reads them once, and a change rolls the pods."""

    volume: AdapterVolume | None = None
    """Shared volume for the adapters of `hf_repo_ids`. Unset: each pod downloads its own."""

    source: LoRASource | None = None
    """Source of adapters in place of `hf_repo_ids`."""

    endpoint: Url | None = None
    """URL of a mirror of the Hugging Face hub (`HF_ENDPOINT`). Unset: the hub."""

    index_url: Url | None = None
    """URL of the package index (`PIP_INDEX_URL`) from which the loader installs its library. Set a
    URL with a password in `env`, with `valueFrom`. Unset: pip's default."""

    env: Environment | None = None
    """Environment variables of the loader, in the form of `NIM.env`, such as `PIP_EXTRA_INDEX_URL`,
    `PIP_TRUSTED_HOST` and `LORA_WORKERS`."""

    @staticmethod
    def _validate_source(source: Any, volume: Any, endpoint: Any) -> Iterator[Problem]:
        for name, value in {"volume": volume, "endpoint": endpoint}.items():
            if source is not None and value is not None:
                yield Problem((name,), "has no effect with source: nothing is downloaded from the hub", "Remove one of the two.")

    @staticmethod
    def _validate_counts(gpu: int | None, cpu: int | None) -> Iterator[Problem]:
        if gpu is not None and cpu is not None and cpu < gpu:
            message = f"must be at least max_gpu ({gpu}): adapters in GPU memory are in the host's memory too"
            yield Problem(("max_cpu",), message, f"Increase it to {gpu}.", repr(cpu))

    @staticmethod
    def _validate_env(env: Mapping[str, Any] | None, endpoint: Any, index_url: Any) -> Iterator[Problem]:
        managed = dict(_LOADER_ENV)
        managed |= {"HF_ENDPOINT": "lora.endpoint"} if endpoint is not None else {}
        managed |= {"PIP_INDEX_URL": "lora.index_url"} if index_url is not None else {}
        yield from validate_managed(env, managed)

    rules = (
        Rule(("source", "volume", "endpoint"), _validate_source.__func__, waits=False),  # pyright: ignore
        Rule(("max_gpu", "max_cpu"), _validate_counts.__func__),  # pyright: ignore
        Rule(("env", "endpoint", "index_url"), _validate_env.__func__, waits=False),  # pyright: ignore
    )


def adapter_names(adapters: Sequence[Any] | None, lora: LoRAArgs) -> list[str]:
    """Return the names of all adapters, from the hub or another source, in their order."""
    if lora.source is not None:
        return list(lora.source.names)
    return [each.served_name for each in adapters or () if isinstance(each, LoRAAdapter)]
