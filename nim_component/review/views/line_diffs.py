"""Lines that differ between two texts, such as the files of a ConfigMap."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import lru_cache
from typing import NamedTuple

from ..excerpts import count_equal

MAX_COMPARED = 400
"""Lines between the first and the last difference that are compared with each other."""


class ChangedLine(NamedTuple):
    """Line of one of the texts."""

    mark: str
    """`-` for a line of the old text, `+` for one of the new text."""
    number: int
    """Number of the line in its text, from 1."""
    text: str


def has_lines(text: str | None) -> bool:
    """Return true for a text of several lines."""
    return text is not None and "\n" in text.rstrip("\n")


@lru_cache(maxsize=64)
def compare_lines(old: str, new: str) -> tuple[ChangedLine, ...]:
    """Return the lines that only one text has, in their order.

    Of a long difference, all lines from the first to the last that differ are returned.
    """
    return tuple(_compare_lines(old, new))


def _compare_lines(old: str, new: str) -> Iterator[ChangedLine]:
    before, after = old.split("\n"), new.split("\n")
    first = count_equal(before, after)
    last = min(count_equal(before[::-1], after[::-1]), min(len(before), len(after)) - first)
    rest = before[first : len(before) - last], after[first : len(after) - last]
    if max(map(len, rest)) > MAX_COMPARED:
        blocks = [(0, len(rest[0]), 0, len(rest[1]))]
    else:
        matcher = SequenceMatcher(None, *rest, autojunk=False)
        blocks = [block[1:] for block in matcher.get_opcodes() if block[0] != "equal"]
    for a, b, c, d in blocks:
        yield from (ChangedLine("-", first + index + 1, rest[0][index]) for index in range(a, b))
        yield from (ChangedLine("+", first + index + 1, rest[1][index]) for index in range(c, d))
