"""What else `pulumi up` waits for: the Job that fills the cache, the Job that brings adapters, the group of a server over several nodes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nim_component import NIM, AdapterVolume, CacheArgs, LoRAArgs, MultiNodeArgs, NIMSecrets, PrewarmArgs
from nim_component.manifests.multi_node import WORKER_INDEX

from .client import Client, Object, condition
from .controlplane import ControlPlane
from .nodes import GPU, node
from .objects import apply_all, pick, pods_of, render
from .test_commands import run
from .test_diagnosis import LORA
from .test_narrator import Lines, Update, lines
from .waiting import set_quota

__all__ = ["lines"]
CPU = [node("cpu-0")]


def with_prewarm(namespace: str, **job: Any) -> list[Object]:
    """A service whose Job's pods are annotated so, before its Deployment is made."""
    warm = PrewarmArgs(profiles=["vllm-fp16-tp1-pp1"])
    return annotated(render(NIM(secrets=NIMSecrets.keyless(), cache=CacheArgs(prewarm=warm)), namespace), **job)


def with_adapters(namespace: str, **job: Any) -> list[Object]:
    """The same, whose Job brings adapters."""
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
    """Applies objects, and tells of one of them until the engine would go on or give up."""

    def run_it(
        objects: list[Object], kind: str = "Job", seconds: float = 20, until: Callable[[Update], bool] = lambda _: False, adapters: int = 0
    ) -> Any:
        apply_all(cluster, objects)
        object_ = pick(objects, kind)
        it = Update(str(control_plane.kubeconfig), lines, object_, adapters)

        def is_up() -> bool:
            live = cluster.get(object_["apiVersion"], kind, object_["metadata"]["name"], namespace)
            return bool(it.said("info")) and condition(live, "Complete").get("status") == "True"

        came_up, spent = it.run(namespace, is_up, seconds, until=lambda: until(it))
        assert spent < 3
        return it, came_up

    return run_it


def warned(it: Update) -> bool:
    return bool(it.said("warn"))


def test_the_download_of_a_model_is_told_line_by_line(namespace: str, nodes, update, lines: Lines):
    nodes(CPU)
    _, came_up = update(with_prewarm(namespace, complete_after="4s"))
    assert came_up
    assert [text for level, text in lines if level != "info"] == []
    told = [text.removeprefix("llama (pre-warm): ") for _, text in lines]
    assert "downloading the model into the cache, which may take 1 h 10 min" in told
    assert told[-1].startswith("done after ")
    assert "waiting for pods" not in told[told.index("downloading the model into the cache, which may take 1 h 10 min") :]
    assert all(text.startswith("llama (pre-warm): ") for _, text in lines)


FAILING: dict[str, tuple[Callable[..., list[Object]], dict[str, str], str, str]] = {
    "key": (
        with_prewarm,
        {"fails": "1", "says": "Error: 401 Unauthorized from api.ngc.nvidia.com nvapi-of-nobody"},
        "NGC refuses the key with which the model is downloaded",
        "Renew the key in the Secret of secrets.ngc_secret_key",
    ),
    "disk": (
        with_prewarm,
        {"fails": "1", "says": "OSError: [Errno 28] No space left on device"},
        "The disk that the model is downloaded to is full",
        "Raise cache.size to more than the model's size",
    ),
    "image": (
        with_prewarm,
        {"waits": "ErrImagePull", "says": "rpc error: code = NotFound desc = manifest unknown"},
        "There is no image nvcr.io/nim/meta/llama3-8b-instruct:1.0.0.",
        "Correct image: the registry has no such repository or tag.",
    ),
    "gated": (
        with_adapters,
        {"fails": "12", "says": "adapter one (my-org/one@main): the repo is gated (403): accept its terms"},
        "The adapter's repository is gated",
        "Accept its terms on its page",
    ),
}


@pytest.mark.parametrize("what", FAILING)
def test_what_a_job_fails_of_is_told_with_a_cure(namespace: str, nodes, update, what: str):
    render_it, trouble, cause, fix = FAILING[what]
    nodes(CPU)
    title = "llama (adapters)" if render_it is with_adapters else "llama (pre-warm)"
    it, came_up = update(render_it(namespace, **trouble), until=warned)
    assert not came_up
    (warning,) = it.said("warn")
    assert warning.startswith(f"{title}: {cause}")
    assert fix in warning
    (error,) = it.said("error")
    assert error.startswith(f"{title}: not done after ")
    assert cause in error
    assert fix in error
    assert "nvapi-of-nobody" not in warning + error


def test_adapters_of_a_job_are_told_while_they_come(namespace: str, nodes, update, lines: Lines):
    nodes(CPU)
    _, came_up = update(with_adapters(namespace, complete_after="4s"), adapters=2)
    assert came_up
    assert "llama (adapters): downloading 2 adapters" in [text for _, text in lines]


def test_a_job_that_admission_refuses_is_told(cluster: Client, namespace: str, nodes, update):
    nodes(CPU)
    set_quota(cluster, namespace, "small", **{"limits.cpu": "1"})
    it, _ = update(with_prewarm(namespace), until=warned)
    assert "The namespace's quota small is used up: asked limits.cpu=2, used limits.cpu=0, limit limits.cpu=1." in it.said("warn")[0]


def test_a_job_without_room_names_its_own_arguments(namespace: str, nodes, update):
    nodes([{**node("tiny"), "status": {key: {"cpu": "1", "memory": "1Gi", "pods": "9"} for key in ("capacity", "allocatable")}}])
    it, _ = update(with_prewarm(namespace), until=warned)
    (warning,) = it.said("warn")
    assert "No node that would do has 2 of cpu free" in warning
    assert "Lower cache.prewarm.cpu, or take larger nodes." in warning


def test_explain_tells_of_a_download_before_there_is_a_deployment(
    control_plane: ControlPlane, cluster: Client, namespace: str, nodes, tmp_path: Path, lines: Lines, update
):
    nodes(CPU)
    update(with_prewarm(namespace, complete_after="300s"), seconds=4)
    code, output, errors = run(tmp_path, control_plane.kubeconfig, "explain", "-n", namespace)
    assert (code, errors) == (3, "")
    assert output == f"{namespace}/llama: pre-warm: downloading the model into the cache, which may take 1 h 10 min\n"


def with_group(namespace: str) -> list[Object]:
    """A server over two nodes."""
    group = MultiNodeArgs(nodes=2)
    service = NIM(secrets=NIMSecrets.keyless(), gpu=8, multi_node=group, cache=CacheArgs(access_mode="ReadWriteMany"))
    return render(service, namespace)


def test_a_group_is_told_pod_by_pod(crds: None, cluster: Client, namespace: str, nodes, update, lines: Lines):
    # The group's controller is not run here: its pods are made as it would.
    nodes([node("gpu-0", {GPU: 8})])
    objects = with_group(namespace)
    leader, worker = pods_of(pick(objects, "LeaderWorkerSet"))
    for index, (pod, name) in enumerate(((leader, "llama-group-0"), (worker, "llama-group-0-1"))):
        pod["metadata"] |= {"name": name, "labels": {**pod["metadata"]["labels"], WORKER_INDEX: str(index)}}
    it, _ = update([*objects, leader, worker], "LeaderWorkerSet", seconds=12)
    assert any(text.startswith("llama: llama-group-0") for _, text in lines)
    assert len(it.said("warn")) == 1
    assert f"No node has 8 free {GPU}: 0 of 8 are free" in it.said("warn")[0]
    assert it.said("error")[0].startswith("llama: not ready after ")


@pytest.mark.parametrize("refused", ["leader", "worker"])
def test_a_group_whose_pods_a_quota_refuses_is_told(crds: None, cluster: Client, namespace: str, nodes, update, refused: str):
    # The group's controller is not run here, that of the StatefulSets it makes is.
    nodes([node(f"gpu-{n}", {GPU: 8}) for n in range(2)])
    set_quota(cluster, namespace, "gpus", **{f"requests.{GPU}": "4" if refused == "leader" else "8"})
    objects = with_group(namespace)
    leader, worker = pods_of(pick(objects, "LeaderWorkerSet"))
    sets = [stateful_set("llama-group", leader)]
    if refused == "worker":
        sets.append(stateful_set("llama-group-0", worker, first=1))
    it, _ = update([*objects, *sets], "LeaderWorkerSet", until=warned)
    (warning,) = it.said("warn")
    assert "The namespace's quota gpus is used up: asked requests.nvidia.com/gpu=8" in warning
    assert "The namespace's quota gpus is used up" in it.said("error")[0]


def stateful_set(name: str, pod: Object, first: int = 0) -> Object:
    """What a group's controller makes: of the group's name for its leaders, of a leader's name for its workers."""
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
