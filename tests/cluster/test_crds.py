"""CustomResourceDefinitions of other projects: fetched once, and validated by the server."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .client import Client, DynamicApiError
from .crds import SOURCES, Source, provide_crds
from .fixtures import skip_outside_ci
from .go_programs import NoGoError
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
    "VerticalPodAutoscaler": (
        "autoscaling.k8s.io/v1",
        {"targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "a"}, "updatePolicy": {"updateMode": "Off"}},
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
module = sys.argv[-1]
with open(os.environ["CALLS"], "a") as calls:
    calls.write(module + "\\n")
time.sleep(0.1)
report = json.loads(pathlib.Path(os.environ["REPORTS"]).read_text())[module]
print(json.dumps(report))
sys.exit("Error" in report)
"""


def minimal(kind: str, namespace: str) -> dict[str, Any]:
    version, spec = KINDS[kind]
    scope = {} if kind in CLUSTER_SCOPED else {"namespace": namespace}
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "a", **scope}, "spec": spec}


@pytest.mark.parametrize("kind", KINDS)
def test_server_accepts_valid_and_refuses_unknown_fields(cluster: Client, crds: None, namespace: str, kind: str):
    right = minimal(kind, namespace)
    applied = cluster.apply(right, dry_run=True)
    assert applied["spec"].keys() >= right["spec"].keys()
    wrong = {**right, "spec": {**right["spec"], "nonsense": 1}}
    with pytest.raises(DynamicApiError, match=r"spec\.nonsense"):
        cluster.apply(wrong, dry_run=True)


def test_definitions_exist_in_ci():
    """Outside CI, tests that need the definitions are skipped with the same text."""
    try:
        provide_crds()
    except NoGoError as error:
        skip_outside_ci(error)


def test_every_definition_has_a_case(crds: None):
    assert len(provide_crds()) == len(KINDS)


class Modules:
    """A fake Go that serves local modules and records the requested ones."""

    def __init__(self, folder: Path) -> None:
        self.calls, self._reports = folder / "calls", folder / "reports.json"
        self.reports = {f"{each.module}@{each.version}": self._serve(folder, each) for each in SOURCES}
        self.report()

    def _serve(self, folder: Path, source: Source) -> dict[str, str]:
        module = folder / "modules" / source.module
        (module / source.folder).mkdir(parents=True)
        for name in source.files:
            (module / source.folder / name).write_text(f"kind: {name}")
        return {"Dir": str(module), "Sum": source.checksum}

    def report(self, **fields: str) -> None:
        """Change the report about the last module."""
        name = next(reversed(self.reports))
        self._reports.write_text(json.dumps({**self.reports, name: {**self.reports[name], **fields}}))


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


def test_parallel_fetches_fetch_once(modules: Modules):
    code = "from tests.cluster.crds import provide_crds; print(*provide_crds(), sep='\\n')"
    both = [subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    first, second = (each.communicate()[0] for each in both)
    assert first == second
    assert {Path(line).read_text() for line in first.split()} == {f"kind: {name}" for source in SOURCES for name in source.files}
    assert modules.calls.read_text().split() == list(modules.reports)


def test_other_checksum_is_refused_each_time(modules: Modules):
    modules.report(Sum="h1:of-another-module=")
    for _ in range(2):
        with pytest.raises(RuntimeError, match=r"sigs\.k8s\.io/lws@v0\.9\.0 has the checksum h1:of-another-module=, not h1:DcJC"):
            provide_crds()
    modules.report()
    assert len(provide_crds()) == len(KINDS)


def test_module_that_is_not_served_is_named(modules: Modules):
    modules.report(Error="403 Forbidden")
    with pytest.raises(RuntimeError, match=r"sigs\.k8s\.io/lws@v0\.9\.0 could not be fetched: 403 Forbidden"):
        provide_crds()


def test_missing_go_is_reported_with_installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(NoGoError, match=r"no Go on PATH to fetch CRDs: .*https://go\.dev/doc/install"):
        provide_crds()
