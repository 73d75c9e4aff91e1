"""NetworkPolicies: clients of the model, and destinations of its pods."""

from __future__ import annotations

from collections.abc import Iterator

from ..accessors import get, mappings, strings
from ..change import Change, ResourceState, ServiceChange
from ..findings import NOTICE, WARNING, Finding, finding
from ..matching import compare
from ..object_fields import changed_under
from ..sentences import name_object, sentence

KINDS = (
    "NetworkPolicy", "CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy", "GlobalNetworkPolicy", "AdminNetworkPolicy",
    "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy",
)  # fmt: skip
WIDER = {"ingress": "More clients may reach the model.", "egress": "The pods may reach more destinations."}
NARROWER = {"ingress": "Fewer clients may reach the model.", "egress": "The pods may reach fewer destinations."}
ADDED = "What it allows is added to what the other policies of the same pods allow."
UNBOUND = "Pods that it no longer selects, or directions that it no longer restricts, are open unless another policy restricts them."


def network_policies(service: ServiceChange) -> Iterator[Finding]:
    """Report NetworkPolicies that are created or deleted, and changes of their rules."""
    for change in service.of(*KINDS):
        before, after = change.before, change.after
        if change.operation == "delete" and not service.is_whole:
            text = sentence("{object} is deleted.", object=name_object(change))
            consequence = sentence("Every pod can reach the model unless another policy blocks it.")
            yield finding("exposure-widened", WARNING, change, service.name, text, consequence)
        elif change.operation == "create" and after is not None:
            yield from _created(service, change, after)
        elif before is not None and after is not None and change.has_effect:
            yield from _rules(service, change, before, after)


def _created(service: ServiceChange, change: Change, after: ResourceState) -> Iterator[Finding]:
    """Report a new policy. Policies add up: a second one of the same pods only allows more."""
    is_first = service.component is not None and len(service.of(*KINDS)) == 1
    allows = any(mappings(get(after.inputs, "spec", field)) for field in WIDER)
    text = sentence("{object} is created.", object=name_object(change))
    if allows and not is_first:
        yield finding("exposure-widened", WARNING, change, service.name, text, (ADDED,))
    elif not service.is_whole:
        consequence = sentence("Traffic that it does not allow is dropped immediately.")
        yield finding("created", NOTICE, change, service.name, text, consequence)


def _rules(service: ServiceChange, change: Change, before: ResourceState, after: ResourceState) -> Iterator[Finding]:
    if selected := changed_under(change, "spec.podSelector", "spec.policyTypes", "spec.endpointSelector", "spec.subject"):
        text = sentence("{object} restricts other pods or directions than before.", object=name_object(change))
        if selected == ["spec.policyTypes"] and {*_types(before)} < {*_types(after)}:
            yield finding("other", NOTICE, change, service.name, text, (), *selected)
        else:
            yield finding("exposure-widened", WARNING, change, service.name, text, (UNBOUND,), *selected)
    for field in WIDER:
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


def _types(state: ResourceState) -> list[str]:
    return strings(get(state.inputs, "spec", "policyTypes"))


RULES = (network_policies,)
