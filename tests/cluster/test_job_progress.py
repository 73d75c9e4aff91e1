"""Progress report of Jobs and LeaderWorkerSets on a real control plane."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nim_component import NIM, AdapterVolume, CacheArgs, LoRAArgs, MultiNodeArgs, NIMSecrets, PrewarmArgs
from nim_component.manifests.multi_node import WORKER_INDEX

from .client import Client, Object, condition, wait_until
from .controlplane import ControlPlane
from .nodes import GPU, node
from .objects import apply_all, pick, pods_of, render
from .test_commands import run
from .test_diagnosis import LORA
from .test_progress import Lines, Update, lines
from .waiting import release, set_quota

__all__ = ["lines"]
CPU = [node("cpu-0")]


def with_prewarm(namespace: str, **job: Any) -> list[Object]:
    """Return a service with a prewarm Job, without its Deployment.

    `job` are annotations of the Job's pods.
    """
    warm = PrewarmArgs(profiles=["vllm-fp16-tp1-pp1"])
    return annotated(render(NIM(secrets=NIMSecrets.keyless(), cache=CacheArgs(prewarm=warm)), namespace), **job)


def with_adapters(namespace: str, **job: Any) -> list[Object]:
    """Return a service with a loader Job, without its Deployment.

    `job` are annotations of the Job's pods.
    """
    lora = LoRAArgs(volume=AdapterVolume(), refresh_interval=30)
    env = {"NIM_PEFT_SOURCE": "/opt/nim/peft"}
    return annotated(render(NIM(**{**LORA, "secrets": NIMSecrets.keyless(), "env": env, "lora": lora}), namespace), **job)


def annotated(objects: list[Object], **annotations: str) -> list[Object]:
    job = pick(objects, "Job")
    job["spec"]["template"]["metadata"]["annotations"] = {
        f"cluster-tests/{key.replace('_', '-')}": each for key, each in annotations.items()
    }
    return [each for each in objects if each["kind"] != "Deployment"]


@pytest.fixture
def update(control_plane: ControlPlane, cluster: Client, namespace: str, lines: Lines) -> Callable[..., tuple[Update, bool]]:
    """Return a function that applies objects and reports one of them.

    With `held_until`, pods with the annotation `cluster-tests/hold` are released after that line.
    """

    def run_it(
        objects: list[Object],
        kind: str = "Job",
        seconds: float = 20,
        until: Callable[[Update], bool] = lambda _: False,
        adapters: int = 0,
        held_until: str = "",
    ) -> Any:
        apply_all(cluster, objects)
        object_ = pick(objects, kind)
        report = Update(str(control_plane.kubeconfig), lines, object_, adapters)

        def is_up() -> bool:
            if held_until in report.lines_of("info"):
                release(cluster, namespace)
            live = cluster.get(object_["apiVersion"], kind, object_["metadata"]["name"], namespace)
            return bool(report.lines_of("info")) and condition(live, "Complete").get("status") == "True"

        came_up, spent = report.run(namespace, is_up, seconds, until=lambda: until(report))
        assert spent < 3
        return report, came_up

    return run_it


def warned(report: Update) -> bool:
    return bool(report.lines_of("warn"))


def test_prewarm_job_reports_its_phases(namespace: str, nodes, update, lines: Lines):
    nodes(CPU)
    downloads = "downloading the model into the cache (time limit 1 h 10 min)"
    _, came_up = update(with_prewarm(namespace, hold="complete"), seconds=120, held_until=f"llama (prewarm Job): {downloads}")
    assert came_up
    assert [text for level, text in lines if level != "info"] == []
    reported = [text.removeprefix("llama (prewarm Job): ") for _, text in lines]
    assert downloads in reported
    assert reported[-1].startswith("done after ")
    assert "waiting for pods" not in reported[reported.index(downloads) :]
    assert all(text.startswith("llama (prewarm Job): ") for _, text in lines)


FAILING: dict[str, tuple[Callable[..., list[Object]], dict[str, str], str, str]] = {
    "key": (
        with_prewarm,
        {"fails": "1", "message": "Error: 401 Unauthorized from api.ngc.nvidia.com nvapi-of-nobody"},
        "NGC refuses the API key for the model download",
        "Renew the key in the Secret of secrets.ngc_secret_key",
    ),
    "disk": (
        with_prewarm,
        {"fails": "1", "message": "OSError: [Errno 28] No space left on device"},
        "The disk for the model download is full",
        "Raise cache.size above the size of the model",
    ),
    "image": (
        with_prewarm,
        {"waits": "ErrImagePull", "message": "rpc error: code = NotFound desc = manifest unknown"},
        "The image nvcr.io/nim/meta/llama3-8b-instruct:1.0.0 does not exist.",
        "Correct image: the registry has no such repository or tag.",
    ),
    "gated": (
        with_adapters,
        {"fails": "12", "message": "adapter one (my-org/one@main): the repo is gated (403): accept its terms"},
        "The adapter's repository is gated",
        "Accept its terms on its page",
    ),
}


@pytest.mark.parametrize("what", FAILING)
def test_failed_job_is_diagnosed(namespace: str, nodes, update, what: str):
    render_service, annotations, cause, fix = FAILING[what]
    nodes(CPU)
    title = "llama (LoRA Job)" if render_service is with_adapters else "llama (prewarm Job)"
    report, came_up = update(render_service(namespace, **annotations), until=warned)
    assert not came_up
    (warning,) = report.lines_of("warn")
    assert warning.startswith(f"{title}: {cause}")
    assert fix in warning
    (error,) = report.lines_of("error")
    assert error.startswith(f"{title}: not done after ")
    assert cause in error
    assert fix in error
    assert "nvapi-of-nobody" not in warning + error


def test_loader_job_reports_the_download(namespace: str, nodes, update, lines: Lines):
    nodes(CPU)
    downloads = "llama (LoRA Job): downloading 2 adapters"
    _, came_up = update(with_adapters(namespace, hold="complete"), seconds=120, adapters=2, held_until=downloads)
    assert came_up
    assert downloads in [text for _, text in lines]


def test_refused_job_is_diagnosed(cluster: Client, namespace: str, nodes, update):
    nodes(CPU)
    set_quota(cluster, namespace, "small", **{"limits.cpu": "1"})
    report, _ = update(with_prewarm(namespace), until=warned)
    assert (
        "The pod exceeds the namespace's quota small: requested limits.cpu=2, used limits.cpu=0, limit limits.cpu=1."
        in report.lines_of("warn")[0]
    )


def test_unschedulable_job_names_its_arguments(namespace: str, nodes, update):
    nodes([{**node("tiny"), "status": {key: {"cpu": "1", "memory": "1Gi", "pods": "9"} for key in ("capacity", "allocatable")}}])
    report, _ = update(with_prewarm(namespace), until=warned)
    (warning,) = report.lines_of("warn")
    assert "No suitable node has 2 of cpu free" in warning
    assert "Lower cache.prewarm.cpu, or use larger nodes." in warning


def test_explain_reports_download_before_deployment(
    control_plane: ControlPlane, cluster: Client, namespace: str, nodes, tmp_path: Path, lines: Lines, update
):
    nodes(CPU)
    update(with_prewarm(namespace, complete_after="300s"), seconds=4)
    code, output, errors = run(tmp_path, control_plane.kubeconfig, "explain", "-n", namespace)
    assert (code, errors) == (3, "")
    assert output == f"{namespace}/llama: prewarm Job: downloading the model into the cache (time limit 1 h 10 min)\n"


def multi_node(namespace: str) -> list[Object]:
    """Return the objects of a service on two nodes."""
    service = NIM(secrets=NIMSecrets.keyless(), gpu=8, multi_node=MultiNodeArgs(nodes=2), cache=CacheArgs(access_mode="ReadWriteMany"))
    return render(service, namespace)


def test_leader_worker_set_reports_each_pod(crds: None, cluster: Client, namespace: str, nodes, update, lines: Lines):
    """The controller does not run here, so the test creates the pods."""
    nodes([node("gpu-0", {GPU: 8})])
    objects = multi_node(namespace)
    leader, worker = pods_of(pick(objects, "LeaderWorkerSet"))
    for index, (pod, name) in enumerate(((leader, "llama-group-0"), (worker, "llama-group-0-1"))):
        pod["metadata"] |= {"name": name, "labels": {**pod["metadata"]["labels"], WORKER_INDEX: str(index)}}
    report, _ = update([*objects, leader, worker], "LeaderWorkerSet", seconds=12)
    assert any(text.startswith("llama: llama-group-0") for _, text in lines)
    assert len(report.lines_of("warn")) == 1
    assert f"No node has 8 free {GPU}: 0 of 8 are free" in report.lines_of("warn")[0]
    assert report.lines_of("error")[0].startswith("llama: not ready after ")


@pytest.mark.parametrize("refused", ["leader", "worker", "leader of a worker"])
def test_quota_of_leader_worker_set_is_diagnosed(crds: None, cluster: Client, namespace: str, nodes, update, refused: str):
    """The controller does not run here, so the test creates its StatefulSets."""
    nodes([node(f"gpu-{n}", {GPU: 8}) for n in range(2)])
    set_quota(cluster, namespace, "gpus", **{f"requests.{GPU}": "4" if refused == "leader" else "8"})
    objects = multi_node(namespace)
    leader, worker = pods_of(pick(objects, "LeaderWorkerSet"))
    sets = [stateful_set("llama-group", leader)]
    if refused != "leader":  # the first pod uses the whole quota
        sets.append(stateful_set("llama-group-0", worker, first=1))
        first = sets.pop(0 if refused == "worker" else 1)
        apply_all(cluster, [*objects, first])
        wait_until("the first pod", lambda: cluster.pods(namespace))
        objects.append(first)
    report, _ = update([*objects, *sets], "LeaderWorkerSet", until=warned)
    (warning,) = report.lines_of("warn")
    assert "The pod exceeds the namespace's quota gpus: requested requests.nvidia.com/gpu=8" in warning
    (error,) = report.lines_of("error")
    assert "The pod exceeds the namespace's quota gpus" in error
    assert ("waiting for the pod of a leader; llama-group-0-1: " in error) == (refused == "leader of a worker")


def stateful_set(name: str, pod: Object, first: int = 0) -> Object:
    """Return a StatefulSet of the controller: for leaders, or for the workers of a leader."""
    labels = pod["metadata"]["labels"] | {WORKER_INDEX: str(first)}
    spec = {
        "serviceName": name,
        "selector": {"matchLabels": labels},
        "ordinals": {"start": first},
        "template": {"metadata": {"labels": labels}, "spec": pod["spec"]},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": name, "namespace": pod["metadata"]["namespace"]},
        "spec": spec,
    }
