"""Review of a stack: findings of all rules, and of the changes that no rule covers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from . import rules
from .accessors import mapping
from .change import COMPONENT, Change, Message, ServiceChange, StackChange
from .findings import CRITICAL, NOTICE, WARNING, Finding, Severity, finding
from .loader_changes import merge_loader_changes
from .matching import MISSING, Difference
from .object_fields import is_at_or_below
from .ordinary_fields import ignores_order
from .references import find_renames, is_checksum, is_reference
from .selections import review_selections
from .sensitivity import is_sensitive
from .sentences import Quote, Sentence, enumerate_values, name_object, sentence
from .server_fit import is_fit_warning
from .service_names import review_names
from .values import show

EFFECTS = ("downtime", "stall-risk", "pods-restart", "first-preview")
"""Rules that report effects.

The fields that they name still require a finding for the change itself.
"""
REPLACEMENTS = ("replaced", "deleted-first")
"""Rules that name the fields that force a replacement, whatever these decide about."""
MAX_FIELDS = 4
"""Fields in the text of a finding of the rule `other`. The details contain all fields."""
MAX_LENGTH = 40
"""Characters of a value in that text."""
PLURALS = {Severity.CRITICAL: "critical", Severity.WARNING: "warnings", Severity.NOTICE: "notices"}


@dataclass(frozen=True)
class StackReview:
    """Changes of a stack and their findings."""

    change: StackChange
    findings: Sequence[Finding]

    @property
    def is_changed(self) -> bool:
        """True if the review contains a finding or a change."""
        has_effect = any(change.has_effect for service in self.change.services for change in service.changes)
        return bool(self.findings or self.change.outputs or has_effect)

    def count(self, severity: Severity) -> int:
        """Return the number of findings of one severity."""
        return sum(each.severity is severity for each in self.findings)

    @property
    def order(self) -> tuple[object, ...]:
        """Sort key: the most severe finding, the name, then local renders before previews."""
        return (min((each.severity.rank for each in self.findings), default=len(Severity)), self.change.stack, self.change.source)


def review_all(stacks: Iterable[StackChange]) -> list[StackReview]:
    """Return the reviews of stacks, most severe first."""
    return sorted((review(stack) for stack in stacks), key=lambda each: each.order)


def review(stack: StackChange) -> StackReview:
    """Return the review of one stack."""
    found = [*_review_presence(stack)]
    if stack.presence != "removed":
        selections = review_selections(stack)
        for service in stack.services:
            if service.name not in selections and all(change.is_unchanged for change in service.changes):
                continue
            lasting = replace(service, changes=[each for each in service.changes if not _stays(each)])
            reported = [each for rule in rules.ALL for each in rule(lasting if rule in rules.OF_DELETIONS else service)]
            reported += selections.get(service.name, ())
            found += [*reported, *_review_rest(service, reported)]
        found = merge_loader_changes(review_names(found, stack))
    found += _review_messages(stack, {each.service for each in found if each.rule == "does-not-fit"})
    return StackReview(stack, sorted(dict.fromkeys(found), key=lambda each: each.order))


def _stays(change: Change) -> bool:
    """Return true for an object that leaves the stack and stays in the cluster."""
    return change.operation == "delete" and change.subject.retain


def count_findings(reviews: Sequence[StackReview]) -> str:
    """Return the numbers of findings by severity, such as `1 critical, 2 warnings`."""
    counts = ((sum(review.count(severity) for review in reviews), severity) for severity in Severity)
    return (
        ", ".join(f"{count} {severity.value if count == 1 else PLURALS[severity]}" for count, severity in counts if count) or "no findings"
    )


def _review_messages(stack: StackChange, misfits: Collection[str]) -> Iterator[Finding]:
    """Report messages, without the warning about the memory of services that have a finding."""
    services = {service.name for service in stack.services}
    for message in stack.messages:
        service = message.resource if message.resource in services else ""
        if message.is_unreviewed:
            yield Finding("failed", WARNING, service, _describe_message(message))
        elif message.severity == "error":
            consequence = sentence("The update would fail here. Later changes are unknown.")
            yield Finding("failed", CRITICAL, service, _describe_message(message), consequence)
        elif service not in misfits or not is_fit_warning(message.text):
            yield Finding("failed", NOTICE, service, _describe_message(message))


def _describe_message(message: Message) -> Sentence:
    about = sentence("{name}: ", name=message.resource) if message.resource else ()
    return (*about, Quote(message.text))


def _review_presence(stack: StackChange) -> Iterator[Finding]:
    if stack.presence == "added":
        yield Finding("stack-added", NOTICE, "", sentence("The stack is new: all its resources are created."))
    elif stack.presence == "removed":
        consequence = sentence("This deletes nothing: the deployed resources keep running until `pulumi destroy`.")
        yield Finding("stack-removed", NOTICE, "", sentence("The stack file is removed."), consequence)


def _review_rest(service: ServiceChange, reported: Sequence[Finding]) -> Iterator[Finding]:
    """Report the changed fields that no rule covers, in one finding for each object."""
    covered = [(each, path) for each in reported if each.rule not in EFFECTS for path in each.paths]
    renames = find_renames(service)
    for change in service.changes:
        if change.subject.type == COMPONENT and any(other.has_effect for other in service.changes if other is not change):
            continue  # the changes of its children contain those of its arguments
        if _changes_order(change):
            text = sentence("{object}: the order of list items changes.", object=name_object(change))
            yield finding("other", WARNING, change, service.name, text, sentence("In some kinds, the first item that matches counts."))
        rest = [
            each
            for each in change.differences
            if change.has_effect
            and not (each.where == "metadata.name" or is_checksum(each) or is_reference(each.where, each, renames))
            and not any(_covers(reporting, path, change, each) for reporting, path in covered)
        ]
        if rest:
            marks = [is_sensitive(change, each) for each in rest]
            rest = [each for first in (True, False) for each, mark in zip(rest, marks, strict=True) if mark is first]
            fields = enumerate_values(map(_describe_difference, rest), at_most=MAX_FIELDS)
            text = sentence("{object}: {fields}.", object=_name(change), fields=fields)
            severity = WARNING if any(marks) else NOTICE
            yield finding("other", severity, change, service.name, text, (), *(each.where for each in rest))


def _covers(reporting: Finding, path: str, change: Change, difference: Difference) -> bool:
    """Return true if a finding that names a path reports a difference."""
    if reporting.resource != change.subject.urn or not is_at_or_below(difference.where, path):
        return False
    return not (reporting.rule in REPLACEMENTS and reporting.severity is NOTICE and is_sensitive(change, difference))


def _changes_order(change: Change) -> bool:
    """Return true if nothing but the order of list items changes, in a kind where it may count."""
    before, after = change.before, change.after
    if change.operation != "update" or before is None or after is None or change.differences or ignores_order(after.kind):
        return False
    return after.type.startswith("kubernetes:") and before.inputs != after.inputs


def _name(change: Change) -> Sentence:
    if change.subject.type == COMPONENT:
        return sentence("{name}", name=change.subject.object_name)
    return name_object(change)


def _describe_difference(difference: Difference) -> str:
    """Return the field, with both values if they are short."""
    where = difference.where.removeprefix("spec.template.spec.").removeprefix("spec.")
    old, new = _variable_value(difference.old), _variable_value(difference.new)
    if old is MISSING:
        return f"{where} is added" + (f": {show(new)}" if _is_short(new) else "")
    if new is MISSING:
        return f"{where} is removed"
    return f"{where}: {show(old)} → {show(new)}" if _is_short(old) and _is_short(new) and old != new else f"{where} changes"


def _variable_value(value: Any) -> Any:
    """Return the value of an environment variable in place of the variable."""
    entry = mapping(value)
    return entry["value"] if {*entry} == {"name", "value"} else value


def _is_short(value: Any) -> bool:
    return len(show(value)) <= MAX_LENGTH and "\n" not in show(value)
