"""What a hook is called with, and of whom it is therefore told."""

from typing import Any

import pulumi
import pytest

from nim_component import NIM, AdapterVolume, CacheArgs, LoRAArgs, MultiNodeArgs, NIMSecrets, NIMService, PrewarmArgs
from nim_component.diagnose.narrator import told_of
from nim_component.local.resources import Resource
from nim_component.names import LORA_JOB, PREWARM_JOB
from nim_component.testing import record

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
    told = told_of(pulumi.ResourceHookArgs(it.urn, "", name, it.type, new_inputs=it.inputs), lambda *line: said.append(line), 1)
    told.say("progress", "waiting for pods")
    assert said == [("progress", f"{title}: waiting for pods")]
    assert (told.name, told.namespace, told.kind, told.part) == ("other", "ml", kind, part)
    assert told.job == (it.inputs["metadata"]["name"] if kind == "Job" else "")
    assert told.end == ("done" if kind == "Job" else "ready")


def test_inputs_of_any_form_are_told_of():
    for inputs in (None, {}, {"metadata": 3}, {"metadata": {"labels": []}, "spec": "x"}):
        told = told_of(pulumi.ResourceHookArgs("", "", "", "kubernetes:batch/v1:Job", new_inputs=inputs), lambda *_: None, 0)
        assert (told.name, told.namespace) == ("", "default")
