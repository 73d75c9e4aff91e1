"""Comparison of requested and served models, through the proxy of a real API server."""

import asyncio
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pulumi
import pytest

from nim_component import NIM, DiagnosisArgs, NIMService
from nim_component.cluster.client import ClusterClient
from nim_component.diagnose import served_models as served
from nim_component.diagnose.served_models import ModelListError, find_missing
from nim_component.testing import Recording, record
from tests.lora.stub_nim import StubNIM

from .client import Client, wait_until
from .controlplane import VISITOR, ControlPlane
from .nodes import ONE_GPU
from .objects import apply_all, render
from .pod_network import PodNetwork
from .test_commands import run
from .test_diagnosis import LORA, grant, nim
from .waiting import wait_for_rollout

BASE = "meta/llama3-8b-instruct"


@pytest.fixture
def network(control_plane: ControlPlane) -> Iterator[PodNetwork]:
    with PodNetwork(control_plane.folder) as running:
        yield running


@pytest.fixture
def route_to(network: PodNetwork, cluster: Client, namespace: str, nodes) -> Callable[[int], None]:
    """Return a function that deploys `llama` and routes the pod's address to a port."""

    def deploy(port: int) -> None:
        nodes(ONE_GPU)
        objects = render(nim(**LORA), namespace)
        apply_all(cluster, objects)
        wait_for_rollout(cluster, objects)
        (pod,) = cluster.pods(namespace)

        def has_endpoint() -> bool:
            slices = cluster.list("discovery.k8s.io/v1", "EndpointSlice", namespace)
            return any(each.get("endpoints") for each in slices)

        wait_until("an endpoint", has_endpoint)
        network.route(pod["status"]["podIP"], 8000, port)

    return deploy


@pytest.fixture(autouse=True)
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the time limits for models that are not listed."""
    monkeypatch.setattr(served, "SETTLE_SECONDS", 1.0)
    monkeypatch.setattr(served, "RESPONSE_SECONDS", 1.0)


def publish(folder: Path, *names: str) -> Path:
    """Create adapter folders that the stub server lists, and return their parent."""
    for name in names:
        (folder / name).mkdir()
        (folder / name / "adapter_config.json").write_text("{}")
        (folder / name / "adapter_model.safetensors").write_text("x")
    return folder


def update(kubeconfig: Path, namespace: str, monkeypatch: pytest.MonkeyPatch, services: int = 1, **fields: Any) -> Recording:
    """Run a program with the service, as after the engine's update of its resources."""
    monkeypatch.setattr("nim_component.component.service.can_report_progress", lambda: True)
    diagnosis = {"kubeconfig": str(kubeconfig), **fields.pop("diagnosis", {})}

    def program() -> None:
        for number in range(services):
            name = f"llama-{number}" if number else "llama"
            args: NIM = nim(**LORA, **fields, namespace=namespace, service_name=name, diagnosis=DiagnosisArgs(**diagnosis))
            NIMService(f"llama-{number}", args)

    return record(program, preview=False)


def logged(seen: Recording, severity: str) -> list[str]:
    return [entry.message for entry in seen.run.log if entry.severity == severity]


def test_complete_list_logs_nothing(
    control_plane: ControlPlane, network: PodNetwork, route_to, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with StubNIM(publish(tmp_path, "one", "two")) as stub:
        route_to(stub.server_port)
        seen = update(control_plane.kubeconfig, namespace, monkeypatch)
    assert seen.run.log == []
    assert len(network.dialled) == 1


def test_missing_adapter_follows_missing_models_setting(
    control_plane: ControlPlane, route_to, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    text = f"llama: the server is ready but does not serve two; it lists {BASE}, one. An adapter is missing if it has another base model"
    with StubNIM(publish(tmp_path, "one")) as stub:
        route_to(stub.server_port)
        with pytest.raises(pulumi.RunError) as caught:
            update(control_plane.kubeconfig, namespace, monkeypatch)
        assert str(caught.value).startswith(text)
        assert str(caught.value).endswith("With diagnosis.missing_models: warn this is a warning.")
        seen = update(control_plane.kubeconfig, namespace, monkeypatch, diagnosis={"missing_models": "warn"})
        (warning,) = logged(seen, "warning")
        assert warning.startswith(text)
        seen = update(control_plane.kubeconfig, namespace, monkeypatch, diagnosis={"missing_models": "ignore"})
        assert seen.run.log == []


def test_adapter_listed_later_is_not_missing(
    control_plane: ControlPlane, network: PodNetwork, route_to, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    class LateAdapter(StubNIM):
        """List the second adapter from the second request on."""

        def finish_request(self, request: Any, client_address: Any) -> None:
            super().finish_request(request, client_address)
            if not (self.source / "two").exists():
                publish(self.source, "two")

    monkeypatch.setattr(served, "SETTLE_SECONDS", 20.0)
    with LateAdapter(publish(tmp_path, "one")) as stub:
        route_to(stub.server_port)
        seen = update(control_plane.kubeconfig, namespace, monkeypatch)
    assert seen.run.log == []
    assert len(network.dialled) >= 2


def test_missing_base_model_fails_only_if_named(
    control_plane: ControlPlane, route_to, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with StubNIM(publish(tmp_path, "one", "two"), model="mistral") as stub:
        route_to(stub.server_port)
        (warning,) = logged(update(control_plane.kubeconfig, namespace, monkeypatch), "warning")
        assert warning.startswith(f"llama: the server is ready but does not serve {BASE}; it lists mistral, one, two.")
        assert "set served_model_name" in warning
        with pytest.raises(pulumi.RunError, match="does not serve my-llama; it lists mistral"):
            update(control_plane.kubeconfig, namespace, monkeypatch, served_model_name="my-llama", diagnosis={"unavailable": "ignore"})


class CannedHandler(BaseHTTPRequestHandler):
    """Sends the server's canned response after a pause: a status and a body, or nothing."""

    def do_GET(self) -> None:
        status, body, pause = self.server.answer  # pyright: ignore
        time.sleep(pause)
        if status:
            self.send_response(status)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""


@contextmanager
def answering(status: int, body: bytes = b"", pause: float = 0) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), CannedHandler)
    server.daemon_threads, server.answer = True, (status, body, pause)  # pyright: ignore
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


RESPONSES = {
    "fails": (500, b"oops", 0, "the API server's proxy cannot reach the server (status 500)"),
    "html": (200, b"<html>\x1b[31mlog in</html>", 0, "the API server's proxy cannot reach the server (no JSON)"),
    "nothing": (0, b"", 0, "the API server's proxy cannot reach the server (status 503)"),
    "slow": (200, b"{}", 30, "the API server's proxy cannot reach the server (no answer within 4 s)"),
    "requires a key": (403, json.dumps({"detail": "no key"}).encode(), 0, "the server returned status 403"),
    "other": (200, b'{"object": "error"}', 0, "the response is not a list of models"),
}


@pytest.mark.parametrize("how", RESPONSES)
def test_unusable_response_skips_the_comparison(
    control_plane: ControlPlane, route_to, namespace: str, monkeypatch: pytest.MonkeyPatch, how: str
):
    status, body, pause, why = RESPONSES[how]
    with answering(status, body, pause) as port:
        route_to(port)
        began = time.monotonic()
        seen = update(control_plane.kubeconfig, namespace, monkeypatch)
        assert time.monotonic() - began < 15
    assert logged(seen, "warning") == logged(seen, "error") == []
    (text,) = logged(seen, "info")
    # The lists are within the same time limit.
    assert re.sub(r"within 3\.\d s", "within 4 s", text) == f"llama: the models that it serves are not compared: {why}"


def test_unreachable_server_skips_the_comparison(control_plane: ControlPlane, route_to, namespace: str, monkeypatch: pytest.MonkeyPatch):
    route_to(9)
    seen = update(control_plane.kubeconfig, namespace, monkeypatch)
    assert logged(seen, "info") == [
        "llama: the models that it serves are not compared: the API server's proxy cannot reach the server (status 503)"
    ]


def test_denied_proxy_is_logged_once(
    control_plane: ControlPlane,
    cluster: Client,
    network: PodNetwork,
    route_to,
    namespace: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    grant(cluster, namespace, "pods", "services")
    with StubNIM(publish(tmp_path, "one", "two")) as stub:
        route_to(stub.server_port)
        seen = update(control_plane.kubeconfig_of(VISITOR), namespace, monkeypatch, services=3)
        assert logged(seen, "warning") == logged(seen, "error") == []
        deployments = "they cannot be read (requires list on deployments)"
        assert logged(seen, "info") == [
            f"the live deployments of namespace {namespace} are not compared with the program: {deployments}",
            f"the models that it serves are not compared: services/proxy cannot be used in namespace {namespace} (requires get)",
        ]
        grant(cluster, namespace, "services/proxy", "deployments")
        wait_until("the grant", lambda: update(control_plane.kubeconfig_of(VISITOR), namespace, monkeypatch).run.log == [])
    assert network.dialled != []


def test_explain_reports_missing_models(control_plane: ControlPlane, cluster: Client, route_to, namespace: str, tmp_path: Path):
    published = tmp_path / "adapters"
    published.mkdir()
    with StubNIM(publish(published, "one")) as stub:
        route_to(stub.server_port)
        code, output, errors = run(tmp_path, control_plane.kubeconfig, "explain", "llama", "-n", namespace)
        assert (code, errors) == (3, "")
        assert f"\nThe server is ready but does not serve two; it lists {BASE}, one.\n  fix: An adapter is missing" in output
        publish(published, "two")
        code, output, errors = run(tmp_path, control_plane.kubeconfig, "explain", "llama", "-n", namespace)
        assert (code, errors) == (0, "")
        assert "does not serve" not in output
        grant(cluster, namespace, "pods", "services", "deployments", "replicasets", "configmaps", "events", "persistentvolumeclaims")
        code, output, errors = run(tmp_path, control_plane.kubeconfig_of(VISITOR), "explain", "llama", "-n", namespace)
        assert code == 0
        why = f"services/proxy cannot be used in namespace {namespace} (requires get)"
        assert f"note: the served models are not compared with the requested models: {why}\n" in errors


def test_missing_service_raises_without_request(control_plane: ControlPlane, network: PodNetwork, namespace: str):
    async def compare() -> Any:
        async with ClusterClient.connect(str(control_plane.kubeconfig)) as client:
            return await find_missing(client, "llama", namespace, 8000, [BASE], 0)

    with pytest.raises(ModelListError, match="the Service does not exist"):
        asyncio.run(compare())
    assert network.dialled == []
