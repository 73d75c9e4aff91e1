"""NetworkPolicies: clients of the model, and destinations of its pods."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from ..accessors import Fields, get, mappings, strings
from ..change import Change, ResourceState, ServiceChange
from ..findings import NOTICE, WARNING, Finding, finding
from ..matching import compare
from ..networks import is_within
from ..object_fields import changed_under
from ..sentences import name_object, sentence

KINDS = (
    "NetworkPolicy", "CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy", "GlobalNetworkPolicy", "AdminNetworkPolicy",
    "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy",
)  # fmt: skip
WIDER = {"ingress": "More clients may reach the model.", "egress": "The pods may reach more destinations."}
NARROWER = {"ingress": "Fewer clients may reach the model.", "egress": "The pods may reach fewer destinations."}
ADDED = "What it allows is added to what the other policies of the same pods allow."
EITHER = "More or fewer clients or destinations may be allowed."
UNUSED = "They have no effect: the policy does not restrict this direction."
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
            yield from (_rules if after.kind == "NetworkPolicy" else _other_rules)(service, change, before, after)


def _created(service: ServiceChange, change: Change, after: ResourceState) -> Iterator[Finding]:
    """Report a new policy. Policies add up: a second one of the same pods only allows more."""
    is_first = _is_of_component(service) and len(service.of(*KINDS)) == 1 and bool(get(after.inputs, "spec", "podSelector"))
    allows = any(mappings(get(after.inputs, "spec", field)) for field in WIDER)
    text = sentence("{object} is created.", object=name_object(change))
    if allows and not is_first:
        yield finding("exposure-widened", WARNING, change, service.name, text, (ADDED,))
    elif not service.is_whole:
        consequence = sentence("Traffic that it does not allow is dropped immediately.")
        yield finding("created", NOTICE, change, service.name, text, consequence)


def _is_of_component(service: ServiceChange) -> bool:
    """Return true if the component had no policy before. A preview may omit an unchanged one."""
    component = service.component
    if component is None or component.after is None:
        return False
    before = None if component.before is None else component.before.inputs.get("network_policy")
    return before is None and component.after.inputs.get("network_policy") is not None


def _other_rules(service: ServiceChange, change: Change, before: ResourceState, after: ResourceState) -> Iterator[Finding]:
    """Report another kind without a direction: its rules may deny, and have an order."""
    if any(before.inputs.get(field) != after.inputs.get(field) for field in ("spec", "specs")):
        paths = changed_under(change, "spec", "specs")
        text = sentence("{object}: the rules change.", object=name_object(change))
        yield finding("exposure-widened", WARNING, change, service.name, text, (EITHER,), *paths)


def _rules(service: ServiceChange, change: Change, before: ResourceState, after: ResourceState) -> Iterator[Finding]:
    if selected := changed_under(change, "spec.podSelector", "spec.policyTypes"):
        text = sentence("{object} restricts other pods or directions than before.", object=name_object(change))
        if selected == ["spec.policyTypes"] and {*_types(before)} < {*_types(after)}:
            yield finding("other", NOTICE, change, service.name, text, (), *selected)
        else:
            yield finding("exposure-widened", WARNING, change, service.name, text, (UNBOUND,), *selected)
    for field in WIDER:
        old, new = get(before.inputs, "spec", field), get(after.inputs, "spec", field)
        if not any(compare({"rules": [] if old is None else old}, {"rules": [] if new is None else new})):
            continue
        was_bound, is_bound = (field.capitalize() in _effective_types(state) for state in (before, after))
        is_wider = was_bound and not (is_bound and all(any(_covers(rule, each) for rule in mappings(old)) for each in mappings(new)))
        text = sentence("NetworkPolicy {name}: the {field} rules change.", name=after.object_name, field=(field,))
        if is_wider:
            yield finding("exposure-widened", WARNING, change, service.name, text, (WIDER[field],), f"spec.{field}")
        elif not is_bound:
            yield finding("other", NOTICE, change, service.name, text, (UNUSED,), f"spec.{field}")
        else:
            consequence = (NARROWER[field], " Blocked traffic is dropped immediately.")
            yield finding("other", NOTICE, change, service.name, text, consequence, f"spec.{field}")


def _types(state: ResourceState) -> list[str]:
    return strings(get(state.inputs, "spec", "policyTypes"))


def _effective_types(state: ResourceState) -> list[str]:
    """Return the restricted directions. By default, egress is restricted only with rules for it."""
    return _types(state) or ["Ingress", *(["Egress"] if get(state.inputs, "spec", "egress") else [])]


def _covers(rule: Fields, other: Fields) -> bool:
    """Return true if a rule allows all that another one allows."""
    return all(_contains(rule.get(key), other.get(key)) for key in ("from", "to", "ports"))


def _contains(values: Any, others: Any) -> bool:
    """Return true if a list contains all items of another one. An empty list allows everything."""
    if values is None or values == []:
        return True
    if not isinstance(values, list) or not isinstance(others, list):
        return False
    known = cast("list[Any]", values)
    return others != [] and all(any(_contains_peer(each, other) for each in known) for other in cast("list[Any]", others))


def _contains_peer(value: Any, other: Any) -> bool:
    """Return true for an equal peer or port, and for a range without exceptions around another."""
    outer, inner = get(value, "ipBlock"), get(other, "ipBlock")
    if value == other or outer is None or inner is None:
        return bool(value == other)
    kept = {*strings(get(inner, "except"))}
    return is_within(str(get(inner, "cidr")), str(get(outer, "cidr"))) and {*strings(get(outer, "except"))} <= kept


RULES = (network_policies,)
