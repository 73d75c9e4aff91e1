"""Every changed field, as a diff: what no rule knows stands here too."""

from __future__ import annotations

from .matching import Difference
from .plain import pair, visible
from .review import StackReview


def detail_lines(review: StackReview) -> list[str]:
    """A stack's changed fields. No line begins with anything but `@`, `-` or `+`, and none holds a line end."""
    lines: list[str] = []
    for service in review.change.services:
        for change in service.changes:
            if change.happens:
                lines.append(f"@@ {visible(change.subject.kind)} {visible(change.subject.object_name)}: {change.operation} @@")
                lines += [line for difference in change.differences for line in diff_lines(difference)]
    if review.change.outputs:
        lines.append("@@ stack outputs @@")
        lines += [line for difference in review.change.outputs for line in diff_lines(difference)]
    return lines


def diff_lines(difference: Difference) -> list[str]:
    """`- path: old` and `+ path: new`."""
    path, old, new = pair(difference)
    return [*([f"- {path}: {old}"] if old is not None else []), *([f"+ {path}: {new}"] if new is not None else [])]
