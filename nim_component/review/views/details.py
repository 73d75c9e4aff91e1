"""Details: every changed field of a stack, in the format of a diff."""

from __future__ import annotations

from ..matching import Difference
from ..stack_review import StackReview
from .display import display_difference, to_line


def detail_lines(review: StackReview) -> list[str]:
    """Return the changed fields.

    Each line begins with `@`, `-` or `+`, and contains no line break.
    """
    lines: list[str] = []
    for service in review.change.services:
        for change in service.changes:
            if change.has_effect:
                lines.append(f"@@ {to_line(change.subject.kind)} {to_line(change.subject.object_name)}: {change.operation} @@")
                lines += [line for difference in change.differences for line in diff_lines(difference)]
    if review.change.outputs:
        lines.append("@@ stack outputs @@")
        lines += [line for difference in review.change.outputs for line in diff_lines(difference)]
    return lines


def diff_lines(difference: Difference) -> list[str]:
    """Return `- path: old` and `+ path: new`; only one of them for an added or removed field."""
    path, old, new = display_difference(difference)
    return [*([f"- {path}: {old}"] if old is not None else []), *([f"+ {path}: {new}"] if new is not None else [])]
