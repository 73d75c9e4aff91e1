"""Validation of Kubernetes structures that a user passes: affinity, volumes, containers.

The SDK accepts an unknown key in a dict without an error. Its `...Args` classes contain the names
and types of all fields.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, cast

import pulumi_kubernetes as k8s
from pulumi import _types as sdk_types  # pyright: ignore[reportPrivateUsage]

from ..args.problems import Problem
from ..args.sdk_objects import to_mapping
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
    """Find keys that are not fields of Kubernetes in the structures of a `NIM`.

    The API server validates the values, and structures inside Outputs.
    """
    for field, kind in _KINDS.items():
        if given.get(field):
            yield from find_unknown_keys(to_mapping(given[field]), getattr(k8s.core.v1, kind), (field,))
    for path, value in _variables(given):
        if isinstance(value, Mapping):
            yield from find_unknown_keys(to_mapping(value), k8s.core.v1.EnvVarArgs, path)


def _variables(given: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    """Yield path and value of every environment variable, in `env` and in option sets."""
    lora, network = given.get("lora"), given.get("network")
    of_loader = cast("Mapping[str, Any]", lora).get("env") if isinstance(lora, Mapping) else getattr(lora, "env", None)
    for above, env in ((("env",), given.get("env")), (("lora", "env"), of_loader)):
        for name, value in cast("Mapping[str, Any]", env).items() if isinstance(env, Mapping) else ():
            yield (*above, str(name)), value
    for field in ("http_proxy", "https_proxy"):
        value = cast("Mapping[str, Any]", network).get(field) if isinstance(network, Mapping) else getattr(network, field, None)
        yield ("network", field), value


def find_unknown_keys(value: Any, kind: type, path: Path) -> Iterator[Problem]:
    """Find unknown keys of a structure, at any depth."""
    if isinstance(value, list | tuple):
        for index, item in enumerate(cast("list[Any]", value)):
            yield from find_unknown_keys(item, kind, (*path, index))
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
                yield from find_unknown_keys(item, nested, (*path, str(key)))


def to_yaml_keys(value: Any, kind: Any) -> Any:
    """Return a structure with all keys in the form of YAML (`minReadySeconds`).

    Outputs are unchanged.
    """
    if isinstance(value, list | tuple):
        return [to_yaml_keys(item, kind) for item in cast("list[Any]", value)]
    if not isinstance(value, Mapping) or not isinstance(kind, type):
        return cast(Any, value)
    snake, camel = _fields(kind)
    spelling = _spelling(kind)
    return {
        spelling.get(str(key), str(key)): to_yaml_keys(item, snake.get(str(key), camel.get(str(key))))
        for key, item in cast("Mapping[str, Any]", value).items()
    }


def to_python_name(key: str, kind: type) -> str:
    """Return the form of a key in Python (`min_ready_seconds`) from its form in YAML."""
    return next((python for python, yaml in _spelling(kind).items() if yaml == key), key)


_ABSENT = object()
DIRECTIVE = "$patch"
"""Key of a directive of a strategic merge. It is not a field of any structure."""


@cache
def _spelling(kind: type) -> dict[str, str]:
    sdk: Any = sdk_types
    return sdk.input_type_py_to_pulumi_names(kind)


@cache
def _fields(kind: type) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the fields of a structure in the forms of Python and YAML, with nested structures."""
    sdk: Any = sdk_types
    spelling = _spelling(kind)
    types: dict[str, Any] = sdk.input_type_types(kind)
    nested = {yaml: _structure_of(types.get(yaml)) for yaml in spelling.values()}
    return {python: nested[yaml] for python, yaml in spelling.items()}, nested


def _structure_of(annotation: Any) -> type | None:
    """Return the `...Args` class inside a type such as `Optional[Sequence[EnvVarArgs]]`."""
    if isinstance(annotation, type) and annotation.__name__.endswith("Args"):
        return annotation
    return next((found for inner in getattr(annotation, "__args__", ()) if (found := _structure_of(inner))), None)
