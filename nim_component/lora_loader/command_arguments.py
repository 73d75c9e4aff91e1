"""Interface of the module with this name in `text/`: the log of the loader contains no commands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def find_arguments(text: str) -> Iterator[tuple[int, int]]:  # noqa: ARG001
    """Yield nothing."""
    yield from ()


def find_argument_words(words: Sequence[str]) -> Iterator[tuple[int, int, int]]:  # noqa: ARG001
    """Yield nothing."""
    yield from ()
