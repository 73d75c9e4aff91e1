"""What a platform adds to the pod: environment, placement, and Kubernetes' own structures passed on as they are."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

from pydantic import AfterValidator, BeforeValidator, ValidationInfo, WithJsonSchema

from ..text.field_paths import Path
from .arguments import LATE, Arguments, Rule
from .field_types import EnvName, LabelKey, OrOutput, WholeNumber, Words, refuse_key
from .outputs import is_output
from .problems import Problem, problem_error

ENV_SCHEMA: dict[str, Any] = {"anyOf": [{"type": "string"}, {"type": "object", "required": ["valueFrom"]}]}
"""How a value of the environment stands in a stack file."""
_SOURCES = ("secretKeyRef", "configMapKeyRef", "fieldRef", "resourceFieldRef", "fileKeyRef")


def _camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda letter: letter[1].upper(), name)


def validate_env_value(value: Any, info: ValidationInfo) -> Any:
    """Text, or one `valueFrom`."""
    if isinstance(value, str):
        return refuse_key(value)
    # Which form a variable has is plain: an Output resolves to its text.
    if isinstance(value, Mapping) and info.context != LATE:
        reference = _structure(cast("Mapping[str, Any]", value))
        inner = next(iter(reference.values()), None)
        if [_camel(key) for key in reference] == ["valueFrom"] and isinstance(inner, dict):
            sources = {_camel(key): source for key, source in cast("dict[str, Any]", inner).items()}
            if len(sources) == 1 and set(sources) <= set(_SOURCES) and all(isinstance(source, dict) for source in sources.values()):
                return reference
        raise problem_error(
            "must be text or one valueFrom",
            f"Write valueFrom: {{secretKeyRef: {{name: ..., key: ...}}}}, or another of {', '.join(_SOURCES)}.",
        )
    raise problem_error("must be text", "Quote it: in YAML, true, 8 and 1.0 are not text.")


def _structure(value: Any) -> Any:
    """Mappings, lists, scalars and Outputs: what can be looked through for secrets, merged and compared. The SDK's `...Args` cannot."""
    if isinstance(value, Mapping):
        return {refuse_key(str(key)): _structure(item) for key, item in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [_structure(item) for item in cast("list[Any]", value)]
    if isinstance(value, str):
        return refuse_key(value)
    if value is None or isinstance(value, int | float) or is_output(value):
        return cast(Any, value)
    raise problem_error(
        f"must be mappings, lists and plain values, and it holds a {type(value).__name__}", "Write it as a dict, as in a manifest."
    )


def _named(value: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(value.get("name"), str) or not value["name"]:
        raise problem_error("must have a plain name", "Add name: it is what a mount, a diff and a log refer to.")
    return value


def _mount(value: dict[str, Any]) -> dict[str, Any]:
    path = value.get("mountPath", value.get("mount_path"))
    if not isinstance(path, str) or not path.startswith("/"):
        raise problem_error("must have a plain absolute mountPath", "Add mountPath, starting with '/'.")
    return _named(value)


if TYPE_CHECKING:
    import pulumi

    EnvValue = pulumi.Input[str] | Mapping[str, Any]
    Structure = NamedStructure = Mount = Mapping[str, Any]
else:
    EnvValue = Annotated[Any, BeforeValidator(validate_env_value), WithJsonSchema(ENV_SCHEMA), OrOutput()]
    Structure = Annotated[dict[str, Any], AfterValidator(_structure)]
    NamedStructure = Annotated[dict[str, Any], AfterValidator(_structure), AfterValidator(_named)]
    Mount = Annotated[dict[str, Any], AfterValidator(_structure), AfterValidator(_mount)]

Environment = dict[EnvName, EnvValue]


def validate_managed(env: Mapping[str, Any] | None, managed: Mapping[str, str], path: Path = ("env",)) -> Iterator[Problem]:
    """A name that the component sets would stand in the list twice, and the later one would win unseen. `managed`: name to argument."""
    for name in env or {}:
        if name in managed:
            yield Problem((*path, name), "is managed by the component", f"Use the argument {managed[name]}.")


def _validate_toleration(key: Any, operator: str, value: Any, effect: str | None, seconds: int | None) -> Iterator[Problem]:
    """The API server's own rules, said before it says them."""
    if key is None and operator != "Exists":
        yield Problem(
            ("operator",), "must be Exists without a key", "Give the taint's key, or operator: Exists for every taint.", repr(operator)
        )
    if operator == "Exists" and value is not None:
        yield Problem(("value",), "has no meaning with operator Exists", "Leave it out, or use operator: Equal.")
    if seconds is not None and effect != "NoExecute":
        yield Problem(("toleration_seconds",), "needs effect NoExecute", "Add effect: NoExecute, or leave it out.", repr(seconds))


class Toleration(Arguments):
    """A taint of a node that the pod bears, in Kubernetes' own terms."""

    key: LabelKey | None = None
    """Key of the taint. Default: every key, which needs operator `Exists`."""

    operator: Literal["Exists", "Equal"] = "Equal"
    """How `value` is compared. Default `Equal`, Kubernetes' own."""

    value: Words | None = None
    """Value of the taint, with operator `Equal`."""

    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """Effect of the taint. Default: every effect."""

    toleration_seconds: WholeNumber | None = None
    """Seconds until eviction, with effect `NoExecute`. Default: for ever."""

    rules = (Rule(("key", "operator", "value", "effect", "toleration_seconds"), _validate_toleration, waits=False),)


GPU_TAINT = Toleration(key="nvidia.com/gpu", operator="Exists", effect="NoSchedule")
"""The taint that managed clusters and NVIDIA's operator put on GPU nodes."""
