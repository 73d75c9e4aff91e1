"""Deleting a service leaves nothing, but a cache that is to be kept."""

import pulumi

from nim_component import NIM, CacheArgs, NIMSecrets, NIMService
from nim_component.testing import record

from .client import Client, Object, wait_until
from .nodes import ONE_GPU
from .objects import apply_all, pick, place, render
from .waiting import wait_for_rollout

KINDS = [
    ("apps/v1", "Deployment"),
    ("apps/v1", "ReplicaSet"),
    ("v1", "Pod"),
    ("v1", "Service"),
    ("discovery.k8s.io/v1", "EndpointSlice"),
    ("v1", "ConfigMap"),
    ("v1", "Secret"),
    ("v1", "PersistentVolumeClaim"),
]
OF_KUBERNETES = {"kube-root-ca.crt"}


def with_everything(retain: bool = False) -> NIM:
    """A service that has every kind of child."""
    return NIM(
        secrets=NIMSecrets(ngc_api_key=pulumi.Output.secret("nvapi-x"), hf_token=pulumi.Output.secret("hf_x")),
        env={"NIM_PEFT_SOURCE": "/opt/nim/peft"},
        hf_repo_ids=["my-org/a"],
        lora_adapter_mem="1Gi",
        cache=CacheArgs(retain=retain),
    )


def there(cluster: Client, namespace: str) -> set[tuple[str, str]]:
    found = {(kind, each["metadata"]["name"]) for version, kind in KINDS for each in cluster.list(version, kind, namespace)}
    return {each for each in found if each[1] not in OF_KUBERNETES}


def bring_up_and_destroy(cluster: Client, namespace: str, retain: bool) -> list[Object]:
    """As the engine does: in reverse order, and what is retained is left alone."""
    seen = record(lambda: NIMService("llama", with_everything(retain)))
    objects = place(seen.run, namespace)
    apply_all(cluster, objects)
    wait_for_rollout(cluster, objects)
    assert {kind for kind, _ in there(cluster, namespace)} == {kind for _, kind in KINDS}
    kept = {each.inputs["metadata"]["name"] for each in seen.run.resources if each.options.retain_on_delete}
    for each in reversed(objects):
        name = each["metadata"]["name"]
        if name not in kept:
            cluster.delete(each["apiVersion"], each["kind"], name, namespace)
    return objects


def test_nothing_is_left(cluster: Client, namespace: str, nodes):
    nodes(ONE_GPU)
    bring_up_and_destroy(cluster, namespace, retain=False)
    wait_until("an empty namespace", lambda: not there(cluster, namespace))
    volumes = cluster.list("v1", "PersistentVolume")
    assert [each for each in volumes if each["spec"]["claimRef"]["namespace"] == namespace and each["status"]["phase"] == "Bound"] == []


def test_a_retained_cache_is_left_and_can_be_taken_up_again(cluster: Client, namespace: str, nodes):
    nodes(ONE_GPU)
    claim = pick(bring_up_and_destroy(cluster, namespace, retain=True), "PersistentVolumeClaim")["metadata"]["name"]
    wait_until("only the claim", lambda: there(cluster, namespace) == {("PersistentVolumeClaim", claim)})
    before = cluster.get("v1", "PersistentVolumeClaim", claim, namespace)

    again = render(NIM(secrets=NIMSecrets.keyless(), cache=CacheArgs(existing_claim=claim)), namespace)
    apply_all(cluster, again)
    wait_for_rollout(cluster, again)
    after = cluster.get("v1", "PersistentVolumeClaim", claim, namespace)
    assert after["status"]["phase"] == "Bound"
    assert after["spec"]["volumeName"] == before["spec"]["volumeName"]
