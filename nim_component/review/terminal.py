"""Findings on a screen: colours where there is a terminal, plain text elsewhere."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

from .details import detail_lines
from .findings import Finding, Quote, Sentence, Severity, Value
from .plain import LONGEST, QUOTE, visible
from .review import StackReview

STYLES = {Severity.CRITICAL: "bold red", Severity.WARNING: "yellow", Severity.NOTICE: "cyan"}


def render_terminal(reviews: Sequence[StackReview], notes: Sequence[str] = ()) -> str:
    """The report, as wide as the terminal."""
    from rich.console import Console
    from rich.text import Text

    terminal = sys.stdout.isatty()
    output = io.StringIO()
    plain = not terminal or bool(os.environ.get("NO_COLOR"))
    console = Console(
        file=output, force_terminal=terminal, no_color=plain, width=None if terminal else 100_000, highlight=False, markup=False
    )
    for review in reviews:
        title = f"{visible(review.change.stack)} ({review.change.source})"
        if not review.changed:
            console.print(Text(f"{title}: unchanged"))
            continue
        console.print(Text(title, "bold"))
        service = None
        for each in review.findings:
            if each.service != service:
                service = each.service
                console.print(Text(f"  {visible(service)}" if service else "  the stack", "bold"))
            console.print(Text.assemble("    ", (f"{each.severity.value}: ", STYLES[each.severity]), *_pieces(each)))
        for line in detail_lines(review):
            style = {"-": "red", "+": "green", "@": "magenta"}.get(line[0], "")
            console.print(Text(f"    {line}", style))
    for note in notes:
        console.print(Text(f"note: {note}"))
    return output.getvalue()


def _pieces(finding: Finding) -> list[tuple[str, str]]:
    return [*_styled(finding.text, "bold"), (" ", ""), *_styled(finding.consequence, "")]


def _styled(words: Sentence, style: str) -> list[tuple[str, str]]:
    return [
        (visible(piece, QUOTE if isinstance(piece, Quote) else LONGEST), f"{style} green".strip())
        if isinstance(piece, Value)
        else (piece, style)
        for piece in words
    ]
