"""Known names that are nearest to an unknown one."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

CUTOFF = 0.6
"""Least similarity of a suggestion, as a ratio of `difflib.SequenceMatcher`."""


def did_you_mean(name: str, known: Iterable[str], cutoff: float = CUTOFF) -> str:
    """Return `Did you mean 'x'?` for the known name nearest to `name`, or an empty text.

    A name that differs only in case, hyphens and underscores comes before one that differs in
    letters.
    """
    names = sorted(known)
    folded = {_fold(candidate): candidate for candidate in names}
    lowered = {candidate.lower(): candidate for candidate in names}
    near = folded.get(_fold(name)) or next((lowered[each] for each in get_close_matches(name.lower(), lowered, 1, cutoff)), None)
    return f"Did you mean {near!r}?" if near else ""


def suggest(name: str, known: Iterable[str]) -> str:
    """Return the fix for an unknown name: the nearest known name, or the list of all."""
    names = sorted(known)
    return did_you_mean(name, names) or f"Known: {', '.join(names)}."


def add_suggestion(problem: str, name: str, known: Iterable[str]) -> str:
    """Return a problem with the nearest known name after it, if there is one."""
    hint = did_you_mean(name, known)
    return f"{problem}. {hint}" if hint else problem


def _fold(name: str) -> str:
    return re.sub(r"[-_]", "", name).lower()
