"""Causes that end a wait with `diagnosis.fail_fast`, and similar ones that do not."""

from dataclasses import replace
from typing import Any

import pytest

from nim_component.diagnose.permanent_causes import find_permanent_cause
from nim_component.diagnose.snapshot import Snapshot

from .kubernetes_objects import (
    GPU,
    IMAGE,
    Object,
    deployment,
    event,
    job,
    job_pod,
    leader_worker_set,
    node,
    pod,
    running,
    snapshot,
    unschedulable,
    waiting,
)
from .snapshots import NO_GPU, PULL, failed_pull

NO_KEY = "couldn't find key NGC_API_KEY in Secret ml/ngc"
CONFIG_ERROR = "CreateContainerConfigError"
NOT_FOUND = f"{IMAGE}: not found"


def too_many_gpus(*nodes: Object, reason: str = "FailedScheduling", **more: Any) -> Snapshot:
    """Return a pod with 16 GPUs on a cluster with nodes of 8, and one event."""
    pending = unschedulable(NO_GPU, gpu=16)
    return snapshot(pending, nodes=list(nodes) or [node()], events=[event(reason, "message", pending)], **more)


def unhealthy_node() -> Object:
    """Return a node with 16 GPUs of which 8 are healthy."""
    found = node(gpu=8)
    found["status"]["capacity"] = {GPU: "16"}
    return found


PERMANENT: dict[str, tuple[Snapshot, str]] = {
    "Secret": (snapshot(waiting(CONFIG_ERROR, 'secret "ngc" not found')), "secret-missing"),
    "Secret key": (snapshot(waiting(CONFIG_ERROR, NO_KEY)), "secret-key-missing"),
    "ConfigMap": (snapshot(waiting(CONFIG_ERROR, 'configmap "settings" not found')), "config-map-missing"),
    "ConfigMap key": (snapshot(waiting(CONFIG_ERROR, "couldn't find key a in ConfigMap ml/settings")), "config-map-key-missing"),
    "Secret of the adapter loader": (snapshot(waiting(CONFIG_ERROR, 'secret "hf" not found', "download-loras")), "secret-missing"),
    "image": (failed_pull(NOT_FOUND), "image-not-found"),
    "manifest": (failed_pull("unexpected status: manifest unknown"), "image-not-found"),
    "image name": (snapshot(waiting("InvalidImageName", "couldn't parse image name")), "image-name-invalid"),
    "GPUs": (too_many_gpus(), "gpu-too-many"),
    "Job": (snapshot(job_pod(state={"waiting": {"reason": CONFIG_ERROR, "message": NO_KEY}}), jobs=[job()]), "secret-key-missing"),
}
TEMPORARY: dict[str, Snapshot] = {
    "no pod": snapshot(),
    "rate limit": failed_pull("429 Too Many Requests - toomanyrequests: You have reached your pull rate limit"),
    "rate limit of an unknown manifest": failed_pull("toomanyrequests: manifest unknown"),
    "DNS": failed_pull("dial tcp: lookup nvcr.io on 10.96.0.10:53: no such host"),
    "time-out": failed_pull("dial tcp 10.0.0.1:443: i/o timeout"),
    "mirror during an outage": failed_pull(f"{NOT_FOUND}: proxyconnect tcp: connection refused"),
    "upstream of a mirror": failed_pull("404: not found: upstream returned 503"),
    "unauthorized": failed_pull("pull access denied, repository does not exist or may require authorization"),
    "unknown pull error": failed_pull("something new"),
    "disk": failed_pull("write /var/lib/containerd/x: no space left on device"),
    "pulling": snapshot(waiting("ContainerCreating")),
    "loading": snapshot(running(900)),
    "busy GPUs": snapshot(
        unschedulable(NO_GPU, gpu=8), nodes=[node()], cluster_pods=[pod("other", gpu=8, node="gpu-0", status={"phase": "Running"})]
    ),
    "no GPU node yet": snapshot(unschedulable(NO_GPU), nodes=[node(gpu=0)]),
    "scale-up": too_many_gpus(reason="TriggeredScaleUp"),
    "refused scale-up": too_many_gpus(reason="NotTriggerScaleUp"),
    "Karpenter": too_many_gpus(node(labels={"karpenter.sh/nodepool": "gpus"})),
    "GKE": too_many_gpus(node(labels={"cloud.google.com/gke-nodepool": "gpus"})),
    "scale-down": too_many_gpus(node(taints=[{"key": "DeletionCandidateOfClusterAutoscaler", "effect": "PreferNoSchedule"}])),
    "unhealthy GPUs": too_many_gpus(unhealthy_node()),
    "Secret as a volume": snapshot(
        waiting("ContainerCreating"),
        events=[event("FailedMount", 'MountVolume.SetUp failed for volume "x" : secret "ngc" not found', waiting("ContainerCreating"))],
    ),
    "one of two pods": snapshot(waiting(CONFIG_ERROR, NO_KEY), running(60, name="llama-5d9-y")),
    "one pod is ready": snapshot(waiting(CONFIG_ERROR, NO_KEY), running(60, ready=True, name="llama-5d9-y")),
}


@pytest.mark.parametrize("case", PERMANENT)
def test_permanent_cause_is_found(case: str):
    given, cause = PERMANENT[case]
    found = find_permanent_cause(given)
    assert found is not None
    assert found.cause == cause


@pytest.mark.parametrize("case", TEMPORARY)
def test_temporary_cause_is_not_permanent(case: str):
    assert find_permanent_cause(TEMPORARY[case]) is None


def test_long_image_name_keeps_answer():
    image = f"registry.example.com/{'proxy-cache/' * 12}nim:1.500"
    pending = waiting("ImagePullBackOff", "Back-off")
    pending["spec"]["containers"][0]["image"] = image
    message = f"{PULL.replace(IMAGE, image)}{image}: not found"
    found = find_permanent_cause(snapshot(pending, events=[event("Failed", message, pending)]))
    assert found is not None
    assert " … " in found.evidence  # the message is cut around its reason


@pytest.mark.parametrize("kind", ["nodes", "events"])
def test_unreadable_kind_keeps_waiting_for_gpus(kind: str):
    given = too_many_gpus()
    unread = replace(given, kinds={name: objects for name, objects in given.kinds.items() if name != kind})
    assert find_permanent_cause(unread) is None


def with_replica_sets(newest: str, *pods: Object) -> Snapshot:
    """Return a Deployment with the template `newest`, and two ReplicaSets."""

    def template(value: str, **labels: str) -> Object:
        return {"metadata": {"labels": {"app": "llama", **labels}}, "spec": {"containers": [{"name": "nim", "image": value}]}}

    sets = [
        {"metadata": {"name": f"llama-{each}"}, "spec": {"template": template(each, **{"pod-template-hash": each})}}
        for each in ("old", "new")
    ]
    return snapshot(*pods, deployments=[deployment(template=template(newest))], replicasets=sets)


def test_pods_of_earlier_template_are_left_out():
    broken = waiting(CONFIG_ERROR, NO_KEY, template="new")
    assert find_permanent_cause(with_replica_sets("new", broken)) is not None
    assert find_permanent_cause(with_replica_sets("old", broken)) is None  # the change was taken back
    loading = running(10, name="llama-old-x", template="old")
    assert find_permanent_cause(with_replica_sets("old", broken, loading)) is None
    ready = running(10, ready=True, name="llama-old-x", template="old")
    assert find_permanent_cause(with_replica_sets("new", broken, ready)) is not None


def test_node_groups_of_earlier_template_are_left_out():
    label = "leaderworkerset.sigs.k8s.io/template-revision-hash"
    newest, oldest = waiting(CONFIG_ERROR, NO_KEY, age=10), running(900, ready=True, name="llama-group-1")
    for each, value in ((newest, "new"), (oldest, "old")):
        each["metadata"]["labels"][label] = value
    found = find_permanent_cause(snapshot(newest, oldest, leaderworkersets=[leader_worker_set()]))
    assert found is not None
    oldest["metadata"]["labels"][label] = "new"
    assert find_permanent_cause(snapshot(newest, oldest, leaderworkersets=[leader_worker_set()])) is None


def test_failed_pod_of_job_is_left_out():
    failed = job_pod("llama-warm-a", state={"terminated": {"exitCode": 1, "reason": "Error"}}, status={"phase": "Failed"})
    blocked = job_pod("llama-warm-b", state={"waiting": {"reason": CONFIG_ERROR, "message": NO_KEY}})
    assert find_permanent_cause(snapshot(failed, blocked, jobs=[job()])) is not None
    assert find_permanent_cause(snapshot(failed, jobs=[job()])) is None
