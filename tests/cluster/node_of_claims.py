"""A node for the pods that look at a claim: kwok schedules, and this runs their container as a process on a folder."""

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kubernetes.client import ApiException
from kubernetes.dynamic.exceptions import DynamicApiError

from nim_component.lora.pvc_check.job import APP

from ..lora.claim_job import Outcome, run_container
from .client import Client, Object


def make_claim(cluster: Client, namespace: str, name: str = "shelf", mode: str = "ReadWriteMany") -> None:
    """A claim that kwok gives a volume."""
    spec = {"accessModes": [mode], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": "kwok-volume"}
    cluster.create({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name, "namespace": namespace}, "spec": spec})


class NodeOfClaims:
    """`with NodeOfClaims(client, namespace, folder):` every such pod that gets a node is run, once."""

    def __init__(self, cluster: Client, namespace: str, folder: Path, instead: Callable[[Object], Object] | None = None) -> None:
        """`instead` of running a pod gives the status that it is to have."""
        self.cluster, self.namespace, self.folder, self.instead = cluster, namespace, folder, instead
        self.pods: list[Object] = []
        """What was run."""
        self.over = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> "NodeOfClaims":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._thread.join()

    def _work(self) -> None:
        done: set[str] = set()
        while not self.over.wait(0.1):
            with contextlib.suppress(ApiException, DynamicApiError):  # what is deleted meanwhile
                for pod in self.cluster.list("v1", "Pod", self.namespace, labels=f"app.kubernetes.io/name={APP}"):
                    if pod["metadata"]["uid"] not in done and pod["spec"].get("nodeName"):
                        done.add(pod["metadata"]["uid"])
                        self.pods.append(pod)
                        self._say(pod, self._run(pod) if self.instead is None else self.instead(pod))

    def _run(self, pod: Object) -> Object:
        config = next(volume["configMap"]["name"] for volume in pod["spec"]["volumes"] if "configMap" in volume)
        while (there := self.cluster.find("v1", "ConfigMap", config, self.namespace)) is None:
            if self.over.wait(0.05):  # as a kubelet: a pod waits for what it mounts
                return {}
        (container,) = pod["spec"]["containers"]
        return ended(container, run_container(container, there["data"], self.folder))

    def _say(self, pod: Object, status: Object) -> None:
        metadata = {"name": pod["metadata"]["name"], "namespace": self.namespace}
        body: Any = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "status": status}
        self.cluster.kind("v1", "Pod").status.patch(body=body, content_type="application/merge-patch+json", **metadata)


def ended(container: Object, outcome: Outcome) -> Object:
    """A pod's status as a kubelet writes it when its container has ended."""
    now = "2026-01-01T00:00:00Z"
    terminated = {
        "exitCode": outcome.code,
        "reason": "Error" if outcome.code else "Completed",
        "message": outcome.message[:4096],
        "startedAt": now,
        "finishedAt": now,
    }
    return {"phase": "Failed" if outcome.code else "Succeeded", "containerStatuses": [_status(container, {"terminated": terminated})]}


def waits(reason: str, message: str) -> Callable[[Object], Object]:
    """The status of a pod whose container waits."""
    return lambda pod: {
        "phase": "Pending",
        "containerStatuses": [_status(pod["spec"]["containers"][0], {"waiting": {"reason": reason, "message": message}})],
    }


def _status(container: Object, state: Object) -> Object:
    return {"name": container["name"], "image": container["image"], "imageID": "", "ready": False, "restartCount": 0, "state": state}
