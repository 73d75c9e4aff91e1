"""From the changes of a stack to its findings: every rule asked, and what no rule knows named all the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..text.field_paths import ItemName
from . import rules
from .change import COMPONENT, Change, ServiceChange, StackChange
from .findings import CRITICAL, NOTICE, Finding, Quote, Sentence, Severity, finding, listed, named, sentence
from .matching import MISSING, Difference
from .objects import WORKLOADS, containers, entries
from .values import show

EFFECTS = ("downtime", "stall-risk", "pods-restart")
"""What these name is a cause that another rule has explained, or must still."""
SHOWN = 4
"""How many unexplained fields are named in the finding itself; all of them stand in the details."""


@dataclass(frozen=True)
class StackReview:
    """A stack's changes and what they mean."""

    change: StackChange
    findings: Sequence[Finding]

    @property
    def changed(self) -> bool:
        """Whether there is anything to say."""
        return bool(self.findings or self.change.outputs or any(change.happens for each in self.change.services for change in each.changes))

    def count(self, severity: Severity) -> int:
        """How many findings of one severity."""
        return sum(each.severity is severity for each in self.findings)

    @property
    def order(self) -> tuple[object, ...]:
        """Stacks with the gravest findings first, then by name; the engine's own preview after the local renders."""
        return (min((each.severity.rank for each in self.findings), default=9), self.change.stack, self.change.source)


def review_all(stacks: Iterable[StackChange]) -> list[StackReview]:
    """All stacks, the gravest first."""
    return sorted((review(stack) for stack in stacks), key=lambda each: each.order)


def review(stack: StackChange) -> StackReview:
    """One stack."""
    found = [*_stack(stack)]
    if stack.presence != "removed":
        for service in stack.services:
            known = [each for rule in rules.ALL for each in rule(service)]
            found += [*known, *_others(service, known)]
        found += _renames(found, stack)
    return StackReview(stack, sorted(dict.fromkeys(found), key=lambda each: each.order))


def _stack(stack: StackChange) -> Iterator[Finding]:
    for message in stack.messages:
        about = sentence("{name}: ", name=message.resource) if message.resource else ()
        severity = CRITICAL if message.severity == "error" else NOTICE
        consequence = sentence("The update would end here; what comes after this is not known.") if severity is CRITICAL else ()
        service = message.resource if any(message.resource == each.name for each in stack.services) else ""
        yield Finding("failed", severity, service, (*about, *sentence("{text}", text=Quote(message.text))), consequence)
    if stack.presence == "added":
        yield Finding("stack-added", NOTICE, "", sentence("The stack is new: all of it is created."))
    elif stack.presence == "removed":
        consequence = sentence("Nothing is deleted by that: what the stack has deployed goes on running until `pulumi destroy`.")
        yield Finding("stack-removed", NOTICE, "", sentence("The stack's file is gone."), consequence)


def _renames(found: Sequence[Finding], stack: StackChange) -> Iterator[Finding]:
    """A service that goes while one with the same image comes looks like a rename."""
    gone, come = ([each for each in found if each.rule == rule] for rule in ("service-removed", "service-added"))
    images = {service.name: _images(service) for service in stack.services}
    for old in gone:
        for new in come:
            if images[old.service] and images[old.service] == images[new.service]:
                text = sentence("{new} has the image of the removed {old}: a rename?", new=new.service, old=old.service)
                cure = sentence("With an alias of the old name and the old `service_name` nothing is deleted.")
                yield Finding("service-removed", CRITICAL, new.service, text, cure, new.resource, new.kind, new.object_name)


def _images(service: ServiceChange) -> set[str]:
    return {str(container.get("image")) for change in service.of(*WORKLOADS) for _, container in containers(change.subject)}


def _others(service: ServiceChange, known: Sequence[Finding]) -> Iterator[Finding]:
    """Fields that no rule has explained, one finding an object."""
    explained = [(each.resource, path) for each in known if each.rule not in EFFECTS for path in each.paths]
    renamed = {pair for change in service.changes if (pair := _names(change))}
    for change in service.changes:
        if change.subject.type == COMPONENT and any(other.happens for other in service.changes if other is not change):
            continue  # its arguments have become its children's fields
        rest = [
            each
            for each in change.differences
            if change.happens
            and not _is_derived(each, renamed)
            and not any(urn == change.subject.urn and _under(each.where, path) for urn, path in explained)
        ]
        if rest:
            fields = listed(_spell(each) for each in rest[:SHOWN])
            more = sentence(" and {count} more", count=(str(len(rest) - SHOWN),)) if len(rest) > SHOWN else ()
            text: Sentence = sentence("{what}: {fields}{more}.", what=_what(change), fields=fields, more=more)
            yield finding("other", NOTICE, change, service.name, text, (), *(each.where for each in rest))


def _what(change: Change) -> Sentence:
    """`Deployment llama`; of a component its name alone."""
    return sentence("{name}", name=change.subject.object_name) if change.subject.type == COMPONENT else named(change)


def _names(change: Change) -> tuple[str, str] | None:
    """Old and new name of an object whose name changes."""
    if change.before is None or change.after is None or change.before.object_name == change.after.object_name:
        return None
    return change.before.object_name, change.after.object_name


def _is_derived(difference: Difference, renamed: set[tuple[str, str]]) -> bool:
    """Whether a field only follows another object's new name, or is a digest of something that is shown itself."""
    last = difference.path[-1] if difference.path else ""
    if isinstance(last, ItemName) and any(last in pair for pair in renamed):
        return True
    if isinstance(difference.old, str) and isinstance(difference.new, str) and (difference.old, difference.new) in renamed:
        return True
    return "annotations" in difference.path and any(word in str(last).lower() for word in ("checksum", "digest", "hash"))


def _under(where: str, path: str) -> bool:
    return where == path or where.startswith((f"{path}.", f"{path}["))


def _spell(difference: Difference) -> str:
    """A field, with both values where they are short."""
    where = difference.where.removeprefix("spec.template.spec.").removeprefix("spec.")
    old, new = (_value(side) for side in (difference.old, difference.new))
    if old is MISSING:
        return f"{where} is new" + (f": {show(new)}" if _is_short(new) else "")
    if new is MISSING:
        return f"{where} is gone"
    return f"{where}: {show(old)} → {show(new)}" if _is_short(old) and _is_short(new) and old != new else f"{where} changes"


def _value(side: Any) -> Any:
    """A variable's own value in the place of the variable."""
    entry = entries(side)
    return entry["value"] if {*entry} == {"name", "value"} else side


def _is_short(value: Any) -> bool:
    return len(show(value)) <= 40 and "\n" not in show(value)
