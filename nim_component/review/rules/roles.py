"""Rights of RBAC that a change gives: rules of roles, and bindings.

A right is an API group, a resource, a verb and the name of an object. Rules that are only sorted,
split or narrowed give none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from math import prod
from typing import Any, TypeAlias

from ..accessors import Fields, get, mappings, strings
from ..change import Change, ServiceChange
from ..findings import CRITICAL, NOTICE, WARNING, Finding, finding
from ..sentences import enumerate_values, name_object, sentence

Right: TypeAlias = tuple[str, str, str, str]
"""API group, resource or URL, verb, name of an object. `*` is any."""

ROLES, BINDINGS = ("Role", "ClusterRole"), ("RoleBinding", "ClusterRoleBinding")
_POWERFUL_VERBS = {"*", "escalate", "bind", "impersonate", "sign", "approve"}
_POWERFUL_RESOURCES = {
    "*", "secrets", "pods/exec", "pods/attach", "pods/ephemeralcontainers", "pods/portforward", "nodes/proxy", "serviceaccounts/token",
    "roles", "clusterroles", "rolebindings", "clusterrolebindings", "mutatingwebhookconfigurations", "validatingwebhookconfigurations",
    "certificatesigningrequests/approval", "persistentvolumes",
}  # fmt: skip
_CREATORS = {"pods", "deployments", "daemonsets", "statefulsets", "jobs", "cronjobs", "replicasets", "replicationcontrollers"}
_POWERFUL_ROLES = {"cluster-admin", "admin", "edit"}
_EVERYONE = re.compile(r"system:(unauthenticated|anonymous|authenticated|serviceaccounts|masters)\b.*")
_MOST_RIGHTS = 10_000
"""Rights of one rule that are compared. A larger rule is reported as a whole."""
_WHO = "Every subject of the binding gets the rights of the role."
_HAS = "Every account that is bound to the role gets these rights."


def roles(service: ServiceChange) -> Iterator[Finding]:
    """Report roles and bindings that give more rights."""
    for change in service.of(*ROLES):
        if change.after is None or not change.has_effect:
            continue
        former = mappings(get(change.before.inputs, "rules")) if change.before is not None else []
        known = {right for rule in former if not _is_too_large(rule) for right in _rights(rule)}
        for rule in mappings(change.after.inputs.get("rules")):
            if _is_too_large(rule):
                if rule not in former:
                    text = sentence("{object} has a rule with more than {count} rights.", object=name_object(change), count=_MOST_RIGHTS)
                    yield finding("rights", CRITICAL, change, service.name, text, (_HAS,), "rules")
                continue
            new = [each for each in _rights(rule) if not _is_given(each, known)]
            if new:
                text = sentence("{object} allows {rule}.", object=name_object(change), rule=_describe(new))
                yield finding("rights", CRITICAL if any(map(_is_powerful, new)) else WARNING, change, service.name, text, (_HAS,), "rules")
        yield from _aggregation(service, change)
    for change in service.of(*BINDINGS):
        yield from _binding(service, change)


def _parts(rule: Fields) -> tuple[list[str], ...]:
    places = [*strings(rule.get("resources")), *strings(rule.get("nonResourceURLs"))]
    return strings(rule.get("apiGroups")) or [""], places, strings(rule.get("verbs")), strings(rule.get("resourceNames")) or ["*"]


def _is_too_large(rule: Fields) -> bool:
    return prod(map(len, _parts(rule))) > _MOST_RIGHTS


def _rights(rule: Fields) -> Iterator[Right]:
    groups, places, verbs, names = _parts(rule)
    return product(groups, places, verbs, names)


def _is_given(right: Right, known: set[Right]) -> bool:
    """Return whether known rights include a right, also by a `*` in any of its parts."""
    return any(each in known for each in product(*((part, "*") for part in right)))


def _is_powerful(right: Right) -> bool:
    _, resource, verb, _ = right
    creates = verb in ("create", "update", "patch") and resource in _CREATORS
    return verb in _POWERFUL_VERBS or resource in _POWERFUL_RESOURCES or "*" in resource or creates


def _describe(rights: list[Right]) -> str:
    verbs, resources = (", ".join(dict.fromkeys(each[part] for each in rights)) for part in (2, 1))
    return f"{verbs} on {resources}"


def _aggregation(service: ServiceChange, change: Change) -> Iterator[Finding]:
    """Report a role that takes the rights of other roles, which their labels select."""
    before, after = (None if state is None else get(state.inputs, "aggregationRule") for state in (change.before, change.after))
    if after is not None and before != after:
        text = sentence("{object} takes the rights of all roles that its labels select.", object=name_object(change))
        yield finding("rights", CRITICAL, change, service.name, text, (_HAS,), "aggregationRule")


def _binding(service: ServiceChange, change: Change) -> Iterator[Finding]:
    after, before = change.after, change.before
    if after is None or not change.has_effect:
        return
    role = str(get(after.inputs, "roleRef", "name"))
    known: list[Any] = [] if before is None else mappings(before.inputs.get("subjects"))
    subjects, former = mappings(after.inputs.get("subjects")), None if before is None else get(before.inputs, "roleRef")
    if former == get(after.inputs, "roleRef"):
        subjects = [each for each in subjects if each not in known]
    if not subjects:
        return
    names = [str(each.get("name")) for each in subjects]
    is_wide = change.subject.kind == "ClusterRoleBinding" or role in _POWERFUL_ROLES or any(_EVERYONE.fullmatch(each) for each in names)
    severity = CRITICAL if is_wide else WARNING
    if get(former, "name") == "cluster-admin" and all(each in known for each in subjects):
        severity = NOTICE  # every other role has fewer rights
    text = sentence("{object} gives role {role} to {names}.", object=name_object(change), role=role, names=enumerate_values(names))
    yield finding("rights", severity, change, service.name, text, (_WHO,), "roleRef", "subjects")


RULES = (roles,)
