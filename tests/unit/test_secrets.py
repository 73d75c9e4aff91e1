"""Secrets by reference, by value and keyless, and redaction of their values."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest

from nim_component import NIM, ArgumentError, NIMSecrets, NIMService
from nim_component.manifests.environment import name_secret_variable
from nim_component.testing import DEPLOYMENT, SECRET, Recording, Secret, record

from .seed import LORA, REFERENCE, recorded, serve

KEY = "nvapi-" + "s3cret" * 8
TOKEN = "hf_" + "T0ken" * 7
FROM_HUB: dict[str, Any] = {"env": {"NIM_MODEL_NAME": "hf://org/model"}}


def by_value(key: str = KEY, token: str | None = TOKEN, preview: bool = False, **fields: Any) -> Recording:
    def program() -> None:
        values: dict[str, Any] = {"ngc_api_key": pulumi.Output.secret(key)}
        if token is not None:
            values["hf_token"] = pulumi.Output.secret(token)
        names = {name: fields.pop(name) for name in ("ngc_secret_key", "hf_token_key", "secrets_prefix") if name in fields}
        NIMService("llama", NIM(secrets=NIMSecrets(**values, **names), **fields))

    return record(program, preview=preview)


def find_pods(seen: Recording) -> Iterator[dict[str, Any]]:
    """Yield the specs of all pods of a service."""
    for child in seen.children("llama").values():
        spec = child.inputs.get("spec", {})
        node_group = spec.get("leaderWorkerTemplate", {})
        for template in (spec.get("template"), node_group.get("leaderTemplate"), node_group.get("workerTemplate")):
            if template is not None:
                yield template["spec"]


def plain(value: Any) -> Any:
    return value.value if isinstance(value, Secret) else value


class TestByReference:
    def test_key_group_defaults_to_pull_secret(self):
        assert recorded().env("llama")["NGC_API_KEY"] == {"secretKeyRef": {"name": "pull", "key": "NGC_API_KEY"}}
        named = recorded(secrets=NIMSecrets(**REFERENCE, ngc_secret_group="ngc"))
        assert named.env("llama")["NGC_API_KEY"] == {"secretKeyRef": {"name": "ngc", "key": "NGC_API_KEY"}}
        assert named.pod("llama")["imagePullSecrets"] == [{"name": "pull"}]

    def test_token_group_defaults_to_key_group(self):
        env = recorded(secrets=NIMSecrets(**REFERENCE, ngc_secret_group="ngc", hf_token_key="t"), **FROM_HUB).env("llama")
        assert env["HF_TOKEN"] == {"secretKeyRef": {"name": "ngc", "key": "t"}}

    def test_secrets_by_reference_create_none(self):
        assert all(secret.read for secret in recorded().find(SECRET))

    def test_secrets_by_reference_set_no_checksum(self):
        assert "annotations" not in recorded().deployment("llama")["spec"]["template"]["metadata"]

    @pytest.mark.parametrize("fields", [LORA, {"multi_node": {"nodes": 2}, "cache": {"access_mode": "ReadWriteMany"}}], ids=["one", "many"])
    def test_node_identity_has_key_and_no_pull_secret(self, fields: dict[str, Any]):
        secrets = NIMSecrets(image_pull="node_identity", ngc_secret_group="ngc", ngc_secret_key="K", hf_token_key="t")
        env = {**fields.get("env", {}), **FROM_HUB["env"]}
        seen = recorded(secrets=secrets, generation="1.x", **{**fields, "env": env})
        pods = list(find_pods(seen))
        assert [secret.name for secret in seen.find(SECRET)] == ["llama-secret-ngc"]
        for pod in pods:
            env = {each["name"]: each.get("valueFrom") for each in pod["containers"][0]["env"]}
            assert env["NGC_API_KEY"] == {"secretKeyRef": {"name": "ngc", "key": "K"}}
            assert env["HF_TOKEN"] == {"secretKeyRef": {"name": "ngc", "key": "t"}}
            assert "imagePullSecrets" not in pod

    def test_extra_pull_secrets_are_on_all_pods(self):
        secrets = NIMSecrets(**REFERENCE, extra_image_secrets=["hub", "own"])
        cache = {"access_mode": "ReadWriteMany", "prewarm": {"profiles": ["a"]}}
        seen = recorded(secrets=secrets, cache=cache, **LORA, lora={"refresh_interval": 30, "volume": {}})
        pods = list(find_pods(seen))
        assert len(pods) == 3
        assert [pod["imagePullSecrets"] for pod in pods] == [[{"name": "pull"}, {"name": "hub"}, {"name": "own"}]] * 3

    def test_extra_pull_secret_must_exist(self):
        cluster = {"default/pull": self.PULL, "default/hub": {"type": "Opaque", "a": "b"}}
        with pytest.raises(ArgumentError, match=r"secrets\.extra_image_secrets\[0\]: Secret default/hub is of type Opaque"):
            record(lambda: serve(secrets=NIMSecrets(**REFERENCE, extra_image_secrets=["hub"])), cluster=cluster)

    def test_secret_resource_is_an_extra_pull_secret(self):
        def program() -> None:
            hub = k8s.core.v1.Secret("hub", metadata={"name": "hub"}, type="kubernetes.io/dockerconfigjson")
            serve(secrets=NIMSecrets.keyless(extra_image_secrets=[hub]))

        assert record(program).pod("llama")["imagePullSecrets"] == [{"name": "hub"}]

    PULL = {"type": "kubernetes.io/dockerconfigjson", ".dockerconfigjson": "{}", "NGC_API_KEY": KEY}

    def test_complete_secret_passes(self):
        assert record(serve, cluster={"default/pull": self.PULL}).deployment("llama")

    def test_missing_secret_fails_with_name(self):
        with pytest.raises(LookupError, match="resource 'default/pull' does not exist"):
            record(serve, cluster={})

    def test_missing_key_lists_existing_keys(self):
        cluster = {"default/pull": {**self.PULL, "OTHER": "v4lue"}}
        with pytest.raises(ArgumentError) as caught:
            record(lambda: serve(secrets=NIMSecrets(ngc_image_secret="pull", ngc_secret_key="nope")), cluster=cluster)
        assert str(caught.value) == (
            "NIMService 'llama' has 1 problem:\n  secrets.ngc_secret_key: Secret default/pull has no key 'nope'; its keys are: "
            ".dockerconfigjson, NGC_API_KEY, OTHER. Use one of its keys, or add the key: kubectl -n default edit secret pull."
        )

    def test_pull_secret_of_other_type_is_refused(self):
        with pytest.raises(ArgumentError, match=r"Secret default/pull is of type Opaque, not kubernetes\.io/dockerconfigjson"):
            record(serve, cluster={"default/pull": {**self.PULL, "type": "Opaque"}})

    def test_missing_key_stops_registration_of_deployment(self):
        cluster = {"default/pull": {**self.PULL, "type": "Opaque"}}
        seen: list[str] = []

        def program() -> None:
            service = serve()
            service.deployment.urn.apply(seen.append)

        with pytest.raises(ArgumentError, match="is of type"):
            record(program, cluster=cluster)
        assert seen == []

    def test_each_secret_is_checked_for_its_keys(self):
        secrets = NIMSecrets(**REFERENCE, ngc_secret_group="ngc", hf_token_key="t", hf_token_group="hf")
        cluster = {"default/pull": self.PULL, "default/ngc": {"NGC_API_KEY": KEY}, "default/hf": {"token": TOKEN}}
        with pytest.raises(ArgumentError, match="secrets.hf_token_key: Secret default/hf has no key 't'; its keys are: token"):
            record(lambda: serve(secrets=secrets), cluster=cluster)

    def test_rendering_to_files_reads_no_secret(self):
        seen = record(serve, config={"kubernetes:renderYamlToDirectory": "out"}, cluster={})
        assert not any(resource.read for resource in seen.run.resources)


class TestByValue:
    def test_node_identity_creates_no_pull_secret(self):
        def program() -> None:
            value = pulumi.Output.secret(KEY)
            serve(
                secrets=NIMSecrets(ngc_api_key=value, image_pull="node_identity"), overrides={"keys": {"metadata": {"labels": {"a": "b"}}}}
            )

        seen = record(program)
        names = {name for name, child in seen.children("llama").items() if child.type == SECRET}
        assert names == {"llama-keys"}
        assert "imagePullSecrets" not in seen.pod("llama")
        assert seen.env("llama")["NGC_API_KEY"]["secretKeyRef"]["key"] == "NGC_API_KEY"

    def test_pull_secret_contains_registry_login(self):
        secret = by_value().children("llama")["llama-pull"].inputs
        assert secret["type"] == "kubernetes.io/dockerconfigjson"
        config = json.loads(plain(plain(secret["stringData"])[".dockerconfigjson"]))
        login = config["auths"]["nvcr.io"]
        assert (login["username"], login["password"]) == ("$oauthtoken", KEY)
        assert base64.b64decode(login["auth"]).decode() == f"$oauthtoken:{KEY}"

    def test_keys_have_default_names(self):
        secret = by_value().children("llama")["llama-keys"].inputs
        assert secret["type"] == "Opaque"
        assert plain(secret["stringData"]) == {"NGC_API_KEY": KEY, "HF_TOKEN": TOKEN}

    def test_keys_have_given_names(self):
        seen = by_value(ngc_secret_key="ngc", hf_token_key="hf")
        secret = seen.children("llama")["llama-keys"].inputs
        assert plain(secret["stringData"]) == {"ngc": KEY, "hf": TOKEN}
        assert seen.env("llama")["NGC_API_KEY"]["secretKeyRef"] == {"name": secret["metadata"]["name"], "key": "ngc"}

    def test_pod_references_created_secrets(self):
        seen = by_value(**FROM_HUB)
        names = {part: seen.children("llama")[f"llama-{part}"].inputs["metadata"]["name"] for part in ("pull", "keys")}
        assert seen.pod("llama")["imagePullSecrets"] == [{"name": names["pull"]}]
        assert seen.env("llama")["HF_TOKEN"] == {"secretKeyRef": {"name": names["keys"], "key": "HF_TOKEN"}}

    def test_no_token_creates_no_token_key(self):
        seen = by_value(token=None, **FROM_HUB)
        assert plain(seen.children("llama")["llama-keys"].inputs["stringData"]) == {"NGC_API_KEY": KEY}
        assert "HF_TOKEN" not in seen.env("llama")

    def test_rotated_key_renames_secrets_and_rolls_pods(self):
        before, after = by_value(), by_value(key=KEY + "2")
        for part in ("llama-pull", "llama-keys"):
            assert before.children("llama")[part].inputs["metadata"]["name"] != after.children("llama")[part].inputs["metadata"]["name"]
        assert all(secret.inputs["immutable"] is True for secret in before.find(SECRET))
        annotations = [seen.deployment("llama")["spec"]["template"]["metadata"]["annotations"] for seen in (before, after)]
        assert annotations[0].keys() == annotations[1].keys() == {"checksum/secrets"}
        assert annotations[0] != annotations[1]

    def test_rotated_token_keeps_pull_secret(self):
        before, after = by_value(), by_value(token=TOKEN + "2")
        assert before.children("llama")["llama-pull"].inputs == after.children("llama")["llama-pull"].inputs
        annotations = [seen.deployment("llama")["spec"]["template"]["metadata"]["annotations"] for seen in (before, after)]
        assert annotations[0] != annotations[1]

    def test_equal_key_names_are_refused(self):
        with pytest.raises(ArgumentError, match="secrets.hf_token_key: must differ from ngc_secret_key: both are in one Secret"):
            by_value(ngc_secret_key="K", hf_token_key="K")

    def test_secret_names_begin_with_service_name(self):
        seen = by_value(service_name="stable")
        assert all(secret.inputs["metadata"]["name"].startswith("stable-") for secret in seen.find(SECRET))

    def test_created_secrets_are_not_protected(self):
        opts = pulumi.ResourceOptions(protect=True)
        seen = record(lambda: NIMService("llama", NIM(secrets=NIMSecrets(ngc_api_key=pulumi.Output.secret(KEY)), **LORA), opts))
        protected = {name for name, child in seen.children("llama").items() if child.options.protect}
        assert protected == {"llama-cache", "llama-deployment", "llama-service"}

    def test_equal_keys_give_equal_names(self):
        assert by_value().deployment("llama") == by_value().deployment("llama")

    def test_trailing_newline_is_removed_from_key(self):
        assert by_value(key=KEY + "\n").deployment("llama") == by_value().deployment("llama")

    @pytest.mark.parametrize("key", ["", " \n", "two words"])
    def test_invalid_key_is_refused_and_redacted(self, key: str):
        with pytest.raises(
            ArgumentError, match="NIMService 'llama' has 1 problem:\n  secrets.ngc_api_key: must be a key without white space"
        ) as caught:
            by_value(key=key)
        assert "two words" not in str(caught.value)

    def test_values_are_in_two_secrets_only(self):
        seen = by_value(**LORA)
        credentials = [KEY, TOKEN, *(base64.b64encode(text.encode()).decode() for text in (KEY, TOKEN))]
        for resource in seen.run.resources:
            if resource.type != SECRET:
                assert not any(text in repr((resource.inputs, resource.outputs, resource.options)) for text in credentials)
        for resource in seen.find(SECRET):
            assert isinstance(resource.inputs["stringData"], Secret)
            assert not any(text in repr({k: v for k, v in resource.inputs.items() if k != "stringData"}) for text in credentials)

    def test_deployment_contains_no_secret_value(self):
        # Pulumi masks a whole array that contains one secret, so a diff would show nothing of it.
        def walk(value: Any) -> bool:
            if isinstance(value, Secret):
                return True
            return any(walk(each) for each in (value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()))

        assert not walk(by_value(**LORA).deployment("llama"))

    def test_plain_output_becomes_secret(self):
        def program() -> None:
            NIMService("llama", NIM(secrets=NIMSecrets(ngc_api_key=pulumi.Output.from_input(KEY))))

        assert isinstance(record(program).children("llama")["llama-keys"].inputs["stringData"], Secret)

    def test_unknown_key_passes_preview(self):
        def program() -> None:
            reference = pulumi.StackReference("acme/keys/prod")
            NIMService("llama", NIM(secrets=NIMSecrets(ngc_api_key=pulumi.Output.secret(reference.require_output("key")))))

        assert record(program, preview=True).child("llama", DEPLOYMENT)

    def test_token_by_value_with_key_by_reference(self):
        def program() -> None:
            NIMService("llama", NIM(secrets=NIMSecrets(**REFERENCE, hf_token=pulumi.Output.secret(TOKEN))))

        seen = record(program)
        assert seen.env("llama")["NGC_API_KEY"] == {"secretKeyRef": {"name": "pull", "key": "NGC_API_KEY"}}
        assert plain(seen.children("llama")["llama-keys"].inputs["stringData"]) == {"HF_TOKEN": TOKEN}


class TestKeyless:
    def test_keyless_has_no_key_and_pull_secret(self):
        seen = recorded(secrets=NIMSecrets.keyless())
        assert "imagePullSecrets" not in seen.pod("llama")
        assert "NGC_API_KEY" not in seen.env("llama")
        assert seen.find(SECRET) == []

    def test_keyless_accepts_hugging_face_token(self):
        seen = recorded(secrets=NIMSecrets.keyless(hf_token_key="t", hf_token_group="hf"), **FROM_HUB)
        assert seen.env("llama")["HF_TOKEN"] == {"secretKeyRef": {"name": "hf", "key": "t"}}


class TestPrefix:
    def env(self, **more: Any) -> list[dict[str, Any]]:
        return recorded(secrets=NIMSecrets(**{**REFERENCE, "secrets_prefix": "_FSEC_", **more}), **FROM_HUB).container("llama")["env"]

    def test_prefixed_variable_comes_before_its_reference(self):
        env = self.env(ngc_secret_group="my-group", ngc_secret_key="ngc-key")
        names = [each["name"] for each in env]
        assert names.index("_FSEC_MY_GROUP_NGC_KEY") < names.index("NGC_API_KEY")
        assert {"name": "NGC_API_KEY", "value": "$(_FSEC_MY_GROUP_NGC_KEY)"} in env

    def test_no_group_leaves_group_out_of_variable(self):
        assert {"name": "NGC_API_KEY", "value": "$(_FSEC_NGC_API_KEY)"} in self.env()

    def test_token_has_prefixed_variable(self):
        env = self.env(hf_token_key="hf-key", hf_token_group="hf")
        assert {"name": "_FSEC_HF_HF_KEY", "valueFrom": {"secretKeyRef": {"name": "hf", "key": "hf-key"}}} in env
        assert {"name": "HF_TOKEN", "value": "$(_FSEC_HF_HF_KEY)"} in env

    def test_equal_prefixed_names_are_rendered_once(self):
        names = [each["name"] for each in self.env(hf_token_key="NGC_API_KEY")]
        assert names.count("_FSEC_NGC_API_KEY") == 1

    @pytest.mark.parametrize(
        ("prefix", "group", "key", "name"),
        [
            ("_FSEC_", None, "ngc-key", "_FSEC_NGC_KEY"),
            ("_UNION_", "grp", "ngc_key", "_UNION_GRP_NGC_KEY"),
            ("_fsec_", "a.b", "hf.tok", "_FSEC_A_B_HF_TOK"),
        ],
    )
    def test_prefixed_name(self, prefix: str, group: str | None, key: str, name: str):
        assert name_secret_variable(prefix, group, key) == name

    def test_output_group_is_in_variable_name(self):
        seen = record(
            lambda: serve(secrets=NIMSecrets(**REFERENCE, secrets_prefix="_FSEC_", ngc_secret_group=pulumi.Output.from_input("ngc")))
        )
        assert seen.env("llama")["NGC_API_KEY"] == "$(_FSEC_NGC_NGC_API_KEY)"
