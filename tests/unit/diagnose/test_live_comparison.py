"""Comparison of a live object with its rendered fields."""

import copy
import re
from typing import Any

import pytest

from nim_component.diagnose.live_comparison import find_differences

RENDERED: dict[str, Any] = {
    "metadata": {"name": "llama"},
    "spec": {
        "replicas": 1,
        "strategy": {"type": "Recreate"},
        "template": {
            "metadata": {"labels": {"app.kubernetes.io/name": "nim"}},
            "spec": {
                "hostNetwork": False,
                "containers": [
                    {
                        "name": "nim",
                        "image": "nim:1",
                        "args": ["serve", "--fast"],
                        "env": [{"name": "A", "value": "1"}, {"name": "HF_TOKEN", "value": "hunter2"}],
                        "ports": [{"name": "http", "containerPort": 8000.0, "protocol": "TCP"}],
                        "resources": {"limits": {"memory": "1024Mi", "nvidia.com/gpu": "1"}},
                        "startupProbe": {"httpGet": {"path": "/ready", "port": "http"}},
                    }
                ],
                "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
                "volumes": [{"name": "cache", "emptyDir": {}}, {"name": "dshm", "emptyDir": {"sizeLimit": "1Gi"}}],
            },
        },
    },
}


def stored(**changes: Any) -> Any:
    """Return the object as an API server stores it, with defaults and fields of admission."""
    live = copy.deepcopy(RENDERED)
    live["spec"]["revisionHistoryLimit"] = 10
    pod = pod_of(live)
    del pod["hostNetwork"]
    pod["dnsPolicy"] = "ClusterFirst"
    pod["containers"].insert(0, {"name": "injected-sidecar", "image": "proxy:1"})
    server = pod["containers"][1]
    server["resources"]["limits"]["memory"] = "1Gi"
    server["ports"][0]["containerPort"] = 8000
    server["startupProbe"]["httpGet"]["scheme"] = "HTTP"
    server["terminationMessagePath"] = "/dev/termination-log"
    for field, value in changes.items():
        server[field] = value
    return live


def pod_of(object_: Any) -> Any:
    return object_["spec"]["template"]["spec"]


def managed_by(manager: str, pod_fields: dict[str, Any]) -> list[Any]:
    return [{"manager": manager, "operation": "Apply", "fieldsV1": {"f:spec": {"f:template": {"f:spec": pod_fields}}}}]


def texts(live: Any, recorded: Any = None, **more: Any) -> list[str]:
    return [str(each) for each in find_differences(RENDERED, live, recorded, **more)]


def test_defaults_and_injected_fields_are_equal():
    assert texts(stored()) == texts(stored(), stored()) == []


def test_changed_fields_are_differences():
    live = stored(image="nim:2", args=["serve"], resources={"limits": {"memory": "1Gi", "nvidia.com/gpu": "16"}})
    live["spec"]["strategy"]["type"] = "RollingUpdate"
    path = "spec.template.spec.containers[nim]"
    assert texts(live, stored()) == [
        'spec.strategy.type is "RollingUpdate" in the cluster, "Recreate" in the program',
        f'{path}.image is "nim:2" in the cluster, "nim:1" in the program',
        f'{path}.args is ["serve"] in the cluster, ["serve", "--fast"] in the program',
        f'{path}.resources.limits["nvidia.com/gpu"] is "16" in the cluster, "1" in the program',
    ]


def test_missing_fields_are_differences():
    live = stored(env=[{"name": "HF_TOKEN", "value": "hunter2"}])
    pod_of(live)["volumes"][1] = {"name": "dshm", "emptyDir": {}}
    del pod_of(live)["tolerations"]
    assert texts(live, stored()) == [
        'spec.template.spec.containers[nim].env[A] is not set in the cluster, {"name": "A", "value": "1"} in the program',
        "spec.template.spec.tolerations is not set in the cluster, "
        '[{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}] in the program',
        'spec.template.spec.volumes[dshm].emptyDir.sizeLimit is not set in the cluster, "1Gi" in the program',
    ]


def test_values_of_secret_variables_are_redacted():
    live = stored(env=[{"name": "A", "value": "nvapi-0123456789abcdef"}, {"name": "HF_TOKEN", "value": "other"}])
    printed = "\n".join(texts(live))
    marks = re.search(
        r"env\[HF_TOKEN\].value is (\[secret \w+, 1-7 characters\]) in the cluster, (\[secret \w+, 1-7 characters\]) in", printed
    )
    assert marks is not None and marks[1] != marks[2]
    assert "env[A].value is" in printed
    assert "nvapi-0" not in printed
    assert "hunter2" not in printed
    assert "other" not in printed


def test_env_value_is_not_a_quantity():
    live = stored(env=[{"name": "A", "value": "1000m"}, {"name": "HF_TOKEN", "value": "hunter2"}])
    assert texts(live) == ['spec.template.spec.containers[nim].env[A].value is "1000m" in the cluster, "1" in the program']


def test_fields_that_were_not_applied_are_ignored():
    """Admission rewrites the image; `--target` or `ignore_changes` excluded the arguments."""
    recorded = stored(image="mirror/nim:1", args=["old"])
    assert texts(stored(image="mirror/nim:1", args=["old"]), recorded) == []
    assert texts(stored(image="mirror/nim:3", args=["older"]), recorded) == []


def test_replicas_of_autoscaler_are_ignored():
    live = stored()
    live["spec"]["replicas"] = 4
    assert texts(live, ignored=[("spec", "replicas")]) == []
    assert texts(live) == ["spec.replicas is 4 in the cluster, 1 in the program"]


ADDED = {
    "f:containers": {'k:{"name":"nim"}': {"f:env": {'k:{"name":"BAD"}': {".": {}, "f:name": {}, "f:value": {}}}, "f:command": {}}},
    "f:nodeSelector": {"f:zone": {}},
    "f:volumes": {'k:{"name":"cache"}': {".": {}, "f:name": {}, "f:persistentVolumeClaim": {"f:claimName": {}}}},
}


def extended() -> Any:
    """Return a live object with additional fields."""
    live = stored(env=[*pod_of(RENDERED)["containers"][0]["env"], {"name": "BAD", "value": "1"}], command=["sh"])
    pod_of(live)["nodeSelector"] = {"zone": "b"}
    pod_of(live)["volumes"][0] = {"name": "cache", "persistentVolumeClaim": {"claimName": "other"}}
    return live


def test_fields_added_by_pulumi_are_differences():
    live = extended()
    live["metadata"]["managedFields"] = managed_by("pulumi-kubernetes-0a1b", ADDED)
    assert texts(live, stored()) == [
        'spec.template.spec.containers[nim].env[BAD] is {"name": "BAD", "value": "1"} in the cluster, not set in the program',
        'spec.template.spec.containers[nim].command is ["sh"] in the cluster, not set in the program',
        'spec.template.spec.volumes[cache].persistentVolumeClaim is {"claimName": "other"} in the cluster, not set in the program',
        'spec.template.spec.nodeSelector is {"zone": "b"} in the cluster, not set in the program',
    ]


@pytest.mark.parametrize(
    ("manager", "recorded"),
    [
        pytest.param("kubectl-edit", stored(), id="other owner"),
        pytest.param("pulumi-resource-kubernetes", extended(), id="recorded, such as a default"),
        pytest.param("pulumi-resource-kubernetes", None, id="without a record"),
    ],
)
def test_other_added_fields_are_ignored(manager: str, recorded: Any):
    live = extended()
    live["metadata"]["managedFields"] = managed_by(manager, ADDED)
    assert texts(live, recorded) == []


def test_added_item_of_whole_list_is_difference():
    """One owner sets a list of tolerations."""
    live = stored()
    pod_of(live)["tolerations"].append({"key": "zone", "operator": "Exists"})
    (text,) = texts(live, stored())
    assert text.startswith("spec.template.spec.tolerations is [")
    assert texts(live, copy.deepcopy(live)) == []
