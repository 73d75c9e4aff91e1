"""Text from a cluster or a program as one line that is safe to print: redacted, bounded, without control characters."""

import re
import unicodedata

from .redaction import redact

LONGEST = 300
"""Characters of evidence: the message that says it, not the log."""
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,200}(?:\x07|\x1b\\)?|[PX^_][^\x1b]{0,200}(?:\x1b\\)?|.)", re.DOTALL)


def sanitize(text: str, longest: int = LONGEST) -> str:
    """A cluster's words as one line that no terminal obeys: without escape sequences, control characters and keys; the beginning of it."""
    # A bound before any pattern runs: logs are as long as somebody likes.
    line = _plain(text[: 8 * longest])
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def sanitize_tail(text: str, longest: int = LONGEST) -> str:
    """The same, of the end of a log, from a whole word on."""
    line = _plain(text[-8 * longest :])
    return line if len(line) <= longest else f"…{line[-(longest - 1) :].partition(' ')[2]}"


def _plain(text: str) -> str:
    unescaped = _ESCAPES.sub("", text)
    # What is invisible could break a key in two that a reader puts together again; lines stay until keys of many lines are hidden.
    visible = "".join(each for each in unescaped if each.isspace() or unicodedata.category(each)[0] != "C")
    return " ".join(redact(visible).split())
