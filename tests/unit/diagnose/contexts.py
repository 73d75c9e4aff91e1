"""Snapshots in which Kubernetes shows a message of the corpus."""

from collections.abc import Callable, Mapping
from typing import Any

from nim_component.diagnose.snapshot import Snapshot

from .corpus import CorpusMessage
from .kubernetes_objects import GPU, IMAGE, crashed, event, failed_job_pod, job, node, snapshot, unschedulable, waiting
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


def _scheduling(message: str, objects: Mapping[str, Any]) -> Snapshot:
    """The scheduler's message. `gpu` is the request, `nodes` has the GPUs of each node.

    `events` are events of the pod, each with `reason`, `message` and `type`.
    """
    waiting_pod = unschedulable(message, gpu=objects.get("gpu", 1))
    nodes = [node(f"gpu-{index}", gpus) for index, gpus in enumerate(objects.get("nodes", [8]))]
    events = [event(each["reason"], each["message"], waiting_pod, type_=each.get("type", "Normal")) for each in objects.get("events", ())]
    return snapshot(waiting_pod, nodes=nodes, cluster_pods=[], events=events)


def _pending_event(message: str, objects: Mapping[str, Any]) -> Snapshot:
    """An event of a pod that waits for a GPU: `reason` and `type` of the event are in `objects`."""
    text = objects.get("scheduler", f"0/2 nodes are available: 2 Insufficient {GPU}.")
    waiting_pod = unschedulable(text, gpu=objects.get("gpu", 1))
    nodes = [node(f"gpu-{index}", gpus) for index, gpus in enumerate(objects.get("nodes", [0]))]
    found = event(objects["reason"], message, waiting_pod, type_=objects.get("type", "Normal"))
    return snapshot(waiting_pod, nodes=nodes, cluster_pods=[], events=[found])


def _sandbox(message: str, objects: Mapping[str, Any]) -> Snapshot:
    """The kubelet cannot create the pod's sandbox."""
    waiting_pod = waiting("ContainerCreating")
    return snapshot(waiting_pod, nodes=[node()], events=[event("FailedCreatePodSandBox", message, waiting_pod)])


CONTEXTS: Mapping[str, Callable[[str, Mapping[str, Any]], Snapshot]] = {
    "log": _log,
    "prewarm-log": _prewarm_log,
    "start": _start,
    "pull": _pull,
    "mount": lambda message, _: failed_mount(message),
    "attach": lambda message, _: failed_mount(message, "FailedAttachVolume"),
    "provisioning": lambda message, objects: unbound_pvc(message, objects.get("reason", "ProvisioningFailed")),
    "scheduling": _scheduling,
    "pending-event": _pending_event,
    "sandbox": _sandbox,
    "probe": lambda message, objects: failed_probe(message, objects.get("killed", ""), objects.get("since", 900)),
    "admission": lambda message, _: rejected(message),
    "kubelet": lambda message, objects: failed_pod(objects["reason"], message),
}


def snapshot_of(entry: CorpusMessage, message: str | None = None) -> Snapshot:
    """Return the state of a cluster with an entry's message, or with another text in its place."""
    return CONTEXTS[entry.context](entry.message if message is None else message, entry.objects)
