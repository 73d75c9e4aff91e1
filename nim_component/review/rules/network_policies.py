"""NetworkPolicies: clients of the model, and destinations of its pods."""

from __future__ import annotations

from collections.abc import Iterator

from ..accessors import get, mappings
from ..change import Change, ResourceState, ServiceChange
from ..findings import NOTICE, WARNING, Finding, finding
from ..matching import compare
from ..sentences import name_object, sentence

WIDER = {"ingress": "More clients may reach the model.", "egress": "The pods may reach more destinations."}
NARROWER = {"ingress": "Fewer clients may reach the model.", "egress": "The pods may reach fewer destinations."}


def network_policies(service: ServiceChange) -> Iterator[Finding]:
    """Report NetworkPolicies that are created or deleted, and changes of their rules."""
    for change in service.of("NetworkPolicy", "CiliumNetworkPolicy"):
        before, after = change.before, change.after
        if change.operation == "delete" and not service.is_whole:
            text = sentence("{object} is deleted.", object=name_object(change))
            consequence = sentence("Every pod can reach the model unless another policy blocks it.")
            yield finding("exposure-widened", WARNING, change, service.name, text, consequence)
        elif change.operation == "create" and not service.is_whole:
            text = sentence("{object} is created.", object=name_object(change))
            consequence = sentence("Traffic that it does not allow is dropped immediately.")
            yield finding("created", NOTICE, change, service.name, text, consequence)
        elif before is not None and after is not None and change.has_effect:
            yield from _rules(service, change, before, after)


def _rules(service: ServiceChange, change: Change, before: ResourceState, after: ResourceState) -> Iterator[Finding]:
    for field in ("ingress", "egress"):
        old, new = get(before.inputs, "spec", field), get(after.inputs, "spec", field)
        if not any(compare({"rules": [] if old is None else old}, {"rules": [] if new is None else new})):
            continue
        kept = [repr(rule) for rule in mappings(old)]
        is_wider = any(repr(rule) not in kept for rule in mappings(new))
        text = sentence("NetworkPolicy {name}: the {field} rules change.", name=after.object_name, field=(field,))
        if is_wider:
            yield finding("exposure-widened", WARNING, change, service.name, text, (WIDER[field],), f"spec.{field}")
        else:
            consequence = (NARROWER[field], " Blocked traffic is dropped immediately.")
            yield finding("other", NOTICE, change, service.name, text, consequence, f"spec.{field}")


RULES = (network_policies,)
