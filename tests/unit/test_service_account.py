"""ServiceAccount of the pods, cloud identities, and the token for the Kubernetes API."""

from collections.abc import Iterator
from typing import Any

import pulumi
import pytest

from nim_component.testing import SERVICE_ACCOUNT, Recording, record

from .seed import LORA, recorded, serve

JOBS: dict[str, Any] = {
    "cache": {"access_mode": "ReadWriteMany", "prewarm": {"profiles": ["a"]}},
    **LORA,
    "lora": {"refresh_interval": 30, "volume": {}},
}
MULTI_NODE: dict[str, Any] = {"multi_node": {"nodes": 2}, "generation": "2.x-vllm", "cache": {"access_mode": "ReadWriteMany"}}
ROLE = {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/nim"}


def find_pods(seen: Recording) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the spec of each pod template, with the type of its object."""
    for child in seen.children("llama").values():
        spec = child.inputs.get("spec", {})
        node_group = spec.get("leaderWorkerTemplate", {})
        for template in (spec.get("template"), node_group.get("leaderTemplate"), node_group.get("workerTemplate")):
            if template is not None:
                yield child.type.rpartition(":")[2], template["spec"]


@pytest.mark.parametrize(("fields", "count"), [(JOBS, 3), (MULTI_NODE, 2)], ids=["jobs", "multi-node"])
class TestPods:
    def test_default_names_no_account(self, fields: dict[str, Any], count: int):
        pods = [pod for _, pod in find_pods(recorded(**fields))]
        assert len(pods) == count
        assert [(pod.get("serviceAccountName"), pod["automountServiceAccountToken"]) for pod in pods] == [(None, False)] * count

    def test_existing_account_is_on_all_pods(self, fields: dict[str, Any], count: int):
        seen = recorded(service_account={"name": "reader"}, **fields)
        pods = [pod for _, pod in find_pods(seen)]
        assert [(pod["serviceAccountName"], pod["automountServiceAccountToken"]) for pod in pods] == [("reader", False)] * count
        assert seen.find(SERVICE_ACCOUNT) == []

    def test_own_account_is_on_all_pods(self, fields: dict[str, Any], count: int):
        seen = recorded(service_name="chat", service_account={"annotations": ROLE}, **fields)
        pods = [pod for _, pod in find_pods(seen)]
        assert [(pod["serviceAccountName"], pod["automountServiceAccountToken"]) for pod in pods] == [("chat", False)] * count

    def test_token_is_in_pods_of_server_only(self, fields: dict[str, Any], count: int):
        pods = list(find_pods(recorded(service_account={"name": "reader", "mount_token": True}, **fields)))
        assert {kind for kind, pod in pods if pod["automountServiceAccountToken"]} == {kind for kind, _ in pods} - {"Job"}


def test_deprecated_field_has_the_same_name():
    assert recorded(service_account={"name": "reader"}).pod("llama")["serviceAccount"] == "reader"
    assert "serviceAccount" not in recorded().pod("llama")


def test_own_account_is_exact():
    child = recorded(service_name="chat", namespace="ml", service_account={"annotations": ROLE}).children("llama")["llama-service-account"]
    assert child.inputs == {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {
            "name": "chat",
            "namespace": "ml",
            "annotations": ROLE,
            "labels": {
                "app.kubernetes.io/name": "nim",
                "app.kubernetes.io/instance": "chat",
                "app.kubernetes.io/component": "model-server",
                "app.kubernetes.io/managed-by": "pulumi",
            },
        },
        "automountServiceAccountToken": False,
    }


def test_own_account_without_annotations_has_none():
    child = recorded(service_account={}).children("llama")["llama-service-account"]
    assert "annotations" not in child.inputs["metadata"]


def test_pods_and_jobs_wait_for_own_account():
    seen = recorded(service_account={}, **JOBS)
    account = seen.children("llama")["llama-service-account"].urn
    waiting = {name: account in child.options.dependencies for name, child in seen.children("llama").items()}
    assert {name for name, waits in waiting.items() if waits} >= {"llama-deployment", "llama-warm", "llama-lora-job"}


def test_name_may_be_an_output():
    def program() -> None:
        serve(service_account={"name": pulumi.Output.from_input("reader")})

    assert record(program).pod("llama")["serviceAccountName"] == "reader"


def test_account_and_its_override_render():
    seen = recorded(service_account={}, overrides={"service-account": {"imagePullSecrets": [{"name": "a"}]}})
    assert seen.children("llama")["llama-service-account"].inputs["imagePullSecrets"] == [{"name": "a"}]
