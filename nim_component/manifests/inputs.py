"""Functions of plain values, applied to plain values and Outputs alike."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import pulumi

from ..args.outputs import is_output

T = TypeVar("T")
U = TypeVar("U")


def lift(value: "pulumi.Input[T]", function: Callable[[T], U]) -> "pulumi.Input[U]":
    """`function(value)`: at once for a plain value, so that it is known at preview and costs nothing; in an apply for an Output."""
    return value.apply(function) if is_output(value) else function(value)  # pyright: ignore


def lift_all(function: Callable[..., U], *values: "pulumi.Input[object]") -> "pulumi.Input[U]":
    """`function(*values)`, in an apply when any of them is an Output."""
    if any(is_output(value) for value in values):
        return pulumi.Output.all(*values).apply(lambda resolved: function(*resolved))
    return function(*values)


def lift_within(value: Any, function: Callable[[Any], U]) -> "pulumi.Input[U]":
    """`function(value)` for mappings and lists with Outputs anywhere inside; at once when there are none."""
    return pulumi.Output.from_input(value).apply(function) if _holds_output(value) else function(value)


def _holds_output(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_output, cast("dict[Any, Any]", value).values()))
    return any(map(_holds_output, cast("list[Any]", value))) if isinstance(value, list) else is_output(value)
