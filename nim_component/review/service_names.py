"""Names that services give up and take in one update: renames, and objects that exist already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from ..local.held_names import ObjectKey, find_held_names, read_object_key
from .change import Change, ServiceChange, StackChange
from .findings import CRITICAL, Finding, finding
from .object_fields import WORKLOADS, containers
from .sentences import enumerate_values, name_object, plain_text, sentence

MAX_OBJECTS = 4
"""Objects in the text of a finding."""

Held = dict[tuple[str, str], list[Change]]
"""Created objects by the name of their service, and of the service that still has their names."""


def review_names(found: Sequence[Finding], stack: StackChange) -> list[Finding]:
    """Return the findings of a stack with those about names.

    A service that is created with the address of a removed one is no removal and no addition: the
    engine stops at the first name that exists, and deletes nothing.
    """
    held = _find_held(stack)
    renamed = _find_renamed(held, stack)
    gone = {("service-removed", old) for _, old in renamed} | {("service-added", new) for new, _ in renamed}
    kept = [each for each in found if (each.rule, each.service) not in gone]
    return [*kept, *_ask_for_renames(kept, stack), *_report_held(held, renamed)]


def _find_held(stack: StackChange) -> Held:
    changes = {change.subject.urn: (service.name, change) for service in stack.services for change in service.changes}
    before, after = (_read_object_keys(changes.values(), side) for side in ("before", "after"))
    former_urns = {urn: change.before.urn for urn, (_, change) in changes.items() if change.before is not None}
    owners = {change.before.urn: name for name, change in changes.values() if change.before is not None}
    held: Held = {}
    for urn, holder in find_held_names(before, after, former_urns):
        name, change = changes[urn]
        held.setdefault((name, owners[holder]), []).append(change)
    return held


def _find_renamed(held: Held, stack: StackChange) -> set[tuple[str, str]]:
    """Return the added and the removed services with one address."""
    services = {service.name: service for service in stack.services}
    return {
        (new, old)
        for (new, old), found in held.items()
        if services[new].is_created and services[old].is_deleted and any(each.subject.kind == "Service" for each in found)
    }


def _report_held(held: Held, renamed: set[tuple[str, str]]) -> Iterator[Finding]:
    """Report objects whose names other resources have until the end of the update."""
    for (name, owner), found in held.items():
        named = enumerate_values((plain_text(name_object(each)) for each in found), at_most=MAX_OBJECTS)
        if (name, owner) in renamed:
            text = sentence("{owner} is renamed to {name}, with the same {objects}.", owner=owner, name=name, objects=named)
            consequence = sentence(
                "Without an alias, the update ends in `already exists`, and {owner} keeps running under its address. "
                "A stack that only renders files loses these files. "
                "With an alias for the old name, the update changes nothing in the cluster.",
                owner=owner,
            )
        else:
            text = sentence("{name} creates {objects} before {owner} deletes them.", name=name, objects=named, owner=owner)
            consequence = sentence(
                "In a cluster, the update ends in `already exists`; a stack that only renders files loses these files. "
                "After that, going back can end in the same error. "
                "Give a renamed service an alias with its old name, or free the names in an update of its own first."
            )
        yield finding("name-held", CRITICAL, found[0], name, text, consequence)


def _ask_for_renames(found: Sequence[Finding], stack: StackChange) -> Iterator[Finding]:
    """Report a removed and an added service with the same image: probably a rename."""
    removed, added = ([each for each in found if each.rule == rule] for rule in ("service-removed", "service-added"))
    images = {service.name: _images(service) for service in stack.services}
    for old in removed:
        for new in added:
            if images[old.service] and images[old.service] == images[new.service]:
                text = sentence(
                    "{new} has the same image as the removed service {old}. Is this a rename?", new=new.service, old=old.service
                )
                consequence = sentence("With an alias for the old name and the old `service_name`, nothing is deleted.")
                yield Finding("service-removed", CRITICAL, new.service, text, consequence, new.resource, new.kind, new.object_name)


def _read_object_keys(changes: Iterable[tuple[str, Change]], side: Literal["before", "after"]) -> dict[str, ObjectKey]:
    states = [state for _, change in changes if (state := getattr(change, side)) is not None and not state.external]
    found = {state.urn: read_object_key(state.type, state.inputs, state.provider) for state in states}
    return {urn: key for urn, key in found.items() if key is not None}


def _images(service: ServiceChange) -> set[str]:
    return {str(container.get("image")) for change in service.of(*WORKLOADS) for _, container in containers(change.subject)}
