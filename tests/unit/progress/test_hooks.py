"""Progress hooks: the rollout that is tracked for a resource, and the requests to the cluster."""

import asyncio
import subprocess
import sys
import time
from collections import Counter
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pulumi
import pytest

from nim_component import NIM, AdapterVolume, CacheArgs, LoRAArgs, MultiNodeArgs, NIMSecrets, NIMService, PrewarmArgs
from nim_component.diagnose.diagnosis import Diagnosis
from nim_component.diagnose.progress import hooks
from nim_component.diagnose.progress.recovery import describe_recovery
from nim_component.diagnose.progress.tracked_rollout import track_rollout
from nim_component.local.resources import Resource
from nim_component.names import LORA_JOB, PREWARM_JOB
from nim_component.testing import record

from ..cluster.server import serving

LORA: dict[str, Any] = {
    "hf_repo_ids": ["org/one"],
    "lora_adapter_mem": "2Gi",
    "env": {"NIM_PEFT_SOURCE": "/opt/nim/peft"},
    "lora": LoRAArgs(volume=AdapterVolume(), refresh_interval=30),
}
MULTI_NODE: dict[str, Any] = {"gpu": 8, "multi_node": MultiNodeArgs(nodes=2), "cache": CacheArgs(access_mode="ReadWriteMany")}


def child(name: str, **fields: Any) -> Resource:
    nim = NIM(secrets=NIMSecrets.keyless(), namespace="ml", service_name="other", **fields)
    return record(lambda: NIMService("llama", nim)).children("llama")[name]


@pytest.mark.parametrize(
    ("name", "fields", "kind", "workload", "title"),
    [
        ("llama-deployment", {}, "Deployment", "nim", "other"),
        ("llama-group", MULTI_NODE, "LeaderWorkerSet", "nim", "other"),
        ("llama-warm", {"cache": CacheArgs(prewarm=PrewarmArgs(all_profiles=True))}, "Job", PREWARM_JOB, "other (prewarm Job)"),
        ("llama-lora-job", LORA, "Job", LORA_JOB, "other (LoRA Job)"),
    ],
)
def test_tracked_rollout_describes_its_resource(name: str, fields: dict[str, Any], kind: str, workload: str, title: str):
    resource = child(name, **fields)
    lines: list[tuple[str, str]] = []
    args = pulumi.ResourceHookArgs(resource.urn, "", name, resource.type, new_inputs=resource.inputs)
    rollout = track_rollout(args, lambda *line: lines.append(line), 1)
    rollout.report("progress", "waiting for pods")
    assert lines == [("progress", f"{title}: waiting for pods")]
    assert (rollout.name, rollout.namespace, rollout.kind, rollout.workload) == ("other", "ml", kind, workload)
    assert rollout.job == (resource.inputs["metadata"]["name"] if kind == "Job" else "")
    assert rollout.success == ("done" if kind == "Job" else "ready")


@pytest.mark.parametrize("inputs", [None, {}, {"metadata": 3}, {"metadata": {"labels": []}, "spec": "x"}], ids=str)
def test_tracked_rollout_accepts_malformed_inputs(inputs: Any):
    rollout = track_rollout(pulumi.ResourceHookArgs("", "", "", "kubernetes:batch/v1:Job", new_inputs=inputs), lambda *_: None, 0)
    assert (rollout.name, rollout.namespace) == ("", "default")


PROGRAM = """
import asyncio, sys
import pulumi
from nim_component.cluster.connection import Connection
from nim_component.diagnose.progress.hooks import ProgressHooks, ReportedResource

for level in ("info", "warn", "error"):
    setattr(pulumi.log, level, lambda text, *_, **__: print(text, flush=True))
pulumi.ResourceHook = pulumi.ErrorHook = pulumi.ResourceHookBinding = lambda *_, **__: None  # there is no engine

async def main() -> None:
    hooks = ProgressHooks(asyncio.get_running_loop())
    kinds = {"kubernetes:batch/v1:Job": "llama-warm", "kubernetes:apps/v1:Deployment": "llama"}
    for type_, name in kinds.items():
        hooks.resources[name] = ReportedResource(None, 0, True, Connection(sys.argv[1], None))
        inputs = {"metadata": {"name": name, "namespace": "ml"}}
        hooks.begin(pulumi.ResourceHookArgs(name, "", name, type_, new_inputs=inputs))
        while not hooks.resources[name].rollout.phase_log.reported:
            await asyncio.sleep(0.1)
        hooks.end(pulumi.ResourceHookArgs(name, "", name, type_, new_inputs=inputs))
        await asyncio.sleep(0.5)

asyncio.run(main())
"""


def test_consecutive_rollouts_share_one_connection():
    """A Job and then a Deployment are each listed once, and the program ends without errors."""
    seen: list[str] = []
    with serving(answer_with_empty_lists, seen) as kubeconfig:
        done = subprocess.run([sys.executable, "-c", PROGRAM, kubeconfig], capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
    assert "llama: ready after" in done.stdout
    lists = Counter(urlsplit(path).path for path in seen if "watch=true" not in path)
    assert lists["/apis/batch/v1/namespaces/ml/jobs"] == 1
    assert lists["/api/v1/namespaces/ml/pods"] == 1
    assert len(seen) <= 30


def answer_with_empty_lists(path: str) -> tuple[int, Any]:
    """Answer like an API server without objects; its watches have no events."""
    if "watch=true" in path:
        return 200, iter(lambda: time.sleep(0.2) or b"\n", None)
    return 200, {"items": [], "metadata": {"resourceVersion": "1"}}


def test_interrupted_run_reports_its_recovery_once(monkeypatch: pytest.MonkeyPatch):
    lines: list[str] = []
    monkeypatch.setattr(hooks, "delay_interrupts", lambda *_: None)
    monkeypatch.setattr("pulumi.log.warn", lambda text, *_, **__: lines.append(text))
    for engine_class in ("ResourceHook", "ErrorHook", "ResourceHookBinding"):
        monkeypatch.setattr(pulumi, engine_class, lambda *_, **__: None)

    async def fail() -> None:
        progress: Any = hooks.ProgressHooks(asyncio.get_running_loop())
        progress.resources = {urn: hooks.ReportedResource(pulumi.Resource.__new__(pulumi.Resource), 0, True) for urn in "abc"}
        for urn, error in (("a", "timed out waiting for the condition"), ("b", "operation was interrupted"), ("c", "context canceled")):
            assert await progress.fail(SimpleNamespace(urn=urn, errors=[error])) is False

    asyncio.run(fail())
    assert lines == [describe_recovery(pulumi.get_stack())]


def test_reported_diagnoses_of_a_component_are_listed(monkeypatch: pytest.MonkeyPatch):
    one, other = (pulumi.Resource.__new__(pulumi.Resource) for _ in range(2))
    route, gateway = (Diagnosis(cause, cause, "") for cause in ("route-rejected", "gateway-not-ready"))
    resources = {
        "server": hooks.ReportedResource(one, 0, True, warned={"a": route}),
        "job": hooks.ReportedResource(one, 0, True),
        "other": hooks.ReportedResource(other, 0, True, warned={"a": gateway}),
    }
    monkeypatch.setattr(hooks, "run_state", lambda: {"progress hooks": SimpleNamespace(resources=resources)})
    assert hooks.list_reported(one) == {route}
    monkeypatch.setattr(hooks, "run_state", dict)
    assert hooks.list_reported(one) == frozenset()
