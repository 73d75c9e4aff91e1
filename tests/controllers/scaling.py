"""Load of services, and the number of pods that autoscalers set under it."""

from typing import Any

from nim_component import AutoscalingArgs, KedaArgs, ScalingRate
from tests.cluster.client import Client, Object, condition
from tests.cluster.waiting import deployment_of

from .monitoring import Prometheus

AT_ONCE = ScalingRate(pods=8, period=1, stabilization=0)
"""Rate without the delays that protect a real service from short peaks."""
LOADS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "queue": ({"waiting": 20}, {"waiting": 0}),
    "running": ({"running": 20}, {"running": 0}),
    "kv-cache": ({"kv_cache": 0.99}, {"kv_cache": 0.01}),
}
"""Load of each pod under which a preset adds pods, and after which it removes them."""


def replicas(cluster: Client, objects: list[Object]) -> int:
    """Return the desired number of pods."""
    return deployment_of(cluster, objects)["spec"]["replicas"]


def add_gateway(cluster: Client, namespace: str, annotations: dict[str, str] | None = None) -> None:
    """Add a pod `gateway` beside the service."""
    security = {
        "allowPrivilegeEscalation": False,
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
        "capabilities": {"drop": ["ALL"]},
    }
    container = {"name": "gateway", "image": "gateway:1", "securityContext": security}
    metadata = {"name": "gateway", "namespace": namespace, "labels": {"app": "gateway"}, "annotations": annotations or {}}
    cluster.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container]}})


def by_keda(prometheus: Prometheus, *, presets: list[Any], **fields: Any) -> AutoscalingArgs:
    """Return autoscaling by KEDA between 1 and 3 pods that is evaluated each second."""
    keda = KedaArgs(prometheus=prometheus.url, polling_interval=1, **fields.pop("keda", {}))
    given: dict[str, Any] = {"max_replicas": 3, "presets": presets, "scale_up": AT_ONCE, "scale_down": AT_ONCE, "keda": keda}
    return AutoscalingArgs(**given | fields)


def keda_status(cluster: Client, namespace: str, kind: str) -> str | None:
    """Return the status of a condition of the ScaledObject."""
    live = cluster.find("keda.sh/v1alpha1", "ScaledObject", "llama", namespace)
    return condition(live or {}, kind).get("status")
