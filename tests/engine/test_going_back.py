"""An update that fails half-way: the old arguments restore everything with one `pulumi up`.

docs/decisions/0002-generated-names.md
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.cluster.client import Client
from tests.cluster.nodes import ONE_GPU
from tests.cluster.waiting import is_rolled_out

from .project import Project
from .resources import live_deployment, objects_in
from .updates import completes, fails

LORA: dict[str, Any] = {"hf_repo_ids": ["my-org/one"], "lora_adapter_mem": "1Gi", "env": {"NIM_PEFT_SOURCE": "/opt/nim/peft"}}
CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "adapters": (LORA, {"hf_repo_ids": ["my-org/two"]}),
    "storage class": ({"cache": {}}, {"cache": {"storage_class": "fast"}}),
    "prewarm": ({"cache": {}}, {"cache": {"prewarm": {"all_profiles": True}}}),
    "devices": (
        {"resource_claims": [{"name": "nics", "devices": [{"name": "nic", "device_class": "nics", "count": 1}]}]},
        {"resource_claims": [{"name": "nics", "devices": [{"name": "nic", "device_class": "nics", "count": 2}]}]},
    ),
}
TOO_MANY_GPUS = {"gpu": 16}


def kept(cluster: Client, namespace: str) -> set[tuple[str, str]]:
    """Return the objects that the component creates, without those of controllers."""
    return {each for each in objects_in(cluster, namespace) if each[0] in ("ConfigMap", "PersistentVolumeClaim", "Secret", "Job")}


@pytest.mark.parametrize("change", CHANGES)
def test_one_update_restores_old_arguments(
    change: str, with_short_timeouts: Callable[..., Project], cluster: Client, namespace: str, nodes, disk
):
    nodes(ONE_GPU)
    disk("50Gi", "fast")
    before, after = CHANGES[change]
    made = with_short_timeouts(**before, **({"replicas": 0} if change == "devices" else {}))
    completes(made)
    objects, deployment = kept(cluster, namespace), live_deployment(cluster, namespace)

    made.change("llama", **after, **TOO_MANY_GPUS, replicas=1)
    fails(made)
    made.change("llama", **before, gpu=1, replicas=0 if change == "devices" else 1)
    completes(made)
    assert kept(cluster, namespace) == objects
    restored = live_deployment(cluster, namespace)
    assert is_rolled_out(restored)
    assert restored["metadata"]["uid"] == deployment["metadata"]["uid"]
    assert restored["spec"]["template"] == deployment["spec"]["template"]


def test_one_update_restores_old_keys(with_short_timeouts: Callable[..., Project], cluster: Client, namespace: str, nodes):
    nodes(ONE_GPU)
    values = {"ngc_api_key": {"config": "ngcApiKey"}, "hf_token": {"config": "hfToken"}}
    made = with_short_timeouts(secrets=values)
    made.config = {**made.config, "nim:defaults": {"namespace": namespace}}
    made.set_secret("ngcApiKey", "nvapi-first-of-nobody")
    made.set_secret("hfToken", "hf_first_of_nobody")
    completes(made)
    objects = kept(cluster, namespace)

    made.set_secret("ngcApiKey", "nvapi-second-of-nobody")
    made.set_secret("hfToken", "hf_second_of_nobody")
    made.change("llama", **TOO_MANY_GPUS)
    fails(made)
    assert kept(cluster, namespace) > objects
    made.set_secret("ngcApiKey", "nvapi-first-of-nobody")
    made.set_secret("hfToken", "hf_first_of_nobody")
    made.change("llama", gpu=1)
    completes(made)
    assert kept(cluster, namespace) == objects
    assert is_rolled_out(live_deployment(cluster, namespace))

    made.set_secret("ngcApiKey", "nvapi-second-of-nobody")
    completes(made)  # forward again
    assert len(kept(cluster, namespace)) == len(objects)
