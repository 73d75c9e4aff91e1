"""Rules across the fields of the pod: memory, termination, volumes and containers."""

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..kubernetes.quantities import parse_quantity
from ..names import MANAGED_CONTAINERS
from .lora_adapter import LoRAAdapter
from .lora_options import PEFT_SOURCE, LoRAArgs, adapter_names
from .managed_names import CACHE_PATH, MANAGED_VOLUMES, SHM_PATH
from .problems import Problem


def validate_memory(mem: str, shm_size: str) -> Iterator[Problem]:
    """What is written to /dev/shm is charged to the container: a limit below it ends in an OOM kill under load."""
    if parse_quantity(mem) <= parse_quantity(shm_size):
        yield Problem(("mem",), f"must be above shm_size ({shm_size}), which counts against it", "Raise mem or lower shm_size.", repr(mem))


def validate_grace(pre_stop_sleep: int | None, termination_grace: int) -> Iterator[Problem]:
    """The sleep is part of the grace: when that is over the server is killed with what it still answers."""
    if pre_stop_sleep and pre_stop_sleep >= termination_grace:
        rule = f"must be below termination_grace ({termination_grace}), of which it is a part"
        yield Problem(("pre_stop_sleep",), rule, "Lower it, or raise termination_grace.", repr(pre_stop_sleep))


def validate_mounts(
    adapters: Sequence[LoRAAdapter] | None,
    lora: LoRAArgs,
    env: Mapping[str, Any] | None,
    volumes: Sequence[Mapping[str, Any]] | None,
    mounts: Sequence[Mapping[str, Any]] | None,
    init_containers: Sequence[Mapping[str, Any]] | None,
    containers: Sequence[Mapping[str, Any]] | None,
) -> Iterator[Problem]:
    """Names and paths are used once, and a mount has its volume: the API server says the rest."""
    yield from _once("extra_volumes", volumes, MANAGED_VOLUMES)
    yield from _once("extra_init_containers", init_containers, MANAGED_CONTAINERS)
    yield from _once("extra_containers", containers, MANAGED_CONTAINERS, {container["name"] for container in init_containers or ()})
    known = {*MANAGED_VOLUMES[:2], *(volume["name"] for volume in volumes or ())}
    source = (env or {}).get(PEFT_SOURCE) if adapter_names(adapters, lora) else None
    paths: list[Any] = ["/", SHM_PATH, CACHE_PATH, source]
    for index, mount in enumerate(mounts or ()):
        name, path = mount["name"], posixpath.normpath(mount.get("mountPath", mount.get("mount_path")))
        where = ("extra_mounts", index)
        if name not in known:
            yield Problem((*where, "name"), "must be the name of one of extra_volumes", f"Known: {', '.join(sorted(known))}.", repr(name))
        if path in paths:
            yield Problem((*where, "mountPath"), "is the root or mounted already", "Choose another path.", repr(path))
        paths.append(path)


def _once(field: str, items: Sequence[Mapping[str, Any]] | None, managed: Sequence[str], others: Iterable[str] = ()) -> Iterator[Problem]:
    seen = {*others}
    for index, item in enumerate(items or ()):
        name = item["name"]
        if name in managed:
            yield Problem(
                (field, index, "name"),
                "is the name of one of the component's own",
                f"Choose another than {', '.join(managed)}.",
                repr(name),
            )
        elif name in seen:
            yield Problem((field, index, "name"), "must be used once", "Choose another name.", repr(name))
        seen.add(name)
