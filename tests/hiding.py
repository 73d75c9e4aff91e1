"""Where a key may stand in a text without being seen: behind base64, at any place in it, and behind base64 of that."""

import base64
from collections.abc import Iterator

DEPTH = 4
"""A value of a Secret is encoded once, the password in a pull Secret twice, a Secret that somebody has encoded as a whole once more."""


def find_in(text: str, words: list[str]) -> list[str]:
    """Which of the words stand in a text, in the clear or encoded."""
    return sorted(word for word in words if any(form in text for form in forms_of(word, DEPTH)))


def forms_of(word: str, depth: int) -> Iterator[str]:
    """The word itself, and what every encoding has in common that has the word somewhere in it."""
    yield word
    if depth:
        for before, cut in enumerate(
            (0, 2, 3)
        ):  # bytes of its first group of three that are not its own, and characters they have a part in
            bytes_ = b"\0" * before + word.encode()
            yield from forms_of(base64.b64encode(bytes_).decode()[cut : len(bytes_) * 8 // 6], depth - 1)
