"""Known names that are nearest to an unknown one."""

import re
from collections.abc import Iterable
from difflib import get_close_matches


def suggest(name: str, known: Iterable[str]) -> str:
    """The remedy for an unknown name: the nearest known ones, or the list."""
    names = sorted(known)
    folded = {candidate.replace("_", "").lower(): candidate for candidate in names}
    near = folded.get(re.sub(r"[-_]", "", name).lower()) or next(iter(get_close_matches(name, names, 1, 0.6)), None)
    return f"Did you mean {near!r}?" if near else f"Known: {', '.join(names)}."


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """The known words, the ones most like `word` first."""
    words = sorted(known)
    close = get_close_matches(word, words, n=len(words) or 1, cutoff=0.5)
    return close + [other for other in words if other not in close]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?`, or nothing when no known word is like `word`."""
    close = get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else ""
