"""Text of others on one line, cut to a length, with control characters escaped."""

from __future__ import annotations

import unicodedata

from ..excerpts import excerpt_pair
from ..matching import MISSING, Difference
from ..values import show

MAX_VALUE, MAX_QUOTE, MAX_PATH = 120, 1500, 300
"""Characters of a value, of a message and of a path."""
NOT_SEEN = (
    "Not in this report: the live cluster and its drift, what an earlier failed update left, admission, quotas and free GPUs, "
    "and the content of images, Secrets and models."
)
"""Last line of a report, so that its silence is not taken for an approval."""
SYMBOLS = {"\n": "⏎", "\r": "⏎", "\t": " ", "\u2028": "⏎", "\u2029": "⏎"}


def to_line(text: str, limit: int | None = MAX_VALUE) -> str:
    """Return a text on one line of about `limit` characters, with invisible ones escaped."""
    size = len(text)
    limit = size if limit is None else limit
    if size <= limit and text.isascii() and text.isprintable():
        return text
    shown = "".join(SYMBOLS.get(each) or (each if is_visible(each) else escape(each)) for each in text[:limit])
    return f"{shown[: limit * 2]}… ({size} characters)" if size > limit else shown


def size(text: str) -> int:
    """Return the bytes of a text in UTF-8."""
    return len(text.encode("utf-8", "replace"))


def is_visible(character: str) -> bool:
    """Return true unless the character controls the display.

    Such characters are control, formatting, surrogate, unassigned and private ones, line separators
    and combining marks, which can be stacked over other lines.
    """
    return character.isprintable() and unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Cn", "Co", "Mn", "Me", "Zl", "Zp")


def escape(character: str) -> str:
    r"""Return an escape sequence of Python, such as `\x1b` or `\u202e`."""
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"


def display_difference(difference: Difference, limit: int | None = None) -> tuple[str, str | None, str | None]:
    """Return the path, the old and the new value as lines; None for a missing value.

    Values longer than `limit` characters are cut around what differs; None leaves them whole.
    """
    old, new = (None if value is MISSING else show(value) for value in (difference.old, difference.new))
    if limit is not None:
        before, after = excerpt_pair(old, new, limit)
        old, new = (None if value is None else excerpt for value, excerpt in ((old, before), (new, after)))
    old, new = (None if value is None else to_line(value, None) for value in (old, new))
    if old == new and old is not None:
        # Equal on the screen: the values differ where they are cut or redacted.
        new = f"{new} (changed)"
    return to_line(difference.where, MAX_PATH), old, new
