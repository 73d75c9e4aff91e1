"""The custom resources of other projects: their real definitions, fetched once, and judged by the server."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .binaries import NoGoError
from .client import Client, DynamicApiError
from .crds import SOURCES, Source, provide_crds
from .fixtures import skip_outside_ci
from .objects import ROOT

KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "GatewayClass": ("gateway.networking.k8s.io/v1", {"controllerName": "example.com/gateway"}),
    "Gateway": (
        "gateway.networking.k8s.io/v1",
        {"gatewayClassName": "example", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]},
    ),
    "HTTPRoute": ("gateway.networking.k8s.io/v1", {"parentRefs": [{"name": "a"}], "rules": [{"backendRefs": [{"name": "a", "port": 80}]}]}),
    "GRPCRoute": ("gateway.networking.k8s.io/v1", {"parentRefs": [{"name": "a"}], "rules": [{"backendRefs": [{"name": "a", "port": 80}]}]}),
    "ReferenceGrant": (
        "gateway.networking.k8s.io/v1beta1",
        {"from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": "a"}], "to": [{"group": "", "kind": "Service"}]},
    ),
    "InferencePool": (
        "inference.networking.k8s.io/v1",
        {
            "selector": {"matchLabels": {"a": "b"}},
            "targetPorts": [{"number": 8000}],
            "endpointPickerRef": {"name": "a", "port": {"number": 9002}},
        },
    ),
    "ScaledObject": ("keda.sh/v1alpha1", {"scaleTargetRef": {"name": "a"}, "triggers": [{"type": "cpu", "metadata": {"value": "60"}}]}),
    "TriggerAuthentication": ("keda.sh/v1alpha1", {"secretTargetRef": [{"parameter": "p", "name": "a", "key": "k"}]}),
    "ClusterTriggerAuthentication": ("keda.sh/v1alpha1", {"secretTargetRef": [{"parameter": "p", "name": "a", "key": "k"}]}),
    "PodMonitor": (
        "monitoring.coreos.com/v1",
        {"selector": {"matchLabels": {"a": "b"}}, "podMetricsEndpoints": [{"port": "http", "path": "/v1/metrics"}]},
    ),
    "ServiceMonitor": (
        "monitoring.coreos.com/v1",
        {"selector": {"matchLabels": {"a": "b"}}, "endpoints": [{"port": "http", "path": "/v1/metrics"}]},
    ),
    "PrometheusRule": (
        "monitoring.coreos.com/v1",
        {"groups": [{"name": "g", "rules": [{"alert": "Down", "expr": "up == 0", "for": "5m"}]}]},
    ),
    "LeaderWorkerSet": (
        "leaderworkerset.x-k8s.io/v1",
        {
            "replicas": 1,
            "leaderWorkerTemplate": {"size": 2, "workerTemplate": {"spec": {"containers": [{"name": "a", "image": "a:1"}]}}},
            "rolloutStrategy": {"type": "RollingUpdate"},
            "startupPolicy": "LeaderCreated",
        },
    ),
}
CLUSTER_SCOPED = {"GatewayClass", "ClusterTriggerAuthentication"}

FAKE_GO = f"""#!{sys.executable}
import json, os, pathlib, sys, time
wanted = sys.argv[-1]
with open(os.environ["CALLS"], "a") as calls:
    calls.write(wanted + "\\n")
time.sleep(0.1)
report = json.loads(pathlib.Path(os.environ["REPORTS"]).read_text())[wanted]
print(json.dumps(report))
sys.exit("Error" in report)
"""


def minimal(kind: str, namespace: str) -> dict[str, Any]:
    version, spec = KINDS[kind]
    place = {} if kind in CLUSTER_SCOPED else {"namespace": namespace}
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "a", **place}, "spec": spec}


@pytest.mark.parametrize("kind", KINDS)
def test_the_server_takes_what_is_right_and_refuses_what_is_not(cluster: Client, crds: None, namespace: str, kind: str):
    right = minimal(kind, namespace)
    applied = cluster.apply(right, dry_run=True)
    assert applied["spec"].keys() >= right["spec"].keys()
    wrong = {**right, "spec": {**right["spec"], "nonsense": 1}}
    with pytest.raises(DynamicApiError, match=r"spec\.nonsense"):
        cluster.apply(wrong, dry_run=True)


def test_they_are_there_in_ci():
    # Everywhere else what needs them is skipped with the same words.
    try:
        provide_crds()
    except NoGoError as error:
        skip_outside_ci(error)


def test_every_definition_is_tried_above(crds: None):
    assert len(provide_crds()) == len(KINDS)


class Modules:
    """A Go that serves modules of one's own, and notes what it was asked for."""

    def __init__(self, folder: Path) -> None:
        self.calls, self._reports = folder / "calls", folder / "reports.json"
        self.reports = {f"{each.module}@{each.version}": self._serve(folder, each) for each in SOURCES}
        self.say()

    def _serve(self, folder: Path, source: Source) -> dict[str, str]:
        module = folder / "modules" / source.module
        (module / source.folder).mkdir(parents=True)
        for name in source.files:
            (module / source.folder / name).write_text(f"kind: {name}")
        return {"Dir": str(module), "Sum": source.checksum}

    def say(self, **report: str) -> None:
        """Changes what is said of the last module."""
        name = next(reversed(self.reports))
        self._reports.write_text(json.dumps({**self.reports, name: {**self.reports[name], **report}}))


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Modules:
    go = tmp_path / "bin" / "go"
    go.parent.mkdir()
    go.write_text(FAKE_GO)
    go.chmod(0o755)
    monkeypatch.setenv("PATH", str(go.parent))
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    monkeypatch.setenv("REPORTS", str(tmp_path / "reports.json"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Modules(tmp_path)


def test_they_are_fetched_once_also_by_two_at_once(modules: Modules):
    code = "from tests.cluster.crds import provide_crds; print(*provide_crds(), sep='\\n')"
    both = [subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    first, second = (each.communicate()[0] for each in both)
    assert first == second
    assert {Path(line).read_text() for line in first.split()} == {f"kind: {name}" for source in SOURCES for name in source.files}
    assert modules.calls.read_text().split() == list(modules.reports)


def test_another_checksum_is_refused_and_tried_again(modules: Modules):
    modules.say(Sum="h1:of-somebody-else=")
    for _ in range(2):
        with pytest.raises(RuntimeError, match=r"sigs\.k8s\.io/lws@v0\.9\.0 has the checksum h1:of-somebody-else=, not h1:DcJC"):
            provide_crds()
    modules.say()
    assert len(provide_crds()) == len(KINDS)


def test_a_module_that_is_not_served_is_named(modules: Modules):
    modules.say(Error="403 Forbidden")
    with pytest.raises(RuntimeError, match=r"sigs\.k8s\.io/lws@v0\.9\.0 could not be fetched: 403 Forbidden"):
        provide_crds()


def test_without_go_it_is_said_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(NoGoError, match=r"no Go on PATH to fetch CRDs: .*https://go\.dev/doc/install"):
        provide_crds()
