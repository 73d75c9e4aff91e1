"""The prewarm Job, read-only caches and offline caches."""

from typing import Any

import pulumi
import pytest

from nim_component import CacheArgs, NetworkArgs, NIMSecrets, PrewarmArgs, Toleration
from nim_component.testing import DEPLOYMENT, JOB, PVC, SERVICE, Recording, Resource, record

from ..logical_names import logical_names
from .seed import LORA, REFERENCE, SHARED, recorded, serve

PROFILE = "vllm-fp16-tp1-pp1"
RESTRICTED = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
LABEL = "nim-component/cache-of"


def prewarmed(prewarm: dict[str, Any] | None = None, cache: dict[str, Any] | None = None, **fields: Any) -> Recording:
    args = PrewarmArgs(**({"profiles": [PROFILE]} if prewarm is None else prewarm))
    return recorded(cache=CacheArgs(prewarm=args, **(cache or {})), **fields)


def job_of(seen: Recording) -> Resource:
    return seen.child("llama", JOB)


def pod_of(seen: Recording) -> dict[str, Any]:
    return job_of(seen).inputs["spec"]["template"]["spec"]


def container_of(seen: Recording) -> dict[str, Any]:
    (container,) = pod_of(seen)["containers"]
    return container


def test_job_is_exact():
    size = {"cpu": "2", "memory": "8Gi"}
    seen = prewarmed(cache=SHARED)
    job = job_of(seen).inputs
    claim = seen.child("llama", PVC).inputs["metadata"]["name"]
    assert job["metadata"] == {
        "name": job["metadata"]["name"],
        "namespace": "default",
        "labels": seen.deployment("llama")["metadata"]["labels"],
        "annotations": {"pulumi.com/replaceUnready": "true"},
    }
    assert job["spec"] == {
        "activeDeadlineSeconds": 4200,
        "backoffLimit": 3,
        "template": {
            "metadata": {
                "labels": {
                    "app.kubernetes.io/name": "nim-prewarm",
                    "app.kubernetes.io/instance": "llama",
                    "app.kubernetes.io/component": "prewarm",
                    "app.kubernetes.io/managed-by": "pulumi",
                    LABEL: "llama",
                }
            },
            "spec": {
                "automountServiceAccountToken": False,
                "enableServiceLinks": False,
                "restartPolicy": "Never",
                "securityContext": seen.pod("llama")["securityContext"],
                "imagePullSecrets": [{"name": "pull"}],
                "containers": [
                    {
                        "name": "prewarm",
                        "image": "nvcr.io/nim/meta/llama3-8b-instruct:1.0.0",
                        "imagePullPolicy": "IfNotPresent",
                        "command": ["download-to-cache"],
                        "args": ["--profiles", PROFILE],
                        "env": [
                            {"name": "NIM_CACHE_PATH", "value": "/opt/nim/.cache"},
                            {"name": "NGC_API_KEY", "valueFrom": {"secretKeyRef": {"name": "pull", "key": "NGC_API_KEY"}}},
                        ],
                        "resources": {"requests": size, "limits": size},
                        "securityContext": RESTRICTED,
                        "terminationMessagePolicy": "FallbackToLogsOnError",
                        "volumeMounts": [{"name": "cache", "mountPath": "/opt/nim/.cache"}],
                    }
                ],
                "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
                "volumes": [{"name": "cache", "persistentVolumeClaim": {"claimName": claim}}],
            },
        },
    }


@pytest.mark.parametrize(
    ("prewarm", "fields", "args"),
    [
        ({"profiles": ["a", "b"]}, {}, ["--profiles", "a", "b"]),
        ({"profiles": ["a"]}, {"model_profile": "b"}, ["--profiles", "a"]),
        ({}, {"model_profile": "b"}, ["--profiles", "b"]),
        ({"all_profiles": True}, {"model_profile": "b"}, ["--all"]),
        ({"args": ["--model-uri", "hf://a/b"]}, {}, ["--model-uri", "hf://a/b"]),
    ],
)
def test_profiles_become_download_arguments(prewarm: dict[str, Any], fields: dict[str, Any], args: list[str]):
    assert container_of(prewarmed(prewarm, **fields))["args"] == args


def test_resources_and_deadline_are_rendered():
    seen = prewarmed({"profiles": ["a"], "cpu": 0.5, "mem": "16Gi", "timeout": 7200})
    size = {"cpu": "0.5", "memory": "16Gi"}
    assert container_of(seen)["resources"] == {"requests": size, "limits": size}
    deadline = job_of(seen).inputs["spec"]["activeDeadlineSeconds"]
    timeouts = job_of(seen).options.custom_timeouts
    assert timeouts.create == timeouts.update
    assert 7200 < deadline < int(timeouts.create.removesuffix("s"))


class TestPlacement:
    def test_job_is_placed_like_server_by_default(self):
        seen = prewarmed(node_selector={"pool": "gpu"}, tolerations=[Toleration(key="a", operator="Exists")])
        assert pod_of(seen)["nodeSelector"] == {"pool": "gpu"}
        assert pod_of(seen)["tolerations"] == [{"key": "a", "operator": "Exists"}]

    def test_job_placement_is_rendered_if_given(self):
        own = {"profiles": ["a"], "node_selector": {"pool": "cpu"}, "tolerations": []}
        seen = prewarmed(own, node_selector={"pool": "gpu"})
        assert pod_of(seen)["nodeSelector"] == {"pool": "cpu"}
        assert pod_of(seen)["tolerations"] == []
        assert "nodeSelector" not in pod_of(prewarmed({"profiles": ["a"], "node_selector": {}}, node_selector={"pool": "gpu"}))

    def test_read_write_once_requires_node_of_server(self):
        seen = prewarmed()
        (term,) = pod_of(seen)["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        assert term == {"labelSelector": {"matchLabels": {LABEL: "llama"}}, "topologyKey": "kubernetes.io/hostname"}
        for labels in (
            seen.deployment("llama")["spec"]["template"]["metadata"]["labels"],
            job_of(seen).inputs["spec"]["template"]["metadata"]["labels"],
        ):
            assert labels[LABEL] == "llama"

    def test_existing_pvc_prefers_node_of_server(self):
        affinity = pod_of(prewarmed(cache={"existing_claim": "models"}))["affinity"]["podAffinity"]
        assert [*affinity] == ["preferredDuringSchedulingIgnoredDuringExecution"]

    def test_shared_pvc_has_no_affinity(self):
        assert "affinity" not in pod_of(prewarmed(cache=SHARED))

    def test_job_requests_no_gpu(self):
        assert [*container_of(prewarmed(gpu=8))["resources"]["limits"]] == ["cpu", "memory"]


class TestEnvironment:
    def test_job_has_download_variables_only(self):
        secrets = NIMSecrets(**REFERENCE, hf_token_key="t", hf_token_group="hf")
        fields: dict[str, Any] = {**LORA, "env": {**LORA["env"], "NIM_MODEL_NAME": "hf://org/model"}}
        seen = prewarmed(
            secrets=secrets, served_model_name="chat", grpc_port=50051, network=NetworkArgs(https_proxy="http://p:1"), **fields
        )
        names = [each["name"] for each in container_of(seen)["env"]]
        assert names == [
            *("NIM_CACHE_PATH", "NGC_API_KEY", "HF_TOKEN"),
            *("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "NIM_SDK_USE_NATIVE_TLS", "NIM_MODEL_NAME"),
        ]

    def test_job_joins_authorities(self):
        seen = prewarmed(network=NetworkArgs(ca_config_map="corporate"))
        assert [each["name"] for each in pod_of(seen)["initContainers"]] == ["join-authorities"]
        assert [each["name"] for each in pod_of(seen)["volumes"]] == ["cache", "ca-own", "ca-bundle"]
        assert container_of(seen)["volumeMounts"][-1]["name"] == "ca-bundle"

    def test_keyless_job_has_no_pull_secret(self):
        assert "imagePullSecrets" not in pod_of(prewarmed(secrets=NIMSecrets.keyless()))


class TestOrder:
    def test_deployment_depends_on_job_and_pvc(self):
        seen = prewarmed()
        assert "llama-warm" in logical_names(seen.child("llama", DEPLOYMENT).options.dependencies)
        assert "llama-cache" in logical_names(job_of(seen).options.dependencies)

    def test_prewarm_does_not_change_deployment(self):
        # With a property from the Job, the engine would delete the Deployment together with a
        # failed Job.
        assert "llama-warm" not in repr(seen := prewarmed().deployment("llama"))
        assert seen

    def test_job_is_not_protected(self):
        args = CacheArgs(prewarm=PrewarmArgs(profiles=["a"]))
        seen = record(lambda: serve(cache=args, opts=pulumi.ResourceOptions(protect=True)))
        assert not job_of(seen).options.protect

    def test_no_prewarm_creates_no_job(self):
        assert recorded().find(JOB) == []

    @pytest.mark.parametrize("cache", [{}, {"existing_claim": "models"}, {"empty_dir": True}], ids=str)
    def test_pods_without_prewarm_are_labelled(self, cache: dict[str, Any]):
        """A prewarm Job that is added later finds the pods that mount its PVC."""
        labels = recorded(cache=CacheArgs(**cache)).deployment("llama")["spec"]["template"]["metadata"]["labels"]
        assert labels[LABEL] == "llama"

    def test_service_selects_no_pod_of_job(self):
        seen = prewarmed()
        labels = job_of(seen).inputs["spec"]["template"]["metadata"]["labels"]
        assert not seen.child("llama", SERVICE).inputs["spec"]["selector"].items() <= labels.items()
        assert not seen.deployment("llama")["spec"]["selector"]["matchLabels"].items() <= labels.items()


class TestName:
    """A Job is immutable: the hash in its name covers all its fields."""

    def name(self, prewarm: dict[str, Any] | None = None, **fields: Any) -> str:
        return job_of(prewarmed(prewarm, **fields)).inputs["metadata"]["name"]

    @pytest.mark.parametrize(
        "fields",
        [{"image": "a/b/c:2"}, {"env": {"HF_ENDPOINT": "https://mirror.example"}}, {"cache": SHARED}, {"run_as_user": 2000}],
        ids=str,
    )
    def test_changed_download_renames_job(self, fields: dict[str, Any]):
        assert self.name(**fields) != self.name()

    @pytest.mark.parametrize("prewarm", [{"profiles": ["b"]}, {"profiles": [PROFILE], "timeout": 60}], ids=str)
    def test_changed_prewarm_option_renames_job(self, prewarm: dict[str, Any]):
        assert self.name(prewarm) != self.name()

    @pytest.mark.parametrize(
        "fields",
        [{"replicas": 0}, {"gpu": 4}, {"mem": "64Gi"}, {"port": 9000}, {"served_model_name": "chat"}, LORA],
        ids=lambda f: next(iter(f)),
    )
    def test_server_argument_keeps_name_of_job(self, fields: dict[str, Any]):
        assert self.name(**fields) == self.name()

    def test_job_name_is_known_at_preview(self):
        args = CacheArgs(prewarm=PrewarmArgs(profiles=["a"]))
        seen = record(lambda: serve(cache=args), preview=True)
        assert job_of(seen).inputs["metadata"]["name"].startswith("llama-warm-")

    def test_output_is_part_of_job_name(self):
        recording = record(
            lambda: serve(image=pulumi.Output.from_input("a/b/c:2"), cache=CacheArgs(prewarm=PrewarmArgs(profiles=[PROFILE])))
        )
        assert job_of(recording).inputs["metadata"]["name"] == self.name(image="a/b/c:2")


class TestReadOnly:
    def test_read_only_server_writes_to_scratch(self):
        seen = recorded(cache=CacheArgs(existing_claim="models", read_only=True))
        mounts = seen.container("llama")["volumeMounts"]
        assert mounts[1:] == [
            {"name": "cache", "mountPath": "/opt/nim/.cache", "readOnly": True},
            {"name": "cache-scratch", "mountPath": "/opt/nim/scratch"},
        ]
        assert seen.pod("llama")["volumes"][-1] == {"name": "cache-scratch", "emptyDir": {}}
        env = seen.env("llama")
        assert (env["HOME"], env["XDG_CACHE_HOME"]) == ("/opt/nim/scratch", "/opt/nim/scratch/.cache")
        assert env["NIM_RUNTIME_CACHE_PATH"] == "/opt/nim/scratch/runtime"

    def test_job_mounts_read_only_cache_writable(self):
        seen = prewarmed(cache={"read_only": True})
        assert container_of(seen)["volumeMounts"] == [{"name": "cache", "mountPath": "/opt/nim/.cache"}]
        assert "HOME" not in [each["name"] for each in container_of(seen)["env"]]
        assert seen.container("llama")["volumeMounts"][1]["readOnly"] is True

    def test_cache_is_writable_by_default(self):
        assert all("readOnly" not in each for each in recorded().container("llama")["volumeMounts"])
        assert "HOME" not in recorded().env("llama")


class TestOffline:
    SECRETS = NIMSecrets.keyless(ngc_image_secret="mirror", hf_token_key="t", hf_token_group="hf")

    def test_offline_server_has_no_key(self):
        seen = recorded(secrets=self.SECRETS, cache=CacheArgs(existing_claim="models", offline=True))
        env = seen.env("llama")
        assert (env["NIM_DISABLE_MODEL_DOWNLOAD"], env["HF_HUB_OFFLINE"]) == ("1", "1")
        assert not {"NGC_API_KEY", "HF_TOKEN"} & env.keys()

    def test_offline_server_keeps_pull_secret(self):
        seen = recorded(secrets=self.SECRETS, cache=CacheArgs(existing_claim="models", offline=True))
        assert seen.pod("llama")["imagePullSecrets"] == [{"name": "mirror"}]

    def test_offline_loader_keeps_token(self):
        seen = recorded(secrets=self.SECRETS, cache=CacheArgs(existing_claim="models", offline=True), **LORA)
        assert seen.env("llama", "download-loras")["HF_TOKEN"] == {"secretKeyRef": {"name": "hf", "key": "t"}}
        assert "HF_HUB_OFFLINE" not in seen.env("llama", "download-loras")

    def test_download_is_enabled_by_default(self):
        assert not {"NIM_DISABLE_MODEL_DOWNLOAD", "HF_HUB_OFFLINE"} & recorded().env("llama").keys()


def test_keyless_pull_secret_is_read_for_login():
    seen = record(
        lambda: serve(secrets=NIMSecrets.keyless(ngc_image_secret="mirror")),
        cluster={"default/mirror": {"type": "kubernetes.io/dockerconfigjson", ".dockerconfigjson": "{}"}},
    )
    assert "NGC_API_KEY" not in seen.env("llama")


def test_sub_path_is_mounted():
    seen = prewarmed(cache={"existing_claim": "models", "sub_path": "llama/3"})
    mount = {"name": "cache", "mountPath": "/opt/nim/.cache", "subPath": "llama/3"}
    assert seen.container("llama")["volumeMounts"][1] == mount
    assert container_of(seen)["volumeMounts"] == [mount]
    assert "subPath" not in recorded().container("llama")["volumeMounts"][1]
