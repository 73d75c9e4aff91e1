"""Result of the job that compares the renders, as a file for the job that writes the comment."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FILE = "report.json"
MARKER = "<!-- nim-component diff -->"
"""First line of a report and of the comment."""
MAX_REPORT = 64_300
"""Characters of a report. The rest of a comment has at most 1,200."""
COMMIT = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")


class NotReviewedError(Exception):
    """A change that is not reviewed, with the reason."""


@dataclass(frozen=True)
class Report:
    """Report of one commit, or the reason why there is none."""

    head: str
    base: str = ""
    markdown: str = ""
    """Report without the marker."""
    reason: str = ""
    """Reason why the commit is not reviewed; empty if it is."""
    exit_code: int = 0
    """Exit code of `nim-component diff`: 1 if the change does not render, 3 for `FAIL_ON`."""
    is_finished: bool = False
    """True if the job that ran the change's code wrote the text."""


def parse_commit(text: Any, name: str) -> str:
    """Return a commit if the text is one."""
    if not isinstance(text, str) or not COMMIT.fullmatch(text):
        raise NotReviewedError(f"{name} is not a commit")
    return text


def write_report(folder: Path, report: Report) -> None:
    """Write the file."""
    (folder / FILE).write_text(json.dumps(asdict(report)), encoding="utf-8")


def read_report(folder: Path, head: str) -> Report:
    """Return the report of a commit. Without a valid file, it contains the reason."""
    try:
        content = json.loads(read_file(folder / FILE, 4 * MAX_REPORT).decode("utf-8"))
        report = Report(**content)
        types = {"head": str, "base": str, "markdown": str, "reason": str, "exit_code": int, "is_finished": bool}
        if not all(type(getattr(report, name)) is kind for name, kind in types.items()):
            raise ValueError
        if report.head != head:
            return Report(head, reason="the report is of another commit")
        if not report.reason:
            parse_commit(report.base, "the base of the report")
            if not report.markdown.strip() or len(report.markdown) > MAX_REPORT:
                raise ValueError
        return report
    except NotReviewedError as error:
        return Report(head, reason=str(error))
    except (ValueError, TypeError, RecursionError):
        return Report(head, reason="the report is not valid")


def read_file(file: Path, limit: int) -> bytes:
    """Return a regular file of limited size."""
    if file.is_symlink() or not file.is_file():
        raise NotReviewedError(f"there is no {file.name}")
    with file.open("rb") as stream:
        content = stream.read(limit + 1)
    if len(content) > limit:
        raise NotReviewedError(f"{file.name} is larger than {limit} bytes")
    return content


def strip_marker(text: str) -> str:
    """Return the text after the marker."""
    first, _, rest = text.partition("\n")
    if first != MARKER or not rest.strip():
        raise NotReviewedError("the command printed no report")
    if len(rest) > MAX_REPORT:
        raise NotReviewedError(f"the report has more than {MAX_REPORT} characters")
    return rest
