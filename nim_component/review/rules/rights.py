"""Rights of pods, cloud identities and admission. Those of RBAC are in `roles`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..accessors import Fields, get, mapping
from ..change import Change, ResourceState, ServiceChange
from ..findings import CRITICAL, NOTICE, WARNING, Finding, finding
from ..object_fields import changed_under
from ..pod_changes import pod_changes
from ..sensitivity import is_sensitive
from ..sentences import Sentence, name_object, sentence
from ..settings import Setting, Settings, report_settings

MUTATORS = (
    "MutatingWebhookConfiguration", "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding", "APIService",
)  # fmt: skip
ADMISSION_RULES = (
    "ValidatingWebhookConfiguration", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ClusterPolicy", "Policy",
    "SecurityContextConstraints", "PodSecurityPolicy", "ResourceQuota", "LimitRange", "AuthorizationPolicy", "PeerAuthentication",
    "RequestAuthentication", "SecurityPolicy", "BackendTLSPolicy",
)  # fmt: skip
DEFINITION = "CustomResourceDefinition"
LEVELS = "pod-security.kubernetes.io/"
"""Beginning of the labels with levels of a namespace."""
_LEVELS = ("restricted", "baseline", "privileged")
_ACCOUNT = "The pods get the rights of this account, in the cluster and, with a cloud identity, in the cloud."
_RUNTIME = "Another container runtime may isolate the pods less."
_REMOVED = {"runtimeClassName": _RUNTIME, "nodeName": "The scheduler selects the node again."}
_IDENTITY = "Kubernetes restarts no pod for it. An identity that a webhook sets, as on EKS, applies to new pods only."


def accounts(service: ServiceChange) -> Iterator[Finding]:
    """Report the account, the runtime and the node that a pod selects."""
    for pod in pod_changes(service):
        before = _read_pod(pod.path, pod.before) if pod.before is not None else None
        yield from report_settings(service, pod.change, before, _read_pod(pod.path, pod.after))


def _read_pod(path: str, pod: Fields) -> Settings:
    fields = {
        "serviceAccountName": (_ACCOUNT, pod.get("serviceAccountName") or pod.get("serviceAccount") or "default", None),
        "runtimeClassName": (_RUNTIME, pod.get("runtimeClassName"), None),
        "nodeName": ("The pods bypass the scheduler, and so taints and affinities.", pod.get("nodeName"), WARNING),
    }
    return {
        f"{path}.{field}": Setting(
            "rights", WARNING, "Field", field, (" of the pod",), value, text, new, removed_consequence=_REMOVED.get(field, "")
        )
        for field, (text, value, new) in fields.items()
        if value
    }


def admission(service: ServiceChange) -> Iterator[Finding]:
    """Report objects that change or check other objects, and the level of a namespace."""
    for change in service.changes:
        kind = change.subject.kind
        if kind not in (*MUTATORS, *ADMISSION_RULES, DEFINITION, "Namespace") or not change.has_effect:
            continue
        paths = [each.where for each in change.differences if each.path[0] != "metadata"]
        verb = {"create": "created", "delete": "deleted"}.get(change.operation, "changed")
        text = sentence("{object} is {verb}.", object=name_object(change), verb=(verb,))
        if kind in MUTATORS and (paths or change.operation in ("create", "delete")):
            consequence = sentence("It can change or intercept the objects of other programs in the cluster.")
            yield finding("rights", CRITICAL, change, service.name, text, consequence, *paths)
        elif kind in ADMISSION_RULES and (paths or change.operation == "delete"):
            consequence = sentence("It may allow or reject other objects and requests than before.")
            yield finding("rights", WARNING, change, service.name, text, consequence, *paths)
        elif kind == DEFINITION:
            yield from _definition(service, change, text)
        elif kind == "Namespace" and change.after is not None:
            yield from _levels(service, change, change.before, change.after)


def _definition(service: ServiceChange, change: Change, text: Sentence) -> Iterator[Finding]:
    """Report definitions of kinds that delete objects, or that send them to a webhook."""
    conversions = [None if state is None else get(state.inputs, "spec", "conversion") for state in (change.before, change.after)]
    if change.after is None:
        consequence = sentence("Every object of its kind is deleted with it.")
        yield finding("rights", CRITICAL, change, service.name, text, consequence)
    elif conversions[0] != conversions[1] and get(conversions[1], "strategy") == "Webhook":
        consequence = sentence("Its webhook reads and changes the objects of its kind.")
        yield finding("rights", CRITICAL, change, service.name, text, consequence, *changed_under(change, "spec.conversion"))


def _levels(service: ServiceChange, change: Change, before: ResourceState | None, after: ResourceState) -> Iterator[Finding]:
    old = mapping(before.metadata.get("labels") if before is not None else None)
    new = mapping(after.metadata.get("labels"))
    for label in sorted({*old, *new}):
        if not label.startswith(LEVELS) or old.get(label) == new.get(label):
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


RULES = (accounts, admission, identities)
