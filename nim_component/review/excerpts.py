"""Excerpts of long values around their differences."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import accumulate

MAX_EXCERPT = 96
"""Characters of an excerpt. A longer value is cut."""
_BEFORE = 30
"""Characters that both values have in common, ahead of a difference."""
_MAX_WORDS = 300
"""Words between the first and the last difference that are compared in order."""
_MAX_PLACES = 3
_DANGER = re.compile(
    r"curl|wget|://|base64|eval|exec|\bsh\b|bash|python|\d{1,3}(\.\d{1,3}){3}|[\w-]\.[a-z]{2,}|token|secret", re.IGNORECASE
)
_WORD = re.compile(r"[^\s]{1,40}\s*|\s+")

Place = tuple[int, int, int, int]
"""Beginning and end of a difference, in the old and in the new value."""


def excerpt(text: str) -> str:
    """Return the beginning of a value."""
    return _cut(text, 0, MAX_EXCERPT)


def excerpt_pair(old: str | None, new: str | None, limit: int = MAX_EXCERPT) -> tuple[str, str]:
    """Return both values, cut around what differs. A value that is absent is an empty text.

    Up to three differences are shown, those with a download or an address first. The number of the
    others follows.
    """
    first, second = old or "", new or ""
    if max(len(first), len(second)) <= limit:
        return first, second
    places = _find_places(first, second) if old is not None and new is not None else []
    if len(places) < 2 or _fits(places, limit):
        start = _find_start(places[0], limit) if places else 0
        return _cut(first, start, limit), _cut(second, start, limit)
    ranked = sorted(places, key=lambda each: _DANGER.search(first[each[0] : each[1]] + second[each[2] : each[3]]) is None)
    shown = sorted(ranked[:_MAX_PLACES])
    more = len(places) - len(shown)
    return _join(first, [each[:2] for each in shown], more, limit), _join(second, [each[2:] for each in shown], more, limit)


def _find_places(old: str, new: str) -> list[Place]:
    words = _WORD.findall(old), _WORD.findall(new)
    first = _count_equal(*words)
    last = _count_equal(*(each[first:][::-1] for each in words))
    starts = [list(accumulate(map(len, each), initial=0)) for each in words]
    before, after = (each[first : len(each) - last] for each in words)
    if max(len(before), len(after)) <= _MAX_WORDS:
        blocks = [block[1:] for block in SequenceMatcher(None, before, after, autojunk=False).get_opcodes() if block[0] != "equal"]
    else:
        known = {*before}
        added = [index for index, word in enumerate(after) if word not in known and _DANGER.search(word)]
        blocks = [(0, min(1, len(before)), 0, min(1, len(after))), *((0, 0, index, index + 1) for index in added)]
    return [(starts[0][first + a], starts[0][first + b], starts[1][first + c], starts[1][first + d]) for a, b, c, d in blocks]


def _count_equal(first: Sequence[str], second: Sequence[str]) -> int:
    """Return the number of equal words at the beginning."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((index for index, (one, other) in pairs if one != other), min(len(first), len(second)))


def _fits(places: list[Place], limit: int) -> bool:
    """Return true if one excerpt contains all differences."""
    return max(places[-1][1], places[-1][3]) - _find_start(places[0], limit) <= limit


def _find_start(first: Place, limit: int) -> int:
    """Return where an excerpt with the first difference begins."""
    return max(0, first[0] - _BEFORE) if first[0] > limit // 2 else 0


def _join(text: str, places: Sequence[tuple[int, ...]], more: int, limit: int) -> str:
    parts: list[str] = []
    for start, end in places:
        begin, stop = max(0, start - _BEFORE // 2), min(end, start + limit // 2) + _BEFORE // 2
        parts.append(text[begin:stop])
    head = "" if places[0][0] <= _BEFORE // 2 else "…"
    others = f", {more} more differences" if more else ""
    return f"{head}{'…'.join(parts)}… ({len(text)} characters{others})"


def _cut(text: str, start: int, limit: int) -> str:
    head = "…" if start else ""
    shown = text[start : start + limit]
    tail = f"… ({len(text)} characters)" if start + limit < len(text) else ""
    return f"{head}{shown}{tail}"
