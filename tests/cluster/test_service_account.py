"""ServiceAccounts of pods on a real control plane, and the token for the Kubernetes API."""

from typing import Any

import pytest

from .client import Client, Object
from .drift import assert_second_apply_changes_nothing
from .nodes import ONE_GPU
from .objects import apply_all, render
from .services import keyless
from .waiting import wait_for_rollout

ROLE = {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/nim"}


def has_token(pod: Object) -> bool:
    volumes = pod["spec"].get("volumes") or []
    return any("serviceAccountToken" in source for volume in volumes for source in volume.get("projected", {}).get("sources", []))


@pytest.mark.parametrize(
    ("account", "name", "token"),
    [
        (None, "default", False),
        ({}, "llama", False),
        ({"annotations": ROLE}, "llama", False),
        ({"name": "reader"}, "reader", False),
        ({"name": "reader", "mount_token": True}, "reader", True),
        ({"mount_token": True}, "llama", True),
    ],
    ids=str,
)
def test_pods_have_their_account(cluster: Client, namespace: str, nodes, account: dict[str, Any] | None, name: str, token: bool):
    nodes(ONE_GPU)
    if name == "reader":
        cluster.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "reader", "namespace": namespace}})
    objects = render(keyless(service_account=account), namespace)
    applied = apply_all(cluster, objects)
    assert_second_apply_changes_nothing(cluster, applied, objects)
    wait_for_rollout(cluster, objects)
    (pod,) = cluster.pods(namespace)
    assert (pod["spec"]["serviceAccountName"], has_token(pod)) == (name, token)
    if account is not None and account.get("annotations"):
        assert cluster.get("v1", "ServiceAccount", name, namespace)["metadata"]["annotations"] == ROLE


def test_removed_account_is_default_again(cluster: Client, namespace: str, nodes):
    nodes(ONE_GPU)
    apply_all(cluster, render(keyless(service_account={}), namespace))
    objects = render(keyless(), namespace)
    apply_all(cluster, objects)
    wait_for_rollout(cluster, objects)
    assert {pod["spec"]["serviceAccountName"] for pod in cluster.pods(namespace) if "deletionTimestamp" not in pod["metadata"]} == {
        "default"
    }
