"""The LeaderWorkerSet (leaderworkerset.x-k8s.io/v1): one server over several nodes.

Field names are those of the CRD.
"""

from typing import Any, Literal, NotRequired, TypedDict

import pulumi_kubernetes as k8s

from ..args import NIM
from ..args.metrics import SCRAPE, SCRAPE_PATH, SCRAPE_PORT
from ..args.multi_node import MultiNodeArgs
from ..names import APPLIED, WAIT_FOR, WORKER_INDEX, make_labels, make_selector, make_worker_labels
from .deployment import render_template
from .generation import find_server_generation
from .inputs import lift
from .references import References
from .structures import to_yaml_keys
from .timing import PROBE_PERIOD, Timing
from .variables import Environment
from .workload import find_workload


class LeaderWorkerTemplate(TypedDict):
    """Pods of one node group."""

    size: int
    restartPolicy: Literal["RecreateGroupOnPodRestart", "None"]
    leaderTemplate: Any
    workerTemplate: Any


class RolloutStrategy(TypedDict):
    """Strategy of a rollout of node groups."""

    type: Literal["RollingUpdate"]
    rollingUpdateConfiguration: dict[str, int]


class LeaderWorkerSetSpec(TypedDict):
    """Fields of the spec that the component sets."""

    replicas: int
    startupPolicy: Literal["LeaderCreated", "LeaderReady"]
    rolloutStrategy: RolloutStrategy
    leaderWorkerTemplate: LeaderWorkerTemplate
    networkConfig: "NotRequired[dict[str, str]]"


def render_leader_worker_set(
    nim: NIM, multi_node: MultiNodeArgs, service_name: str, references: References, timing: Timing
) -> dict[str, Any]:
    """Render the object, with `apiVersion` and `kind`.

    By default no node group is surged, because it would need spare nodes.
    """
    workload = find_workload(nim, service_name)
    surge, unavailable = (1, 0) if nim.rollout == "surge" else (0, 1)
    spec: LeaderWorkerSetSpec = {
        "replicas": nim.replicas,
        "startupPolicy": "LeaderCreated",
        "rolloutStrategy": {
            "type": "RollingUpdate",
            "rollingUpdateConfiguration": {"maxSurge": surge, "maxUnavailable": unavailable},
        },
        "leaderWorkerTemplate": {
            "size": multi_node.nodes,
            # A node group that loses a pod loses its state, so all its pods restart.
            "restartPolicy": "RecreateGroupOnPodRestart",
            "leaderTemplate": _template(nim, multi_node, service_name, references, timing, leader=True),
            "workerTemplate": _template(nim, multi_node, service_name, references, timing, leader=False),
        },
    }
    metadata: dict[str, Any] = {
        "name": workload.name,
        "namespace": nim.namespace,
        "labels": make_labels(service_name),
    }
    if nim.replicas > 0:
        metadata["annotations"] = {WAIT_FOR: APPLIED if nim.diagnosis.fail_fast else "condition=Available"}
    return {"api_version": workload.api_version, "kind": workload.kind, "metadata": metadata, "spec": spec}


def _template(nim: NIM, multi_node: MultiNodeArgs, service_name: str, references: References, timing: Timing, *, leader: bool) -> Any:
    template: Any = render_template(nim, service_name, references, timing)
    server, *others = template["spec"]["containers"]
    server["env"] = [*_variables(nim, multi_node, leader), *server["env"]]
    if is_ray_cluster(nim):
        address = f"$(LWS_LEADER_ADDRESS):{multi_node.ray_port}"
        server["args"] = ["nim-serve-ray", *(["--head", "--port", str(multi_node.ray_port)] if leader else ["--head-address", address])]
        server["ports"] = [*server["ports"], {"name": "ray", "container_port": multi_node.ray_port, "protocol": "TCP"}]
    if not leader:
        # A worker answers no requests: the Service must not select it, and it has no HTTP endpoint
        # to probe.
        template["metadata"]["labels"] |= make_worker_labels(service_name)
        for spread in template["spec"].get("topology_spread_constraints", []):
            if spread.get("label_selector") == {"match_labels": make_selector(service_name)}:
                spread["label_selector"] = {"match_labels": make_worker_labels(service_name)}
        for probe in ("startup_probe", "readiness_probe", "liveness_probe"):
            del server[probe]
        for annotation in (SCRAPE, SCRAPE_PORT, SCRAPE_PATH):
            template["metadata"].get("annotations", {}).pop(annotation, None)
        if is_ray_cluster(nim):
            server["startup_probe"] = _joined_probe(timing)
    template["spec"]["containers"] = [server, *others]
    return to_yaml_keys(template, k8s.core.v1.PodTemplateSpecArgs)


def _joined_probe(timing: Timing) -> "k8s.core.v1.ProbeArgsDict":
    """Render a probe that succeeds after the worker has joined the leader's Ray cluster."""
    command = {"exec_": {"command": ["ray", "status"]}}
    return {**command, "period_seconds": PROBE_PERIOD, "timeout_seconds": 10, "failure_threshold": timing.startup // PROBE_PERIOD}  # pyright: ignore


def is_ray_cluster(nim: NIM) -> bool:
    """Return whether the pods of a node group form a Ray cluster, as in NIM 2.x.

    The generation is plain here: validation requires `generation` if the image is an Output.
    """
    generation: Any = find_server_generation(nim)
    return generation.takes_engine_arguments


def _variables(nim: NIM, multi_node: MultiNodeArgs, leader: bool) -> Environment:
    tensor, pipeline = multi_node.sizes(nim.gpu)
    return [
        {"name": "NIM_MULTI_NODE", "value": "1"},
        {"name": "NIM_NUM_COMPUTE_NODES", "value": str(multi_node.nodes)},
        {"name": "NIM_TENSOR_PARALLEL_SIZE", "value": lift(tensor, str)},
        {"name": "NIM_PIPELINE_PARALLEL_SIZE", "value": str(pipeline)},
        {"name": "NIM_NODE_RANK", "value_from": {"field_ref": {"field_path": f"metadata.labels['{WORKER_INDEX}']"}}},
        {"name": "NIM_LEADER_ROLE", "value": "1" if leader else "0"},
    ]
