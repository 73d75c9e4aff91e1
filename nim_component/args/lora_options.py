"""How adapters reach the server: its limits, the volume they are kept on, where they come from, and the way of the loader to the hub."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field

from .arguments import Arguments, Rule
from .field_types import AccessMode, Image, Limit, ObjectName, Storage, StorageClass, Url, WholeNumber, Words, match_pattern
from .lora_adapter import AdapterName, LoRAAdapter
from .pod import Environment
from .problems import Problem, problem_error

PEFT_SOURCE = "NIM_PEFT_SOURCE"
LIMITS = ("max_gpu", "max_cpu", "max_rank")
LORA_ENV = {
    "NIM_PEFT_REFRESH_INTERVAL": "lora.refresh_interval",
    "NIM_MAX_GPU_LORAS": "lora.max_gpu",
    "NIM_MAX_CPU_LORAS": "lora.max_cpu",
    "NIM_MAX_LORA_RANK": "lora.max_rank",
}
"""Environment of the server that these arguments decide, and which one."""
_LOADER_ENV = {
    PEFT_SOURCE: "env",
    "HF_TOKEN": "secrets.hf_token_key",
    "LORA_DEADLINE_SECONDS": "startup_timeout",
    "LORA_UNLOAD_SECONDS": "lora.refresh_interval",
    "NIM_MAX_LORA_RANK": "lora.max_rank",
}

if TYPE_CHECKING:
    Directory = str
else:
    Directory = Annotated[
        str,
        match_pattern(
            r"(?!.*(^|/)\.\.?(/|$))[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*",
            "must be a path inside the volume",
            "Write it without a slash at either end and without '..', such as team/llama.",
            400,
        ),
    ]


def _names_once(names: list[str]) -> list[str]:
    if len(set(names)) < len(names):
        raise problem_error("must hold each name once", "Leave the repeated one out.")
    return names


class AdapterVolume(Arguments):
    """A volume that the replicas share and that outlives them: each adapter is downloaded once, and a restarted pod finds it there."""

    existing_claim: ObjectName | None = None
    """Name of a PersistentVolumeClaim that is there already. Default: the component makes one, and deletes it with the service."""

    directory: Directory | None = None
    """Directory of the volume that is this service's alone: services that share an existing claim need one each. Default: its root."""

    size: Storage = "10Gi"
    """Size of the component's own claim. Default 10Gi: adapters have tens to hundreds of MB, and a re-pinned one stands beside the old one
    for a moment."""

    access_mode: AccessMode = "ReadWriteMany"
    """Access mode of the component's own claim. Default `ReadWriteMany`; one replica without `refresh_interval` can do with
    `ReadWriteOnce`."""

    storage_class: StorageClass | None = None
    """StorageClass of the component's own claim. Default: the cluster's default class."""

    @staticmethod
    def _validate(existing: Any, size: Any, mode: Any, storage_class: Any) -> Iterator[Problem]:
        given = {"size": (size, "10Gi"), "access_mode": (mode, "ReadWriteMany"), "storage_class": (storage_class, None)}
        for name, (value, default) in given.items():
            if existing is not None and value != default:
                yield Problem((name,), "has no meaning with existing_claim", "It describes a claim that the component makes: leave it out.")

    rules = (Rule(("existing_claim", "size", "access_mode", "storage_class"), _validate.__func__, waits=False),)  # pyright: ignore


class LoRASource(Arguments):
    """Adapters that somebody else provides, in place of `hf_repo_ids`: checked before the server starts, neither copied nor changed.

    Each is a directory with `adapter_config.json` and `adapter_model.safetensors` (or `.bin`). One of `claim`, `volume` and `image`.
    """

    names: Annotated[list[AdapterName], Field(min_length=1), AfterValidator(_names_once)]
    """Names of the adapters that must be there: directories, and model names in requests. Required: a server that starts without one of
    them would answer with the base model."""

    claim: ObjectName | None = None
    """PersistentVolumeClaim that holds them."""

    volume: str | None = None
    """Name of one of `extra_volumes` that holds them: NFS, CSI, an image volume, a directory of the node."""

    image: Image | None = None
    """Image whose `command` brings them into `$NIM_PEFT_SOURCE`, from a store that the loader does not speak to: NGC, S3, an artifact
    registry. It runs before the check, in every pod, with `lora_adapter_mem` and `lora.env`."""

    command: list[Words] | None = None
    """Command of `image`. Default: the image's own."""

    directory: Directory | None = None
    """Directory of `claim` or `volume` in which they lie. Default: its root."""

    @staticmethod
    def _validate(claim: Any, volume: Any, image: Any, command: Any, directory: Any) -> Iterator[Problem]:
        given = [name for name, value in {"claim": claim, "volume": volume, "image": image}.items() if value is not None]
        if len(given) != 1:
            yield Problem(("claim",), "or volume or image must be given, and one of them only", "Say where the adapters are.")
        if command is not None and image is None:
            yield Problem(("command",), "has no meaning without image", "Give the image that it runs in.")
        if directory is not None and image is not None:
            yield Problem(("directory",), "has no meaning with image, which writes to $NIM_PEFT_SOURCE", "Leave it out.")

    rules = (Rule(("claim", "volume", "image", "command", "directory"), _validate.__func__, waits=False),)  # pyright: ignore


class LoRAArgs(Arguments):
    """LoRA beside the adapters themselves: limits of the server, storage, other sources, and the loader's way to hub and package index."""

    max_rank: Limit | None = None
    """Highest rank of an adapter: `NIM_MAX_LORA_RANK` in 1.x, `--max-lora-rank` in 2.x. Default: the server's own (32 in 1.x, 16 in vLLM).
    The loader refuses an adapter above it, which the server would leave out."""

    max_gpu: Limit | None = None
    """Adapters in GPU memory, that is in one batch: `NIM_MAX_GPU_LORAS`, `--max-loras`. Default: the server's own (8 in 1.x, 1 in vLLM)."""

    max_cpu: Limit | None = None
    """Adapters in the host's memory: `NIM_MAX_CPU_LORAS`, `--max-cpu-loras`. Default: the server's own (16 in 1.x)."""

    refresh_interval: Annotated[WholeNumber, Field(ge=1, le=86400)] | None = None
    """Seconds between two looks of the server at its adapters (`NIM_PEFT_REFRESH_INTERVAL`). Default: it looks once, and a change of
    `hf_repo_ids` rolls the pods. With it a change restarts nothing: a Job brings the adapters to `volume`, and the servers find them."""

    volume: AdapterVolume | None = None
    """Where adapters of `hf_repo_ids` are kept. Default: in each pod, which downloads its own."""

    source: LoRASource | None = None
    """Adapters from elsewhere, in place of `hf_repo_ids`. Default: none."""

    endpoint: Url | None = None
    """Address of a mirror of the hub (`HF_ENDPOINT`). Default: the hub itself."""

    index_url: Url | None = None
    """Address of the package index (`PIP_INDEX_URL`) from which the loader installs its library. Default: pip's own. An address with a
    password goes into `env` with `valueFrom`."""

    env: Environment | None = None
    """Environment of the loader, as in `NIM.env`: `PIP_EXTRA_INDEX_URL`, `PIP_TRUSTED_HOST`, `LORA_WORKERS` and the like. Default: none."""

    @staticmethod
    def _validate_source(source: Any, volume: Any, endpoint: Any) -> Iterator[Problem]:
        for name, value in {"volume": volume, "endpoint": endpoint}.items():
            if source is not None and value is not None:
                yield Problem((name,), "has no meaning with source, which brings its own", "Leave one of them out.")

    @staticmethod
    def _validate_counts(gpu: int | None, cpu: int | None) -> Iterator[Problem]:
        if gpu is not None and cpu is not None and cpu < gpu:
            yield Problem(("max_cpu",), f"must not be below max_gpu ({gpu}): what is on the GPU is in memory too", "Raise it.", repr(cpu))

    @staticmethod
    def _validate_env(env: Mapping[str, Any] | None, endpoint: Any, index_url: Any) -> Iterator[Problem]:
        managed = dict(_LOADER_ENV)
        managed |= {"HF_ENDPOINT": "lora.endpoint"} if endpoint is not None else {}
        managed |= {"PIP_INDEX_URL": "lora.index_url"} if index_url is not None else {}
        for name in env or {}:
            if name in managed:
                yield Problem(("env", name), "is managed by the component", f"Use the argument {managed[name]}.")

    rules = (
        Rule(("source", "volume", "endpoint"), _validate_source.__func__, waits=False),  # pyright: ignore
        Rule(("max_gpu", "max_cpu"), _validate_counts.__func__),  # pyright: ignore
        Rule(("env", "endpoint", "index_url"), _validate_env.__func__, waits=False),  # pyright: ignore
    )


def adapter_names(adapters: Sequence[Any] | None, lora: LoRAArgs) -> list[str]:
    """Names of all adapters, from the hub or elsewhere, in their order."""
    if lora.source is not None:
        return list(lora.source.names)
    return [each.served_name for each in adapters or () if isinstance(each, LoRAAdapter)]
