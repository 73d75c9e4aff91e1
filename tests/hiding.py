"""Where a key may stand in a text without being seen: behind base64, at any place in it, and behind base64 of that."""

import base64
from collections.abc import Iterator

DEPTH = 2
"""A value of a Secret is encoded once, one that is a Secret's value within a Secret's value twice."""


def find_in(text: str, words: list[str]) -> list[str]:
    """Which of the words stand in a text, in the clear or encoded."""
    return sorted(word for word in words if any(form in text for form in forms_of(word, DEPTH)))


def forms_of(word: str, depth: int) -> Iterator[str]:
    """The word itself, and what every encoding has in common that has the word somewhere in it."""
    yield word
    if depth:
        for before in range(3):  # bytes of the same group of three that stand before it
            encoded = base64.b64encode(b"\0" * before + word.encode()).decode()
            whole = encoded[(0, 2, 3)[before] : (before + len(word.encode())) * 8 // 6]
            yield from forms_of(whole, depth - 1)
