"""Fields of the pod: environment, tolerations, and structures in Kubernetes' own form."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from pydantic import AfterValidator, BeforeValidator, ValidationInfo, WithJsonSchema

from ..text.field_paths import Path
from .arguments import RESOLVED, Arguments
from .field_types import AnyText, EnvName, Integer, LabelKey, MappingOf, OrOutput
from .fixes import ExampleValue, fix
from .outputs import is_output
from .plain_values import require_plain
from .problems import PASS_TEXT, Problem, problem_error
from .rule import Rule
from .sdk_objects import to_fields, to_mapping
from .validators import refuse_key

ENV_SCHEMA: dict[str, Any] = {"anyOf": [{"type": "string"}, {"type": "object", "required": ["valueFrom"]}]}
"""JSON Schema of the value of an environment variable in a stack file."""
_SOURCES = ("secretKeyRef", "configMapKeyRef", "fieldRef", "resourceFieldRef", "fileKeyRef")
SECRET_VALUE_FROM = ExampleValue({"valueFrom": {"secretKeyRef": {"name": "my-secret", "key": "my-key"}}})
"""Example of the value of an environment variable in a Secret."""
_IN_FORM_OF_MANIFEST = fix(
    "Pass it as a dict, in the form of a manifest.",
    yaml="Write it in the form of a manifest.",
    sdk="Pass it as an object, in the form of a manifest.",
)
_NOT_TEXT = problem_error("must be a string", PASS_TEXT)


def _camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda letter: letter[1].upper(), name)


def validate_env_value(value: Any, info: ValidationInfo) -> Any:
    """Return the value of an environment variable: a string, or a mapping with one `valueFrom`."""
    if isinstance(value, str):
        return refuse_key(value)
    # An Output resolves to a string only: the form of a variable must be known in a preview.
    if isinstance(value, Mapping) and info.context != RESOLVED:
        reference = _structure(to_mapping(value))
        inner = next(iter(reference.values()), None)
        if [_camel(key) for key in reference] == ["valueFrom"] and isinstance(inner, dict):
            sources = {_camel(key): source for key, source in cast("dict[str, Any]", inner).items()}
            if len(sources) == 1 and set(sources) <= set(_SOURCES) and all(isinstance(source, dict) for source in sources.values()):
                return reference
        action = fix(f"Write {{}}, or another source: {', '.join(_SOURCES[1:])}.", SECRET_VALUE_FROM)
        raise problem_error("must be a string or a mapping with one valueFrom", action)
    raise _NOT_TEXT


def _structure(value: Any) -> Any:
    """Return a structure of mappings, lists, scalars and Outputs, or raise.

    Only these can be searched for secrets, merged and compared.
    """
    if isinstance(value, Mapping):
        return {refuse_key(str(key)): _structure(item) for key, item in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_structure(item) for item in cast("list[Any]", value)]
    if isinstance(value, str):
        return refuse_key(value)
    if value is None or isinstance(value, int | float) or is_output(value):
        return cast(Any, value)
    message = f"must consist of mappings, lists and plain values, and it contains a {type(value).__name__}"
    raise problem_error(message, _IN_FORM_OF_MANIFEST)


def _named(value: dict[str, Any]) -> dict[str, Any]:
    require_plain(value.get("name"), "name")
    if not isinstance(value.get("name"), str) or not value["name"]:
        raise problem_error("must have a plain name", "Add `name`: mounts, diffs and logs refer to it.")
    return value


def _mount(value: dict[str, Any]) -> dict[str, Any]:
    path = value.get("mountPath", value.get("mount_path"))
    require_plain(path, "mountPath")
    if not isinstance(path, str) or not path.startswith("/"):
        raise problem_error("must have a plain absolute mountPath", "Add `mountPath`, and start it with '/'.")
    return _named(value)


if TYPE_CHECKING:
    import pulumi
    import pulumi_kubernetes as k8s

    EnvValue = pulumi.Input[str] | Mapping[str, Any]
    Structure = Mapping[str, Any]
    Affinity = k8s.core.v1.AffinityArgs | Mapping[str, Any]
    TopologySpread = k8s.core.v1.TopologySpreadConstraintArgs | Mapping[str, Any]
    Volume = k8s.core.v1.VolumeArgs | Mapping[str, Any]
    Mount = k8s.core.v1.VolumeMountArgs | Mapping[str, Any]
    Container = k8s.core.v1.ContainerArgs | Mapping[str, Any]
else:
    EnvValue = Annotated[Any, BeforeValidator(validate_env_value), WithJsonSchema(ENV_SCHEMA), OrOutput()]
    Structure = Affinity = TopologySpread = Annotated[dict[str, Any], BeforeValidator(to_mapping), AfterValidator(_structure)]
    Volume = Container = Annotated[Structure, AfterValidator(_named)]
    Mount = Annotated[Structure, AfterValidator(_mount)]

Environment = MappingOf[EnvName, EnvValue]


def validate_managed(env: Mapping[str, Any] | None, managed: Mapping[str, str], path: Path = ("env",)) -> Iterator[Problem]:
    """Refuse environment variables that the component sets.

    A variable that is listed twice has the value of its last entry, without an error.

    Args:
        env: Variables that the user set.
        managed: Variables of the component, each with the field that decides its value.
        path: Path of `env`.
    """
    for name in env or {}:
        if name in managed:
            yield Problem((*path, name), "is managed by the component", f"Use the field {managed[name]} instead.")


def _validate_toleration(key: Any, operator: str, value: Any, effect: str | None, seconds: int | None) -> Iterator[Problem]:
    """Apply the rules of the API server, so that a preview finds the problem."""
    if key is None and operator != "Exists":
        action = fix("Set the key of the taint, or tolerate every taint: {}.", {"operator": "Exists"})
        yield Problem(("operator",), "must be Exists without a key", action, repr(operator))
    if operator == "Exists" and value is not None:
        yield Problem(("value",), "has no effect with operator Exists", fix("Remove it, or set {}.", {"operator": "Equal"}))
    if seconds is not None and effect != "NoExecute":
        action = fix("Set {}, or remove toleration_seconds.", {"effect": "NoExecute"})
        yield Problem(("toleration_seconds",), "requires effect NoExecute", action, repr(seconds))


class Toleration(Arguments):
    """Toleration of a node's taint, in the terms of Kubernetes."""

    key: LabelKey | None = None
    """Key of the taint. Unset: every key, which requires operator `Exists`."""

    operator: Literal["Exists", "Equal"] = "Equal"
    """Comparison with `value`. The default is Kubernetes' own."""

    value: AnyText | None = None
    """Value of the taint, for operator `Equal`."""

    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """Effect of the taint. Unset: every effect."""

    toleration_seconds: Integer | None = None
    """Seconds until eviction, for effect `NoExecute`. Unset: no eviction."""

    rules = (Rule(("key", "operator", "value", "effect", "toleration_seconds"), _validate_toleration, waits=False),)


if TYPE_CHECKING:
    PodToleration = Toleration | k8s.core.v1.TolerationArgs
else:
    PodToleration = Annotated[Toleration, BeforeValidator(to_fields)]

GPU_TAINT = Toleration(key="nvidia.com/gpu", operator="Exists", effect="NoSchedule")
"""Toleration of the taint that managed clusters and NVIDIA's GPU Operator put on GPU nodes."""
