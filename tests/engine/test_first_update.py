"""The first update after the creation, with its preview.

The provider creates by a POST and takes the fields over with the first update. The dry run before
it merges the old fields with the new ones: a union or the key of a list item must not change.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.cluster.client import Client
from tests.cluster.nodes import EIGHT_GPUS
from tests.cluster.waiting import is_rolled_out

from .project import Project
from .resources import live_deployment
from .updates import completes

SHARED = {"access_mode": "ReadWriteMany"}
LORA: dict[str, Any] = {"hf_repo_ids": ["my-org/one"], "lora_adapter_mem": "1Gi", "env": {"NIM_PEFT_SOURCE": "/opt/nim/peft"}}
TWO = {"generation": "2.x-vllm"}
QUEUE = {"autoscaling": {"max_replicas": 3, "presets": ["queue"]}}
CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "three replicas to one": ({"replicas": 3, "cache": SHARED}, {"replicas": 1, "cache": SHARED}),
    "one replica to three": ({"cache": SHARED}, {"replicas": 3, "cache": SHARED}),
    "surge to default": ({"rollout": "surge", "cache": SHARED}, {"cache": SHARED}),
    "port": ({}, {"port": 9000}),
    "health port": ({"health_port": 8100, **TWO}, {"health_port": 8200, **TWO}),
    "gRPC port": ({"grpc_port": 50051, **TWO}, {"grpc_port": 50052, **TWO}),
    "PVC to emptyDir": ({}, {"cache": {"empty_dir": True}}),
    "emptyDir to PVC": ({"cache": {"empty_dir": True}}, {}),
    "PVC to a PVC of each pod": ({}, {"cache": {"ephemeral": True}}),
    "volume of adapters": (LORA, {**LORA, "lora": {"volume": SHARED}}),
    "autoscaling off": ({**QUEUE, "cache": SHARED}, {"cache": SHARED}),
    "image": ({}, {"image": "nvcr.io/nim/meta/llama3-8b-instruct:1.0.3"}),
    "GPUs": ({}, {"gpu": 2}),
    "memory": ({}, {"mem": "40Gi", "shm_size": "20Gi"}),
    "variable": ({"env": {"A": "1"}}, {"env": {"B": "2"}}),
    "toleration": ({}, {"tolerations": [{"operator": "Exists"}]}),
    "node selector": ({"node_selector": {"a": "b"}}, {}),
    "adapters on": ({}, LORA),
    "adapters off": (LORA, {}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_first_update_passes_its_preview(change: str, on_cluster: Callable[..., Project], cluster: Client, namespace: str, nodes):
    nodes(EIGHT_GPUS)
    before, after = CHANGES[change]
    made = on_cluster(llama=before)
    completes(made)
    made.config = {**made.config, "nim:services": {"llama": after}}
    completes(made)
    assert is_rolled_out(live_deployment(cluster, namespace))
