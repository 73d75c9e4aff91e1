"""Texts that somebody else wrote, fit for one line of a screen: nothing in them moves a cursor, hides or reorders what stands there."""

from __future__ import annotations

import unicodedata

from .matching import MISSING, Difference
from .values import show

LONGEST, QUOTE = 120, 1500
"""Characters of a value, and of what an engine said."""
SYMBOLS = {"\n": "⏎", "\r": "⏎", "\t": " ", "\u2028": "⏎", "\u2029": "⏎"}


def visible(text: str, longest: int = LONGEST) -> str:
    """On one line, not too long, with control and formatting characters spelled out."""
    size = len(text)
    if size <= longest and text.isascii() and text.isprintable():
        return text
    shown = "".join(SYMBOLS.get(each) or (each if is_harmless(each) else spell(each)) for each in text[:longest])
    return f"{shown[: longest * 2]}… ({size} characters)" if size > longest else shown


def is_harmless(character: str) -> bool:
    """Whether a character shows as itself: no control, formatting, surrogate or unassigned one, no stack of accents."""
    return character.isprintable() and unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Cn", "Co", "Mn", "Me", "Zl", "Zp")


def spell(character: str) -> str:
    """`\\x1b`, `\\u202e`."""
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"


def side(value: object) -> str:
    """One side of a difference."""
    return "" if value is MISSING else visible(show(value))


def pair(difference: Difference) -> tuple[str, str | None, str | None]:
    """Path, old and new value; None for a side that has none."""
    old = None if difference.old is MISSING else side(difference.old)
    new = None if difference.new is MISSING else side(difference.new)
    if old == new and old is not None:
        # Alike on the screen: one differs where it is cut or hidden.
        new = f"{new} (another)"
    return visible(difference.where, 300), old, new
