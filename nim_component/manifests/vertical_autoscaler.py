"""The VerticalPodAutoscaler (autoscaling.k8s.io/v1). Field names are those of the CRD."""

from typing import Any, NotRequired, TypedDict

import pulumi

from ..args import NIM
from ..args.vertical_autoscaling import VerticalAutoscalingArgs
from ..names import SERVER_CONTAINER, make_labels
from .inputs import lift
from .workload import find_workload

UPDATE_MODES = {"recommend": "Off", "initial": "Initial"}


class ContainerPolicy(TypedDict):
    """Policy of one container, or with the name `*` of all others."""

    containerName: str
    mode: NotRequired[str]
    controlledResources: NotRequired[list[str]]
    minAllowed: "NotRequired[dict[str, pulumi.Input[str]]]"
    maxAllowed: "NotRequired[dict[str, pulumi.Input[str]]]"


class VerticalPodAutoscalerSpec(TypedDict):
    """Fields of the spec that the component sets."""

    targetRef: dict[str, str]
    updatePolicy: dict[str, str]
    resourcePolicy: dict[str, list[ContainerPolicy]]


def render_vertical_autoscaler(nim: NIM, service_name: str, vertical: VerticalAutoscalingArgs) -> dict[str, Any]:
    """Render the object, with `apiVersion` and `kind`."""
    server: ContainerPolicy = {"containerName": SERVER_CONTAINER, "controlledResources": ["cpu", "memory"]}
    if smallest := _render_resources(vertical.min_cpu, vertical.min_mem):
        server["minAllowed"] = smallest
    if largest := _render_resources(vertical.max_cpu, vertical.max_mem):
        server["maxAllowed"] = largest
    spec: VerticalPodAutoscalerSpec = {
        "targetRef": find_workload(nim, service_name).as_yaml(),
        "updatePolicy": {"updateMode": UPDATE_MODES[vertical.mode]},
        "resourcePolicy": {"containerPolicies": [server, {"containerName": "*", "mode": "Off"}]},
    }
    return {
        "api_version": "autoscaling.k8s.io/v1",
        "kind": "VerticalPodAutoscaler",
        "metadata": {"name": service_name, "namespace": nim.namespace, "labels": make_labels(service_name)},
        "spec": spec,
    }


def _render_resources(cpu: Any, memory: Any) -> "dict[str, pulumi.Input[str]]":
    given = {"cpu": cpu, "memory": memory}
    return {name: lift(value, str) for name, value in given.items() if value is not None}
