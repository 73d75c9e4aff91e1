"""Excerpts of long values around their differences."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import accumulate, islice

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
_DOWNLOAD = re.compile(r"curl|wget|://|\|\s*(ba)?sh\b", re.IGNORECASE)
_MAX_DANGERS = 1_000
"""Matches in a long difference that are looked at."""
_WORD = re.compile(r"[^\s]{1,40}\s*|\s+")

Place = tuple[int, int, int, int]
"""Beginning and end of a difference, in the old and in the new value."""


def excerpt(text: str) -> str:
    """Return the beginning of a value."""
    return _cut(text, 0, MAX_EXCERPT)


def excerpt_pair(old: str | None, new: str | None, limit: int = MAX_EXCERPT) -> tuple[str, str]:
    """Return both values, cut around what differs. A value that is absent is an empty text.

    Up to three differences are shown, those with a download or an address first. The number of the
    others follows. Of a long one, the beginning and such parts are shown.
    """
    first, second = old or "", new or ""
    if max(len(first), len(second)) <= limit:
        return first, second
    found = _find_places(first, second) if old is not None and new is not None else [(0, len(first), 0, len(second))]
    places = [part for place in found for part in _split(place, first, second, limit)]
    if len(places) < 2 or _fits(places, limit):
        start = _find_start(places[0], limit) if places else 0
        return _cut(first, start, limit), _cut(second, start, limit)
    ranked = sorted(places, key=lambda each: _rank(first[each[0] : each[1]] + second[each[2] : each[3]]))
    shown = sorted(ranked[:_MAX_PLACES])
    more = sum(not any(_contains(place, part) for part in shown) for place in found)
    return _join(first, [each[:2] for each in shown], more, limit), _join(second, [each[2:] for each in shown], more, limit)


def _split(place: Place, old: str, new: str, limit: int) -> Iterator[Place]:
    """Yield a difference, or the beginning and the dangerous parts of a long one."""
    start, end, begin, stop = place
    if max(end - start, stop - begin) <= limit // 2:
        yield place
        return
    yield (start, min(end, start + limit // 2), begin, min(stop, begin + limit // 2))
    yield from ((start, start, *part) for part in _find_dangers(new, begin, stop, limit))
    yield from ((*part, begin, begin) for part in _find_dangers(old, start, end, limit))


def _find_dangers(text: str, start: int, end: int, limit: int) -> Iterator[tuple[int, int]]:
    """Yield parts with a download or an address, after the beginning and apart from each other."""
    last = start + limit // 2
    for match in islice(_DANGER.finditer(text, last, end), _MAX_DANGERS):
        if match.start() >= last:
            last = min(end, match.start() + limit // 3)
            yield match.start(), last


def _rank(text: str) -> int:
    """Return 0 for a download or an address, 1 for other dangerous words, 2 for other text."""
    return 0 if _DOWNLOAD.search(text) else 1 if _DANGER.search(text) else 2


def _contains(place: Place, part: Place) -> bool:
    return (place[0] <= part[0] and part[1] <= place[1]) and (place[2] <= part[2] and part[3] <= place[3])


def _find_places(old: str, new: str) -> list[Place]:
    words = _WORD.findall(old), _WORD.findall(new)
    first = count_equal(*words)
    last = count_equal(*(each[first:][::-1] for each in words))
    starts = [list(accumulate(map(len, each), initial=0)) for each in words]
    before, after = (each[first : len(each) - last] for each in words)
    if max(len(before), len(after)) <= _MAX_WORDS:
        blocks = [block[1:] for block in SequenceMatcher(None, before, after, autojunk=False).get_opcodes() if block[0] != "equal"]
    elif not before or not after:
        blocks = [(0, len(before), 0, len(after))]
    else:
        removed, added = _find_own_dangers(before, after), _find_own_dangers(after, before)
        blocks = [(0, 1, 0, 1), *((0, 0, index, index + 1) for index in added), *((index, index + 1, 0, 0) for index in removed)]
    return [(starts[0][first + a], starts[0][first + b], starts[1][first + c], starts[1][first + d]) for a, b, c, d in blocks]


def _find_own_dangers(words: Sequence[str], others: Sequence[str]) -> list[int]:
    """Return the indices of dangerous words that the other value does not have."""
    known = {*others}
    return [index for index, word in enumerate(words) if word not in known and _DANGER.search(word)]


def count_equal(first: Sequence[str], second: Sequence[str]) -> int:
    """Return the number of equal items at the beginning."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((index for index, (one, other) in pairs if one != other), min(len(first), len(second)))


def _fits(places: list[Place], limit: int) -> bool:
    """Return true if one excerpt contains all differences."""
    return max(places[-1][1], places[-1][3]) - _find_start(places[0], limit) <= limit


def _find_start(first: Place, limit: int) -> int:
    """Return where an excerpt with the first difference begins."""
    return max(0, first[0] - _BEFORE) if first[0] > limit // 2 else 0


def _join(text: str, places: Sequence[tuple[int, ...]], more: int, limit: int) -> str:
    if not text:
        return ""
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
