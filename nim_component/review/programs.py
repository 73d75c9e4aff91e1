"""Programs of a new object: the image and the command line of each container."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from ..kubernetes.own_programs import DOWNLOAD, JOIN_FILES, LOADER, LOADER_REPOSITORIES
from .accessors import Fields, mappings
from .change import Change, ResourceState, ServiceChange
from .object_fields import SERVERS
from .pod_changes import CONTAINER_LISTS
from .values import is_unreadable, show

_OF_COMPONENT = (*SERVERS, "Job")
"""Workloads that the component creates for a service."""
_SERVER = "containers[0]"
_UNKNOWN = "a program that the review cannot read"


def find_programs(state: ResourceState) -> list[str]:
    """Return the programs of an object, each once."""
    return list(dict.fromkeys(_describe(each) for _, each in _containers(state)))


def find_foreign_programs(service: ServiceChange, change: Change) -> list[str]:
    """Return the programs of a new workload that are not those of the component itself.

    The component runs a server and the LoRA loader. A command, another container and an image that
    the service did not have are of the author of the change.
    """
    if change.subject.kind not in _OF_COMPONENT:
        return []
    if not change.subject.pod_specs:
        return [_UNKNOWN]
    # The image of the server: its own containers run in it too.
    known = {show(each.get("image")) for other in service.changes if other.before for _, each in _containers(other.before)}
    if service.is_created:
        servers = service.of(*SERVERS)
        known = {show(each.get("image")) for other in servers for place, each in _containers(other.subject) if place == _SERVER}
    return list(
        dict.fromkeys(
            _describe(each)
            for place, each in _containers(change.subject)
            if not _is_loader(each) and not (show(each.get("image")) in known and _is_of_server(place, each))
        )
    )


def _containers(state: ResourceState) -> Iterator[tuple[str, Fields]]:
    """Yield list and index, such as `containers[0]`, and container."""
    for pod in state.pod_specs.values():
        for field in CONTAINER_LISTS:
            for index, container in enumerate(mappings(pod.fields.get(field))):
                yield f"{field}[{index}]", container


def _is_of_server(place: str, container: Fields) -> bool:
    """Return true for the server itself, and for known commands in its image."""
    command = container.get("command")
    if not command:
        return place == _SERVER and not is_unreadable(container.get("image"))
    return _begins_with(command, JOIN_FILES) or (command == [*DOWNLOAD])


def _is_loader(container: Fields) -> bool:
    """Return true for the loader in its own image. The rules of ConfigMaps compare its files."""
    image = container.get("image")
    is_own = isinstance(image, str) and image.partition("@")[0].partition(":")[0] in LOADER_REPOSITORIES
    return is_own and not container.get("args") and _begins_with(container.get("command"), LOADER)


def _begins_with(command: Any, beginning: tuple[str, ...]) -> bool:
    return isinstance(command, list) and tuple(cast("list[Any]", command)[: len(beginning)]) == beginning


def _describe(container: Fields) -> str:
    """Return the image and the command line."""
    fields: list[Any] = [container.get("image")]
    for field in ("command", "args"):
        value = container.get(field)
        fields += cast("list[Any]", value) if isinstance(value, list) else [] if value is None else [value]
    return " ".join(map(show, fields))
