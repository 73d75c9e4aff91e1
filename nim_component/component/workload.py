"""The workload: a Deployment, or with `multi_node` a LeaderWorkerSet."""

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as k8s

from ..diagnose.progress.availability import create_progress_hooks
from ..manifests.deployment import render_deployment
from ..manifests.multi_node import render_leader_worker_set
from ..manifests.references import References
from ..names import PATCH_FORCE
from .context import ComponentContext

DEPLOYMENT_TYPE = "kubernetes:apps/v1:Deployment"
LEADER_WORKER_SET_TYPE = "kubernetes:leaderworkerset.x-k8s.io/v1:LeaderWorkerSet"


def provide_workload(
    context: ComponentContext, references: References, depends_on: "Sequence[pulumi.Input[pulumi.Resource]]"
) -> "k8s.apps.v1.Deployment | k8s.apiextensions.CustomResource":
    """Create the workload after `depends_on`, with timeouts that cover the start of its pods."""
    nim = context.nim
    limits = context.timing.create_timeout, context.timing.update_timeout
    options = context.options(custom_timeouts=context.rollout_timeouts(), depends_on=list(depends_on) or None)
    if nim.multi_node is not None:
        name = context.child_name("group")
        rendered = render_leader_worker_set(nim, nim.multi_node, context.service_name, references, context.timing)
        # The number of nodes is immutable, and a second LeaderWorkerSet beside the first would
        # wait for as many nodes again.
        options.replace_on_changes = ["spec.leaderWorkerTemplate.size"]
        options.delete_before_replace = True
        options.hooks = create_progress_hooks(context.parent, LEADER_WORKER_SET_TYPE, name, nim, limits)
        return k8s.apiextensions.CustomResource(name, **context.inputs("group", rendered), opts=options)
    name = context.child_name("deployment")
    options.hooks = create_progress_hooks(context.parent, DEPLOYMENT_TYPE, name, nim, limits)
    inputs = context.inputs("deployment", render_deployment(nim, context.service_name, references, context.timing))
    if nim.autoscaling is not None:
        # The autoscaler owns the replicas: autoscaling that is added to a running service removes
        # no pod.
        options.ignore_changes = ["spec.replicas"]
    elif PATCH_FORCE not in (inputs["metadata"].get("annotations") or {}):
        # After autoscaling, the annotation stays in the state, so that the provider takes the
        # replicas back from the autoscaler. A Deployment that never had an autoscaler has no such
        # annotation: replicas of another owner are then a conflict.
        options.ignore_changes = [f'metadata.annotations["{PATCH_FORCE}"]']
    return k8s.apps.v1.Deployment(name, **inputs, opts=options)
