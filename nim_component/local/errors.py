"""Errors that are the user's to mend: the command line prints their text alone, never a traceback."""

from collections.abc import Iterable
from difflib import get_close_matches


class LocalError(Exception):
    """Something the user can mend. The text names the file or resource, the key, the rule and the remedy."""


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """The known words, the ones most like `word` first."""
    words = sorted(known)
    close = get_close_matches(word, words, n=len(words) or 1, cutoff=0.5)
    return close + [other for other in words if other not in close]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?`, or nothing when no known word is like `word`."""
    close = get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else ""
