"""The HorizontalPodAutoscaler."""

from typing import Any

import pulumi_kubernetes as k8s

from ..args import NIM
from ..args.autoscaling import AutoscalingArgs
from ..args.generation import Generation
from ..args.scaling import ScalingMetric, ScalingPreset, ScalingRate
from ..names import make_labels
from .generation import find_server_generation
from .inputs import as_name, lift
from .workload import find_workload


def render_autoscaler(nim: NIM, service_name: str, autoscaling: AutoscalingArgs) -> "dict[str, Any]":
    """Render metadata and spec."""
    spec: k8s.autoscaling.v2.HorizontalPodAutoscalerSpecArgsDict = {
        "scale_target_ref": find_workload(nim, service_name).as_reference(),
        "min_replicas": autoscaling.min_replicas,
        "max_replicas": autoscaling.max_replicas,
        "metrics": [*(_preset(nim, each) for each in autoscaling.signals), *(_metric(each) for each in autoscaling.metrics)],
        "behavior": render_behavior(autoscaling),
    }
    return {"metadata": {"name": service_name, "namespace": nim.namespace, "labels": make_labels(service_name)}, "spec": spec}


def render_behavior(autoscaling: AutoscalingArgs) -> "k8s.autoscaling.v2.HorizontalPodAutoscalerBehaviorArgsDict":
    """Render the rates of scaling up and down."""
    return {"scale_up": _rules(autoscaling.scale_up), "scale_down": _rules(autoscaling.scale_down)}


def _rules(rate: ScalingRate) -> "k8s.autoscaling.v2.HPAScalingRulesArgsDict":
    return {
        "stabilization_window_seconds": rate.stabilization,
        "policies": [{"type": "Pods", "value": rate.pods, "period_seconds": rate.period}],
        "select_policy": "Max",
    }


def name_metric(preset: ScalingPreset, generation: Generation) -> str:
    """Return the metric's name in the custom metrics API.

    It has `_` in place of `:`. The adapter's own rules keep the `:`, so they serve this name for
    1.x only; the guide has the rule for 2.x.
    """
    metrics = generation.metrics
    (name,) = {"queue": metrics.waiting, "running": metrics.running, "kv-cache": metrics.kv_cache}[preset.preset]
    return name.replace(":", "_")


def _preset(nim: NIM, preset: ScalingPreset) -> "k8s.autoscaling.v2.MetricSpecArgsDict":
    name = lift(find_server_generation(nim), lambda generation: name_metric(preset, generation))
    return {"type": "Pods", "pods": {"metric": {"name": name}, "target": {"type": "AverageValue", "average_value": preset.goal}}}


def _metric(metric: ScalingMetric) -> "k8s.autoscaling.v2.MetricSpecArgsDict":
    if (resource := metric.resource) is not None:
        target: k8s.autoscaling.v2.MetricTargetArgsDict = (
            {"type": "AverageValue", "average_value": resource.average_value}  # pyright: ignore
            if resource.utilization is None
            else {"type": "Utilization", "average_utilization": resource.utilization}
        )
        return {"type": "Resource", "resource": {"name": resource.name, "target": target}}
    if (pods := metric.pods) is not None:
        return {"type": "Pods", "pods": {"metric": _identify(pods), "target": _target(None, pods.average_value)}}
    if (described := metric.object) is not None:
        owner: k8s.autoscaling.v2.CrossVersionObjectReferenceArgsDict = {
            "api_version": described.api_version,
            "kind": described.kind,
            "name": as_name(described.object),
        }
        target = _target(described.value, described.average_value)
        return {"type": "Object", "object": {"described_object": owner, "metric": _identify(described), "target": target}}
    external: Any = metric.external
    return {"type": "External", "external": {"metric": _identify(external), "target": _target(external.value, external.average_value)}}


def _identify(metric: Any) -> "k8s.autoscaling.v2.MetricIdentifierArgsDict":
    if metric.match_labels is None:
        return {"name": metric.name}
    return {"name": metric.name, "selector": {"match_labels": dict(metric.match_labels)}}


def _target(value: Any, average_value: Any) -> "k8s.autoscaling.v2.MetricTargetArgsDict":
    return {"type": "Value", "value": value} if average_value is None else {"type": "AverageValue", "average_value": average_value}
