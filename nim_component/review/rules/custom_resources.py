"""Privileges in objects whose pods have another form, such as those of workflow engines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, cast

from ...text.field_paths import Path, show_path
from ..accessors import mapping
from ..change import ResourceState, ServiceChange
from ..findings import CRITICAL, Finding, finding
from ..object_fields import is_at_or_below
from ..sentences import name_object, sentence
from .rights import ADMISSION_RULES, DEFINITION

_SWITCHES = ("privileged", "hostNetwork", "hostPID", "hostIPC", "hostProcess", "adminAccess", "shareProcessNamespace")
_MOUNTS = ("hostPath", "hostDisk")
_EFFECT = "If the object makes pods, they get access to the node or to other pods."
_MAX_DEPTH = 30


class Privilege(NamedTuple):
    """Field of an object that gives a privilege."""

    path: str
    text: str


def privileges(service: ServiceChange) -> Iterator[Finding]:
    """Report privileges outside the pod specs that other rules read."""
    for change in service.changes:
        if change.operation not in ("create", "update", "replace") or change.after is None or not _is_custom(change.after):
            continue
        found = _find(change.after)
        known = {each.text for each in _find(change.before)} if found and change.before is not None else set[str]()
        for each in found:
            if each.text not in known:
                text = sentence(
                    "{object}: {path} is {value}.", object=name_object(change), path=each.path, value=each.text.partition(" ")[2]
                )
                yield finding("security-weakened", CRITICAL, change, service.name, text, sentence(_EFFECT), each.path)


def _is_custom(state: ResourceState) -> bool:
    return state.type.startswith("kubernetes:") and state.kind not in (*ADMISSION_RULES, DEFINITION, "ConfigMap", "Secret")


def _find(state: ResourceState | None) -> list[Privilege]:
    if state is None:
        return []
    found = [Privilege(show_path(path), f"{path[-1]} {value}") for path, value in _walk(dict(state.inputs), ())]
    return [each for each in found if not any(is_at_or_below(each.path, pod) for pod in state.pod_specs)]


def _walk(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if len(path) > _MAX_DEPTH:
        return
    if isinstance(value, list):
        for index, item in enumerate(cast("list[Any]", value)):
            yield from _walk(item, (*path, index))
    for key, item in mapping(value).items():
        where = (*path, str(key))
        if key in _SWITCHES and item is True:
            yield where, "true"
        elif key in _MOUNTS and item:
            yield where, str(mapping(item).get("path", "set"))
        elif key == "runAsUser" and repr(item) == "0":
            yield where, "0"
        if isinstance(item, (dict, list)):
            yield from _walk(item, where)


RULES = (privileges,)
