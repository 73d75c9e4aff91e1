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
        ("CronJob", {"spec": {"concurrencyPolicy": "Forbid", "jobTemplate": {"spec": {"parallelism": 3, "template": pod_of()}}}}, 3),
        ("CronJob", {"spec": {"concurrencyPolicy": "Replace", "jobTemplate": {"spec": {"template": pod_of()}}}}, 1),
        ("CronJob", {"spec": {"concurrencyPolicy": "Allow", "jobTemplate": {"spec": {"template": pod_of()}}}}, workloads.UNLIMITED),
        ("CronJob", {"spec": {"jobTemplate": {"spec": {"template": pod_of()}}}}, workloads.UNLIMITED),
        ("CronJob", {"spec": {"jobTemplate": {"spec": {"template": pod_of(0)}}}}, 0),
        (
            "CronJob",
            {"spec": {"schedule": "*/10 * * * *", "jobTemplate": {"spec": {"activeDeadlineSeconds": 1500, "template": pod_of(2)}}}},
            6,
        ),
        ("CronWorkflow", {"spec": {"workflowSpec": {"templates": [{"container": container(1, image="a")}]}}}, workloads.UNLIMITED),
        ("Workflow", {"spec": {"parallelism": 3, "templates": [{"name": "a", "script": container(2, image="a")}]}}, 6),
        ("TaskRun", {"spec": {"taskSpec": {"steps": [container(1, image="a"), container(1, image="b")]}}}, 2),
        ("JobSet", {"spec": {"replicatedJobs": [{"replicas": 2, "template": {"spec": {"parallelism": 3, "template": pod_of()}}}]}}, 6),
        ("RayCluster", {"spec": {"workerGroupSpecs": [{"replicas": 2, "numOfHosts": 4, "template": pod_of()}]}}, 8),
        ("RayCluster", {"spec": {"workerGroupSpecs": [{"replicas": 1, "maxReplicas": 5, "template": pod_of()}]}}, 5),
        (
            "RayCluster",
            {"spec": {"enableInTreeAutoscaling": True, "workerGroupSpecs": [{"replicas": 1, "template": pod_of()}]}},
            workloads.UNLIMITED,
        ),
        ("PyTorchJob", {"spec": {"pytorchReplicaSpecs": {"Worker": {"replicas": 3, "template": pod_of()}}}}, 3),
        (
            "PyTorchJob",
            {
                "spec": {
                    "elasticPolicy": {"minReplicas": 1, "maxReplicas": 8},
                    "pytorchReplicaSpecs": {"Master": {"template": pod_of()}, "Worker": {"replicas": 2, "template": pod_of()}},
                }
            },
            9,
        ),
        (
            "PyTorchJob",
            {"spec": {"elasticPolicy": {"maxReplicas": 2}, "pytorchReplicaSpecs": {"Worker": {"replicas": 3, "template": pod_of()}}}},
            3,
        ),
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


def claim(*requests: Any, kind: str = "ResourceClaimTemplate", name: str = "gpus") -> tuple[str, Any]:
    spec = {"devices": {"requests": list(requests)}}
    return kind, {"metadata": {"name": name}, "spec": {"spec": spec} if kind == "ResourceClaimTemplate" else spec}


def claiming(replicas: int = 3, **source: str) -> tuple[str, Any]:
    pod = {"containers": [{"name": "a"}], "resourceClaims": [{"name": "x", **(source or {"resourceClaimTemplateName": "gpus"})}]}
    return "Deployment", {"metadata": {"name": "d"}, "spec": {"replicas": replicas, "template": {"spec": pod}}}


GPU = {"name": "a", "deviceClassName": "gpu.nvidia.com"}


@pytest.mark.parametrize(
    ("request_", "gpus"),
    [
        ({"name": "a", "exactly": {"deviceClassName": "gpu.nvidia.com"}}, 1),
        ({"name": "a", "exactly": {"deviceClassName": "gpu.nvidia.com", "allocationMode": "ExactCount", "count": 4}}, 4),
        ({**GPU, "count": 2}, 2),
        ({"name": "a", "deviceClassName": "mig.nvidia.com"}, 1),
        ({"name": "a", "firstAvailable": [{"deviceClassName": "gpu.amd.com", "count": 2}, {**GPU, "count": 4}]}, 4),
        ({**GPU, "allocationMode": "All"}, workloads.UNLIMITED),
        ({**GPU, "adminAccess": True}, 0),
        ({"name": "a", "exactly": {"deviceClassName": "dranet.example.com", "count": 8}}, 0),
        ({"name": "a", "exactly": {"deviceClassName": "imigration.example.com"}}, 0),
        ({"name": "a", "exactly": {"deviceClassName": "gaudi.intel.com", "count": 2}}, 2),
    ],
)
def test_devices_of_template_count_per_pod(request_: Any, gpus: float):
    counted = count(claiming(3), claim(request_), device_classes=["gaudi.*"])
    assert counted == ({"Deployment deployment": 3 * gpus} if gpus else {})


def test_shared_claim_counts_once():
    shared = claim({**GPU, "count": 2}, kind="ResourceClaim")
    assert count(claiming(3, resourceClaimName="gpus"), shared) == {"ResourceClaim resourceclaim": 2}
    assert count(claiming(3, resourceClaimName="gpus"), claims={"gpus": 4}) == {"ResourceClaim gpus": 4}
    assert count(claiming(3), claims={"gpus": 4}) == {"Deployment deployment": 12}


def find_violations(*objects: tuple[str, Any], **config: Any) -> list[str]:
    return list(module.check_quota([Object(kind, kind.lower(), props) for kind, props in objects], Quota(100, **config)))


def test_claim_outside_stack_is_a_violation():
    text = "which is not in the stack, so its GPUs are unknown. Add it, or set claims of the policy."
    assert find_violations(claiming()) == [f"Deployment deployment uses ResourceClaimTemplate gpus, {text}"]
    assert find_violations(claiming(resourceClaimName="x")) == [f"Deployment deployment uses ResourceClaim x, {text}"]
    assert find_violations(claiming(), claims={"gpus": 1}) == find_violations(claiming(), claim(GPU)) == []


def test_unlimited_claim_and_runs_have_their_fix():
    text = "claims all GPUs of a node, and their number is unknown. Set allocationMode to ExactCount, with a count."
    assert find_violations(claiming(), claim({**GPU, "allocationMode": "All"})) == [f"Deployment deployment {text}"]
    cron = ("CronJob", {"spec": {"jobTemplate": {"spec": {"template": pod_of()}}}})
    text = "has no upper bound of runs at the same time, so it may use any number of GPUs."
    assert find_violations(cron) == [f"CronJob cronjob {text} Set concurrencyPolicy to Forbid, or activeDeadlineSeconds of a run."]


@pytest.mark.parametrize(
    ("schedule", "seconds"),
    [
        *(("* * * * *", 60), ("*/15 * * * *", 900), ("0,10 * * * *", 600), ("50,0 * * * *", 600), ("5 * * * *", 3600)),
        *(("5 */6 * * *", 21_600), ("5 8-18/5 * * *", 18_000), ("5 3 * * 1", 86_400), ("TZ=Europe/Rome 5 3 * * *", 86_400)),
        *(("@daily", 86_400), ("@every 5s", 60), ("x * * * *", 60), ("", 60), ("0 0 1 1 *", 86_400)),
    ],
)
def test_shortest_interval_of_schedule(schedule: str, seconds: int):
    assert load("schedules").shortest_interval(schedule) == seconds
