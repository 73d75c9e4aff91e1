"""Stub NIMs in place of a namespace's pods, one process each, as a kubelet would run them."""

import contextlib
import json
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.cluster.client import Client, Object
from tests.cluster.pod_network import PodNetwork
from tests.cluster.waiting import is_running

from .stub_nim import MODEL

ROOT = Path(__file__).parents[2]
PERIOD = 0.2
"""Seconds between two looks at the pods."""


class Server:
    """Process of one pod."""

    def __init__(self, generation: str, *, load_seconds: float = 0) -> None:
        command = [sys.executable, "-m", "tests.controllers.stub_nim", generation, str(load_seconds)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def set_load(self, load: Mapping[str, Any]) -> None:
        """Set what the metrics report."""
        self._post("/load", load)

    def complete(self) -> None:
        """Send a chat completion."""
        body = {"model": MODEL, "messages": [{"role": "user", "content": "Who are you?"}]}
        self._post("/v1/chat/completions", body)

    def _post(self, path: str, body: Mapping[str, Any]) -> None:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", json.dumps(body).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=30):
            pass

    def terminate(self, grace: float) -> None:
        """Send SIGTERM, and SIGKILL after a grace period in seconds."""
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(grace)
        self.stop()

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()


class Servers:
    """The processes, until the end of the context.

    Example:
        `with Servers(cluster, network, namespace, "2.x-vllm") as servers:
        servers.set_load(waiting=12)`
    """

    def __init__(self, cluster: Client, network: PodNetwork, namespace: str, generation: str) -> None:
        self._cluster, self._network, self._namespace, self._generation = cluster, network, namespace, generation
        self._running: dict[str, Server] = {}
        self._load: dict[str, Any] = {}
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._follow, name="servers", daemon=True)

    def __enter__(self) -> "Servers":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        for each in self._running.values():
            each.stop()

    def set_load(self, **load: Any) -> None:
        """Set what each pod reports, also those that start later."""
        with self._lock:
            # Observed times are of the present pods alone.
            self._load |= {name: value for name, value in load.items() if name != "first_tokens"}
            for each in self._running.values():
                each.set_load(self._load | load)

    def count(self) -> int:
        """Return the number of running servers."""
        return len(self._running)

    def set_load_of(self, uid: str, **load: Any) -> None:
        """Set what one pod reports."""
        with self._lock:
            self._running[uid].set_load(load)

    def complete(self, count: int) -> None:
        """Send chat completions to each pod."""
        with self._lock:
            for each in self._running.values():
                for _ in range(count):
                    each.complete()

    def _follow(self) -> None:
        while not self._ended.wait(PERIOD):
            pods = {
                pod["metadata"]["uid"]: pod for pod in self._cluster.pods(self._namespace) if is_running(pod) and "podIP" in pod["status"]
            }
            with self._lock:
                for uid in set(self._running) - set(pods):
                    self._running.pop(uid).stop()
                for uid in set(pods) - set(self._running):
                    self._start(uid, pods[uid])

    def _start(self, uid: str, pod: Object) -> None:
        server = self._running[uid] = Server(self._generation)
        server.set_load(self._load)
        for port in pod["spec"]["containers"][0].get("ports", []):
            self._network.route(pod["status"]["podIP"], port["containerPort"], server.port)
