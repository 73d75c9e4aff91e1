"""Details: every changed field of a stack, in the format of a diff."""

from __future__ import annotations

from collections.abc import Iterator

from ..change import Change
from ..findings import WARNING
from ..matching import Difference
from ..object_fields import is_at_or_below
from ..stack_review import EFFECTS, StackReview
from .display import display_difference, to_line


def detail_lines(review: StackReview) -> list[str]:
    """Return all changed fields with their whole values, in the order of the resources.

    Each line begins with `@`, `-` or `+`, and contains no line break.
    """
    lines = [line for change in _changes(review) for line in _change_lines(change, list(change.differences), is_cut=False)]
    return [*lines, *_output_lines(review, is_cut=False)]


def ordered_lines(review: StackReview) -> list[str]:
    """Return the changed fields, those of warnings and critical findings first.

    Long values are cut around their first difference.
    """
    covered: dict[str, list[str]] = {}
    for each in review.findings:
        if each.severity.rank <= WARNING.rank and each.rule not in EFFECTS:
            covered.setdefault(each.resource, []).extend(each.paths)
    first: list[str] = []
    others: list[str] = []
    for change in _changes(review):
        paths = covered.get(change.subject.urn, [])
        severe = [each for each in change.differences if _overlaps(each.where, paths)]
        rest = [each for each in change.differences if not _overlaps(each.where, paths)]
        first += _change_lines(change, severe, is_cut=True) if severe else ()
        others += _change_lines(change, rest, is_cut=True) if rest or not severe else ()
    return [*first, *others, *_output_lines(review, is_cut=True)]


def _overlaps(where: str, paths: list[str]) -> bool:
    return any(is_at_or_below(where, path) or is_at_or_below(path, where) for path in paths)


def _changes(review: StackReview) -> Iterator[Change]:
    return (change for service in review.change.services for change in service.changes if change.has_effect)


def _change_lines(change: Change, differences: list[Difference], *, is_cut: bool) -> Iterator[str]:
    yield f"@@ {to_line(change.subject.kind)} {to_line(change.subject.object_name)}: {change.operation} @@"
    for difference in differences:
        yield from diff_lines(difference, is_cut=is_cut)


def _output_lines(review: StackReview, *, is_cut: bool) -> Iterator[str]:
    if review.change.outputs:
        yield "@@ stack outputs @@"
    for difference in review.change.outputs:
        yield from diff_lines(difference, is_cut=is_cut)


def diff_lines(difference: Difference, *, is_cut: bool) -> list[str]:
    """Return `- path: old` and `+ path: new`; only one of them for an added or removed field."""
    path, old, new = display_difference(difference, is_cut=is_cut)
    return [*([f"- {path}: {old}"] if old is not None else []), *([f"+ {path}: {new}"] if new is not None else [])]
