"""Sentences about a change. Text of others is marked, so that a view can quote it.

A sentence is a tuple of pieces. A piece of type `Value` comes from the user, the cluster or the
engine. Views print it as code: Markdown, HTML, mentions and escape sequences have no effect.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from string import Formatter
from typing import Any, TypeAlias

from .change import Change
from .values import show


class Value(str):
    """Piece of a sentence that is not written by this package."""

    __slots__ = ()


class Quote(Value):
    """Message of an engine or a program."""

    __slots__ = ()


Sentence: TypeAlias = tuple[str, ...]


def sentence(template: str, **values: Any) -> Sentence:
    """Return a sentence: `sentence("Image {old} changes.", old=image)`.

    Numbers and values that are sentences become text of this package. Other values become `Value`.
    """
    pieces: list[str] = []
    for literal, name in _parse(template):
        pieces.append(literal)
        if name is not None:
            value = values[name]
            if isinstance(value, tuple):
                pieces.extend(value)  # pyright: ignore[reportUnknownArgumentType]
            elif isinstance(value, Value):
                pieces.append(value)
            else:
                pieces.append(str(value) if isinstance(value, int | float) and not isinstance(value, bool) else Value(show(value)))
    return tuple(piece for piece in pieces if piece)


@cache
def _parse(template: str) -> list[tuple[str, str | None]]:
    return [(literal, name) for literal, name, _, _ in Formatter().parse(template)]


def name_kind(kind: str) -> Sentence | Value:
    """Return a kind as text of this package if it is a word. Custom kinds may have any name."""
    return (kind,) if kind.isascii() and kind.isalnum() and len(kind) < 64 else Value(kind)


def name_object(change: Change) -> Sentence:
    """Return kind and name of an object, such as `Deployment llama`."""
    return sentence("{kind} {name}", kind=name_kind(change.subject.kind), name=change.subject.object_name)


def enumerate_values(values: Iterable[Any], at_most: int | None = None) -> Sentence:
    """Return values as `a, b and c`; more than `at_most` values as `a, b and 5 more`."""
    listed = list(values)
    items: list[str] = [Value(show(value)) for value in listed[:at_most]]
    if more := len(listed) - len(items):
        items.append(f"{more} more")
    pieces: list[str] = []
    for index, item in enumerate(items):
        pieces += [item] if not index else [" and " if index == len(items) - 1 else ", ", item]
    return tuple(pieces)


def plain_text(pieces: Sentence) -> str:
    """Return a sentence as plain text."""
    return "".join(pieces)
