"""What runs the server's pods: a Deployment, or for a server over several nodes a LeaderWorkerSet."""

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as k8s

from ..args import NIM
from ..diagnose.progress.availability import create_progress_hooks
from ..manifests.deployment import render_deployment
from ..manifests.multi_node import render_group
from ..manifests.overrides import override
from ..manifests.prewarm import render_prewarm
from ..manifests.references import References
from ..manifests.timing import Timing

GROUP_TYPE = "kubernetes:leaderworkerset.x-k8s.io/v1:LeaderWorkerSet"


def provide_prewarm(
    parent: pulumi.Resource,
    component: str,
    service_name: str,
    nim: NIM,
    references: References,
    timing: Timing,
    guards: "Sequence[pulumi.Resource]",
) -> "k8s.batch.v1.Job | None":
    """The Job that fills the cache, when there is to be one, made when `guards` are there. Pulumi waits until a Job is complete."""
    if nim.cache.prewarm is None:
        return None
    timeouts = pulumi.CustomTimeouts(create=f"{timing.prewarm_timeout}s", update=f"{timing.prewarm_timeout}s")
    # Not protected with the component: every change replaces it.
    derived = pulumi.ResourceOptions(parent=parent, protect=False, custom_timeouts=timeouts, depends_on=list(guards) or None)
    derived.hooks = create_progress_hooks(parent, "kubernetes:batch/v1:Job", f"{component}-warm", nim)
    job = override(nim, "warm", render_prewarm(nim, nim.cache.prewarm, service_name, references, timing))
    return k8s.batch.v1.Job(f"{component}-warm", **job, opts=derived)


def provide_workload(
    parent: pulumi.Resource,
    component: str,
    service_name: str,
    nim: NIM,
    references: References,
    timing: Timing,
    after: "Sequence[pulumi.Input[pulumi.Resource]]",
) -> "k8s.apps.v1.Deployment | k8s.apiextensions.CustomResource":
    """Made when `after` is there; waited for as long as its pods may take."""
    options = pulumi.ResourceOptions(parent=parent, custom_timeouts=rollout_timeouts(timing), depends_on=list(after) or None)
    if nim.multi_node is not None:
        group = override(nim, "group", render_group(nim, nim.multi_node, service_name, references, timing))
        # The number of nodes cannot change in place, and a second group beside the first would wait for as many nodes again.
        options.replace_on_changes = ["spec.leaderWorkerTemplate.size"]
        options.delete_before_replace = True
        options.hooks = create_progress_hooks(parent, GROUP_TYPE, f"{component}-group", nim)
        return k8s.apiextensions.CustomResource(f"{component}-group", **group, opts=options)
    options.hooks = create_progress_hooks(parent, "kubernetes:apps/v1:Deployment", f"{component}-deployment", nim)
    # The autoscaler's from then on: switched on over a running service, it takes no pod away.
    options.ignore_changes = ["spec.replicas"] if nim.autoscaling is not None else None
    deployment = override(nim, "deployment", render_deployment(nim, service_name, references, timing))
    return k8s.apps.v1.Deployment(f"{component}-deployment", **deployment, opts=options)


def rollout_timeouts(timing: Timing) -> pulumi.CustomTimeouts:
    """Of what waits for pods: it would stop at ten minutes otherwise, less than a large model needs."""
    return pulumi.CustomTimeouts(create=f"{timing.timeout}s", update=f"{timing.timeout}s")
