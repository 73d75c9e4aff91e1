"""Findings of a review, and the list of rules that produce them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from .change import Change
from .sentences import Sentence, plain_text


class Severity(Enum):
    """Severity of a finding, most severe first."""

    CRITICAL = "critical"
    """Models stop, data is lost, the update fails, or others may get keys, traffic or rights."""
    WARNING = "warning"
    """Running models are disturbed, a guarantee no longer holds, or code or rights change."""
    NOTICE = "notice"
    """No running model is disturbed."""

    @property
    def rank(self) -> int:
        """Position in the order of severity; 0 is the most severe."""
        return list(Severity).index(self)


CRITICAL, WARNING, NOTICE = Severity.CRITICAL, Severity.WARNING, Severity.NOTICE

RULES: Final[Mapping[str, str]] = {
    "does-not-fit": "A model does not fit on its GPUs, or a pod requests more GPUs than its nodes have",
    "failed": "The render or the preview ended with an error, or printed a warning",
    "protected": "A protected resource would be deleted, so the update fails",
    "name-held": "An object is created while another resource still has its name, so the update fails",
    "deleted-first": "An object is deleted before its replacement is created",
    "destination": "Keys or requests of pods go to another destination",
    "provider": "Objects move to another provider, or a provider uses another cluster",
    "code": "Pods run other code, or read their code from another place",
    "rights": "A pod or an account gets other rights in the cluster or in the cloud",
    "lookalike": "A name contains characters that look like others, or that are invisible",
    "service-removed": "A service is removed with all its objects",
    "deleted": "An object is deleted, or a container is removed from a pod",
    "cache-shrunk": "A smaller size is requested for a PVC, which Kubernetes rejects",
    "immutable": "A field changes that Kubernetes does not change on an existing object, so the update fails",
    "cache-lost": "A model cache is deleted, or replaced by an empty one",
    "scaled-to-zero": "The number of replicas changes to 0",
    "replicas-dropped": "`replicas` is removed from the spec, so Kubernetes sets it to 1",
    "image": "The image of a container changes",
    "image-unpinned": "An image has a tag that may move, or none",
    "variable": "An environment variable changes that is not known to be safe",
    "model": "The name, the source or the profile of the served model changes",
    "adapter-removed": "A LoRA adapter is removed",
    "adapter-repinned": "A LoRA adapter changes to another revision, repository or list of files",
    "adapter-added": "A LoRA adapter is added",
    "cache-moved": "The model cache moves to another volume",
    "cache-grown": "A larger size is requested for a PVC, or its replacement has another size",
    "downtime": "All replicas stop before a new one is ready",
    "stall-risk": "The rollout requires GPUs in addition to those in use",
    "replaced": "An object is replaced; the new one is created before the old one is deleted",
    "pods-restart": "The pod template changes",
    "gpus": "The type or number of GPUs per replica changes",
    "replicas": "The number of replicas changes",
    "url-changed": "Clients can no longer use an address of the service",
    "exposure-widened": "More clients can reach the service, pods can reach more destinations, or TLS is removed",
    "selection": "Pods get or lose Services, policies or budgets, which select them by labels",
    "security-weakened": "A pod or a container gets more privileges than before",
    "namespace-moved": "A workload moves to another namespace, where the objects that it refers to must exist",
    "unprotected": "An object loses `protect` or `retainOnDelete`",
    "secret-renamed": "Pods read another Secret, or another key of it",
    "secret-rotated": "The value of a Secret changes",
    "secret-removed": "Pods no longer read a Secret, or a Secret is deleted",
    "timeouts": "A progress deadline or a timeout of Pulumi is not longer than the startup budget",
    "startup-shortened": "The startup budget of a model becomes shorter",
    "shutdown-shortened": "A pod that stops has less time for its requests, or gets new ones while it stops",
    "rollout-changed": "The rollout strategy changes",
    "first-preview": "A change fails in the preview of the first update after the creation",
    "autoscaler-conflict": "An autoscaler conflicts with a fixed `replicas`, or with another autoscaler",
    "autoscaler-removed": "An autoscaler is deleted",
    "autoscaler-range": "An autoscaler is created, or its range of replicas changes",
    "disruption": "A PodDisruptionBudget is created, changed or deleted",
    "stack-added": "A stack file is added",
    "stack-removed": "A stack file is removed",
    "service-added": "A service is added",
    "created": "An object, a container or a port is added",
    "other": "Fields change that no other rule describes",
}
"""Description of each rule. Findings of equal severity are in this order."""


@dataclass(frozen=True)
class Finding:
    """One effect of a change that matters to a reviewer."""

    rule: str
    severity: Severity
    service: str
    text: Sentence
    """The change."""
    consequence: Sentence = ()
    """Its effect on running models."""
    resource: str = ""
    """URN of the changed resource."""
    kind: str = ""
    object_name: str = ""
    paths: tuple[str, ...] = ()
    """Changed fields; empty if the resource as a whole changes."""

    @property
    def order(self) -> tuple[Any, ...]:
        """Sort key: severity, rule, then name."""
        return (self.severity.rank, list(RULES).index(self.rule), self.service, plain_text(self.text), self.resource)


def finding(
    rule: str, severity: Severity, change: Change, service: str, text: Sentence, consequence: Sentence = (), *paths: str
) -> Finding:
    """Return a finding about one change."""
    subject = change.subject
    return Finding(rule, severity, service, text, consequence, subject.urn, subject.kind, subject.object_name, tuple(dict.fromkeys(paths)))


def group_by_service(findings: Sequence[Finding]) -> dict[str, list[Finding]]:
    """Return the findings by service, in the order of each service's first finding."""
    services: dict[str, list[Finding]] = {}
    for each in findings:
        services.setdefault(each.service, []).append(each)
    return services
