"""Changed fields below the findings of a comment, folded, as far as they fit.

Fields of warnings and critical findings of all stacks come before any other field, and their values
are cut only as far as that needs.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..excerpts import MAX_EXCERPT
from ..stack_review import StackReview
from .details import OrderedLines, ordered_lines
from .display import size, to_line

_LIMITS: tuple[tuple[int | None, int | None], ...] = (
    (None, None), (None, MAX_EXCERPT), (4_000, MAX_EXCERPT), (1_000, MAX_EXCERPT), (300, MAX_EXCERPT),
)  # fmt: skip
"""Characters of the values of severe and of other fields; None for whole values."""
_FRAME = "\n<details><summary>All changed fields of stack <code>{}</code></summary>\n\n```diff\n{}```\n\n</details>\n"


def fold_details(reviews: Sequence[StackReview], room: int) -> tuple[str, bool]:
    """Return the changed fields in at most `room` bytes, and whether these are all fields."""
    fields = _choose(reviews, room)
    frames = [size(_FRAME) + size(_escape_html(each.change.stack)) for each in reviews]
    room -= sum(frame for frame, each in zip(frames, fields, strict=True) if each.severe)
    shown, rest = _take([each.severe for each in fields], room)
    is_complete = all(len(lines) == len(each.severe) for lines, each in zip(shown, fields, strict=True))
    if is_complete:
        rest -= sum(frame for frame, each in zip(frames, fields, strict=True) if each.others and not each.severe)
        others, _ = _take([each.others for each in fields], rest)
        is_complete = all(len(lines) == len(each.others) for lines, each in zip(others, fields, strict=True))
        shown = [[*first, *more] for first, more in zip(shown, others, strict=True)]
    return "".join(_frame(review, lines) for review, lines in zip(reviews, shown, strict=True) if lines), is_complete


def _choose(reviews: Sequence[StackReview], room: int) -> list[OrderedLines]:
    """Return the lines with the longest values with which the severe fields fit."""
    room -= sum(size(_FRAME) + size(_escape_html(each.change.stack)) for each in reviews)
    shortest = [ordered_lines(each) for each in reviews]
    if sum(_size_of_lines(each.severe) for each in shortest) > room:
        return shortest
    for severe, others in _LIMITS:
        fields = [ordered_lines(each, severe, others) for each in reviews]
        needed = sum(_size_of_lines(each.severe) + (_size_of_lines(each.others) if others is None else 0) for each in fields)
        if needed <= room:
            return fields
    return shortest


def _take(lists: Sequence[Sequence[str]], room: int) -> tuple[list[list[str]], int]:
    """Return as many lines of each list as fit, in order, and the bytes that are left."""
    taken: list[list[str]] = []
    for lines in lists:
        taken.append([])
        for line in lines:
            if _size_of_line(line) > room:
                return [*taken, *([] for _ in lists[len(taken) :])], 0
            room -= _size_of_line(line)
            taken[-1].append(line)
    return taken, room


def _size_of_line(line: str) -> int:
    return size(line) + 1


def _size_of_lines(lines: Sequence[str]) -> int:
    return sum(map(_size_of_line, lines))


def _frame(review: StackReview, lines: Sequence[str]) -> str:
    return _FRAME.format(_escape_html(review.change.stack), "".join(f"{line}\n" for line in lines))


def _escape_html(text: str) -> str:
    """Return a text for HTML. Characters with a meaning in HTML or in mentions become entities."""
    return "".join(each if each.isalnum() or each in " -._/" else f"&#{ord(each)};" for each in to_line(text))
