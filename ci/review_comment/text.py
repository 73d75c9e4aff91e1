"""Text of the comment: the commit, the source of the report, then the report.

Names and reasons may contain text of the change. They are printed in code spans on one line, where
Markdown, HTML and mentions have no effect.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .report import MARKER, Report

TITLE = "### Effects on running models"
LIMIT = 65_536
"""Characters of a comment on GitHub."""
MAX_FILES = 5
MAX_NAME = 80
MAX_REASON = 600


def reviewed(report: Report, files: Sequence[str] | None, log: str = "") -> str:
    """Return the comment with a report.

    Args:
        report: Result of `compute`.
        files: Changed files that can be part of the program; None if the list is not available.
        log: Address of the log.
    """
    source = describe_source(files, is_finished=report.is_finished)
    commit = f"Reviewed commit: {report.head}. Base: {report.base}.{link(log)}"
    return "\n".join([MARKER, *([source, ""] if source else []), commit, "", report.markdown.strip(), ""])


def describe_source(files: Sequence[str] | None, *, is_finished: bool = False) -> str:
    """Return the sentence about the code that computed the report; empty for that of the base."""
    warning = "⚠️ **The change's own code computed this report.**"
    if files is None:
        return (
            "⚠️ **The change's own code may have computed this report.** The list of changed files is not available. "
            "Read the change before you trust the report."
        )
    if files:
        more = f" and {len(files) - MAX_FILES} more" if len(files) > MAX_FILES else ""
        names = ", ".join(code(name, MAX_NAME) for name in files[:MAX_FILES])
        return f"{warning} The change touches files that can be part of the program: {names}{more}. Read them before you trust the report."
    return f"{warning} It contains a preview, which the job of the change wrote." if is_finished else ""


def not_reviewed(head: str, reason: str, log: str = "") -> str:
    """Return the comment that replaces a report."""
    lines = [MARKER, TITLE, "", f"⚠️ **not reviewed: {head}, {code(reason, MAX_REASON)}**", ""]
    return "\n".join([*lines, f"No report of an earlier commit applies to this commit.{link(log)}", ""])


def is_of_commit(body: str, head: str) -> bool:
    """Return true if a comment is of this commit.

    Only the first line of this form counts: text of the change can contain any commit.
    """
    found = re.search(r"^(?:Reviewed commit: |⚠️ \*\*not reviewed: )([0-9a-f]+)", body, re.MULTILINE)
    return found is not None and found[1] == head


def link(log: str) -> str:
    """Return a link to the log; empty without one."""
    return f" [Log]({log})" if log else ""


def code(text: str, limit: int) -> str:
    """Return a code span on one line."""
    line = re.sub(r"\s+", " ", text).strip()
    shown = "".join(each if each.isprintable() and each != "`" else "?" for each in line)
    return f"`{shown[:limit] + ('…' if len(shown) > limit else '') or '?'}`"
