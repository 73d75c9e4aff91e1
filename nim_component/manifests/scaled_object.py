"""KEDA's ScaledObject (keda.sh/v1alpha1). Field names are the CRD's own: a CustomResource is sent as it is written."""

from typing import Any, NotRequired, TypedDict

import pulumi

from ..args import NIM
from ..args.autoscaling import AutoscalingArgs
from ..args.keda import INSIDE, KedaArgs, KedaTrigger
from ..args.scaling import ScalingPreset
from ..names import labels
from .inputs import lift, lift_all
from .promql import or_zero_at_rest, plain_number, preset_query

KEDA_COOLDOWN = 300
"""Seconds: KEDA's own default of `cooldownPeriod`."""


class AuthenticationRef(TypedDict):
    """Which TriggerAuthentication."""

    name: "pulumi.Input[str]"


class Trigger(TypedDict):
    """One trigger. Its metadata is text throughout."""

    type: str
    metadata: "dict[str, pulumi.Input[str]]"
    name: "NotRequired[pulumi.Input[str]]"
    metricType: NotRequired[str]
    authenticationRef: NotRequired[AuthenticationRef]


class Fallback(TypedDict):
    """What holds while a trigger has no answer."""

    failureThreshold: int
    replicas: int
    behavior: str


class ScaleTarget(TypedDict):
    """What is scaled."""

    apiVersion: str
    kind: str
    name: str


class ScaledObjectSpec(TypedDict):
    """The part of the spec that the component uses."""

    scaleTargetRef: ScaleTarget
    minReplicaCount: int
    maxReplicaCount: int
    pollingInterval: int
    cooldownPeriod: int
    initialCooldownPeriod: int
    advanced: dict[str, Any]
    triggers: list[Trigger]
    fallback: NotRequired[Fallback]


def render_scaled_object(nim: NIM, service_name: str, keda: KedaArgs) -> dict[str, Any]:
    """The whole object, with its version and kind."""
    autoscaling = nim.autoscaling
    assert autoscaling is not None, "a ScaledObject needs autoscaling"
    initial = nim.startup_timeout if keda.initial_cooldown_period is None else keda.initial_cooldown_period
    # It only counts on the way to zero, and a pod must have loaded before its rest can begin.
    rest = max(KEDA_COOLDOWN, nim.startup_timeout) if autoscaling.min_replicas == 0 else KEDA_COOLDOWN
    spec: ScaledObjectSpec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": service_name},
        "minReplicaCount": autoscaling.min_replicas,
        "maxReplicaCount": autoscaling.max_replicas,
        "pollingInterval": keda.polling_interval,
        "cooldownPeriod": rest if keda.cooldown_period is None else keda.cooldown_period,
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
        "metadata": {"name": service_name, "namespace": nim.namespace, "labels": labels(service_name)},
        "spec": spec,
    }


def _behavior(autoscaling: AutoscalingArgs) -> dict[str, Any]:
    """KEDA hands it on to the HorizontalPodAutoscaler that it makes."""
    return {
        way: {
            "stabilizationWindowSeconds": rate.stabilization,
            "policies": [{"type": "Pods", "value": rate.pods, "periodSeconds": rate.period}],
            "selectPolicy": "Max",
        }
        for way, rate in (("scaleUp", autoscaling.scale_up), ("scaleDown", autoscaling.scale_down))
    }


def _preset(nim: NIM, service_name: str, autoscaling: AutoscalingArgs, keda: KedaArgs, preset: ScalingPreset) -> Trigger:
    def ask(namespace: str) -> str:
        query = preset_query(preset.preset, service_name, namespace)
        return query if autoscaling.min_replicas else or_zero_at_rest(query, service_name, namespace)

    trigger: Trigger = {
        "type": "prometheus",
        "name": preset.preset,
        # A latency does not add up over pods: it is compared as it is.
        "metricType": "Value" if preset.preset == "latency" else "AverageValue",
        "metadata": {
            "serverAddress": keda.prometheus or "",
            "query": lift(nim.namespace, ask),
            "threshold": lift_all(plain_number, preset.goal),
            # No answer is an error, which the fallback is for, and not "no load".
            "ignoreNullValues": "false",
        },
    }
    if keda.authentication is not None:
        trigger["authenticationRef"] = {"name": keda.authentication}
    return trigger


def _trigger(trigger: KedaTrigger) -> Trigger:
    metadata = dict(trigger.metadata)
    if trigger.type == "prometheus":
        metadata.setdefault("ignoreNullValues", "false")
    rendered: Trigger = {"type": trigger.type, "metadata": metadata}
    if trigger.name is not None:
        rendered["name"] = trigger.name
    if trigger.metric_type is not None:
        rendered["metricType"] = trigger.metric_type
    if trigger.authentication is not None:
        rendered["authenticationRef"] = {"name": trigger.authentication}
    return rendered


def _fallback(autoscaling: AutoscalingArgs, keda: KedaArgs) -> Fallback | None:
    """KEDA has none for CPU and memory alone: those the cluster itself measures."""
    if keda.fallback is not None:
        given = keda.fallback
        return {"failureThreshold": given.failure_threshold, "replicas": given.replicas, "behavior": given.behavior}
    if not autoscaling.presets and all(trigger.type in INSIDE for trigger in keda.triggers or ()):
        return None
    return {"failureThreshold": 3, "replicas": max(1, autoscaling.min_replicas), "behavior": "currentReplicasIfHigher"}
