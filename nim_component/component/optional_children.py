"""The optional children of a service: which there are, in one list."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from ..args import NIM
from ..manifests.alerts import render_alerts
from ..manifests.autoscaler import render_autoscaler
from ..manifests.dashboard import render_dashboard
from ..manifests.devices import render_claim_template
from ..manifests.disruption_budget import render_disruption_budget
from ..manifests.gateway import render_grpc_route, render_http_route, render_inference_pool
from ..manifests.ingress import render_ingress
from ..manifests.lora import uses_job
from ..manifests.monitor import render_monitor
from ..manifests.network_policy import render_jobs_policy, render_network_policy
from ..manifests.overrides import claim_part, override
from ..manifests.scaled_object import render_scaled_object


@dataclass(frozen=True)
class Part:
    """One optional child: the end of its logical name, its type, and what it looks like."""

    name: str
    make: Callable[..., pulumi.CustomResource]
    inputs: dict[str, Any]
    waits: bool = False
    """Whether it is made when Deployment and Service are up, and goes before them."""


def list_guards(nim: NIM, service_name: str) -> Iterator[Part]:
    """What must be there before the first pod, and goes after the last."""
    if (policy := nim.network_policy) is not None:
        yield Part("network-policy", k8s.networking.v1.NetworkPolicy, render_network_policy(nim, service_name, policy))
        if nim.cache.prewarm is not None or uses_job(nim):
            yield Part("network-policy-jobs", k8s.networking.v1.NetworkPolicy, render_jobs_policy(nim, service_name, policy))


def list_parts(nim: NIM, service_name: str) -> Iterator[Part]:
    """One paragraph a group, in a fixed order. A group that is not given has no child."""
    if (scaling := nim.autoscaling) is not None:
        # After the rollout: an autoscaler that may go to zero would take away the pods that the rollout waits for.
        if scaling.keda is None:
            yield Part(
                "autoscaler",
                k8s.autoscaling.v2.HorizontalPodAutoscaler,
                render_autoscaler(nim, service_name, scaling),
                waits=True,
            )
        else:
            yield Part(
                "scaled-object",
                k8s.apiextensions.CustomResource,
                render_scaled_object(nim, service_name, scaling, scaling.keda),
                waits=True,
            )
    if nim.ingress is not None:
        yield Part("ingress", k8s.networking.v1.Ingress, render_ingress(nim, service_name, nim.ingress))
    if nim.http_route is not None:
        yield Part("http-route", k8s.apiextensions.CustomResource, render_http_route(nim, service_name, nim.http_route))
    if nim.grpc_route is not None:
        yield Part("grpc-route", k8s.apiextensions.CustomResource, render_grpc_route(nim, service_name, nim.grpc_route))
    if nim.inference_pool is not None:
        yield Part("inference-pool", k8s.apiextensions.CustomResource, render_inference_pool(nim, service_name, nim.inference_pool))
    if (budget := nim.disruption_budget) is not None:
        yield Part("disruption-budget", k8s.policy.v1.PodDisruptionBudget, render_disruption_budget(nim, service_name, budget))
    if (metrics := nim.metrics) is not None:
        if metrics.monitor is not None:
            yield Part("monitor", k8s.apiextensions.CustomResource, render_monitor(nim, service_name, metrics.monitor))
        if metrics.dashboard is not None:
            yield Part("dashboard", k8s.core.v1.ConfigMap, render_dashboard(nim, service_name, metrics.dashboard))
        if metrics.alerts is not None:
            yield Part("alerts", k8s.apiextensions.CustomResource, render_alerts(nim, service_name, metrics.alerts))


def provide_claim_templates(parent: pulumi.Resource, component: str, service_name: str, nim: NIM) -> "dict[str, pulumi.Output[str]]":
    """Makes the ResourceClaimTemplates that the pods refer to, and gives their names by those of the claims."""
    names: dict[str, pulumi.Output[str]] = {}
    # Not protected with the component: they are derived, and every change of the devices replaces them.
    derived = pulumi.ResourceOptions(parent=parent, protect=False)
    for claim in nim.resource_claims or ():
        if claim.devices is not None:
            part = claim_part(claim.name)
            rendered = override(nim, part, render_claim_template(nim, service_name, claim))
            made = k8s.resource.v1.ResourceClaimTemplate(f"{component}-{part}", **rendered, opts=derived)
            names[claim.name] = made.metadata.apply(lambda metadata: metadata["name"])
    return names


def provide_parts(
    parent: pulumi.Resource, component: str, nim: NIM, parts: Iterable[Part], rolled_out: Sequence[pulumi.Resource] = ()
) -> dict[str, pulumi.CustomResource]:
    """Makes the children of a list; by logical name, such as `llama-autoscaler`."""
    made: dict[str, pulumi.CustomResource] = {}
    for part in parts:
        name = f"{component}-{part.name}"
        opts = pulumi.ResourceOptions(parent=parent, depends_on=list(rolled_out) if part.waits else None)
        made[name] = part.make(name, **override(nim, part.name, part.inputs), opts=opts)
    return made
