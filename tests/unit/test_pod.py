"""The rendered Deployment, pod and Service: defaults as a whole, then each argument."""

from pathlib import Path
from typing import Any

import jsonpath_rfc9535
import pulumi
import pytest

from nim_component import CacheArgs, LoRAAdapter, NIMSecrets, ServiceArgs, Toleration
from nim_component import lora_loader as loader
from nim_component.args.lora_options import LOADER_IMAGE
from nim_component.manifests.deployment import ROLLED_OUT
from nim_component.testing import CONFIG_MAP, DEPLOYMENT, SERVICE, record

from .seed import LORA, PEFT, REFERENCE, SHARED, recorded, serve

RESTRICTED = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def probe(path: str, timeout: int, failures: int) -> dict[str, Any]:
    return {"httpGet": {"path": path, "port": "http"}, "periodSeconds": 10, "timeoutSeconds": timeout, "failureThreshold": failures}


def test_default_pod_is_exact():
    size = {"cpu": "1", "memory": "20Gi", "nvidia.com/gpu": "1"}
    assert recorded().pod("llama") == {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 1000,
            "runAsGroup": 1000,
            "fsGroup": 1000,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "imagePullSecrets": [{"name": "pull"}],
        "containers": [
            {
                "name": "nim",
                "image": "nvcr.io/nim/meta/llama3-8b-instruct:1.0.0",
                "imagePullPolicy": "IfNotPresent",
                "env": [
                    {"name": "NIM_CACHE_PATH", "value": "/opt/nim/.cache"},
                    {"name": "NIM_SERVER_PORT", "value": "8000"},
                    {"name": "NIM_HTTP_API_PORT", "value": "8000"},
                    {"name": "NGC_API_KEY", "valueFrom": {"secretKeyRef": {"name": "pull", "key": "NGC_API_KEY"}}},
                ],
                "ports": [{"name": "http", "containerPort": 8000, "protocol": "TCP"}],
                "resources": {"requests": size, "limits": size},
                "securityContext": RESTRICTED,
                "startupProbe": probe("/v1/health/ready", 5, 180),
                "readinessProbe": probe("/v1/health/ready", 5, 3),
                "livenessProbe": probe("/v1/health/live", 10, 6),
                "lifecycle": {"preStop": {"sleep": {"seconds": 10}}},
                "terminationMessagePolicy": "FallbackToLogsOnError",
                "volumeMounts": [{"name": "dshm", "mountPath": "/dev/shm"}, {"name": "cache", "mountPath": "/opt/nim/.cache"}],
            }
        ],
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
        "volumes": [
            {"name": "dshm", "emptyDir": {"medium": "Memory", "sizeLimit": "16Gi"}},
            {"name": "cache", "persistentVolumeClaim": {"claimName": "llama-cache-02f92909"}},
        ],
        "terminationGracePeriodSeconds": 60,
    }


def test_default_deployment_without_pod_is_exact():
    deployment = recorded().deployment("llama")
    labels = {
        "app.kubernetes.io/name": "nim",
        "app.kubernetes.io/instance": "llama",
        "app.kubernetes.io/component": "model-server",
        "app.kubernetes.io/managed-by": "pulumi",
    }
    spec = dict(deployment["spec"])
    template = spec.pop("template")
    assert deployment["metadata"] == {
        "name": "llama",
        "namespace": "default",
        "labels": labels,
        "annotations": {"pulumi.com/waitFor": ROLLED_OUT},
    }
    assert template["metadata"] == {"labels": {**labels, "nim-component/cache-of": "llama"}}
    assert spec == {
        "replicas": 1,
        "selector": {"matchLabels": {"app.kubernetes.io/name": "nim", "app.kubernetes.io/instance": "llama"}},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}},
        "progressDeadlineSeconds": 2400,
    }


def test_default_service_is_exact():
    assert recorded().child("llama", SERVICE).inputs["spec"] == {
        "type": "ClusterIP",
        "selector": {"app.kubernetes.io/name": "nim", "app.kubernetes.io/instance": "llama"},
        "ports": [{"name": "http", "port": 8000, "targetPort": "http", "protocol": "TCP"}],
    }


SERVER: list[tuple[dict[str, Any], str, Any]] = [
    ({"image": "a/b/c:2"}, "image", "a/b/c:2"),
    ({"image_pull_policy": "Always"}, "imagePullPolicy", "Always"),
    ({"port": 9000}, "ports", [{"name": "http-9000", "containerPort": 9000, "protocol": "TCP"}]),
    ({"health_endpoint": "/v2/ready"}, "startupProbe", probe("/v2/ready", 5, 180)),
    ({"health_endpoint": "v2/ready"}, "readinessProbe", probe("/v2/ready", 5, 3)),
    ({"health_endpoint": "v2/ready"}, "livenessProbe", probe("/v1/health/live", 10, 6)),
    ({"startup_timeout": 605}, "startupProbe", probe("/v1/health/ready", 5, 61)),
    ({"args": ["--max-model-len", "4096"], "generation": "2.x-vllm"}, "args", ["--max-model-len", "4096"]),
    ({"args": ["list-model-profiles"]}, "args", ["list-model-profiles"]),
    ({"args": ["--x"], "command": ["sh"]}, "args", ["--x"]),
    ({"args": ["--x"], "image": "registry.example/llama:prod"}, "args", ["--x"]),
    ({"command": ["nim-serve"]}, "command", ["nim-serve"]),
    ({"pre_stop_sleep": 30}, "lifecycle", {"preStop": {"sleep": {"seconds": 30}}}),
]


@pytest.mark.parametrize(("fields", "key", "value"), SERVER, ids=lambda value: str(value)[:40])
def test_argument_is_rendered_in_server(fields: dict[str, Any], key: str, value: Any):
    assert recorded(**fields).container("llama")[key] == value


@pytest.mark.parametrize("key", ["args", "command", "envFrom"])
def test_default_server_has_no_optional_field(key: str):
    assert key not in recorded().container("llama")


POD: list[tuple[dict[str, Any], str, Any]] = [
    ({"node_selector": {"nvidia.com/gpu.present": "true"}}, "nodeSelector", {"nvidia.com/gpu.present": "true"}),
    ({"runtime_class": "nvidia"}, "runtimeClassName", "nvidia"),
    ({"priority_class": "high"}, "priorityClassName", "high"),
    ({"termination_grace": 0}, "terminationGracePeriodSeconds", 0),
    ({"tolerations": []}, "tolerations", []),
    (
        {"tolerations": [Toleration(key="a", operator="Exists", effect="NoExecute", toleration_seconds=300)]},
        "tolerations",
        [{"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}],
    ),
    ({"affinity": {"podAffinity": {}}}, "affinity", {"podAffinity": {}}),
    ({"affinity": {"node_affinity": {}}}, "affinity", {"nodeAffinity": {}}),
    (
        {"topology_spread": [{"max_skew": 1, "topologyKey": "zone", "labelSelector": {"matchLabels": {"a": "b"}}}]},
        "topologySpreadConstraints",
        [{"maxSkew": 1, "topologyKey": "zone", "labelSelector": {"matchLabels": {"a": "b"}}}],
    ),
]


@pytest.mark.parametrize(("fields", "key", "value"), POD, ids=lambda value: str(value)[:40])
def test_argument_is_rendered_in_pod(fields: dict[str, Any], key: str, value: Any):
    assert recorded(**fields).pod("llama")[key] == value


@pytest.mark.parametrize(
    "key",
    ["nodeSelector", "affinity", "topologySpreadConstraints", "runtimeClassName", "priorityClassName", "initContainers", "hostNetwork"],
)
def test_default_pod_has_no_optional_field(key: str):
    assert key not in recorded().pod("llama")


SIZES: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({"cpu": 2, "mem": "32Gi"}, {"cpu": "2", "memory": "32Gi", "nvidia.com/gpu": "1"}),
    ({"cpu": "500m"}, {"cpu": "500m", "memory": "20Gi", "nvidia.com/gpu": "1"}),
    ({"cpu": 0.5}, {"cpu": "0.5", "memory": "20Gi", "nvidia.com/gpu": "1"}),
    ({"cpu": 2.0}, {"cpu": "2", "memory": "20Gi", "nvidia.com/gpu": "1"}),
    ({"gpu": 4}, {"cpu": "1", "memory": "20Gi", "nvidia.com/gpu": "4"}),
    ({"gpu_resource": "nvidia.com/mig-3g.40gb"}, {"cpu": "1", "memory": "20Gi", "nvidia.com/mig-3g.40gb": "1"}),
    ({"ephemeral_storage": "30Gi"}, {"cpu": "1", "memory": "20Gi", "nvidia.com/gpu": "1", "ephemeral-storage": "30Gi"}),
]


@pytest.mark.parametrize(("fields", "size"), SIZES, ids=lambda value: str(value)[:50])
@pytest.mark.parametrize("is_output", [False, True], ids=["plain", "output"])
def test_requests_equal_limits(fields: dict[str, Any], size: dict[str, str], is_output: bool):
    seen = record(lambda: serve(**{name: pulumi.Output.from_input(value) if is_output else value for name, value in fields.items()}))
    assert seen.container("llama")["resources"] == {"requests": size, "limits": size}


@pytest.mark.parametrize("gpu", [0, pulumi.Output.from_input(0)], ids=["plain", "output"])
def test_scheduler_gives_gpu_without_request(gpu: Any):
    seen = record(lambda: serve(gpu=gpu, gpu_source="scheduler", pod_annotations={"gpu-fraction": "0.5"}))
    size = {"cpu": "1", "memory": "20Gi"}
    assert seen.container("llama")["resources"] == {"requests": size, "limits": size}
    assert seen.deployment("llama")["spec"]["template"]["metadata"]["annotations"] == {"gpu-fraction": "0.5"}


@pytest.mark.parametrize(
    ("fields", "size"),
    [
        ({"gpu": 0, "extra_resources": {"aliyun.com/gpu-mem": 10}}, {"cpu": "1", "memory": "20Gi", "aliyun.com/gpu-mem": "10"}),
        (
            {"extra_resources": {"nvidia.com/gpumem": 3000, "nvidia.com/gpucores": 30}},
            {"cpu": "1", "memory": "20Gi", "nvidia.com/gpu": "1", "nvidia.com/gpumem": "3000", "nvidia.com/gpucores": "30"},
        ),
    ],
    ids=str,
)
def test_extra_resources_are_requests_and_limits(fields: dict[str, Any], size: dict[str, str]):
    assert recorded(**fields).container("llama")["resources"] == {"requests": size, "limits": size}


def test_numbers_of_extra_resources_may_be_outputs():
    seen = record(lambda: serve(extra_resources={"nvidia.com/gpumem": pulumi.Output.from_input(3000)}))
    assert seen.container("llama")["resources"]["limits"]["nvidia.com/gpumem"] == "3000"


def test_health_port_is_used_by_server_and_probes():
    seen = recorded(generation="2.x-vllm", port=9000, health_port=9100)
    container = seen.container("llama")
    assert seen.env("llama")["NIM_HEALTH_PORT"] == "9100"
    assert container["ports"] == [
        {"name": "http-9000", "containerPort": 9000, "protocol": "TCP"},
        {"name": "health-9100", "containerPort": 9100, "protocol": "TCP"},
    ]
    for each in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[each]["httpGet"]["port"] == "health-9100"
    # The Service must not expose the health port.
    assert seen.child("llama", SERVICE).inputs["spec"]["ports"] == [
        {"name": "http-9000", "port": 9000, "targetPort": "http-9000", "protocol": "TCP"}
    ]


class TestEnvironment:
    def test_port_is_in_environment(self):
        env = recorded(port=9000).env("llama")
        assert (env["NIM_SERVER_PORT"], env["NIM_HTTP_API_PORT"]) == ("9000", "9000")

    def test_user_variables_come_last_by_name(self):
        names = list(recorded(env={"Z": "1", "A": "2"}, served_model_name="chat").env("llama"))
        assert names == ["NIM_CACHE_PATH", "NIM_SERVER_PORT", "NIM_HTTP_API_PORT", "NGC_API_KEY", "NIM_SERVED_MODEL_NAME", "A", "Z"]

    def test_served_model_name_and_profile_are_rendered(self):
        env = recorded(served_model_name="chat", model_profile="vllm-fp16-tp1").env("llama")
        assert (env["NIM_SERVED_MODEL_NAME"], env["NIM_MODEL_PROFILE"]) == ("chat", "vllm-fp16-tp1")

    @pytest.mark.parametrize("name", ["NIM_SERVED_MODEL_NAME", "NIM_MODEL_PROFILE", "HF_TOKEN", "NIM_PEFT_SOURCE", "NIM_HEALTH_PORT"])
    def test_absent_argument_sets_no_variable(self, name: str):
        assert name not in recorded().env("llama")

    @pytest.mark.parametrize("key", ["valueFrom", "value_from"])
    def test_variable_may_have_value_from(self, key: str):
        source = {"config_map_key_ref": {"name": "c", "key": "k"}}
        assert recorded(env={"A": {key: source}}).env("llama")["A"] == {"configMapKeyRef": {"name": "c", "key": "k"}}

    def test_variable_may_be_output(self):
        assert record(lambda: serve(env={"A": pulumi.Output.from_input("b")})).env("llama")["A"] == "b"


class TestCache:
    def volume(self, **cache: Any) -> dict[str, Any]:
        return next(each for each in recorded(cache=CacheArgs(**cache)).pod("llama")["volumes"] if each["name"].startswith("cache"))

    def test_existing_pvc_is_mounted(self):
        assert self.volume(existing_claim="mine") == {"name": "cache", "persistentVolumeClaim": {"claimName": "mine"}}

    def test_empty_dir_has_size_limit(self):
        assert self.volume(empty_dir=True, size="80Gi") == {"name": "cache-empty-dir", "emptyDir": {"sizeLimit": "80Gi"}}

    def test_host_path_is_rendered(self):
        assert self.volume(host_path="/data") == {"name": "cache-host-path", "hostPath": {"path": "/data", "type": "DirectoryOrCreate"}}


@pytest.mark.parametrize("is_output", [False, True], ids=["plain", "output"])
@pytest.mark.parametrize(("grace", "seconds"), [(60, 10), (20, 10), (8, 4), (1, None), (0, None)])
def test_pre_stop_sleep_is_limited_by_grace(grace: int, seconds: int | None, is_output: bool):
    seen = record(lambda: serve(termination_grace=pulumi.Output.from_input(grace) if is_output else grace))
    assert seen.container("llama").get("lifecycle") == (seconds and {"preStop": {"sleep": {"seconds": seconds}}})


def test_zero_pre_stop_sleep_removes_lifecycle():
    assert "lifecycle" not in recorded(pre_stop_sleep=0).container("llama")


class TestExtras:
    def test_extra_volumes_mounts_and_containers_come_last(self):
        seen = recorded(
            extra_volumes=[{"name": "config", "config_map": {"name": "c"}}],
            extra_mounts=[{"name": "config", "mountPath": "/config", "read_only": True}],
            extra_containers=[{"name": "proxy", "image": "p:1"}],
        )
        assert seen.pod("llama")["volumes"][-1] == {"name": "config", "configMap": {"name": "c"}}
        assert seen.container("llama")["volumeMounts"][-1] == {"name": "config", "mountPath": "/config", "readOnly": True}
        assert [each["name"] for each in seen.pod("llama")["containers"]] == ["nim", "proxy"]

    def test_extra_init_container_comes_last(self):
        sidecar = {"name": "sync", "image": "s:1", "restartPolicy": "Always"}
        loader, own = recorded(extra_init_containers=[sidecar], **LORA).pod("llama")["initContainers"]
        assert (loader["name"], own) == ("download-loras", {**sidecar, "securityContext": RESTRICTED})
        assert [each["name"] for each in recorded(extra_init_containers=[sidecar]).pod("llama")["initContainers"]] == ["sync"]

    def test_extra_container_gets_restricted_security_context(self):
        assert recorded(extra_containers=[{"name": "p", "image": "p:1"}]).container("llama", "p")["securityContext"] == RESTRICTED

    @pytest.mark.parametrize("key", ["securityContext", "security_context"])
    def test_extra_container_security_context_is_merged(self, key: str):
        own = {"readOnlyRootFilesystem": True}
        assert recorded(extra_containers=[{"name": "p", "image": "p:1", key: own}]).container("llama", "p")["securityContext"] == {
            **RESTRICTED,
            **own,
        }

    def test_given_security_context_takes_precedence(self):
        own = {"allowPrivilegeEscalation": True, "capabilities": {"add": ["NET_BIND_SERVICE"]}}
        assert (
            recorded(extra_containers=[{"name": "p", "image": "p:1", "securityContext": own}]).container("llama", "p")["securityContext"]
            == own
        )

    def test_null_security_context_becomes_restricted(self):
        container: dict[str, Any] = {"name": "p", "image": "p:1", "securityContext": None}
        assert recorded(extra_containers=[container]).container("llama", "p")["securityContext"] == RESTRICTED

    def test_extra_volume_may_contain_output(self):
        seen = record(lambda: serve(extra_volumes=[{"name": "c", "config_map": {"name": pulumi.Output.from_input("config")}}]))
        assert seen.pod("llama")["volumes"][-1] == {"name": "c", "configMap": {"name": "config"}}

    def test_pod_labels_and_annotations_are_rendered(self):
        metadata = recorded(pod_labels={"team": "x"}, pod_annotations={"note": "y"}).deployment("llama")["spec"]["template"]["metadata"]
        assert metadata["labels"]["team"] == "x"
        assert metadata["annotations"] == {"note": "y"}


class TestLoRA:
    def loader(self, **fields: Any) -> dict[str, Any]:
        return recorded(**{**LORA, **fields}).container("llama", "download-loras")

    def test_loader_container_is_exact(self):
        size = {"cpu": "1", "memory": "2Gi"}
        assert self.loader() == {
            "name": "download-loras",
            "image": LOADER_IMAGE,
            "imagePullPolicy": "IfNotPresent",
            "command": ["python3", "-m", "lora_loader", "/opt/lora-loader/lora_loader/adapters.json"],
            "workingDir": "/opt/lora-loader",
            "env": [{"name": "NIM_PEFT_SOURCE", "value": "/lora/adapters"}, {"name": "LORA_DEADLINE_SECONDS", "value": "450"}],
            "resources": {"requests": size, "limits": size},
            "securityContext": {**RESTRICTED, "readOnlyRootFilesystem": True},
            "terminationMessagePolicy": "FallbackToLogsOnError",
            "volumeMounts": [
                {"name": "lora", "mountPath": "/lora"},
                {"name": "lora-loader", "mountPath": "/opt/lora-loader/lora_loader", "readOnly": True},
                {"name": "lora-tmp", "mountPath": "/tmp"},
            ],
        }

    def test_lora_image_is_used(self):
        assert self.loader(lora_image="mine/loader:1")["image"] == "mine/loader:1"

    def test_loader_deadline_is_below_startup_timeout(self):
        for timeout in (30, 60, 300, 1805):
            env = {each["name"]: each.get("value") for each in self.loader(startup_timeout=timeout)["env"]}
            assert 0 < int(env["LORA_DEADLINE_SECONDS"]) < timeout or timeout == 30

    def test_token_reference_is_in_loader_only(self):
        seen = recorded(secrets=NIMSecrets(**REFERENCE, hf_token_key="t", hf_token_group="hf"), **LORA)
        assert seen.env("llama", "download-loras")["HF_TOKEN"] == {"secretKeyRef": {"name": "hf", "key": "t"}}
        assert "HF_TOKEN" not in seen.env("llama")

    def test_loader_has_no_ngc_key(self):
        assert "NGC_API_KEY" not in recorded(**LORA).env("llama", "download-loras")

    def test_server_mounts_published_adapters_only(self):
        mounts = recorded(**LORA).container("llama")["volumeMounts"]
        assert mounts[-1] == {"name": "lora", "mountPath": PEFT["NIM_PEFT_SOURCE"], "subPath": "adapters", "readOnly": True}

    def test_server_mounts_at_peft_source(self):
        assert recorded(**LORA).env("llama")["NIM_PEFT_SOURCE"] == PEFT["NIM_PEFT_SOURCE"]

    def test_config_map_contains_program_and_list(self):
        import json

        adapters = [
            "o/one",
            LoRAAdapter(repo_id="o/two", revision="v1", name="b", files=["adapter_config.json", "adapter_model.bin"], allow_pickle=True),
        ]
        data = recorded(**{**LORA, "hf_repo_ids": adapters}).child("llama", CONFIG_MAP).inputs["data"]
        assert {"__main__.py", "hub.py", "requirements.txt", "adapters.json"} < set(data)
        assert set(data) - {"adapters.json"} == {file.name for file in Path(loader.__file__).parent.iterdir() if file.is_file()}
        assert json.loads(data["adapters.json"])["adapters"] == [
            {
                "name": "b",
                "repo_id": "o/two",
                "revision": "v1",
                "files": ["adapter_config.json", "adapter_model.bin"],
                "allow_pickle": True,
            },
            {"name": "one", "repo_id": "o/one", "revision": "main", "files": None},
        ]

    def test_config_map_is_below_size_limit(self):
        data = recorded(**LORA).child("llama", CONFIG_MAP).inputs["data"]
        assert sum(len(text.encode()) for text in data.values()) < 1024 * 1024

    def test_no_adapters_render_nothing(self):
        for fields in ({}, {"hf_repo_ids": []}, {"hf_repo_ids": None}):
            seen = recorded(**fields)
            assert "initContainers" not in seen.pod("llama")
            assert [each["name"] for each in seen.pod("llama")["volumes"]] == ["dshm", "cache"]
            assert seen.find(CONFIG_MAP) == []


class TestRollout:
    @pytest.mark.parametrize(
        ("fields", "strategy"),
        [
            ({"replicas": 0}, {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}),
            ({"replicas": 1}, {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}),
            ({"replicas": 2}, {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}),
            ({"replicas": 3, "rollout": "recreate"}, {"type": "Recreate"}),
            ({"rollout": "rolling"}, {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}),
            ({"rollout": "surge"}, {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}),
        ],
        ids=str,
    )
    def test_strategy_of_rollout_and_replicas(self, fields: dict[str, Any], strategy: dict[str, Any]):
        assert recorded(cache=CacheArgs(**SHARED), **fields).deployment("llama")["spec"]["strategy"] == strategy

    @pytest.mark.parametrize(
        "fields",
        [
            {},
            {"replicas": 0},
            {"replicas": 2},
            {"rollout": "recreate"},
            {"rollout": "surge"},
            {"autoscaling": {"max_replicas": 4, "presets": ["queue"]}},
        ],
        ids=str,
    )
    def test_rollout_condition_is_set(self, fields: dict[str, Any]):
        metadata = recorded(cache=CacheArgs(**SHARED), **fields).deployment("llama")["metadata"]
        assert metadata["annotations"]["pulumi.com/waitFor"] == ROLLED_OUT
        assert " " not in ROLLED_OUT  # the provider's parser refuses it

    @pytest.mark.parametrize(
        ("replicas", "status", "done"),
        [
            (1, {"replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}, True),
            (1, {}, False),
            (1, {"replicas": 1, "updatedReplicas": 1}, False),
            (1, {"replicas": 1, "availableReplicas": 1}, False),
            (2, {"replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}, False),
            (2, {"replicas": 2, "updatedReplicas": 2, "availableReplicas": 1}, False),
            (2, {"replicas": 3, "updatedReplicas": 2, "availableReplicas": 2}, False),
            (0, {}, True),
            (0, {"replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}, False),
        ],
    )
    def test_rollout_condition_needs_every_pod(self, replicas: int, status: dict[str, int], done: bool):
        live = {"kind": "Deployment", "spec": {"replicas": replicas}, "status": {"observedGeneration": 2, **status}}
        path = ROLLED_OUT.removeprefix("jsonpath={").removesuffix("}")
        assert [node.value for node in jsonpath_rfc9535.find(path, live)] == ([live["status"]] if done else [])
        assert jsonpath_rfc9535.find(path, {**live, "status": {}}) == []

    def test_wait_for_annotation_can_be_overridden(self):
        def annotations(**given: Any) -> Any:
            overrides = {"deployment": {"metadata": {"annotations": given}}}
            return recorded(overrides=overrides, rollout="recreate").deployment("llama")["metadata"]["annotations"]

        assert annotations(**{"pulumi.com/waitFor": "condition=Progressing"}) == {"pulumi.com/waitFor": "condition=Progressing"}
        assert annotations(**{"pulumi.com/waitFor": None}) == {}
        assert annotations(**{"pulumi.com/skipAwait": "true"}).keys() == {"pulumi.com/waitFor", "pulumi.com/skipAwait"}

    def test_timeout_grows_with_rolling_replicas(self):
        def timeout(**fields: Any) -> int:
            options = recorded(cache=CacheArgs(**SHARED), **fields).child("llama", DEPLOYMENT).options
            return int(options.custom_timeouts.update.removesuffix("s"))

        assert timeout(replicas=4) >= 4 * 1800
        assert timeout(replicas=4, rollout="recreate") == timeout(replicas=1)

    def test_zero_replicas_skip_await_of_service(self):
        annotations = recorded(replicas=0).child("llama", SERVICE).inputs["metadata"]["annotations"]
        assert annotations == {"pulumi.com/skipAwait": "true"}
        assert "annotations" not in recorded().child("llama", SERVICE).inputs["metadata"]

    def test_zero_replicas_are_rendered(self):
        assert recorded(replicas=0).deployment("llama")["spec"]["replicas"] == 0


def test_service_type_labels_and_annotations_are_rendered():
    inputs = recorded(service=ServiceArgs(type="LoadBalancer", annotations={"a": "b"}, labels={"c": "d"})).child("llama", SERVICE).inputs
    assert inputs["spec"]["type"] == "LoadBalancer"
    assert inputs["metadata"]["annotations"] == {"a": "b"}
    assert inputs["metadata"]["labels"]["c"] == "d"
    assert inputs["metadata"]["labels"]["app.kubernetes.io/instance"] == "llama"


def test_user_and_group_ids_are_rendered():
    context = recorded(run_as_user=2000, run_as_group=3000, fs_group=4000).pod("llama")["securityContext"]
    assert (context["runAsUser"], context["runAsGroup"], context["fsGroup"]) == (2000, 3000, 4000)


def test_pvc_options_are_rendered():
    claim = recorded(
        cache=CacheArgs(size="80Gi", access_mode="ReadWriteMany", storage_class="", volume_name="pv", annotations={"a": "b"})
    ).child("llama", "kubernetes:core/v1:PersistentVolumeClaim")
    assert claim.inputs["spec"] == {
        "accessModes": ["ReadWriteMany"],
        "resources": {"requests": {"storage": "80Gi"}},
        "storageClassName": "",
        "volumeName": "pv",
    }
    assert claim.inputs["metadata"]["annotations"] == {"a": "b", "pulumi.com/skipAwait": "true"}


def test_no_storage_class_is_rendered_by_default():
    spec = recorded().child("llama", "kubernetes:core/v1:PersistentVolumeClaim").inputs["spec"]
    assert "storageClassName" not in spec
    assert "volumeName" not in spec
