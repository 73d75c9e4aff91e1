"""Views of the findings: Markdown for a comment, JSON for programs, text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from ..stack_review import StackReview


def render(reviews: Sequence[StackReview], form: str, notes: Sequence[str] = ()) -> str:
    """Return the report in the form `markdown`, `json` or `terminal`.

    Notes are about the report itself.
    """
    if form == "markdown":
        from .markdown import render_markdown

        return render_markdown(reviews, notes)
    if form == "json":
        from .json_report import render_json

        return render_json(reviews, notes)
    from .terminal import render_terminal

    return render_terminal(reviews, notes)
