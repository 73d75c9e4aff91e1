"""Comparison of live services with the program at the end of `pulumi up`, on a real API server."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pulumi
import pytest

from nim_component import (
    NIM,
    AdapterVolume,
    CacheArgs,
    DiagnosisArgs,
    HTTPRouteArgs,
    LoRAArgs,
    MultiNodeArgs,
    NIMSecrets,
    NIMService,
    PrewarmArgs,
)
from nim_component.diagnose.progress import live_services
from nim_component.testing import Recording, record

from .client import MANAGER, Client, Object, condition, wait_until
from .controlplane import ControlPlane
from .nodes import GPU, NO_GPU, ONE_GPU, node
from .objects import apply_all, pick, render
from .waiting import deployment_of, wait_for_rollout

NEW = "nvcr.io/nim/meta/llama3-8b-instruct:1.0.3"
FIX = "`pulumi up --refresh --stack stack`"
MULTI_NODE: dict[str, Any] = {"gpu": 8, "multi_node": MultiNodeArgs(nodes=2), "cache": CacheArgs(access_mode="ReadWriteMany")}
PREWARM: dict[str, Any] = {"cache": CacheArgs(prewarm=PrewarmArgs(profiles=["p"]))}
LORA: dict[str, Any] = {
    "hf_repo_ids": ["org/one"],
    "lora_adapter_mem": "2Gi",
    "env": {"NIM_PEFT_SOURCE": "/opt/nim/peft"},
    "cache": CacheArgs(empty_dir=True),
    "lora": LoRAArgs(volume=AdapterVolume(), refresh_interval=30),
}
SINGLE: dict[str, Any] = {"cache": CacheArgs(empty_dir=True)}
Update = Callable[..., Recording]


@pytest.fixture
def update(control_plane: ControlPlane, namespace: str, monkeypatch: pytest.MonkeyPatch) -> Update:
    """Return a function that runs the program as after the engine's update of its resources."""
    monkeypatch.setattr("nim_component.component.service.can_report_progress", lambda: True)
    monkeypatch.setattr(live_services, "RECHECK_SECONDS", 0.2)

    def run(kubeconfig: Path = control_plane.kubeconfig, **fields: Any) -> Recording:
        diagnosis = DiagnosisArgs(kubeconfig=str(kubeconfig), missing_models="ignore")
        return record(lambda: NIMService("llama", service(namespace=namespace, diagnosis=diagnosis, **fields)))

    return run


def service(**fields: Any) -> NIM:
    return NIM(**{"secrets": NIMSecrets.keyless(), **fields})


def start(cluster: Client, namespace: str, **fields: Any) -> list[Object]:
    """Apply the objects of a service."""
    objects = render(service(**fields), namespace)
    apply_all(cluster, objects)
    return objects


def messages(recording: Recording) -> list[tuple[str, str]]:
    return [(entry.severity, entry.message) for entry in recording.run.log]


def test_ready_deployment_is_compared_silently(update: Update, cluster: Client, namespace: str, nodes):
    nodes(ONE_GPU)
    wait_for_rollout(cluster, start(cluster, namespace, **SINGLE))
    assert messages(update(**SINGLE)) == []


def test_interrupted_change_of_deployment_fails_next_up(update: Update, cluster: Client, namespace: str, nodes):
    """The blocker: the cluster has the new spec, the state and the program have the old one."""
    nodes(ONE_GPU)
    wait_for_rollout(cluster, start(cluster, namespace, **SINGLE))
    objects = start(cluster, namespace, gpu=16, **SINGLE)
    wait_until("the lost pod", lambda: not deployment_of(cluster, objects)["status"].get("availableReplicas"))
    with pytest.raises(pulumi.RunError) as caught:
        update(**SINGLE)
    text = str(caught.value)
    path = "spec.template.spec.containers[nim].resources"
    assert f'{path}.limits["nvidia.com/gpu"] is "16" in the cluster, "1" in the program' in text
    assert "The Deployment is not available: 0 of 1 pods are available." in text
    assert "The pod requests 16 nvidia.com/gpu, but the largest node has 1." in text
    assert FIX in text
    wait_for_rollout(cluster, start(cluster, namespace, **SINGLE))
    assert messages(update(**SINGLE)) == []


def test_unavailable_deployment_is_explained(update: Update, cluster: Client, namespace: str, nodes):
    nodes(NO_GPU)
    start(cluster, namespace, **SINGLE)
    with pytest.raises(pulumi.RunError) as caught:
        update(**SINGLE)
    text = str(caught.value)
    assert text.startswith("llama: the Deployment is not available: 0 of 1 pods are available.\n  phase: waiting for")
    assert "`nim-component explain llama --stack stack`" in text
    assert "--refresh" not in text


def test_field_of_other_owner_is_no_difference(update: Update, cluster: Client, namespace: str, nodes):
    nodes(ONE_GPU)
    objects = start(cluster, namespace, **SINGLE)
    template = {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}, "spec": {"priorityClassName": ""}}
    cluster.patch(pick(objects, "Deployment"), {"spec": {"template": template}})
    wait_for_rollout(cluster, objects)
    assert messages(update(**SINGLE)) == []


def test_deleted_deployment_fails_next_up(update: Update, cluster: Client, namespace: str, nodes):
    nodes(ONE_GPU)
    objects = start(cluster, namespace, **SINGLE)
    wait_for_rollout(cluster, objects)
    cluster.delete("apps/v1", "Deployment", "llama", namespace)
    with pytest.raises(pulumi.RunError, match=f"llama: the Deployment {namespace}/llama does not exist in the cluster"):
        update(**SINGLE)


def set_gateway_conditions(cluster: Client, namespace: str, *conditions: Object) -> None:
    """Set the conditions of the Gateway `public`, as its controller did five minutes ago."""
    changed = (datetime.now(UTC) - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    dated = [{"message": "", "observedGeneration": 1, "lastTransitionTime": changed, **each} for each in conditions]
    body = {"metadata": {"name": "public"}, "status": {"conditions": dated}}
    resource = cluster.kind("gateway.networking.k8s.io/v1", "Gateway")
    resource.status.patch(body=body, name="public", namespace=namespace, content_type="application/merge-patch+json")


def test_gateway_without_address_is_a_warning(update: Update, cluster: Client, namespace: str, nodes, crds):
    """A Gateway that no controller has seen has conditions of the status Unknown: no warning."""
    nodes(ONE_GPU)
    fields = {**SINGLE, "http_route": HTTPRouteArgs(gateway="public", hosts=["llama.example.com"])}
    listener = {"name": "http", "port": 80, "protocol": "HTTP"}
    gateway = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "public", "namespace": namespace}}
    cluster.create({**gateway, "spec": {"gatewayClassName": "any", "listeners": [listener]}})
    wait_for_rollout(cluster, start(cluster, namespace, **fields))
    assert messages(update(**fields)) == []
    accepted, programmed = {"type": "Accepted", "status": "True", "reason": "Accepted"}, {"type": "Programmed", "status": "True"}
    set_gateway_conditions(cluster, namespace, accepted, {**programmed, "status": "False", "reason": "AddressNotAssigned"})
    ((severity, text),) = messages(update(**fields))
    assert severity == "warning"
    assert text.startswith(f"llama: The Gateway {namespace}/public is not programmed: it has no address.")
    set_gateway_conditions(cluster, namespace, accepted, {**programmed, "reason": "Programmed"})
    assert messages(update(**fields)) == []


def set_ready(cluster: Client, namespace: str, **status: Any) -> None:
    """Set the status of the LeaderWorkerSet, as its controller does."""
    resource = cluster.kind("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet")
    body = {"metadata": {"name": "llama-group"}, "status": status}
    resource.status.patch(body=body, name="llama-group", namespace=namespace, content_type="application/merge-patch+json")


def test_leader_worker_set_is_compared(crds: None, update: Update, cluster: Client, namespace: str):
    start(cluster, namespace, **MULTI_NODE)
    with pytest.raises(pulumi.RunError, match="llama: the LeaderWorkerSet is not available: 0 of 1 node groups are available"):
        update(**MULTI_NODE)
    set_ready(cluster, namespace, readyReplicas=1, updatedReplicas=1, replicas=1)
    assert messages(update(**MULTI_NODE)) == []
    start(cluster, namespace, image=NEW, **MULTI_NODE)
    with pytest.raises(pulumi.RunError) as caught:
        update(**MULTI_NODE)
    text = str(caught.value)
    for template in ("leaderTemplate", "workerTemplate"):
        assert f'spec.leaderWorkerTemplate.{template}.spec.containers[nim].image is "{NEW}" in the cluster' in text
    assert FIX in text


def test_interrupted_replacement_of_leader_worker_set_fails(crds: None, update: Update, cluster: Client, namespace: str):
    """Another number of nodes replaces the LeaderWorkerSet under the same name."""
    start(cluster, namespace, **{**MULTI_NODE, "multi_node": MultiNodeArgs(nodes=4)})
    set_ready(cluster, namespace, readyReplicas=1, updatedReplicas=1, replicas=1)
    with pytest.raises(pulumi.RunError, match="spec.leaderWorkerTemplate.size is 4 in the cluster, 2 in the program"):
        update(**MULTI_NODE)


def test_job_of_interrupted_replacement_is_ignored(update: Update, cluster: Client, namespace: str, nodes):
    """The name of a Job contains a content hash, so the replacement exists beside it."""
    nodes([node("gpu-0", {GPU: 1})])
    objects = start(cluster, namespace, **PREWARM)
    wait_for_rollout(cluster, objects)
    name = pick(objects, "Job")["metadata"]["name"]
    wait_until("a complete Job", lambda: condition(cluster.get("batch/v1", "Job", name, namespace), "Complete"))
    replacement = pick(render(service(cache=CacheArgs(prewarm=PrewarmArgs(profiles=["other"]))), namespace), "Job")
    assert replacement["metadata"]["name"] != name
    cluster.apply({**replacement, "spec": {**replacement["spec"], "suspend": True}})
    assert messages(update(**PREWARM)) == []


@pytest.mark.parametrize(("fields", "title"), [(PREWARM, "prewarm Job"), (LORA, "LoRA Job")], ids=["prewarm", "lora"])
def test_jobs_are_compared(update: Update, cluster: Client, namespace: str, nodes, fields: dict[str, Any], title: str):
    nodes([node("gpu-0", {GPU: 1})])
    objects = start(cluster, namespace, **fields)
    wait_for_rollout(cluster, objects)
    job = pick(objects, "Job")
    name = job["metadata"]["name"]
    wait_until("a complete Job", lambda: condition(cluster.get("batch/v1", "Job", name, namespace), "Complete"))
    assert messages(update(**fields)) == []
    cluster.delete("batch/v1", "Job", name, namespace)
    ((severity, text),) = messages(update(**fields))
    assert severity == "warning"
    assert text.startswith(f"llama: the {title} {namespace}/{name} does not exist in the cluster.")
    job["spec"]["suspend"] = True
    cluster.apply(job, manager=MANAGER)
    with pytest.raises(pulumi.RunError, match=f"llama: the {title} is not available: it is suspended"):
        update(**fields)


def test_rollout_that_replaces_pods_is_compared(update: Update, cluster: Client, namespace: str, nodes):
    nodes(ONE_GPU)
    objects = start(cluster, namespace, **SINGLE)
    wait_for_rollout(cluster, objects)
    objects = start(cluster, namespace, image=NEW, **SINGLE)
    wait_for_rollout(cluster, objects)
    assert messages(update(image=NEW, **SINGLE)) == []
