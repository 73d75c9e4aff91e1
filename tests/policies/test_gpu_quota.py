"""GPUs of a stack: quantities of every form, autoscalers, sidecars, DaemonSets, other vendors."""

from typing import Any

import pytest

from .pack_modules import load

module, workloads = load("gpu_quota"), load("workloads")
Object, Quota = module.Object, module.Quota


def pod_of(gpus: Any = 1, **more: Any) -> Any:
    return {"spec": {"containers": [container(gpus)], **more}}


def container(gpus: Any, **more: Any) -> Any:
    return {"name": "a", "resources": {"limits": {"nvidia.com/gpu": gpus}}, **more}


def count(*objects: tuple[str, Any], **config: Any) -> dict[str, float]:
    return module.count_stack([Object(kind, kind.lower(), props) for kind, props in objects], Quota(0, **config))


def deployment(replicas: Any = 2, gpus: Any = 1) -> tuple[str, Any]:
    return "Deployment", {"metadata": {"name": "d"}, "spec": {"replicas": replicas, "template": pod_of(gpus)}}


def scaler(kind: str, **spec: Any) -> tuple[str, Any]:
    return kind, {"metadata": {"name": "s"}, "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "d"}, **spec}}


@pytest.mark.parametrize(
    ("quantity", "gpus"),
    [
        *(("1", 1), (1, 1), (1.0, 1), ("1e0", 1), ("1E0", 1), ("1000m", 1), ("0.002k", 2), ("+2", 2), (" 2 ", 2), ("1e1", 10)),
        *(("1500m", 2), ("1k", 1000), ("1Ki", 1024), ("0", 0), ("", 0), ("many", 0), (None, 0), (True, 0), ("1e9999", 0)),
    ],
)
def test_quantity_of_every_form_is_read(quantity: Any, gpus: int):
    assert count(("Pod", pod_of(quantity))) == ({"Pod pod": gpus} if gpus else {})


def test_request_counts_like_limit():
    assert count(("Pod", {"spec": {"containers": [{"name": "a", "resources": {"requests": {"nvidia.com/gpu": 3}}}]}})) == {"Pod pod": 3}


@pytest.mark.parametrize(
    ("kind", "spec", "gpus"),
    [
        ("HorizontalPodAutoscaler", {"maxReplicas": 7}, 7),
        ("HorizontalPodAutoscaler", {"maxReplicas": 1}, 2),
        ("HorizontalPodAutoscaler", {}, workloads.UNLIMITED),
        ("HorizontalPodAutoscaler", {"maxReplicas": None}, workloads.UNLIMITED),
        ("ScaledObject", {"maxReplicaCount": 8}, 8),
        ("ScaledObject", {}, 100),
        ("VerticalPodAutoscaler", {}, 2),
    ],
)
def test_autoscaler_decides_the_maximum(kind: str, spec: Any, gpus: float):
    assert count(deployment(), scaler(kind, **spec)) == {"Deployment deployment": gpus}


def test_largest_of_two_autoscalers_counts():
    first, second = scaler("HorizontalPodAutoscaler", maxReplicas=9), scaler("ScaledObject", maxReplicaCount=4)
    assert count(deployment(), first, second) == count(deployment(), second, first) == {"Deployment deployment": 9}


def test_missing_maximum_is_a_violation():
    objects = [Object(kind, kind.lower(), props) for kind, props in (deployment(), scaler("HorizontalPodAutoscaler"), ("Pod", pod_of(1)))]
    assert list(module.check_quota(objects, Quota(1))) == [
        "Deployment deployment has no upper bound of pods, so it may use any number of GPUs. Set the maximum of its autoscaler."
    ]
    assert list(module.check_quota(objects, Quota(0)))[1:] == [
        "the stack may use 1 GPUs, but its quota is 0: Pod pod 1. Reduce replicas or GPUs, or raise maxGpus of the policy."
    ]


@pytest.mark.parametrize(
    ("init", "gpus"),
    [
        ([container(4)], 4),
        ([container(4, restartPolicy="Always")], 5),
        ([container(2, restartPolicy="Always"), container(4)], 6),
        ([container(4), container(2, restartPolicy="Always")], 4),
        ([container(2, restartPolicy="Always"), container(3, restartPolicy="Always")], 6),
    ],
)
def test_init_containers_count_like_the_scheduler(init: Any, gpus: int):
    assert count(("Pod", pod_of(1, initContainers=init))) == {"Pod pod": gpus}


@pytest.mark.parametrize(("nodes", "gpus"), [(None, workloads.UNLIMITED), (3, 6), (0, 0)])
def test_daemon_set_counts_once_per_node(nodes: int | None, gpus: float):
    daemon_set = ("DaemonSet", {"spec": {"template": pod_of(2)}})
    assert count(daemon_set, nodes=nodes) == ({"DaemonSet daemonset": gpus} if gpus else {})
    violations = list(module.check_quota([Object("DaemonSet", "d", daemon_set[1])], Quota(9, nodes=nodes)))
    assert violations == (
        ["DaemonSet d uses GPUs on every node, and their number is unknown. Set nodes of the policy."] if nodes is None else []
    )


def test_daemon_set_without_gpus_needs_no_nodes():
    assert count(("DaemonSet", {"spec": {"template": pod_of(0)}})) == {}


@pytest.mark.parametrize(
    ("name", "resources", "gpus"),
    [
        ("amd.com/gpu", [], 1),
        ("gpu.intel.com/i915", [], 1),
        ("nvidia.com/mig-1g.10gb", [], 1),
        ("nvidia.com/gpu.shared", [], 1),
        ("nvidia.com/gpumem", [], 0),
        ("habana.ai/gaudi", [], 0),
        ("habana.ai/gaudi", ["habana.ai/gaudi"], 1),
        ("google.com/tpu", ["habana.ai/*", "google.com/*"], 1),
        ("cpu", ["habana.ai/*"], 0),
    ],
)
def test_resources_of_other_vendors_are_configured(name: str, resources: list[str], gpus: int):
    pod = {"spec": {"containers": [{"name": "a", "resources": {"limits": {name: "1"}}}]}}
    assert count(("Pod", pod), resources=resources) == ({"Pod pod": gpus} if gpus else {})


@pytest.mark.parametrize(
    ("kind", "props", "gpus"),
    [
        ("PodTemplate", {"template": pod_of()}, 0),
        ("Job", {"spec": {"parallelism": 4, "template": pod_of()}}, 4),
        ("Job", {"spec": {"parallelism": 4, "completions": 2, "template": pod_of()}}, 2),
        ("CronJob", {"spec": {"jobTemplate": {"spec": {"parallelism": 3, "template": pod_of()}}}}, 3),
        ("JobSet", {"spec": {"replicatedJobs": [{"replicas": 2, "template": {"spec": {"parallelism": 3, "template": pod_of()}}}]}}, 6),
        ("RayCluster", {"spec": {"workerGroupSpecs": [{"replicas": 2, "numOfHosts": 4, "template": pod_of()}]}}, 8),
        ("RayCluster", {"spec": {"workerGroupSpecs": [{"replicas": 1, "maxReplicas": 5, "template": pod_of()}]}}, 5),
        (
            "RayCluster",
            {"spec": {"enableInTreeAutoscaling": True, "workerGroupSpecs": [{"replicas": 1, "template": pod_of()}]}},
            workloads.UNLIMITED,
        ),
        ("PyTorchJob", {"spec": {"pytorchReplicaSpecs": {"Worker": {"replicas": 3, "template": pod_of()}}}}, 3),
        ("ScaledJob", {"spec": {"jobTargetRef": {"template": pod_of()}}}, 100),
        ("ScaledJob", {"spec": {"maxReplicaCount": 2, "jobTargetRef": {"parallelism": 2, "template": pod_of()}}}, 4),
        ("LeaderWorkerSet", {"spec": {"replicas": 2, "leaderWorkerTemplate": {"size": 3, "workerTemplate": pod_of()}}}, 6),
        (
            "LeaderWorkerSet",
            {"spec": {"replicas": 2, "leaderWorkerTemplate": {"size": 3, "leaderTemplate": pod_of(0), "workerTemplate": pod_of(2)}}},
            8,
        ),
        ("Service", {"spec": {"template": pod_of()}}, workloads.UNLIMITED),
        ("Service", {"spec": {"template": {**pod_of(), "metadata": {"annotations": {"autoscaling.knative.dev/max-scale": "3"}}}}}, 3),
    ],
)
def test_copies_of_every_kind_are_counted(kind: str, props: Any, gpus: float):
    assert count((kind, props)) == ({f"{kind} {kind.lower()}": gpus} if gpus else {})
