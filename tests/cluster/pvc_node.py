"""Node for pods of `adapters check`: their container runs as a process on a folder."""

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kubernetes.client import ApiException
from kubernetes.dynamic.exceptions import DynamicApiError

from nim_component.lora.pvc_check.job import APP

from ..lora.pvc_job import Outcome, run_container
from .client import Client, Object


def create_pvc(cluster: Client, namespace: str, name: str = "shelf", mode: str = "ReadWriteMany") -> None:
    """Create a PVC that kwok provisions a volume for."""
    spec = {"accessModes": [mode], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": "kwok-volume"}
    cluster.create({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name, "namespace": namespace}, "spec": spec})


class PVCNode:
    """Runs every scheduled pod of `adapters check` once, until the end of the context.

    Example:
        `with PVCNode(client, namespace, folder):`
    """

    def __init__(self, cluster: Client, namespace: str, folder: Path, status: Callable[[Object], Object] | None = None) -> None:
        """Create a node; `status` returns the status of a pod that is then not run."""
        self.cluster, self.namespace, self.folder, self.status = cluster, namespace, folder, status
        self.pods: list[Object] = []
        """Pods that were run."""
        self.stopped = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> "PVCNode":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self._thread.join()

    def _work(self) -> None:
        done: set[str] = set()
        while not self.stopped.wait(0.1):
            with contextlib.suppress(ApiException, DynamicApiError):  # objects that are deleted meanwhile
                for pod in self.cluster.list("v1", "Pod", self.namespace, labels=f"app.kubernetes.io/name={APP}"):
                    if pod["metadata"]["uid"] not in done and pod["spec"].get("nodeName"):
                        done.add(pod["metadata"]["uid"])
                        self.pods.append(pod)
                        self._set_status(pod, self._run(pod) if self.status is None else self.status(pod))

    def _run(self, pod: Object) -> Object:
        config = next(volume["configMap"]["name"] for volume in pod["spec"]["volumes"] if "configMap" in volume)
        while (found := self.cluster.find("v1", "ConfigMap", config, self.namespace)) is None:
            if self.stopped.wait(0.05):  # like a kubelet, wait for the mounted ConfigMap
                return {}
        (container,) = pod["spec"]["containers"]
        return ended(container, run_container(container, found["data"], self.folder))

    def _set_status(self, pod: Object, status: Object) -> None:
        metadata = {"name": pod["metadata"]["name"], "namespace": self.namespace}
        body: Any = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "status": status}
        self.cluster.kind("v1", "Pod").status.patch(body=body, content_type="application/merge-patch+json", **metadata)


def ended(container: Object, outcome: Outcome) -> Object:
    """Return the status of a pod whose container has ended, as a kubelet writes it."""
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
    """Return a function for the status of a pod whose container waits."""
    return lambda pod: {
        "phase": "Pending",
        "containerStatuses": [_status(pod["spec"]["containers"][0], {"waiting": {"reason": reason, "message": message}})],
    }


def _status(container: Object, state: Object) -> Object:
    return {"name": container["name"], "image": container["image"], "imageID": "", "ready": False, "restartCount": 0, "state": state}
