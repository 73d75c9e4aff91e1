"""Optional children: child resources that exist only when their option sets are given.

`OPTIONAL_CHILDREN` is the one list of them. Validation of overrides, creation, and the contract
tests (`tests/contracts`) all use it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from ..args import NIM
from ..manifests.alerts import render_alerts
from ..manifests.autoscaler import render_autoscaler
from ..manifests.child_objects import find_child_object, name_claim_template
from ..manifests.dashboard import render_dashboard
from ..manifests.devices import render_resource_claim_template
from ..manifests.disruption_budget import render_disruption_budget
from ..manifests.gateway import render_grpc_route, render_http_route, render_inference_pool
from ..manifests.ingress import render_ingress
from ..manifests.lora import has_lora_job
from ..manifests.monitor import render_monitor
from ..manifests.network_policy import render_jobs_policy, render_network_policy
from ..manifests.scaled_object import render_scaled_object
from ..manifests.service_account import render_service_account
from ..manifests.vertical_autoscaler import render_vertical_autoscaler
from .context import ComponentContext
from .generated_children import GeneratedChild, create_generated_child


class CreationOrder(Enum):
    """Time at which an optional child is created."""

    BEFORE_PODS = "before the first pod, and deleted after the last"
    WITH_PODS = "independent of the pods"
    AFTER_ROLLOUT = "after the workload and the Service are ready, and deleted before them"


@dataclass(frozen=True)
class OptionalChild:
    """One optional child. Its kind is in `manifests.child_objects.CHILD_OBJECTS`, by `suffix`."""

    suffix: str
    """End of its logical name."""
    option_set: str
    """Path of its option set on `NIM`, such as `metrics.monitor`.

    The child exists only if it is given.
    """
    render: Callable[..., dict[str, Any]]
    """Function of the arguments, the service's name and the option set that returns the inputs."""
    order: CreationOrder = CreationOrder.WITH_PODS
    is_needed: Callable[[NIM], bool] | None = None
    """Further condition for its existence, if there is one."""

    def find_options(self, nim: NIM) -> Any:
        """Return the option set if this service has the child; None otherwise."""
        options: Any = nim
        for field in self.option_set.split("."):
            options = None if options is None else getattr(options, field)
        return options if self.is_needed is None or self.is_needed(nim) else None


def _has_jobs(nim: NIM) -> bool:
    return nim.cache.prewarm is not None or has_lora_job(nim)


def _scales_by_hpa(nim: NIM) -> bool:
    return nim.autoscaling is not None and nim.autoscaling.keda is None


def _has_own_account(nim: NIM) -> bool:
    return nim.service_account is not None and nim.service_account.is_own


OPTIONAL_CHILDREN = (
    OptionalChild("service-account", "service_account", render_service_account, CreationOrder.BEFORE_PODS, _has_own_account),
    OptionalChild("network-policy", "network_policy", render_network_policy, CreationOrder.BEFORE_PODS),
    OptionalChild("network-policy-jobs", "network_policy", render_jobs_policy, CreationOrder.BEFORE_PODS, _has_jobs),
    # An autoscaler that may scale to zero would remove the pods for which the rollout waits.
    OptionalChild("autoscaler", "autoscaling", render_autoscaler, CreationOrder.AFTER_ROLLOUT, _scales_by_hpa),
    OptionalChild("scaled-object", "autoscaling.keda", render_scaled_object, CreationOrder.AFTER_ROLLOUT),
    OptionalChild("vertical-autoscaler", "vertical_autoscaling", render_vertical_autoscaler),
    OptionalChild("ingress", "ingress", render_ingress),
    OptionalChild("http-route", "http_route", render_http_route),
    OptionalChild("grpc-route", "grpc_route", render_grpc_route),
    OptionalChild("inference-pool", "inference_pool", render_inference_pool),
    OptionalChild("disruption-budget", "disruption_budget", render_disruption_budget),
    OptionalChild("monitor", "metrics.monitor", render_monitor),
    OptionalChild("dashboard", "metrics.dashboard", render_dashboard),
    OptionalChild("alerts", "metrics.alerts", render_alerts),
)
"""In the order in which they are created."""


def list_optional_children(nim: NIM) -> Iterator[str]:
    """Yield the suffixes of the optional children of this service."""
    return (child.suffix for child in OPTIONAL_CHILDREN if child.find_options(nim) is not None)


def provide_children_before_pods(context: ComponentContext) -> dict[str, pulumi.CustomResource]:
    """Create the optional children that must exist before the first pod; by logical name."""
    return _provide(context, (CreationOrder.BEFORE_PODS,), ())


def provide_other_children(context: ComponentContext, rollout: Sequence[pulumi.Resource]) -> dict[str, pulumi.CustomResource]:
    """Create all other optional children; by logical name.

    `rollout` is the workload and the Service.
    """
    return _provide(context, (CreationOrder.WITH_PODS, CreationOrder.AFTER_ROLLOUT), rollout)


def _provide(
    context: ComponentContext, orders: Sequence[CreationOrder], rollout: Sequence[pulumi.Resource]
) -> dict[str, pulumi.CustomResource]:
    provided: dict[str, pulumi.CustomResource] = {}
    for child in OPTIONAL_CHILDREN:
        options = child.find_options(context.nim)
        if options is None or child.order not in orders:
            continue
        name = context.child_name(child.suffix)
        inputs = context.inputs(child.suffix, child.render(context.nim, context.service_name, options))
        depends_on = list(rollout) if child.order is CreationOrder.AFTER_ROLLOUT else None
        provided[name] = find_child_object(child.suffix).resource(name, **inputs, opts=context.options(depends_on=depends_on))
    return provided


def provide_claim_templates(context: ComponentContext) -> "dict[str, GeneratedChild[k8s.resource.v1.ResourceClaimTemplate]]":
    """Create the ResourceClaimTemplates; return them by the names of the ResourceClaims."""
    templates: dict[str, GeneratedChild[k8s.resource.v1.ResourceClaimTemplate]] = {}
    for resource_claim in context.nim.resource_claims or ():
        if resource_claim.devices is None:
            continue
        suffix = name_claim_template(resource_claim.name)
        rendered = render_resource_claim_template(context.nim, context.service_name, resource_claim)
        templates[resource_claim.name] = create_generated_child(context, k8s.resource.v1.ResourceClaimTemplate, suffix, rendered)
    return templates
