"""Excerpts of long values around their first difference."""

from __future__ import annotations

MAX_EXCERPT = 96
"""Characters of an excerpt. A longer value is cut."""
_BEFORE = 30
"""Characters that both values have in common, ahead of the difference."""


def excerpt(text: str) -> str:
    """Return the beginning of a value."""
    return _cut(text, 0, MAX_EXCERPT)


def excerpt_pair(old: str | None, new: str | None, limit: int = MAX_EXCERPT) -> tuple[str, str]:
    """Return both values, cut around the first character that differs.

    A value that is absent is an empty text.
    """
    first, second = old or "", new or ""
    if max(len(first), len(second)) <= limit:
        return first, second
    start = 0
    if old is not None and new is not None:
        start = next(
            (index for index, pair in enumerate(zip(first, second, strict=False)) if pair[0] != pair[1]), min(len(first), len(second))
        )
    start = max(0, start - _BEFORE) if start > limit // 2 else 0
    return _cut(first, start, limit), _cut(second, start, limit)


def _cut(text: str, start: int, limit: int) -> str:
    head = "…" if start else ""
    shown = text[start : start + limit]
    tail = f"… ({len(text)} characters)" if start + limit < len(text) else ""
    return f"{head}{shown}{tail}"
