"""Text of a cluster or a program as one safe line: redacted, cut, no control characters."""

import re
import unicodedata

from .redaction import redact

LONGEST = 300
"""Default length of a line. Evidence shows the message, not the whole log."""
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,200}(?:\x07|\x1b\\)?|[PX^_][^\x1b]{0,200}(?:\x1b\\)?|.)", re.DOTALL)


def sanitize(text: str, longest: int = LONGEST) -> str:
    """Return the beginning of a text as one line without credentials and escape sequences."""
    # The text is cut before any pattern is applied: a log may have any length.
    line = _to_line(text[: 8 * longest])
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def sanitize_tail(text: str, longest: int = LONGEST) -> str:
    """Return the end of a text in the same form. It begins with a whole word."""
    line = _to_line(text[-8 * longest :])
    return line if len(line) <= longest else f"…{line[-(longest - 1) :].partition(' ')[2]}"


def _to_line(text: str) -> str:
    unescaped = _ESCAPES.sub("", text)
    # Invisible characters are removed first, because they can split a key in two.
    # Line breaks stay until then, because a private key has several lines.
    visible = "".join(each for each in unescaped if each.isspace() or unicodedata.category(each)[0] != "C")
    return " ".join(redact(visible).split())
