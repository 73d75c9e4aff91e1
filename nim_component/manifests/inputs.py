"""Application of functions to plain values and Outputs."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import pulumi

from ..args.outputs import is_output

T = TypeVar("T")
U = TypeVar("U")


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


def _contains_output(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_contains_output, cast("dict[Any, Any]", value).values()))
    return any(map(_contains_output, cast("list[Any]", value))) if isinstance(value, list) else is_output(value)
