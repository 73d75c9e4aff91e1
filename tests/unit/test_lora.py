"""LoRA beside the adapters themselves.

Limits for each generation, the shared volume and its Job, other sources, mirrors.
"""

import json
from typing import Any

import pulumi
import pytest

from nim_component import NIM, ArgumentError, NIMSecrets
from nim_component.testing import CONFIG_MAP, JOB, Recording, record

from .seed import LORA, PEFT, REFERENCE, SHARED, recorded, serve

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
TWO = "nvcr.io/nim/meta/llama-3.1-8b-instruct:2.0.4"
LIMITS = {"max_gpu": 4, "max_cpu": 8, "max_rank": 64}
FLAGS = ["--enable-lora", "--max-loras", "4", "--max-cpu-loras", "8", "--max-lora-rank", "64"]
VARIABLES = {"NIM_MAX_GPU_LORAS": "4", "NIM_MAX_CPU_LORAS": "8", "NIM_MAX_LORA_RANK": "64"}
GIVEN = {"env": PEFT, "lora": {"source": {"claim": "shelf", "names": ["a", "b"]}}}
REFRESH = {**LORA, "lora": {"refresh_interval": 60, "volume": {}}}


def limits_of(seen: Recording) -> tuple[dict[str, Any], Any]:
    env = {name: value for name, value in seen.env("llama").items() if "LORA" in name}
    return env, seen.container("llama").get("args")


def locked(repo: str, size: int) -> dict[str, Any]:
    files = {name: {"size": size // 2, "sha256": "0" * 64} for name in ("adapter_config.json", "adapter_model.safetensors")}
    return {"repo_id": repo, "locked": {"commit": "a" * 40, "files": files}}


class TestSizeLimit:
    def empty_dir(self, *adapters: Any) -> Any:
        volumes = recorded(**{**LORA, "hf_repo_ids": list(adapters)}).pod("llama")["volumes"]
        return next(each["emptyDir"] for each in volumes if each["name"] == "lora")

    @pytest.mark.parametrize(
        ("sizes", "limit"),
        [((2,), "65Mi"), ((100 << 20,), "174Mi"), ((10_000_000_000, 50_000_000), "10607Mi")],
    )
    def test_locked_sizes_limit_the_empty_dir(self, sizes: tuple[int, ...], limit: str):
        adapters = [locked(f"my-org/a{number}", size) for number, size in enumerate(sizes)]
        assert self.empty_dir(*adapters) == {"sizeLimit": limit}

    def test_unlocked_adapter_has_no_limit(self):
        assert self.empty_dir(locked("my-org/a", 100), "my-org/b") == {}

    def test_pvc_has_no_limit(self):
        fields = {**LORA, "hf_repo_ids": [locked("my-org/a", 100)], "lora": {"volume": {}}}
        assert [each["name"] for each in recorded(**fields).pod("llama")["volumes"]][-3:] == ["lora-pvc", "lora-loader", "lora-tmp"]


class TestLimits:
    @pytest.mark.parametrize(
        ("fields", "env", "args"),
        [
            ({}, VARIABLES, None),
            ({"args": ["a"]}, VARIABLES, ["a"]),
            ({"image": TWO}, {}, ["nim-serve", *FLAGS]),
            ({"image": TWO, "generation": "1.x"}, VARIABLES, None),
            ({"image": "r.example/x:prod", "generation": "2.x-sglang"}, {}, ["nim-serve", *FLAGS]),
            ({"image": TWO, "args": ["--max-model-len", "4096"]}, {}, ["nim-serve", *FLAGS, "--max-model-len", "4096"]),
            ({"image": TWO, "args": ["nim-serve-ray", "--head"]}, {}, ["nim-serve-ray", *FLAGS, "--head"]),
            ({"image": TWO, "args": ["--enable-lora"]}, {}, ["nim-serve", *FLAGS[1:], "--enable-lora"]),
            ({"image": TWO, "command": ["nim-serve"], "args": ["-v"]}, {}, [*FLAGS, "-v"]),
        ],
        ids=str,
    )
    def test_each_generation_gets_its_variables(self, fields: dict[str, Any], env: dict[str, Any], args: Any):
        assert limits_of(recorded(**LORA, lora=LIMITS, **fields)) == (env, args)

    @pytest.mark.parametrize(("image", "expected"), [("nvcr.io/a/b:1.0.0", (VARIABLES, None)), (TWO, ({}, ["nim-serve", *FLAGS]))])
    def test_output_image_is_accepted(self, image: str, expected: Any):
        assert limits_of(record(lambda: serve(**LORA, lora=LIMITS, image=pulumi.Output.from_input(image)))) == expected

    def test_output_limits_are_accepted(self):
        def late() -> dict[str, Any]:
            return {name: pulumi.Output.from_input(value) for name, value in LIMITS.items()}

        assert limits_of(record(lambda: serve(**LORA, lora=late()))) == (VARIABLES, None)
        assert limits_of(record(lambda: serve(**LORA, lora=late(), image=TWO))) == ({}, ["nim-serve", *FLAGS])

    def test_only_given_settings_become_variables(self):
        assert limits_of(recorded(**LORA, lora={"max_rank": 32})) == ({"NIM_MAX_LORA_RANK": "32"}, None)
        assert limits_of(recorded(**LORA)) == ({}, None)
        assert limits_of(recorded(**LORA, image=TWO)) == ({}, None)

    def test_user_variables_stay_last(self):
        env = [each["name"] for each in recorded(**LORA, lora=LIMITS).container("llama")["env"]]
        assert env[-1] == "NIM_PEFT_SOURCE" and env.index("NIM_MAX_LORA_RANK") < len(env) - 1

    def test_user_volume_adapters_respect_limits(self):
        assert limits_of(recorded(env=PEFT, lora={"max_rank": 32}))[0] == {"NIM_MAX_LORA_RANK": "32"}

    def test_loader_gets_rank_limit_and_model(self):
        seen = recorded(**LORA, lora=LIMITS, image=TWO)
        assert seen.env("llama", "download-loras")["NIM_MAX_LORA_RANK"] == "64"
        wanted = json.loads(seen.child("llama", CONFIG_MAP).inputs["data"]["adapters.json"])
        assert (wanted["served_model"], wanted["default_rank"]) == ("meta/llama-3.1-8b-instruct", 16)
        wanted = json.loads(recorded(**LORA, served_model_name="chat").child("llama", CONFIG_MAP).inputs["data"]["adapters.json"])
        assert (wanted["served_model"], wanted["default_rank"]) == ("chat", 32)
        assert "NIM_MAX_LORA_RANK" not in recorded(**LORA).env("llama", "download-loras")

    @pytest.mark.parametrize(("env", "model"), [({"NIM_MODEL_PATH": "hf://org/model"}, "org/model"), ({}, "")])
    def test_loader_compares_real_base_model(self, env: dict[str, str], model: str):
        """The image without a model is not the model on which an adapter was trained."""
        image = "nvcr.io/nim/nvidia/vllm-model-free-nim:2.1.5"
        seen = recorded(**{**LORA, "env": {**LORA["env"], **env}}, image=image)
        assert json.loads(seen.child("llama", CONFIG_MAP).inputs["data"]["adapters.json"])["served_model"] == model


class TestMirrors:
    def test_network_settings_reach_the_loader_only(self):
        lora = {"endpoint": "https://hub.example", "index_url": "https://index.example/simple", "env": {"PIP_EXTRA_INDEX_URL": "https://b"}}
        seen = recorded(**LORA, lora=lora)
        env = seen.env("llama", "download-loras")
        assert (env["HF_ENDPOINT"], env["PIP_INDEX_URL"]) == ("https://hub.example", "https://index.example/simple")
        assert list(env)[-1] == "PIP_EXTRA_INDEX_URL"
        assert not {"HF_ENDPOINT", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"} & set(seen.env("llama"))

    def test_index_password_comes_from_secret(self):
        source = {"secretKeyRef": {"name": "index", "key": "url"}}
        assert (
            recorded(**LORA, lora={"env": {"PIP_INDEX_URL": {"valueFrom": source}}}).env("llama", "download-loras")["PIP_INDEX_URL"]
            == source
        )


class TestSharedVolume:
    def test_pods_share_the_component_pvc(self):
        lora = {"volume": {"size": "20Gi", "storage_class": "fast"}}
        seen = recorded(**LORA, lora=lora, replicas=3, cache=SHARED)
        claim = seen.children("llama")["llama-loras"]
        assert claim.inputs["spec"] == {
            "accessModes": ["ReadWriteMany"],
            "resources": {"requests": {"storage": "20Gi"}},
            "storageClassName": "fast",
        }
        name = claim.inputs["metadata"]["name"]
        assert {"name": "lora-pvc", "persistentVolumeClaim": {"claimName": name}} in seen.pod("llama")["volumes"]
        assert [each["name"] for each in seen.pod("llama")["initContainers"]] == ["download-loras"]
        assert seen.find(JOB) == []

    def test_pvc_name_changes_with_immutable_fields(self):
        def name(**volume: Any) -> str:
            seen = recorded(**LORA, lora={"volume": volume})
            return seen.children("llama")["llama-loras"].inputs["metadata"]["name"]

        assert name() == name(size="99Gi") != name(storage_class="fast")

    def test_existing_pvc_with_directory_is_mounted(self):
        seen = recorded(**LORA, lora={"volume": {"existing_claim": "shelf", "directory": "team/llama"}})
        assert {"name": "lora-pvc", "persistentVolumeClaim": {"claimName": "shelf"}} in seen.pod("llama")["volumes"]
        assert "llama-loras" not in seen.children("llama")
        assert seen.env("llama", "download-loras")["NIM_PEFT_SOURCE"] == "/lora/team/llama/adapters"
        assert seen.container("llama")["volumeMounts"][-1]["subPath"] == "team/llama/adapters"


class TestRefresh:
    def test_job_downloads_and_pods_verify(self):
        seen = recorded(**REFRESH)
        job = seen.child("llama", JOB).inputs
        pod = job["spec"]["template"]["spec"]
        (loader,) = pod["containers"]
        claim = seen.children("llama")["llama-loras"].inputs["metadata"]["name"]
        assert (loader["name"], pod["restartPolicy"]) == ("download-loras", "Never")
        assert pod["volumes"][0] == {"name": "lora-pvc", "persistentVolumeClaim": {"claimName": claim}}
        assert {each["name"]: each.get("value") for each in loader["env"]}["LORA_UNLOAD_SECONDS"] == "120"
        assert pod["securityContext"] == seen.pod("llama")["securityContext"]
        assert job["metadata"]["annotations"] == {"pulumi.com/replaceUnready": "true"}, "one that failed is tried again by the next update"
        wanted = seen.children("llama")["llama-lora-list"].inputs
        assert pod["volumes"][1] == {"name": "lora-loader", "configMap": {"name": wanted["metadata"]["name"]}}
        assert [each["name"] for each in json.loads(wanted["data"]["adapters.json"])["adapters"]] == ["one", "two"]
        (check,) = seen.pod("llama")["initContainers"]
        assert check["name"] == "check-loras"
        assert check["volumeMounts"][0] == {"name": "lora-pvc", "mountPath": "/lora/adapters", "subPath": "adapters", "readOnly": True}
        assert json.loads(seen.children("llama")["llama-lora"].inputs["data"]["adapters.json"])["published"] is True
        assert seen.env("llama")["NIM_PEFT_REFRESH_INTERVAL"] == "60"

    def test_deployment_depends_on_job(self):
        seen = recorded(**REFRESH)
        deployment = next(each for each in seen.children("llama").values() if each.type.endswith(":Deployment"))
        assert seen.child("llama", JOB).urn in deployment.options.dependencies

    def test_pulumi_waits_for_server_scan(self):
        def timeouts(seconds: int) -> tuple[int, int]:
            seen = recorded(**{**REFRESH, "lora": {"refresh_interval": seconds, "volume": {}}})
            options = [next(each for each in seen.children("llama").values() if each.type == kind).options for kind in (JOB, DEPLOYMENT)]
            job, deployment = (int(each.custom_timeouts.create.removesuffix("s")) for each in options)
            return job, deployment

        job, deployment = timeouts(3600)
        assert (job, deployment) == (1110 + 7200, 2910)
        assert timeouts(1) == (1110 + 2, 2910)

    def test_job_pod_does_not_match_service(self):
        seen = recorded(**REFRESH)
        selector = seen.deployment("llama")["spec"]["selector"]["matchLabels"]
        labels = seen.child("llama", JOB).inputs["spec"]["template"]["metadata"]["labels"]
        assert any(labels.get(key) != value for key, value in selector.items())

    @pytest.mark.parametrize("change", [["my-org/one"], ["my-org/one", "my-org/two@v2"], ["my-org/one", "my-org/two@v1", "my-org/three"]])
    def test_changed_adapters_create_new_job_only(self, change: list[str]):
        before, after = recorded(**REFRESH), recorded(**{**REFRESH, "hf_repo_ids": change})
        assert before.deployment("llama") == after.deployment("llama")
        assert before.child("llama", JOB).inputs["metadata"]["name"] != after.child("llama", JOB).inputs["metadata"]["name"]

    def test_pods_compare_with_both_lists(self):
        seen = recorded(**REFRESH)
        children = seen.children("llama")
        (check,) = seen.pod("llama")["initContainers"]
        (volume,) = [each for each in seen.pod("llama")["volumes"] if each["name"] == "lora-lists"]
        assert check["volumeMounts"][-1] == {"name": "lora-lists", "mountPath": "/opt/lora-loader/lists", "readOnly": True}
        assert json.loads(children["llama-lora"].inputs["data"]["adapters.json"])["lists"] == "lists"
        assert [(each["configMap"]["name"], each["configMap"]["optional"]) for each in volume["projected"]["sources"]] == [
            ("llama-lora-next", True),
            ("llama-lora-current", True),
        ]
        before, after = children["llama-lora-next"], children["llama-lora-current"]
        (job,) = [each for each in children.values() if each.type == JOB]
        assert before.urn in job.options.dependencies and after.urn not in job.options.dependencies
        assert job.urn in after.options.dependencies
        deployment = next(each for each in children.values() if each.type == DEPLOYMENT)
        assert {before.urn, after.urn} <= set(deployment.options.dependencies)
        wanted = json.loads(children["llama-lora-list"].inputs["data"]["adapters.json"])["adapters"]
        for each in (before, after):
            assert json.loads(each.inputs["data"]["list.json"]) == {"adapters": wanted}
            assert "immutable" not in each.inputs and each.options.protect is False
        assert "lora-lists" not in str(job.inputs)

    def test_lists_exist_only_for_a_job(self):
        children = recorded(**LORA).children("llama")
        assert not {"llama-lora-next", "llama-lora-current"} & children.keys()

    def test_without_refresh_interval_change_rolls_pods(self):
        fields = {**LORA, "lora": {"volume": {}}}
        assert recorded(**fields).deployment("llama") != recorded(**{**fields, "hf_repo_ids": ["my-org/one"]}).deployment("llama")

    @pytest.mark.parametrize("change", [{"lora_image": "other:1"}, {"lora_adapter_mem": "3Gi"}, {"run_as_user": 7}])
    def test_job_change_changes_its_name(self, change: dict[str, Any]):
        name = lambda **fields: recorded(**{**REFRESH, **fields}).child("llama", JOB).inputs["metadata"]["name"]  # noqa: E731
        assert name() == name() != name(**change)


class TestSource:
    def test_existing_pvc_is_checked_read_only(self):
        seen = recorded(**{**GIVEN, "lora": {"source": {"claim": "shelf", "directory": "prod", "names": ["a", "b"]}}})
        (check,) = seen.pod("llama")["initContainers"]
        assert check["name"] == "check-loras" and check["resources"]["limits"]["memory"] == "256Mi"
        assert check["volumeMounts"][0] == {"name": "lora-pvc", "mountPath": "/lora/adapters", "subPath": "prod", "readOnly": True}
        assert seen.container("llama")["volumeMounts"][-1] == {
            "name": "lora-pvc",
            "mountPath": PEFT["NIM_PEFT_SOURCE"],
            "subPath": "prod",
            "readOnly": True,
        }
        assert seen.pod("llama")["volumes"][-3] == {"name": "lora-pvc", "persistentVolumeClaim": {"claimName": "shelf", "readOnly": True}}
        assert json.loads(seen.child("llama", CONFIG_MAP).inputs["data"]["adapters.json"])["given"] == ["a", "b"]
        assert "HF_TOKEN" not in seen.env("llama", "check-loras")
        assert seen.service("llama").outputs["modelNames"] == ["meta/llama3-8b-instruct", "a", "b"]

    def test_user_volume_is_accepted(self):
        volumes = [{"name": "nfs", "nfs": {"server": "nas.example", "path": "/loras"}}]
        seen = recorded(env=PEFT, extra_volumes=volumes, lora={"source": {"volume": "nfs", "names": ["a"]}})
        assert seen.container("llama")["volumeMounts"][-1] == {"name": "nfs", "mountPath": PEFT["NIM_PEFT_SOURCE"], "readOnly": True}
        assert not {"lora", "lora-pvc"} & {each["name"] for each in seen.pod("llama")["volumes"]}

    def test_image_adapters_are_checked(self):
        source = {"image": "r.example/fetch:1", "command": ["fetch", "s3://b"], "names": ["a"]}
        lora = {"source": source, "env": {"AWS_REGION": "eu"}}
        secrets = NIMSecrets(**REFERENCE, hf_token_key="t", hf_token_group="hf")
        seen = recorded(env=PEFT, lora_adapter_mem="1Gi", lora=lora, secrets=secrets)
        fetch, check = seen.pod("llama")["initContainers"]
        assert (fetch["name"], fetch["image"], fetch["command"]) == ("fetch-loras", "r.example/fetch:1", ["fetch", "s3://b"])
        assert fetch["volumeMounts"][0] == {"name": "lora", "mountPath": "/lora/adapters", "subPath": "adapters"}
        env = seen.env("llama", "fetch-loras")
        assert (env["NIM_PEFT_SOURCE"], env["AWS_REGION"]) == ("/lora/adapters", "eu")
        assert check["name"] == "check-loras" and check["volumeMounts"][0]["readOnly"] is True
        assert fetch["securityContext"]["allowPrivilegeEscalation"] is False


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"lora": {"max_rank": 8}}, "lora.max_rank: has no effect without NIM_PEFT_SOURCE. Enable LoRA: `env={"),
        (
            {**LORA, "lora": {"max_rank": 48}, "image": TWO},
            "lora.max_rank: must be one of 1, 8, 16, 32, 64, 128, 256, 320, 512 with vLLM (got 48). Use 64: adapters of a lower rank fit too.",
        ),
        (
            {**LORA, "lora": {"max_gpu": 8}, "image": "r.example/x:prod"},
            "generation: must be set with lora.max_gpu: the image's tag does not show which generation the limit is for. "
            "Set it to 1.x, 2.x-vllm or 2.x-sglang.",
        ),
        ({**LORA, "lora": {"max_gpu": 8, "max_cpu": 4}}, "lora.max_cpu: must be at least max_gpu (8)"),
        (
            {**LORA, "env": {**PEFT, "NIM_MAX_LORA_RANK": "8"}},
            "env.NIM_MAX_LORA_RANK: is managed by the component. Use the field lora.max_rank instead.",
        ),
        (
            {**LORA, "env": {**PEFT, "NIM_PEFT_REFRESH_INTERVAL": "8"}},
            "env.NIM_PEFT_REFRESH_INTERVAL: is managed by the component. Use the field lora.refresh_interval instead.",
        ),
        (
            {**LORA, "image": TWO, "args": ["--max-lora-rank=8"]},
            "args[0]: contains --max-lora-rank, which is managed by the component. Use the field lora.max_rank instead.",
        ),
        ({**LORA, "args": ["--max_loras", "8"]}, "args[0]: contains --max-loras, which is managed by the component."),
        (
            {**LORA, "env": {**PEFT, "NIM_PASSTHROUGH_ARGS": "-x --max-cpu-loras 4"}},
            "env.NIM_PASSTHROUGH_ARGS: contains --max-cpu-loras, which is managed by the component. Use the field lora.max_cpu instead.",
        ),
        (
            {**LORA, "hf_repo_ids": ["a/Chat", "b/chat"]},
            "hf_repo_ids[1]: must not have the name of hf_repo_ids[0] in another case: some volumes do not distinguish case (got 'chat').",
        ),
        (
            {"env": PEFT, "lora": {"source": {"names": ["Chat", "chat"], "claim": "a"}}},
            "lora.source.names[1]: must not have the name of lora.source.names[0] in another case",
        ),
        ({**LORA, "lora": {"refresh_interval": 0, "volume": {}}}, "lora.refresh_interval: must be at least 1 (got 0)."),
        ({**LORA, "lora": {"max_rank": 0}}, "lora.max_rank: must be at least 1 (got 0)."),
        ({**LORA, "lora": {"refresh_interval": 60}}, "lora.volume: must be set with refresh_interval"),
        ({"env": PEFT, "lora": {"volume": {}}}, "lora.volume: has no effect without hf_repo_ids."),
        (
            {**LORA, "replicas": 2, "cache": SHARED, "lora": {"volume": {"access_mode": "ReadWriteOnce"}}},
            "lora.volume.access_mode: must allow sharing for 2 replicas (got 'ReadWriteOnce').",
        ),
        (
            {**LORA, "lora": {"refresh_interval": 60, "volume": {"access_mode": "ReadWriteOnce"}}},
            "lora.volume.access_mode: must allow sharing for refresh_interval, whose Job writes while the pods read",
        ),
        ({**LORA, "lora": {"volume": {"existing_claim": "a", "size": "1Gi"}}}, "lora.volume.size: has no effect with existing_claim."),
        ({**LORA, "lora": {"volume": {"directory": "../a"}}}, "lora.volume.directory: must be a path inside the volume (got '../a')."),
        ({**LORA, "lora": {"volume": {"directory": "/a"}}}, "lora.volume.directory: must be a path inside the volume"),
        ({**LORA, **GIVEN}, "lora.source: must not be combined with hf_repo_ids"),
        ({"lora": GIVEN["lora"]}, "env.NIM_PEFT_SOURCE: must be set with lora.source"),
        ({"env": PEFT, "lora": {"source": {"names": ["a"]}}}, "lora.source.claim: requires exactly one of claim, volume and image."),
        (
            {"env": PEFT, "lora": {"source": {"names": ["a"], "claim": "a", "volume": "b"}}},
            "lora.source.claim: requires exactly one of claim, volume and image",
        ),
        ({"env": PEFT, "lora": {"source": {"names": [], "claim": "a"}}}, "lora.source.names: must not be empty"),
        ({"env": PEFT, "lora": {"source": {"claim": "a"}}}, "lora.source.names: is required"),
        ({"env": PEFT, "lora": {"source": {"names": ["a", "a"], "claim": "a"}}}, "lora.source.names: must not repeat a name"),
        ({"env": PEFT, "lora": {"source": {"names": ["../a"], "claim": "a"}}}, "lora.source.names[0]: must be the name of an adapter"),
        (
            {"env": PEFT, "lora": {"source": {"names": ["a"], "volume": "b"}}},
            "lora.source.volume: must be the name of a volume in extra_volumes",
        ),
        ({"env": PEFT, "lora": {"source": {"names": ["a"], "image": "a:1"}}}, "lora_adapter_mem: must be set with lora.source.image"),
        (
            {"env": PEFT, "served_model_name": "chat", "lora": {"source": {"names": ["chat"], "claim": "a"}}},
            "lora.source.names[0]: must not have the name of the served model (got 'chat').",
        ),
        ({**LORA, "lora": {"endpoint": "hub.example"}}, "lora.endpoint: must be an http or https URL (got 'hub.example')."),
        (
            {**LORA, "lora": {"env": {"HF_TOKEN": "a"}}},
            "lora.env.HF_TOKEN: is managed by the component. Use the field secrets.hf_token_key instead.",
        ),
        (
            {**LORA, "lora": {"endpoint": "https://a", "env": {"HF_ENDPOINT": "https://b"}}},
            "lora.env.HF_ENDPOINT: is managed by the component. Use the field lora.endpoint instead.",
        ),
        (
            {**LORA, "network": {"https_proxy": "http://a:1"}, "lora": {"env": {"https_proxy": "http://b"}}},
            "lora.env.https_proxy: is managed by the component. Use the field network.https_proxy instead.",
        ),
        (
            {**LORA, "lora": {"env": {"A": {"valueFrom": {"secretKeyRef": {"name": "a", "kei": "b"}}}}}},
            "lora.env.A.valueFrom.secretKeyRef.kei: is not a field of Kubernetes' SecretKeySelector.",
        ),
    ],
    ids=lambda value: str(value)[:70],
)
def test_invalid_input_is_refused(fields: dict[str, Any], line: str):
    with pytest.raises(ArgumentError) as raised:
        recorded(**fields)
    assert line in str(raised.value)


def test_mirror_password_is_refused_and_not_printed():
    with pytest.raises(ArgumentError) as raised:
        NIM(secrets=NIMSecrets.keyless(), **LORA, lora={"index_url": "https://robot:hunter2@index.example/simple"})
    assert "lora.index_url: must not contain a user or password" in str(raised.value) and "hunter2" not in str(raised.value)
