"""Details: every changed field of a stack, in the format of a diff."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ..change import Change
from ..excerpts import MAX_EXCERPT
from ..findings import CRITICAL, WARNING
from ..matching import MISSING, Difference
from ..object_fields import is_at_or_below
from ..stack_review import EFFECTS, StackReview
from ..values import show
from .display import MAX_PATH, display_difference, to_line
from .line_diffs import compare_lines, has_lines
from .shown_fields import list_fields


class OrderedLines(NamedTuple):
    """Changed fields as lines. Each begins with `@`, `-` or `+`, and contains no line break."""

    severe: list[str]
    """Fields of critical findings, then of warnings; those of new objects last."""
    others: list[str]


def detail_lines(review: StackReview) -> list[str]:
    """Return all changed fields with their whole values, in the order of the resources."""
    lines = [line for change in _changes(review) for line in _change_lines(change, list_fields(change), None)]
    return [*lines, *_output_lines(review, None)]


def ordered_lines(review: StackReview, severe_limit: int | None = MAX_EXCERPT, limit: int | None = MAX_EXCERPT) -> OrderedLines:
    """Return the changed fields by severity. Values longer than a limit are cut."""
    covered: dict[str, list[str]] = {}
    critical: dict[str, list[str]] = {}
    whole: set[str] = set()
    for each in review.findings:
        if each.severity.rank <= WARNING.rank and each.rule not in EFFECTS:
            for paths in (covered, critical) if each.severity is CRITICAL else (covered,):
                paths.setdefault(each.resource, []).extend(each.paths)
            whole |= set() if each.paths else {each.resource}
    first: list[str] = []
    severe: list[str] = []
    created: list[str] = []
    others: list[str] = []
    for change in _changes(review):
        urn, fields = change.subject.urn, list_fields(change)
        if change.operation == "create" and urn in whole:
            created += _change_lines(change, fields, severe_limit)
            continue
        most, fields = _split(fields, critical.get(urn, []))
        more, rest = _split(fields, covered.get(urn, []))
        first += _change_lines(change, most, severe_limit) if most else ()
        severe += _change_lines(change, more, severe_limit) if more else ()
        others += _change_lines(change, rest, limit) if rest or not (most or more) else ()
    return OrderedLines([*first, *severe, *created], [*others, *_output_lines(review, limit)])


def _split(fields: Sequence[Difference], paths: list[str]) -> tuple[list[Difference], list[Difference]]:
    """Return the fields that paths contain, and the others."""
    return [each for each in fields if _overlaps(each.where, paths)], [each for each in fields if not _overlaps(each.where, paths)]


def _overlaps(where: str, paths: list[str]) -> bool:
    return any(is_at_or_below(where, path) or is_at_or_below(path, where) for path in paths)


def _changes(review: StackReview) -> Iterator[Change]:
    return (change for service in review.change.services for change in service.changes if change.has_effect)


def _change_lines(change: Change, fields: Iterable[Difference], limit: int | None) -> Iterator[str]:
    yield f"@@ {to_line(change.subject.kind)} {to_line(change.subject.object_name)}: {change.operation} @@"
    for field in fields:
        yield from diff_lines(field, limit)


def _output_lines(review: StackReview, limit: int | None) -> Iterator[str]:
    if review.change.outputs:
        yield "@@ stack outputs @@"
    for difference in review.change.outputs:
        yield from diff_lines(difference, limit)


def diff_lines(difference: Difference, limit: int | None) -> list[str]:
    """Return `- path: old` and `+ path: new`; only one of them for an added or removed field.

    Of two texts with several lines, the lines that differ are returned, with their numbers. Longer
    values than `limit` characters are cut.
    """
    lines = _changed_lines(difference)
    if lines and (limit is None or sum(map(len, lines)) <= limit):
        return lines
    path, old, new = display_difference(difference, limit)
    return [*([f"- {path}: {old}"] if old is not None else []), *([f"+ {path}: {new}"] if new is not None else [])]


def _changed_lines(difference: Difference) -> list[str]:
    """Return the lines that differ in two texts; nothing for other values."""
    if MISSING in (difference.old, difference.new):
        return []
    old, new = show(difference.old), show(difference.new)
    if not (has_lines(old) or has_lines(new)):
        return []
    path = to_line(difference.where, MAX_PATH)
    return [f"{each.mark} {path} (line {each.number}): {to_line(each.text, None)}" for each in compare_lines(old, new)]
