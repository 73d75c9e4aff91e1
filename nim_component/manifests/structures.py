"""Kubernetes' own structures that a caller passes on (affinity, volumes, containers ...): unknown fields are found before the API server
drops them.

The SDK lets an unknown key of a dict pass silently. Its `...ArgsDict` types know every field, of which one forward reference leads to the
next.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, cast

import pulumi_kubernetes as k8s

from ..args import NIM
from ..args.problems import Path, Problem, suggest

_NESTED = re.compile(r"ForwardRef\('([\w.]+ArgsDict)'")


def find_unknown_fields(nim: NIM) -> Iterator[Problem]:
    """What Kubernetes does not know in the structures of a `NIM`. Values, and what stands behind an Output, are the API server's
    business."""
    core = k8s.core.v1
    if nim.affinity:
        yield from _check(nim.affinity, core.AffinityArgsDict, ("affinity",))
    for field, kind in (
        ("topology_spread", "TopologySpreadConstraintArgsDict"),
        ("extra_volumes", "VolumeArgsDict"),
        ("extra_mounts", "VolumeMountArgsDict"),
        ("extra_containers", "ContainerArgsDict"),
    ):
        if given := getattr(nim, field):
            yield from _check(given, getattr(core, kind), (field,))


def _check(value: Any, kind: type, path: Path) -> Iterator[Problem]:
    if isinstance(value, list):
        for index, item in enumerate(cast("list[Any]", value)):
            yield from _check(item, kind, (*path, index))
    elif isinstance(value, Mapping):
        fields = _fields(kind)
        known = {_fold(name): nested for name, nested in fields.items()}
        for key, item in cast("Mapping[str, Any]", value).items():
            if _fold(str(key)) not in known:
                yield Problem(
                    (*path, str(key)), f"is not a field of Kubernetes' {kind.__name__.removesuffix('ArgsDict')}", suggest(str(key), fields)
                )
            elif nested := known[_fold(str(key))]:
                yield from _check(item, nested, (*path, str(key)))


@cache
def _fields(kind: type) -> dict[str, "type | None"]:
    """The fields of a structure, each with the structure that stands in it, if one does."""
    module = sys.modules[kind.__module__]
    fields: dict[str, type | None] = {}
    for name, annotation in kind.__annotations__.items():
        nested = _NESTED.search(repr(annotation))
        fields[name] = _resolve(module, nested[1]) if nested else None
    return fields


def _resolve(module: Any, reference: str) -> type:
    """`EnvVarArgsDict` of the same module, or `_meta.v1.LabelSelectorArgsDict` of another."""
    for part in reference.split("."):
        module = getattr(module, part)
    return module


def _fold(name: str) -> str:
    """One form for `hostIPC` and `host_ipc`."""
    return name.replace("_", "").lower()
