"""Findings on a terminal: coloured, with hanging indents.

Without a terminal, plain lines of any length.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..findings import Finding, Severity, group_by_service
from ..sentences import Quote, Sentence, Value
from ..stack_review import StackReview, count_findings
from .details import detail_lines
from .display import MAX_QUOTE, MAX_VALUE, NOT_SEEN, to_line

if TYPE_CHECKING:
    from rich.console import Console

SEVERITY_STYLES = {Severity.CRITICAL: "bold red", Severity.WARNING: "yellow", Severity.NOTICE: "cyan"}
DIFF_STYLES = {"-": "red", "+": "green", "@": "magenta"}


def render_terminal(reviews: Sequence[StackReview], notes: Sequence[str] = ()) -> str:
    """Return the report, in the width of the terminal."""
    from rich.text import Text

    from ...text.console import open_console, print_hanging

    output = io.StringIO()
    console = open_console(output)
    for review in reviews:
        title = f"{to_line(review.change.stack)} ({review.change.source})"
        if not review.is_changed:
            console.print(Text(f"{title}: unchanged"))
            continue
        print_hanging(console, Text(), Text(f"{title}: {count_findings([review])}", "bold"))
        for service, findings in group_by_service(review.findings).items():
            console.print(Text(f"  {to_line(service) if service else 'the stack'}", "bold"))
            for each in findings:
                _print_finding(console, each)
        _print_details(console, detail_lines(review))
    for note in notes:
        print_hanging(console, Text("note: "), Text(note))
    if any(review.is_changed for review in reviews):
        print_hanging(console, Text(), Text(NOT_SEEN))
    return output.getvalue()


def _print_finding(console: Console, finding: Finding) -> None:
    from rich.text import Text

    from ...text.console import print_hanging

    prefix = Text.assemble("    ", (f"{finding.severity.value}: ", SEVERITY_STYLES[finding.severity]))
    text = Text.assemble(*_style(finding.text, "bold"))
    if finding.consequence:
        # A message of an engine may have no full stop.
        text.append(" " if text.plain.endswith(".") else ". ")
        text.append_text(Text.assemble(*_style(finding.consequence, "")))
    print_hanging(console, prefix, text)


def _style(pieces: Sentence, style: str) -> list[tuple[str, str]]:
    return [
        (to_line(piece, MAX_QUOTE if isinstance(piece, Quote) else MAX_VALUE), f"{style} green".strip())
        if isinstance(piece, Value)
        else (piece, style)
        for piece in pieces
    ]


def _print_details(console: Console, lines: Sequence[str]) -> None:
    from rich.text import Text

    from ...text.console import print_hanging

    if lines:
        console.print(Text("  changed fields", "bold"))
    for line in lines:
        mark, _, rest = line.partition(" ")
        style = DIFF_STYLES[line[0]]
        print_hanging(console, Text(f"    {mark} ", style), Text(rest, style))
