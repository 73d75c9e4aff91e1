"""Application of functions to plain values and Outputs."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar, cast

import pulumi

from ..args.field_types import ObjectName
from ..args.outputs import is_output

T = TypeVar("T")
U = TypeVar("U")


def as_name(value: "ObjectName") -> "pulumi.Input[str]":
    """Return a validated name of an object.

    The type of a name in the metadata of a resource is `Output[str | None]`; it resolves to a
    string.
    """
    return value  # pyright: ignore[reportReturnType]


def lift(value: "pulumi.Input[T]", function: Callable[[T], U]) -> "pulumi.Input[U]":
    """Return `function(value)`, inside an apply for an Output.

    For a plain value the result is plain too, so it is known at preview.
    """
    return value.apply(function) if is_output(value) else function(value)  # pyright: ignore


def lift_all(function: Callable[..., U], *values: "pulumi.Input[object]") -> "pulumi.Input[U]":
    """Return `function(*values)`, inside an apply if any value is an Output."""
    if any(is_output(value) for value in values):
        return pulumi.Output.all(*values).apply(lambda resolved: function(*resolved))
    return function(*values)


def lift_within(value: Any, function: Callable[[Any], U]) -> "pulumi.Input[U]":
    """Return `function(value)` for mappings and lists that may contain Outputs at any depth."""
    return pulumi.Output.from_input(value).apply(function) if _contains_output(value) else function(value)


def resolve_within(value: Any) -> "pulumi.Output[Any]":
    """Return an Output of a structure, with the Outputs in it resolved.

    `Output.from_input` creates an Output for every field, which takes 0.1 s for a Deployment.
    """
    found: list[Any] = []

    def collect(each: Any) -> None:
        if is_output(each):
            found.append(each)
        else:
            for inner in _items(each):
                collect(inner)

    def rebuild(each: Any, resolved: Iterator[Any]) -> Any:
        if is_output(each):
            return next(resolved)
        if isinstance(each, dict):
            return {key: rebuild(inner, resolved) for key, inner in cast("dict[Any, Any]", each).items()}
        return [rebuild(inner, resolved) for inner in cast("list[Any]", each)] if isinstance(each, list) else each

    collect(value)
    return pulumi.Output.all(*found).apply(lambda resolved: rebuild(value, iter(resolved)))


def _items(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return cast("dict[Any, Any]", value).values()
    return cast("list[Any]", value) if isinstance(value, list) else ()


def _contains_output(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_contains_output, cast("dict[Any, Any]", value).values()))
    return any(map(_contains_output, cast("list[Any]", value))) if isinstance(value, list) else is_output(value)
