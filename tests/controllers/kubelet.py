"""Kubelet of the tests: starts, probes and stops the pods of a namespace as a kubelet does.

The container is a stub NIM. Probes, `preStop`, SIGTERM and grace period are those of the pod. kwok
does nothing with pods that have the annotation `RUN`.
"""

import http.client
import itertools
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tests.cluster.client import Client, DynamicApiError, Object
from tests.cluster.pod_network import PodNetwork

from .servers import Server

RUN = {"cluster-tests/kubelet": "true"}
"""Annotation of the pods."""
_LOOK = 0.1
"""Seconds between two looks at the pods."""
_addresses = itertools.count(1)


class Kubelet:
    """Kubelet of one namespace, until the end of the context.

    Args:
        cluster: The administrator's client.
        network: The network of the pods.
        namespace: Namespace of the pods.
        load_seconds: Time from the start of a server until it can answer.
        ports: Ports of containers that another server serves, with its port.
    """

    def __init__(
        self, cluster: Client, network: PodNetwork, namespace: str, *, load_seconds: float = 0, ports: Mapping[int, int] | None = None
    ) -> None:
        self._cluster, self._network, self._namespace, self._load_seconds = cluster, network, namespace, load_seconds
        self._pods: dict[str, _Pod] = {}
        self._ports = ports or {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="kubelet", daemon=True)

    def __enter__(self) -> "Kubelet":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        for each in self._pods.values():
            each.kill()

    def _follow(self) -> None:
        while not self._ended.wait(_LOOK):
            pods = {pod["metadata"]["uid"]: pod for pod in self._cluster.pods(self._namespace)}
            for uid, pod in pods.items():
                if uid in self._pods:
                    if "deletionTimestamp" in pod["metadata"]:
                        self._pods[uid].stop(pod["metadata"]["deletionGracePeriodSeconds"])
                elif "nodeName" in pod["spec"] and "deletionTimestamp" not in pod["metadata"]:
                    server = Server("2.x-vllm", load_seconds=self._load_seconds)
                    self._pods[uid] = _Pod(self._cluster, self._network, pod, server, self._ports)
            for uid in set(self._pods) - set(pods):
                self._pods.pop(uid).kill()


class _Pod:
    """One pod with its process, probed by a thread of its own."""

    def __init__(self, cluster: Client, network: PodNetwork, pod: Object, server: Server, ports: Mapping[int, int]) -> None:
        self._cluster, self._pod, self._server = cluster, {"apiVersion": "v1", "kind": "Pod", **pod}, server
        self._container: Object = pod["spec"]["containers"][0]
        number = next(_addresses)
        self._address = f"10.200.{number // 250}.{number % 250 + 1}"
        for port in self._container["ports"]:
            network.route(self._address, port["containerPort"], ports.get(port["containerPort"], server.port))
        self._grace: float | None = None
        self._stopping, self._killed = threading.Event(), threading.Event()
        threading.Thread(target=self._run, name=pod["metadata"]["name"], daemon=True).start()

    def stop(self, grace: float) -> None:
        """Begin to stop the pod, with a grace period in seconds."""
        self._grace = grace
        self._stopping.set()

    def kill(self) -> None:
        """End the process at once, and report nothing more."""
        self._killed.set()
        self._stopping.set()
        self._server.stop()

    def _run(self) -> None:
        startup, readiness = self._container.get("startupProbe"), self._container.get("readinessProbe")
        is_started, failures, reported = startup is None, 0, None
        while not self._stopping.is_set():
            if not is_started:
                is_started = self._answers(startup)
            if is_started and readiness is not None:  # its first probe follows the start at once
                failures = 0 if self._answers(readiness) else failures + 1
            limit = 1 if readiness is None or reported != (True, True) else readiness.get("failureThreshold", 3)
            now = (is_started, is_started and failures < limit)
            if now != reported:
                self._report(*now)
                reported = now
            probe: Mapping[str, Any] = (readiness if is_started else startup) or {}
            self._stopping.wait(probe.get("periodSeconds", 10))
        self._terminate()

    def _terminate(self) -> None:
        began = time.monotonic()
        hook = self._container.get("lifecycle", {}).get("preStop", {})
        assert not set(hook) - {"sleep"}, f"this kubelet runs no hook but sleep: {hook}"
        if self._killed.wait(hook.get("sleep", {}).get("seconds", 0)):
            return
        grace = self._grace or 0
        self._server.terminate(max(0, grace - (time.monotonic() - began)))
        metadata = self._pod["metadata"]
        self._cluster.delete("v1", "Pod", metadata["name"], metadata["namespace"], grace_seconds=0)

    def _answers(self, probe: Any) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=probe.get("timeoutSeconds", 1))
        try:
            connection.request("GET", probe["httpGet"]["path"], headers={"Connection": "close"})
            return 200 <= connection.getresponse().status < 400
        except OSError:
            return False
        finally:
            connection.close()

    def _report(self, is_started: bool, is_ready: bool) -> None:
        """Write the status of the pod."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        conditions = {"PodScheduled": True, "Initialized": True, "ContainersReady": is_ready, "Ready": is_ready}
        status: Object = {
            "phase": "Running",
            "startTime": now,
            "podIP": self._address,
            "podIPs": [{"ip": self._address}],
            "conditions": [{"type": kind, "status": str(value), "lastTransitionTime": now} for kind, value in conditions.items()],
            "containerStatuses": [
                {
                    "name": self._container["name"],
                    "image": self._container["image"],
                    "imageID": "",
                    "ready": is_ready,
                    "started": is_started,
                    "restartCount": 0,
                    "state": {"running": {"startedAt": now}},
                }
            ],
        }
        try:
            self._cluster.patch(self._pod, {"status": status}, subresource="status")
        except DynamicApiError:
            # Deleted in the meantime.
            if not self._stopping.wait(1):
                raise
