"""Snapshots in which Kubernetes shows a message of the corpus."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nim_component.diagnose.snapshot import Snapshot

from .child_snapshots import (
    autoscaler_condition,
    gateway_condition,
    pool_condition,
    route_condition,
    scaled_object_condition,
    scaler_event,
)
from .corpus import CorpusMessage
from .kubernetes_objects import (
    GPU,
    IMAGE,
    Object,
    crashed,
    event,
    failed_job_pod,
    job,
    leader_worker_set,
    node,
    pod,
    running,
    service,
    snapshot,
    unschedulable,
    waiting,
)
from .snapshots import PULL, failed_mount, failed_pod, failed_probe, failed_pull, rejected, unbound_pvc

TERMINATION_LINES, TERMINATION_BYTES = 80, 2048
"""Part of the log that the kubelet keeps as the message of a container that failed."""


def cut_log(log: str) -> str:
    """Return the end of a log as the kubelet keeps it (`FallbackToLogsOnError`)."""
    lines = "".join(log.splitlines(keepends=True)[-TERMINATION_LINES:])
    return lines.encode()[-TERMINATION_BYTES:].decode(errors="replace")


def _log(message: str, objects: Mapping[str, Any]) -> Snapshot:
    """The end of the server's log. `exit_code` is 1 by default, `reason` is Error."""
    return snapshot(crashed(cut_log(message), objects.get("exit_code", 1), objects.get("reason", "Error")), nodes=[node()])


def _prewarm_log(message: str, objects: Mapping[str, Any]) -> Snapshot:
    """The end of the log of the prewarm Job's container."""
    return snapshot(failed_job_pod(cut_log(message), objects.get("exit_code", 1)), jobs=[job()])


def _start(message: str, objects: Mapping[str, Any]) -> Snapshot:
    """The container runtime cannot create or start the container."""
    return snapshot(waiting(objects.get("reason", "CreateContainerError"), message), nodes=[node()])


def _pull(message: str, objects: Mapping[str, Any]) -> Snapshot:
    """The end of the kubelet's message about a failed pull. `{image}` is the image.

    With `whole`, the message is the whole event.
    """
    text = message.replace("{image}", IMAGE)
    return failed_pull(text.removeprefix(PULL) if objects.get("whole") else text)


def _nodes(given: Sequence[Any]) -> list[Object]:
    """Return nodes, each from its number of GPUs or from the arguments of `node`."""
    return [node(f"gpu-{index}", **(each if isinstance(each, dict) else {"gpu": each})) for index, each in enumerate(given)]


def _events(objects: Mapping[str, Any], involved: Object) -> list[Object]:
    """Return events of an object, each with `reason`, `message`, `type` and `age`."""
    given = objects.get("events", ())
    return [event(each["reason"], each["message"], involved, type_=each.get("type", "Normal"), age=each.get("age", 10)) for each in given]


def _scheduling(message: str, objects: Mapping[str, Any]) -> Snapshot:
    """The scheduler's message. `gpu` is the request, `nodes` has the GPUs of each node.

    `events` are events of the pod, `spec` adds fields to the pod. With `nodes: unknown`, the nodes
    cannot be read.
    """
    waiting_pod = unschedulable(message, gpu=objects.get("gpu", 1), spec=objects.get("spec", {}))
    nodes = objects.get("nodes", [8])
    known = {} if nodes == "unknown" else {"nodes": _nodes(nodes)}
    used = [
        pod("other", gpu=number, node=f"gpu-{index}", status={"phase": "Running"}) for index, number in enumerate(objects.get("used", ()))
    ]
    return snapshot(waiting_pod, cluster_pods=used, events=_events(objects, waiting_pod), **known)


def _pending_event(message: str, objects: Mapping[str, Any]) -> Snapshot:
    """An event of a pod that waits for a GPU: `reason`, `type` and `age` of it are in `objects`.

    `events` are further events of the pod.
    """
    text = objects.get("scheduler", f"0/2 nodes are available: 2 Insufficient {GPU}.")
    waiting_pod = unschedulable(text, gpu=objects.get("gpu", 1), spec=objects.get("spec", {}))
    found = event(objects["reason"], message, waiting_pod, type_=objects.get("type", "Normal"), age=objects.get("age", 10))
    events = [*_events(objects, waiting_pod), found]
    return snapshot(waiting_pod, nodes=_nodes(objects.get("nodes", [0])), cluster_pods=[], events=events)


def _sandbox(message: str, objects: Mapping[str, Any]) -> Snapshot:
    """The kubelet cannot create the pod's sandbox."""
    waiting_pod = waiting("ContainerCreating")
    return snapshot(waiting_pod, nodes=[node()], events=[event("FailedCreatePodSandBox", message, waiting_pod)])


def _claim(message: str, _: Mapping[str, Any]) -> Snapshot:
    """The kubelet cannot prepare the devices of the pod's ResourceClaims."""
    waiting_pod = waiting("ContainerCreating")
    return snapshot(waiting_pod, nodes=[node()], events=[event("FailedPrepareDynamicResources", message, waiting_pod)])


def _queue(message: str, objects: Mapping[str, Any]) -> Snapshot:
    """A pod that Kueue holds, and the last event of its Workload."""
    gated = [{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}]
    held = pod(conditions=gated, spec={"schedulingGates": [{"name": "kueue.x-k8s.io/admission"}]})
    workload = {"metadata": {"name": "pod-llama-5d9-x-1a2b3", "uid": "uid-workload"}}
    return snapshot(held, events=[event(objects.get("reason", "Pending"), message, workload, "Workload")])


def _load_balancer(message: str, objects: Mapping[str, Any]) -> Snapshot:
    """An event of a Service of type LoadBalancer: its reason is in `objects`."""
    balanced = service(type="LoadBalancer")
    found = event(objects.get("reason", "SyncLoadBalancerFailed"), message, balanced, "Service")
    return snapshot(running(ready=True), services=[balanced], events=[found])


def _node_group(message: str, objects: Mapping[str, Any]) -> Snapshot:
    """An event of a LeaderWorkerSet, by default FailedCreate."""
    workload = leader_worker_set()
    found = event(objects.get("reason", "FailedCreate"), message, workload, "LeaderWorkerSet", type_=objects.get("type", "Warning"))
    return snapshot(leaderworkersets=[workload], events=[found])


CONTEXTS: Mapping[str, Callable[[str, Mapping[str, Any]], Snapshot]] = {
    "log": _log,
    "prewarm-log": _prewarm_log,
    "start": _start,
    "pull": _pull,
    "mount": lambda message, _: failed_mount(message),
    "mount-event": lambda message, objects: failed_mount(message, objects["reason"]),
    "attach": lambda message, _: failed_mount(message, "FailedAttachVolume"),
    "provisioning": lambda message, objects: unbound_pvc(message, objects.get("reason", "ProvisioningFailed")),
    "scheduling": _scheduling,
    "pending-event": _pending_event,
    "sandbox": _sandbox,
    "claim": _claim,
    "probe": lambda message, objects: failed_probe(message, objects.get("killed", ""), objects.get("since", 900)),
    "admission": lambda message, _: rejected(message),
    "queue": _queue,
    "load-balancer": _load_balancer,
    "node-group": _node_group,
    "gateway": gateway_condition,
    "route": route_condition,
    "inference-pool": pool_condition,
    "scaled-object": scaled_object_condition,
    "scaler-event": scaler_event,
    "pod-autoscaler": autoscaler_condition,
    "kubelet": lambda message, objects: failed_pod(objects["reason"], message),
}


def snapshot_of(entry: CorpusMessage, message: str | None = None) -> Snapshot:
    """Return the state of a cluster with an entry's message, or with another text in its place."""
    return CONTEXTS[entry.context](entry.message if message is None else message, entry.objects)
