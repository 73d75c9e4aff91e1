"""Conditions that the tests wait for, and what a Deployment is at that time."""

import time
from collections.abc import Callable

from .client import Client, Object, condition, wait_until
from .objects import pick


def deployment_of(cluster: Client, objects: list[Object]) -> Object:
    """Return the live Deployment of a service."""
    metadata = pick(objects, "Deployment")["metadata"]
    return cluster.get("apps/v1", "Deployment", metadata["name"], metadata["namespace"])


def ignore_replicas(cluster: Client, objects: list[Object]) -> list[Object]:
    """Apply `ignore_changes: [spec.replicas]` like the provider.

    It leaves the field out if another manager owns it, and otherwise sends the live value.
    """
    deployment = pick(objects, "Deployment")
    live = deployment_of(cluster, objects)
    others = [each for each in live["metadata"]["managedFields"] if each["manager"] != "nim-component"]
    if any("f:replicas" in each["fieldsV1"].get("f:spec", {}) for each in others):
        del deployment["spec"]["replicas"]
    else:
        deployment["spec"]["replicas"] = live["spec"]["replicas"]
    return objects


def is_rolled_out(deployment: Object) -> bool:
    """Return True if the rollout is complete, by the rule of `kubectl rollout status`."""
    replicas, status = deployment["spec"]["replicas"], deployment.get("status", {})
    counts = [status.get(key, 0) for key in ("replicas", "updatedReplicas", "availableReplicas")]
    return status.get("observedGeneration", 0) >= deployment["metadata"]["generation"] and counts == [replicas] * 3


def wait_for_rollout(cluster: Client, objects: list[Object], seconds: float = 60) -> Object:
    """Return the live Deployment when all its pods have the newest template and are available."""

    def poll() -> Object | None:
        deployment = deployment_of(cluster, objects)
        return deployment if is_rolled_out(deployment) else None

    return wait_until("a rolled out Deployment", poll, seconds)


def hold(seconds: float, unchanged: Callable[[], bool]) -> None:
    """Check a condition for a while.

    Raises:
        AssertionError: It was false at some moment.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert unchanged()
        time.sleep(0.2)


def is_running(pod: Object) -> bool:
    """Return True for a pod that is Running and not being deleted."""
    return pod["status"].get("phase") == "Running" and "deletionTimestamp" not in pod["metadata"]


def ready_endpoints(cluster: Client, namespace: str, service_name: str | None = None) -> list[str]:
    """Return the pods to which a Service sends requests; default: all Services of the namespace."""
    labels = None if service_name is None else f"kubernetes.io/service-name={service_name}"
    slices = cluster.list("discovery.k8s.io/v1", "EndpointSlice", namespace, labels=labels)
    return [end["targetRef"]["name"] for each in slices for end in each.get("endpoints") or [] if end["conditions"].get("ready")]


def set_quota(cluster: Client, namespace: str, name: str, **hard: str) -> None:
    """Set a ResourceQuota, and wait until it is effective.

    Before, Kubernetes accepts pods or refuses them with another text.
    """
    cluster.apply({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": name, "namespace": namespace}, "spec": {"hard": hard}})

    def is_effective() -> bool:
        return cluster.get("v1", "ResourceQuota", name, namespace).get("status", {}).get("hard") == hard

    wait_until("an effective quota", is_effective)


def release(cluster: Client, namespace: str) -> None:
    """Let the pods with the annotation `cluster-tests/hold` become ready, or complete."""
    for pod in cluster.pods(namespace):
        held = {"apiVersion": "v1", "kind": "Pod", "metadata": pod["metadata"]}
        cluster.patch(held, {"metadata": {"annotations": {"cluster-tests/hold": None}}})


def wait_for_unschedulable(cluster: Client, namespace: str) -> str:
    """Return the scheduler's message about an unschedulable pod with bound PVCs."""

    def poll() -> str | None:
        scheduled = (condition(pod, "PodScheduled") for pod in cluster.pods(namespace))
        messages = (each["message"] for each in scheduled if each.get("reason") == "Unschedulable")
        return next((each for each in messages if "persistentvolume" not in each.lower()), None)

    return wait_until("a pod that cannot be scheduled", poll)


def images(cluster: Client, namespace: str) -> set[str]:
    """Return the server images of the pods that are not being deleted."""
    pods = (pod for pod in cluster.pods(namespace) if "deletionTimestamp" not in pod["metadata"])
    return {pod["spec"]["containers"][0]["image"] for pod in pods}


def watch_pods(cluster: Client, objects: list[Object], until_image: str, seconds: float = 60, *, with_terminating: bool = True) -> int:
    """Return the largest number of simultaneous pods until the rollout to an image is complete."""
    namespace = pick(objects, "Deployment")["metadata"]["namespace"]
    end, most = time.monotonic() + seconds, 0
    while True:
        pods = cluster.pods(namespace)
        most = max(most, sum(with_terminating or "deletionTimestamp" not in pod["metadata"] for pod in pods))
        images = {pod["spec"]["containers"][0]["image"] for pod in pods}
        if images == {until_image} and is_rolled_out(deployment_of(cluster, objects)):
            return most
        assert time.monotonic() < end, f"not rolled out within {seconds} s"
        time.sleep(0.03)
