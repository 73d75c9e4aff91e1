"""Text of a cluster or a program as one safe line: redacted, cut, no control characters."""

import re
import unicodedata

from .redaction import redact

LONGEST = 300
"""Default length of a line. Evidence shows the message, not the whole log."""
_MAX_AROUND = 20_000
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,200}(?:\x07|\x1b\\)?|[PX^_][^\x1b]{0,200}(?:\x1b\\)?|.)", re.DOTALL)


def strip_escapes(text: str) -> str:
    """Return a text without the escape sequences of a terminal, such as colours."""
    return _ESCAPES.sub("", text)


def sanitize(text: str, longest: int = LONGEST) -> str:
    """Return the beginning of a text as one line without credentials and escape sequences."""
    # The text is cut before any pattern is applied: a log may have any length.
    line = _to_line(text[: 8 * longest])
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def sanitize_tail(text: str, longest: int = LONGEST) -> str:
    """Return the end of a text in the same form. It begins with a whole word."""
    line = _to_line(text[-8 * longest :])
    return line if len(line) <= longest else f"…{line[-(longest - 1) :].partition(' ')[2]}"


def sanitize_around(text: str, words: str, longest: int = LONGEST) -> str:
    """Return a text in the same form, cut so that it contains some of its words.

    The beginning of the text stays, because it names the program or the class of an error.
    """
    line, needle = _to_line(text[:_MAX_AROUND]), _to_line(words[:_MAX_AROUND])
    start = line.find(needle)
    if len(line) <= longest or start < 0 or start + len(needle) < longest:
        return sanitize(line, longest)
    if len(needle) >= longest:
        start, needle = 0, line
    head = line[: longest // (2 if needle == line else 5)].rpartition(" ")[0]
    room = longest - len(head) - len(" … …")
    if needle == line:
        return f"{head} … {line[-room:].partition(' ')[2]}"
    first = max(len(head), min(start, start - (room - len(needle)) // 2))
    return f"{head} … {line[first : first + room].strip()}{'…' if first + room < len(line) else ''}"


def _to_line(text: str) -> str:
    unescaped = strip_escapes(text)
    # Invisible characters are removed first, because they can split a key in two.
    # Line breaks stay until then, because a private key has several lines.
    visible = "".join(each for each in unescaped if each.isspace() or unicodedata.category(each)[0] != "C")
    return " ".join(redact(visible).split())
