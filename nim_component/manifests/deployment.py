"""The Deployment."""

from typing import Any

import pulumi_kubernetes as k8s

from ..args import NIM
from ..names import CACHE_LABEL, SECRETS_DIGEST, WAIT_FOR, labels, selector
from .monitor import scrape_annotations
from .pod import render_pod
from .references import References
from .timing import Timing

NEW_PODS = '["condition=Available","jsonpath={$[?@.observedGeneration && @.replicas==@.updatedReplicas]}"]'
"""As many pods as wanted are available and all are of the newest template, as `kubectl rollout status` judges it; with 0 replicas too. Only
the `status` has an `observedGeneration`, and the provider sees to it that it is the newest. (RFC 9535, since provider 4.24.)"""


def render_deployment(nim: NIM, service_name: str, references: References, timing: Timing) -> "dict[str, Any]":
    """Metadata and spec."""
    strategy = render_strategy(nim)
    metadata: dict[str, Any] = {"name": service_name, "namespace": nim.namespace, "labels": labels(service_name)}
    if strategy.get("type") == "Recreate":
        # The provider's own way calls an update done when the old pods are gone: the new ones may never come.
        metadata["annotations"] = {WAIT_FOR: NEW_PODS}
    spec: k8s.apps.v1.DeploymentSpecArgsDict = {
        # Under an autoscaler what a new service starts with; the component ignores it afterwards.
        "replicas": nim.replicas if nim.autoscaling is None else max(1, nim.fewest_pods),
        "selector": {"match_labels": selector(service_name)},
        "strategy": strategy,
        "progress_deadline_seconds": timing.progress_deadline,
        "template": render_template(nim, service_name, references, timing),
    }
    return {"metadata": metadata, "spec": spec}


def render_template(nim: NIM, service_name: str, references: References, timing: Timing) -> "k8s.core.v1.PodTemplateSpecArgsDict":
    """Metadata and spec of the pods."""
    annotations = {**(nim.pod_annotations or {}), **scrape_annotations(nim)}
    if references.secrets_digest is not None:
        annotations[SECRETS_DIGEST] = references.secrets_digest
    cache_of = {CACHE_LABEL: service_name} if nim.cache.prewarm is not None else {}
    template: k8s.meta.v1.ObjectMetaArgsDict = {"labels": {**(nim.pod_labels or {}), **labels(service_name), **cache_of}}
    if annotations:
        template["annotations"] = annotations
    return {"metadata": template, "spec": render_pod(nim, service_name, references, timing)}


def render_strategy(nim: NIM) -> "k8s.apps.v1.DeploymentStrategyArgsDict":
    """By default nothing needs a GPU that is not there: a surge pod waits for ever on a full cluster, and the rollout with it."""
    rollout = nim.rollout or ("recreate" if nim.most_pods <= 1 else "rolling")
    if rollout == "recreate":
        return {"type": "Recreate"}
    surge, unavailable = (1, 0) if rollout == "surge" else (0, 1)
    return {"type": "RollingUpdate", "rolling_update": {"max_surge": surge, "max_unavailable": unavailable}}
