"""Rights in the cluster and in the cloud: accounts, roles and admission."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..accessors import Fields, get, mapping, mappings, strings
from ..change import Change, ResourceState, ServiceChange
from ..findings import CRITICAL, NOTICE, WARNING, Finding, finding
from ..object_fields import changed_under
from ..pod_changes import pod_changes
from ..sensitivity import is_sensitive
from ..sentences import enumerate_values, name_object, sentence
from ..settings import Setting, Settings, report_settings
from ..values import show

_ROLES, _BINDINGS = ("Role", "ClusterRole"), ("RoleBinding", "ClusterRoleBinding")
_MUTATORS = (
    "MutatingWebhookConfiguration", "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding", "APIService", "CustomResourceDefinition",
)  # fmt: skip
_GUARDS = (
    "ValidatingWebhookConfiguration", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ClusterPolicy", "Policy",
    "SecurityContextConstraints", "PodSecurityPolicy", "ResourceQuota", "LimitRange", "AuthorizationPolicy", "PeerAuthentication",
    "RequestAuthentication", "SecurityPolicy", "BackendTLSPolicy",
)  # fmt: skip
_POWERFUL_VERBS = {"*", "escalate", "bind", "impersonate"}
_POWERFUL_RESOURCES = {
    "*", "secrets", "pods/exec", "pods/attach", "pods/ephemeralcontainers", "pods/portforward", "nodes/proxy", "serviceaccounts/token",
    "roles", "clusterroles", "rolebindings", "clusterrolebindings", "mutatingwebhookconfigurations", "validatingwebhookconfigurations",
    "certificatesigningrequests/approval", "persistentvolumes",
}  # fmt: skip
_CREATORS = {"pods", "deployments", "daemonsets", "statefulsets", "jobs", "cronjobs", "replicasets"}
_POWERFUL_ROLES = {"cluster-admin", "admin", "edit", "system:masters"}
_EVERYONE = re.compile(r"system:(unauthenticated|anonymous|authenticated|serviceaccounts)\b.*")
_ENFORCE = "pod-security.kubernetes.io/"
_LEVELS = ("restricted", "baseline", "privileged")
_ACCOUNT = "The pods get the rights of this account, in the cluster and, with a cloud identity, in the cloud."
_IDENTITY = "Kubernetes restarts no pod for it. An identity that a webhook sets, as on EKS, applies to new pods only."
_WHO = "Every subject of the binding gets the rights of the role."
_HAS = "Every account that is bound to the role gets these rights."


def accounts(service: ServiceChange) -> Iterator[Finding]:
    """Report the account, the runtime and the node that a pod selects."""
    for pod in pod_changes(service):
        before = _read_pod(pod.path, pod.before) if pod.before is not None else None
        yield from report_settings(service, pod.change, before, _read_pod(pod.path, pod.after))


def _read_pod(path: str, pod: Fields) -> Settings:
    fields = {
        "serviceAccountName": (_ACCOUNT, pod.get("serviceAccountName") or pod.get("serviceAccount") or "default", None),
        "runtimeClassName": ("Another container runtime may isolate the pods less.", pod.get("runtimeClassName"), None),
        "nodeName": ("The pods bypass the scheduler, and so taints and affinities.", pod.get("nodeName"), WARNING),
    }
    return {
        f"{path}.{field}": Setting("rights", WARNING, "Field", field, (" of the pod",), value, text, new)
        for field, (text, value, new) in fields.items()
        if value
    }


def roles(service: ServiceChange) -> Iterator[Finding]:
    """Report roles and bindings that give more rights."""
    for change in service.of(*_ROLES):
        for rule in _added(change, "rules"):
            severity = CRITICAL if _is_powerful(rule) or get(change.subject.inputs, "aggregationRule") else WARNING
            text = sentence("{object} allows {rule}.", object=name_object(change), rule=_describe_rule(rule))
            yield finding("rights", severity, change, service.name, text, (_HAS,), "rules")
    for change in service.of(*_BINDINGS):
        yield from _binding(service, change)


def _added(change: Change, field: str) -> Iterator[Fields]:
    if not change.has_effect or change.after is None:
        return
    known = [show(each) for each in mappings(get(change.before.inputs, field))] if change.before is not None else []
    for each in mappings(change.after.inputs.get(field)):
        if show(each) not in known:
            yield each


def _is_powerful(rule: Fields) -> bool:
    verbs, resources = {*strings(rule.get("verbs"))}, {*strings(rule.get("resources"))}
    creates = bool(verbs & {"create", "update", "patch"} and resources & _CREATORS)
    return bool(verbs & _POWERFUL_VERBS or resources & _POWERFUL_RESOURCES or any(each.startswith("*/") for each in resources) or creates)


def _describe_rule(rule: Fields) -> str:
    return f"{', '.join(strings(rule.get('verbs')))} on {', '.join(strings(rule.get('resources')) or strings(rule.get('nonResourceURLs')))}"


def _binding(service: ServiceChange, change: Change) -> Iterator[Finding]:
    after = change.after
    if after is None or not change.has_effect:
        return
    role = str(get(after.inputs, "roleRef", "name"))
    has_new_role = change.before is None or get(change.before.inputs, "roleRef") != get(after.inputs, "roleRef")
    subjects = mappings(after.inputs.get("subjects")) if has_new_role else list(_added(change, "subjects"))
    if not subjects:
        return
    names = [str(each.get("name")) for each in subjects]
    is_wide = change.subject.kind == "ClusterRoleBinding" or role in _POWERFUL_ROLES or any(_EVERYONE.fullmatch(each) for each in names)
    text = sentence("{object} gives role {role} to {names}.", object=name_object(change), role=role, names=enumerate_values(names))
    yield finding("rights", CRITICAL if is_wide else WARNING, change, service.name, text, (_WHO,), "roleRef", "subjects")


def admission(service: ServiceChange) -> Iterator[Finding]:
    """Report objects that change or check other objects, and the level of a namespace."""
    for change in service.changes:
        kind = change.subject.kind
        if kind not in (*_MUTATORS, *_GUARDS, "Namespace") or not change.has_effect:
            continue
        paths = [each.where for each in change.differences if each.path[0] != "metadata"]
        verb = {"create": "created", "delete": "deleted"}.get(change.operation, "changed")
        text = sentence("{object} is {verb}.", object=name_object(change), verb=(verb,))
        if kind in _MUTATORS and (paths or change.operation in ("create", "delete")):
            consequence = sentence("It can change or intercept the objects of other programs in the cluster.")
            yield finding("rights", CRITICAL, change, service.name, text, consequence, *paths)
        elif kind in _GUARDS and (paths or change.operation == "delete"):
            consequence = sentence("It may allow what it did not allow before.")
            yield finding("rights", WARNING, change, service.name, text, consequence, *paths)
        elif kind == "Namespace" and change.after is not None:
            yield from _levels(service, change, change.before, change.after)


def _levels(service: ServiceChange, change: Change, before: ResourceState | None, after: ResourceState) -> Iterator[Finding]:
    old = mapping(before.metadata.get("labels") if before is not None else None)
    new = mapping(after.metadata.get("labels"))
    for label in sorted({*old, *new}):
        if not label.startswith(_ENFORCE) or old.get(label) == new.get(label):
            continue
        is_weaker = label.endswith("enforce") and _level(new.get(label)) > (_level(old.get(label)) if before is not None else 0)
        text = sentence(
            "{object}: label {label} changes from {old} to {new}.",
            object=name_object(change),
            label=label,
            old=old.get(label),
            new=new.get(label),
        )
        consequence = sentence("The namespace then accepts pods with more privileges.") if is_weaker else ()
        weaker, other = (WARNING, NOTICE) if before is None else (CRITICAL, WARNING)
        severity = weaker if is_weaker else other
        yield finding("rights", severity, change, service.name, text, consequence, *changed_under(change, "metadata.labels"))


def _level(value: Any) -> int:
    return _LEVELS.index(value) if value in _LEVELS else len(_LEVELS) - 1


def identities(service: ServiceChange) -> Iterator[Finding]:
    """Report changes of a ServiceAccount. Its annotations decide the cloud identity of pods."""
    for change in service.of("ServiceAccount"):
        paths = [each.where for each in change.differences if each.where != "metadata.labels"]
        if change.operation not in ("update", "replace") or change.after is None or not paths:
            continue
        is_annotated = bool(changed_under(change, "metadata.annotations"))
        what = "the annotations change" if is_annotated else "it changes"
        text = sentence("ServiceAccount {name}: {what}.", name=change.after.object_name, what=(what,))
        severity = WARNING if any(is_sensitive(change, each) for each in change.differences) else NOTICE
        yield finding("rights", severity, change, service.name, text, (_IDENTITY,) if is_annotated else (), *paths)


RULES = (accounts, roles, admission, identities)
