"""Kubernetes' own structures that a caller passes on (affinity, volumes, containers ...): unknown fields are found before anybody drops
them.

The SDK lets an unknown key of a dict pass silently. Its `...Args` classes know every field and what stands in it.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, cast

import pulumi_kubernetes as k8s
from pulumi import _types as sdk_types  # pyright: ignore[reportPrivateUsage]

from ..args.problems import Problem
from ..text.field_paths import Path
from ..text.nearest_names import suggest

_KINDS = {
    "affinity": "AffinityArgs",
    "topology_spread": "TopologySpreadConstraintArgs",
    "extra_volumes": "VolumeArgs",
    "extra_mounts": "VolumeMountArgs",
    "extra_init_containers": "ContainerArgs",
    "extra_containers": "ContainerArgs",
}


def find_unknown_fields(given: Mapping[str, Any]) -> Iterator[Problem]:
    """What Kubernetes does not know in the structures among a `NIM`'s fields. Values, and what stands behind an Output, are the API
    server's."""
    for field, kind in _KINDS.items():
        if given.get(field):
            yield from check_structure(given[field], getattr(k8s.core.v1, kind), (field,))
    for path, value in _variables(given):
        if isinstance(value, Mapping):
            yield from check_structure(cast(Any, value), k8s.core.v1.EnvVarArgs, path)


def _variables(given: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    """Every value of the environment, in `env` and in the groups that set some."""
    lora, network = given.get("lora"), given.get("network")
    of_loader = cast("Mapping[str, Any]", lora).get("env") if isinstance(lora, Mapping) else getattr(lora, "env", None)
    for above, env in ((("env",), given.get("env")), (("lora", "env"), of_loader)):
        for name, value in cast("Mapping[str, Any]", env).items() if isinstance(env, Mapping) else ():
            yield (*above, str(name)), value
    for field in ("http_proxy", "https_proxy"):
        value = cast("Mapping[str, Any]", network).get(field) if isinstance(network, Mapping) else getattr(network, field, None)
        yield ("network", field), value


def check_structure(value: Any, kind: type, path: Path) -> Iterator[Problem]:
    """Keys of one structure, and of what stands in it, that Kubernetes does not know."""
    if isinstance(value, list | tuple):
        for index, item in enumerate(cast("list[Any]", value)):
            yield from check_structure(item, kind, (*path, index))
    elif isinstance(value, Mapping):
        snake, camel = _fields(kind)
        for key, item in cast("Mapping[str, Any]", value).items():
            nested = snake.get(str(key), camel.get(str(key), _ABSENT))
            if key == DIRECTIVE:
                continue
            if nested is _ABSENT:
                rule = f"is not a field of Kubernetes' {kind.__name__.removesuffix('Args')}"
                yield Problem((*path, str(key)), rule, suggest(str(key), snake if "_" in str(key) else camel))
            elif isinstance(nested, type):
                yield from check_structure(item, nested, (*path, str(key)))


def spell(value: Any, kind: Any) -> Any:
    """A structure with its keys as YAML spells them, also where Python's spelling was used. What stands behind an Output stays."""
    if isinstance(value, list | tuple):
        return [spell(item, kind) for item in cast("list[Any]", value)]
    if not isinstance(value, Mapping) or not isinstance(kind, type):
        return cast(Any, value)
    snake, camel = _fields(kind)
    spelling = _spelling(kind)
    return {
        spelling.get(str(key), str(key)): spell(item, snake.get(str(key), camel.get(str(key))))
        for key, item in cast("Mapping[str, Any]", value).items()
    }


def python_name(key: str, kind: type) -> str:
    """A field of a structure as Python spells it, from YAML's spelling."""
    return next((python for python, yaml in _spelling(kind).items() if yaml == key), key)


_ABSENT = object()
DIRECTIVE = "$patch"
"""Key of a strategic merge's own: no field of any structure."""


@cache
def _spelling(kind: type) -> dict[str, str]:
    sdk: Any = sdk_types
    return sdk.input_type_py_to_pulumi_names(kind)


@cache
def _fields(kind: type) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields of a structure as Python and as YAML spell them, each with the structure that stands in it, if one does."""
    sdk: Any = sdk_types
    spelling = _spelling(kind)
    types: dict[str, Any] = sdk.input_type_types(kind)
    nested = {yaml: _structure_of(types.get(yaml)) for yaml in spelling.values()}
    return {python: nested[yaml] for python, yaml in spelling.items()}, nested


def _structure_of(annotation: Any) -> type | None:
    """The `...Args` class in a type such as `Optional[Sequence[EnvVarArgs]]`."""
    if isinstance(annotation, type) and annotation.__name__.endswith("Args"):
        return annotation
    return next((found for part in getattr(annotation, "__args__", ()) if (found := _structure_of(part))), None)
