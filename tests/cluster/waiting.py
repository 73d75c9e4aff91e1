"""What the tests wait for, and what they look at."""

import time

from .client import Client, Object, condition, wait_until
from .objects import pick


def deployment_of(cluster: Client, objects: list[Object]) -> Object:
    """The live Deployment of a service's objects."""
    metadata = pick(objects, "Deployment")["metadata"]
    return cluster.get("apps/v1", "Deployment", metadata["name"], metadata["namespace"])


def is_rolled_out(deployment: Object) -> bool:
    """As `kubectl rollout status` judges it."""
    wanted, status = deployment["spec"]["replicas"], deployment.get("status", {})
    counts = [status.get(key, 0) for key in ("replicas", "updatedReplicas", "availableReplicas")]
    return status.get("observedGeneration", 0) >= deployment["metadata"]["generation"] and counts == [wanted] * 3


def wait_for_rollout(cluster: Client, objects: list[Object], seconds: float = 60) -> Object:
    """The live Deployment, once all its pods are of the newest template and available."""

    def ask() -> Object | None:
        deployment = deployment_of(cluster, objects)
        return deployment if is_rolled_out(deployment) else None

    return wait_until("a rolled out Deployment", ask, seconds)


def limit(cluster: Client, namespace: str, name: str, **hard: str) -> None:
    """A quota, once it counts: before, Kubernetes lets pods pass, or refuses them with other words."""
    cluster.apply({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": name, "namespace": namespace}, "spec": {"hard": hard}})

    def counts() -> bool:
        return cluster.get("v1", "ResourceQuota", name, namespace).get("status", {}).get("hard") == hard

    wait_until("a counted quota", counts)


def wait_for_unschedulable(cluster: Client, namespace: str) -> str:
    """What the scheduler says of a pod that it cannot place, once its claim is bound."""

    def ask() -> str | None:
        scheduled = (condition(pod, "PodScheduled") for pod in cluster.pods(namespace))
        messages = (each["message"] for each in scheduled if each.get("reason") == "Unschedulable")
        return next((each for each in messages if "persistentvolume" not in each.lower()), None)

    return wait_until("a pod that cannot be scheduled", ask)


def images(cluster: Client, namespace: str) -> set[str]:
    """The servers' images of the pods that are to stay."""
    pods = (pod for pod in cluster.pods(namespace) if "deletionTimestamp" not in pod["metadata"])
    return {pod["spec"]["containers"][0]["image"] for pod in pods}


def watch_pods(cluster: Client, objects: list[Object], until_image: str, seconds: float = 60) -> int:
    """The most pods that were there at once until a rollout to an image was done."""
    namespace = pick(objects, "Deployment")["metadata"]["namespace"]
    end, most = time.monotonic() + seconds, 0
    while True:
        pods = cluster.pods(namespace)
        most = max(most, len(pods))
        images = {pod["spec"]["containers"][0]["image"] for pod in pods}
        if images == {until_image} and is_rolled_out(deployment_of(cluster, objects)):
            return most
        assert time.monotonic() < end, f"not rolled out within {seconds} s"
        time.sleep(0.03)
