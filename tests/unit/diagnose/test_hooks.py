"""What a hook is called with, and of whom it is therefore rollout."""

import subprocess
import sys
import time
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

import pulumi
import pytest

from nim_component import NIM, AdapterVolume, CacheArgs, LoRAArgs, MultiNodeArgs, NIMSecrets, NIMService, PrewarmArgs
from nim_component.diagnose.progress.hooks import track_rollout
from nim_component.local.resources import Resource
from nim_component.names import LORA_JOB, PREWARM_JOB
from nim_component.testing import record

from .server import serving

LORA: dict[str, Any] = {
    "hf_repo_ids": ["org/one"],
    "lora_adapter_mem": "2Gi",
    "env": {"NIM_PEFT_SOURCE": "/opt/nim/peft"},
    "lora": LoRAArgs(volume=AdapterVolume(), refresh_interval=30),
}
GROUP: dict[str, Any] = {"gpu": 8, "multi_node": MultiNodeArgs(nodes=2), "cache": CacheArgs(access_mode="ReadWriteMany")}


def child(name: str, **fields: Any) -> Resource:
    nim = NIM(secrets=NIMSecrets.keyless(), namespace="ml", service_name="other", **fields)
    return record(lambda: NIMService("llama", nim)).children("llama")[name]


@pytest.mark.parametrize(
    ("name", "fields", "kind", "part", "title"),
    [
        ("llama-deployment", {}, "Deployment", "nim", "other"),
        ("llama-group", GROUP, "LeaderWorkerSet", "nim", "other"),
        ("llama-warm", {"cache": CacheArgs(prewarm=PrewarmArgs(all_profiles=True))}, "Job", PREWARM_JOB, "other (pre-warm)"),
        ("llama-lora-job", LORA, "Job", LORA_JOB, "other (adapters)"),
    ],
)
def test_a_child_is_told_of_as_what_it_is(name: str, fields: dict[str, Any], kind: str, part: str, title: str):
    it = child(name, **fields)
    said: list[tuple[str, str]] = []
    rollout = track_rollout(pulumi.ResourceHookArgs(it.urn, "", name, it.type, new_inputs=it.inputs), lambda *line: said.append(line), 1)
    rollout.report("progress", "waiting for pods")
    assert said == [("progress", f"{title}: waiting for pods")]
    assert (rollout.name, rollout.namespace, rollout.kind, rollout.workload) == ("other", "ml", kind, part)
    assert rollout.job == (it.inputs["metadata"]["name"] if kind == "Job" else "")
    assert rollout.success == ("done" if kind == "Job" else "ready")


PROGRAM = """
import asyncio, sys
import pulumi
from nim_component.cluster.connection import Connection
from nim_component.diagnose.progress.hooks import ProgressHooks, ReportedResource

for level in ("info", "warn", "error"):
    setattr(pulumi.log, level, lambda text, *_, **__: print(text, flush=True))
pulumi.ResourceHook = pulumi.ErrorHook = pulumi.ResourceHookBinding = lambda *_, **__: None  # no engine to register them with

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


def test_what_is_waited_for_in_turn_is_read_on_one_connection_and_the_end_is_quiet():
    seen: list[str] = []
    with serving(answer, seen) as kubeconfig:
        done = subprocess.run([sys.executable, "-c", PROGRAM, kubeconfig], capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
    assert "llama: ready after" in done.stdout
    asked = Counter(urlsplit(path).path for path in seen if "watch=true" not in path)
    assert asked["/apis/batch/v1/namespaces/ml/jobs"] == 1
    assert asked["/api/v1/namespaces/ml/pods"] == 1
    assert len(seen) <= 30


def answer(path: str) -> tuple[int, Any]:
    """An API server with nothing in it, whose watches say nothing."""
    if "watch=true" in path:
        return 200, iter(lambda: time.sleep(0.2) or b"\n", None)
    return 200, {"items": [], "metadata": {"resourceVersion": "1"}}


def test_inputs_of_any_form_are_told_of():
    for inputs in (None, {}, {"metadata": 3}, {"metadata": {"labels": []}, "spec": "x"}):
        rollout = track_rollout(pulumi.ResourceHookArgs("", "", "", "kubernetes:batch/v1:Job", new_inputs=inputs), lambda *_: None, 0)
        assert (rollout.name, rollout.namespace) == ("", "default")
