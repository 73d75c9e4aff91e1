"""The Deployment."""

from typing import Any

import pulumi_kubernetes as k8s

from ..args import NIM
from ..names import APPLIED, CACHE_LABEL, PATCH_FORCE, REPLICAS_OWNER, SECRETS_DIGEST, WAIT_FOR, make_labels, make_selector
from .monitor import render_scrape_annotations
from .pod import render_pod
from .references import References
from .timing import Timing
from .workload import find_workload

ROLLED_OUT = (
    "jsonpath={$[?@.replicas==$.spec.replicas&&@.updatedReplicas==@.replicas&&@.availableReplicas==@.replicas"
    "||$.spec.replicas==0&&@.observedGeneration&&!@.replicas]}"
)
"""Condition of a finished rollout: every pod has the newest template and is available; with 0
replicas, no pod is left.

Only `status` has these fields, and the provider checks that it belongs to the newest generation.
The JSONPath is that of RFC 9535, which the provider supports since 4.24. Its parser
(github.com/theory/jsonpath 0.9.0) refuses blanks around a second `&&`.
"""


def render_deployment(nim: NIM, service_name: str, references: References, timing: Timing) -> "dict[str, Any]":
    """Render metadata and spec."""
    # The provider's own wait can end while the new ReplicaSet still has no pods: with `recreate`,
    # and with `rolling` when an earlier template is used again.
    annotations = {WAIT_FOR: APPLIED if nim.diagnosis.fail_fast else ROLLED_OUT}
    if nim.autoscaling is not None:
        annotations |= {PATCH_FORCE: "true", REPLICAS_OWNER: "autoscaler"}
    metadata: dict[str, Any] = {
        "name": find_workload(nim, service_name).name,
        "namespace": nim.namespace,
        "labels": make_labels(service_name),
        "annotations": annotations,
    }
    spec: k8s.apps.v1.DeploymentSpecArgsDict = {
        # With autoscaling, the number at creation; the component ignores later changes.
        "replicas": nim.replicas if nim.autoscaling is None else max(1, nim.fewest_pods),
        "selector": {"match_labels": make_selector(service_name)},
        "strategy": render_strategy(nim),
        "progress_deadline_seconds": timing.progress_deadline,
        "template": render_template(nim, service_name, references, timing),
    }
    return {"metadata": metadata, "spec": spec}


def render_template(nim: NIM, service_name: str, references: References, timing: Timing) -> "k8s.core.v1.PodTemplateSpecArgsDict":
    """Render metadata and spec of the pods."""
    annotations = {**(nim.pod_annotations or {}), **render_scrape_annotations(nim)}
    if references.secrets_digest is not None:
        annotations[SECRETS_DIGEST] = references.secrets_digest
    # The label does not depend on `cache.prewarm`: a prewarm Job that is added later finds the node
    # of the running pods, and restarts none.
    labels = {**(nim.pod_labels or {}), **make_labels(service_name), CACHE_LABEL: service_name}
    template: k8s.meta.v1.ObjectMetaArgsDict = {"labels": labels}
    if annotations:
        template["annotations"] = annotations
    return {"metadata": template, "spec": render_pod(nim, service_name, references, timing)}


def render_strategy(nim: NIM) -> "k8s.apps.v1.DeploymentStrategyArgsDict":
    """Render the strategy. The default needs no spare GPU.

    On a full cluster, a surge pod stays pending, and the rollout never finishes. The type of the
    default is the same for every number of replicas. In the preview of the first update of a
    Deployment, the provider merges the old fields with the new ones. `Recreate` with the old
    `rollingUpdate` is then invalid.
    """
    if nim.rollout == "recreate":
        return {"type": "Recreate"}
    surge, unavailable = (1, 0) if nim.rollout == "surge" else (0, 1)
    return {"type": "RollingUpdate", "rolling_update": {"max_surge": surge, "max_unavailable": unavailable}}
