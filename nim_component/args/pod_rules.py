"""Rules across the fields of the pod: memory, termination, volumes and containers."""

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..kubernetes.quantities import parse_quantity
from ..names import MANAGED_CONTAINERS, SHM_VOLUME
from .cache import CacheArgs
from .lora_adapter import LoRAAdapter
from .lora_options import PEFT_SOURCE, LoRAArgs, adapter_names
from .managed_names import CACHE_PATH, MANAGED_VOLUMES, SHM_PATH
from .problems import Problem


def validate_memory(mem: str, shm_size: str) -> Iterator[Problem]:
    """Require `mem` above `shm_size`: data in /dev/shm counts against the container's memory limit.

    A limit below it ends in an OOM kill under load.
    """
    if parse_quantity(mem) <= parse_quantity(shm_size):
        message = f"must be larger than shm_size ({shm_size}), which counts against it"
        yield Problem(("mem",), message, "Increase mem or decrease shm_size.", repr(mem))


def validate_grace(pre_stop_sleep: int | None, termination_grace: int) -> Iterator[Problem]:
    """Require a sleep shorter than the grace period, at whose end the server is killed."""
    if pre_stop_sleep and pre_stop_sleep >= termination_grace:
        message = f"must be less than termination_grace ({termination_grace}), which includes it"
        yield Problem(("pre_stop_sleep",), message, "Decrease it, or increase termination_grace.", repr(pre_stop_sleep))


def validate_mounts(
    adapters: Sequence[LoRAAdapter] | None,
    lora: LoRAArgs,
    env: Mapping[str, Any] | None,
    volumes: Sequence[Mapping[str, Any]] | None,
    mounts: Sequence[Mapping[str, Any]] | None,
    init_containers: Sequence[Mapping[str, Any]] | None,
    containers: Sequence[Mapping[str, Any]] | None,
    cache: CacheArgs,
) -> Iterator[Problem]:
    """Require unique names and paths, and a volume for every mount.

    The API server validates the rest.
    """
    yield from _require_unique("extra_volumes", volumes, MANAGED_VOLUMES)
    yield from _require_unique("extra_init_containers", init_containers, MANAGED_CONTAINERS)
    yield from _require_unique(
        "extra_containers", containers, MANAGED_CONTAINERS, {container["name"] for container in init_containers or ()}
    )
    known = {SHM_VOLUME, cache.volume, *(volume["name"] for volume in volumes or ())}
    source = (env or {}).get(PEFT_SOURCE) if adapter_names(adapters, lora) else None
    paths: list[Any] = ["/", SHM_PATH, CACHE_PATH, source]
    for index, mount in enumerate(mounts or ()):
        name, path = mount["name"], posixpath.normpath(mount.get("mountPath", mount.get("mount_path")))
        base = ("extra_mounts", index)
        if name not in known:
            action = f"Use the name of a volume: {', '.join(sorted(known))}."
            yield Problem((*base, "name"), "must be the name of a volume in extra_volumes", action, repr(name))
        if path in paths:
            yield Problem((*base, "mountPath"), "is the root directory or already a mount path", "Use another path.", repr(path))
        paths.append(path)


def _require_unique(
    field: str, items: Sequence[Mapping[str, Any]] | None, managed: Sequence[str], others: Iterable[str] = ()
) -> Iterator[Problem]:
    seen = {*others}
    for index, item in enumerate(items or ()):
        name = item["name"]
        if name in managed:
            action = f"Use another name. Reserved: {', '.join(managed)}."
            yield Problem((field, index, "name"), "is a name that the component uses", action, repr(name))
        elif name in seen:
            yield Problem((field, index, "name"), "must be unique", "Use another name.", repr(name))
        seen.add(name)
