"""The ScaledObject of KEDA (keda.sh/v1alpha1).

Field names are those of the CRD: Pulumi sends a CustomResource unchanged.
"""

from typing import Any, NotRequired, TypedDict

import pulumi

from ..args import NIM
from ..args.autoscaling import AutoscalingArgs
from ..args.keda import POD_TRIGGERS, KedaArgs, KedaTrigger
from ..args.keda_versions import is_value_type
from ..args.scaling import ScalingPreset
from ..names import make_labels
from .inputs import as_name, lift, lift_all
from .promql import add_zero_at_rest, format_number, query_preset
from .workload import find_workload

KEDA_COOLDOWN = 300
"""Seconds: KEDA's default of `cooldownPeriod`."""


class AuthenticationRef(TypedDict):
    """Reference to a TriggerAuthentication."""

    name: "pulumi.Input[str]"


class Trigger(TypedDict):
    """One trigger. All values of its metadata are strings."""

    type: str
    metadata: "dict[str, pulumi.Input[str]]"
    name: "NotRequired[pulumi.Input[str]]"
    metricType: NotRequired[str]
    authenticationRef: NotRequired[AuthenticationRef]


class Fallback(TypedDict):
    """Replicas while a trigger returns no value."""

    failureThreshold: int
    replicas: int
    behavior: str


class ScaledObjectSpec(TypedDict):
    """Fields of the spec that the component sets."""

    scaleTargetRef: dict[str, str]
    minReplicaCount: int
    maxReplicaCount: int
    pollingInterval: int
    cooldownPeriod: int
    initialCooldownPeriod: int
    advanced: dict[str, Any]
    triggers: list[Trigger]
    fallback: NotRequired[Fallback]


def render_scaled_object(nim: NIM, service_name: str, keda: KedaArgs) -> dict[str, Any]:
    """Render the object, with `apiVersion` and `kind`."""
    autoscaling = nim.autoscaling
    assert autoscaling is not None, "a ScaledObject needs autoscaling"
    initial = nim.startup_timeout if keda.initial_cooldown_period is None else keda.initial_cooldown_period
    # KEDA uses the cooldown only before it scales to zero. It covers the start of a pod, which is
    # idle until it has loaded its model.
    cooldown = max(KEDA_COOLDOWN, nim.startup_timeout) if autoscaling.min_replicas == 0 else KEDA_COOLDOWN
    spec: ScaledObjectSpec = {
        "scaleTargetRef": find_workload(nim, service_name).as_yaml(),
        "minReplicaCount": autoscaling.min_replicas,
        "maxReplicaCount": autoscaling.max_replicas,
        "pollingInterval": keda.polling_interval,
        "cooldownPeriod": cooldown if keda.cooldown_period is None else keda.cooldown_period,
        "initialCooldownPeriod": initial,
        "advanced": {"horizontalPodAutoscalerConfig": {"behavior": _behavior(autoscaling)}},
        "triggers": [
            *(_preset(nim, service_name, autoscaling, keda, each) for each in autoscaling.signals),
            *(_trigger(each) for each in keda.triggers or ()),
        ],
    }
    if (fallback := _fallback(autoscaling, keda)) is not None:
        spec["fallback"] = fallback
    return {
        "api_version": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": service_name, "namespace": nim.namespace, "labels": make_labels(service_name)},
        "spec": spec,
    }


def _behavior(autoscaling: AutoscalingArgs) -> dict[str, Any]:
    """Render the behavior of the HorizontalPodAutoscaler that KEDA creates."""
    return {
        direction: {
            "stabilizationWindowSeconds": rate.stabilization,
            "policies": [{"type": "Pods", "value": rate.pods, "periodSeconds": rate.period}],
            "selectPolicy": "Max",
        }
        for direction, rate in (("scaleUp", autoscaling.scale_up), ("scaleDown", autoscaling.scale_down))
    }


def _preset(nim: NIM, service_name: str, autoscaling: AutoscalingArgs, keda: KedaArgs, preset: ScalingPreset) -> Trigger:
    def build_query(namespace: str) -> str:
        query = query_preset(preset.preset, service_name, namespace)
        return query if autoscaling.min_replicas else add_zero_at_rest(query, service_name, namespace)

    trigger: Trigger = {
        "type": "prometheus",
        "name": preset.preset,
        "metricType": "Value" if is_value_type(preset) else "AverageValue",
        "metadata": {
            "serverAddress": keda.prometheus or "",
            "query": lift(as_name(nim.namespace), build_query),
            "threshold": lift_all(format_number, preset.goal),
            # An empty result is an error, for which the fallback exists. It does not mean "no
            # load".
            "ignoreNullValues": "false",
        },
    }
    if keda.authentication is not None:
        trigger["authenticationRef"] = {"name": as_name(keda.authentication)}
    return trigger


def _trigger(trigger: KedaTrigger) -> Trigger:
    metadata = dict(trigger.metadata)
    if trigger.type == "prometheus":
        metadata.setdefault("ignoreNullValues", "false")
    rendered: Trigger = {"type": trigger.type, "metadata": metadata}
    if trigger.name is not None:
        rendered["name"] = as_name(trigger.name)
    if trigger.metric_type is not None:
        rendered["metricType"] = trigger.metric_type
    if trigger.authentication is not None:
        rendered["authenticationRef"] = {"name": as_name(trigger.authentication)}
    return rendered


def _fallback(autoscaling: AutoscalingArgs, keda: KedaArgs) -> Fallback | None:
    """Render the fallback. KEDA supports none if all triggers are CPU and memory."""
    if keda.fallback is not None:
        given = keda.fallback
        return {"failureThreshold": given.failure_threshold, "replicas": given.replicas, "behavior": given.behavior}
    if not autoscaling.presets and all(trigger.type in POD_TRIGGERS for trigger in keda.triggers or ()):
        return None
    return {"failureThreshold": 3, "replicas": max(1, autoscaling.min_replicas), "behavior": "currentReplicasIfHigher"}
