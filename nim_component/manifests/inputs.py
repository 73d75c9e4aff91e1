"""Functions of plain values, applied to plain values and Outputs alike."""

from collections.abc import Callable
from typing import TypeVar

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
