"""The views of the same findings, by name."""

from __future__ import annotations

from collections.abc import Sequence

from .review import StackReview


def render(reviews: Sequence[StackReview], form: str, notes: Sequence[str] = ()) -> str:
    """`markdown`, `json` or `terminal`. Notes are about the report itself."""
    if form == "markdown":
        from .markdown import render_markdown

        return render_markdown(reviews, notes)
    if form == "json":
        from .as_json import render_json

        return render_json(reviews, notes)
    from .terminal import render_terminal

    return render_terminal(reviews, notes)
