"""Keys by reference, by value and not at all; and where their values never stand."""

import base64
import json
from typing import Any

import pulumi
import pytest

from nim_component import NIM, ArgumentError, NIMSecrets, NIMService
from nim_component.manifests.environment import name_secret_variable
from nim_component.testing import DEPLOYMENT, SECRET, Recording, Secret, record

from .seed import LORA, REFERENCE, recorded, serve

KEY = "nvapi-" + "s3cret" * 8
TOKEN = "hf_" + "T0ken" * 7


def by_value(key: str = KEY, token: str | None = TOKEN, preview: bool = False, **fields: Any) -> Recording:
    def program() -> None:
        values: dict[str, Any] = {"ngc_api_key": pulumi.Output.secret(key)}
        if token is not None:
            values["hf_token"] = pulumi.Output.secret(token)
        names = {name: fields.pop(name) for name in ("ngc_secret_key", "hf_token_key", "secrets_prefix") if name in fields}
        NIMService("llama", NIM(secrets=NIMSecrets(**values, **names), **fields))

    return record(program, preview=preview)


def plain(value: Any) -> Any:
    return value.value if isinstance(value, Secret) else value


class TestByReference:
    def test_the_group_is_the_pull_secret_unless_named(self):
        assert recorded().env("llama")["NGC_API_KEY"] == {"secretKeyRef": {"name": "pull", "key": "NGC_API_KEY"}}
        named = recorded(secrets=NIMSecrets(**REFERENCE, ngc_secret_group="ngc"))
        assert named.env("llama")["NGC_API_KEY"] == {"secretKeyRef": {"name": "ngc", "key": "NGC_API_KEY"}}
        assert named.pod("llama")["imagePullSecrets"] == [{"name": "pull"}]

    def test_the_tokens_group_is_the_keys_unless_named(self):
        env = recorded(secrets=NIMSecrets(**REFERENCE, ngc_secret_group="ngc", hf_token_key="t")).env("llama")
        assert env["HF_TOKEN"] == {"secretKeyRef": {"name": "ngc", "key": "t"}}

    def test_no_secret_is_made(self):
        assert all(secret.read for secret in recorded().find(SECRET))

    def test_no_checksum_is_set(self):
        assert "annotations" not in recorded().deployment("llama")["spec"]["template"]["metadata"]

    PULL = {"type": "kubernetes.io/dockerconfigjson", ".dockerconfigjson": "{}", "NGC_API_KEY": KEY}

    def test_what_must_be_there_is_there(self):
        assert record(serve, cluster={"default/pull": self.PULL}).deployment("llama")

    def test_a_missing_secret_fails_with_its_name(self):
        with pytest.raises(LookupError, match="resource 'default/pull' does not exist"):
            record(serve, cluster={})

    def test_a_missing_key_is_named_with_the_keys_there_are_and_no_value(self):
        cluster = {"default/pull": {**self.PULL, "OTHER": "v4lue"}}
        with pytest.raises(ArgumentError) as caught:
            record(lambda: serve(secrets=NIMSecrets(ngc_image_secret="pull", ngc_secret_key="nope")), cluster=cluster)
        assert str(caught.value) == (
            "NIMService 'llama' has 1 problem:\n  secrets.ngc_secret_key: Secret default/pull has no key 'nope'; its keys are: "
            ".dockerconfigjson, NGC_API_KEY, OTHER. Use one of its keys, or add the key: kubectl -n default edit secret pull."
        )

    def test_a_pull_secret_of_another_type_is_refused(self):
        with pytest.raises(ArgumentError, match=r"Secret default/pull is of type Opaque, not kubernetes\.io/dockerconfigjson"):
            record(serve, cluster={"default/pull": {**self.PULL, "type": "Opaque"}})

    def test_the_deployment_is_not_registered_before_the_keys_are_checked(self):
        cluster = {"default/pull": {**self.PULL, "type": "Opaque"}}
        seen: list[str] = []

        def program() -> None:
            service = serve()
            service.deployment.urn.apply(seen.append)

        with pytest.raises(ArgumentError, match="is of type"):
            record(program, cluster=cluster)
        assert seen == []

    def test_every_secret_is_checked_for_the_keys_that_are_to_come_from_it(self):
        secrets = NIMSecrets(**REFERENCE, ngc_secret_group="ngc", hf_token_key="t", hf_token_group="hf")
        cluster = {"default/pull": self.PULL, "default/ngc": {"NGC_API_KEY": KEY}, "default/hf": {"token": TOKEN}}
        with pytest.raises(ArgumentError, match="secrets.hf_token_key: Secret default/hf has no key 't'; its keys are: token"):
            record(lambda: serve(secrets=secrets), cluster=cluster)

    def test_rendering_to_files_reads_nothing(self):
        seen = record(serve, config={"kubernetes:renderYamlToDirectory": "out"}, cluster={})
        assert not any(resource.read for resource in seen.run.resources)


class TestByValue:
    def test_the_pull_secret_logs_in_to_the_registry(self):
        secret = by_value().children("llama")["llama-pull"].inputs
        assert secret["type"] == "kubernetes.io/dockerconfigjson"
        config = json.loads(plain(plain(secret["stringData"])[".dockerconfigjson"]))
        login = config["auths"]["nvcr.io"]
        assert (login["username"], login["password"]) == ("$oauthtoken", KEY)
        assert base64.b64decode(login["auth"]).decode() == f"$oauthtoken:{KEY}"

    def test_the_keys_stand_under_their_default_names(self):
        secret = by_value().children("llama")["llama-keys"].inputs
        assert secret["type"] == "Opaque"
        assert plain(secret["stringData"]) == {"NGC_API_KEY": KEY, "HF_TOKEN": TOKEN}

    def test_the_keys_stand_under_the_names_they_are_given(self):
        seen = by_value(ngc_secret_key="ngc", hf_token_key="hf")
        secret = seen.children("llama")["llama-keys"].inputs
        assert plain(secret["stringData"]) == {"ngc": KEY, "hf": TOKEN}
        assert seen.env("llama")["NGC_API_KEY"]["secretKeyRef"] == {"name": secret["metadata"]["name"], "key": "ngc"}

    def test_the_pod_refers_to_what_was_made(self):
        seen = by_value()
        names = {part: seen.children("llama")[f"llama-{part}"].inputs["metadata"]["name"] for part in ("pull", "keys")}
        assert seen.pod("llama")["imagePullSecrets"] == [{"name": names["pull"]}]
        assert seen.env("llama")["HF_TOKEN"] == {"secretKeyRef": {"name": names["keys"], "key": "HF_TOKEN"}}

    def test_without_a_token_there_is_none(self):
        seen = by_value(token=None)
        assert plain(seen.children("llama")["llama-keys"].inputs["stringData"]) == {"NGC_API_KEY": KEY}
        assert "HF_TOKEN" not in seen.env("llama")

    def test_a_rotated_key_makes_secrets_of_other_names_and_rolls_the_pods(self):
        before, after = by_value(), by_value(key=KEY + "2")
        for part in ("llama-pull", "llama-keys"):
            assert before.children("llama")[part].inputs["metadata"]["name"] != after.children("llama")[part].inputs["metadata"]["name"]
        assert all(secret.inputs["immutable"] is True for secret in before.find(SECRET))
        annotations = [seen.deployment("llama")["spec"]["template"]["metadata"]["annotations"] for seen in (before, after)]
        assert annotations[0].keys() == annotations[1].keys() == {"checksum/secrets"}
        assert annotations[0] != annotations[1]

    def test_a_rotated_token_leaves_the_pull_secret_alone(self):
        before, after = by_value(), by_value(token=TOKEN + "2")
        assert before.children("llama")["llama-pull"].inputs == after.children("llama")["llama-pull"].inputs
        annotations = [seen.deployment("llama")["spec"]["template"]["metadata"]["annotations"] for seen in (before, after)]
        assert annotations[0] != annotations[1]

    def test_one_name_for_both_keys_is_refused(self):
        with pytest.raises(ArgumentError, match="secrets.hf_token_key: must not be ngc_secret_key: both stand in one Secret"):
            by_value(ngc_secret_key="K", hf_token_key="K")

    def test_the_names_are_the_services_and_not_the_components(self):
        seen = by_value(service_name="stable")
        assert all(secret.inputs["metadata"]["name"].startswith("stable-") for secret in seen.find(SECRET))

    def test_protection_of_the_component_does_not_stop_a_rotation(self):
        opts = pulumi.ResourceOptions(protect=True)
        seen = record(lambda: NIMService("llama", NIM(secrets=NIMSecrets(ngc_api_key=pulumi.Output.secret(KEY)), **LORA), opts))
        protected = {name for name, child in seen.children("llama").items() if child.options.protect}
        assert protected == {"llama-cache", "llama-deployment", "llama-service"}

    def test_the_same_key_gives_the_same_names(self):
        assert by_value().deployment("llama") == by_value().deployment("llama")

    def test_the_line_end_that_a_file_leaves_is_no_part_of_the_key(self):
        assert by_value(key=KEY + "\n").deployment("llama") == by_value().deployment("llama")

    @pytest.mark.parametrize("key", ["", " \n", "two words"])
    def test_a_key_that_is_none_is_refused_without_showing_it(self, key: str):
        with pytest.raises(
            ArgumentError, match="NIMService 'llama' has 1 problem:\n  secrets.ngc_api_key: must be a key without white space"
        ) as caught:
            by_value(key=key)
        assert "two words" not in str(caught.value)

    def test_the_value_stands_in_the_two_secrets_and_nowhere_else(self):
        seen = by_value(**LORA)
        hidden = [KEY, TOKEN, *(base64.b64encode(text.encode()).decode() for text in (KEY, TOKEN))]
        for resource in seen.run.resources:
            if resource.type != SECRET:
                assert not any(text in repr((resource.inputs, resource.outputs, resource.options)) for text in hidden)
        for resource in seen.find(SECRET):
            assert isinstance(resource.inputs["stringData"], Secret)
            assert not any(text in repr({k: v for k, v in resource.inputs.items() if k != "stringData"}) for text in hidden)

    def test_nothing_in_the_pod_is_masked(self):
        # One secret inside an array masks the whole array, and the reviewer is blind.
        def walk(value: Any) -> bool:
            if isinstance(value, Secret):
                return True
            return any(walk(each) for each in (value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()))

        assert not walk(by_value(**LORA).deployment("llama"))

    def test_an_output_that_is_no_secret_becomes_one(self):
        def program() -> None:
            NIMService("llama", NIM(secrets=NIMSecrets(ngc_api_key=pulumi.Output.from_input(KEY))))

        assert isinstance(record(program).children("llama")["llama-keys"].inputs["stringData"], Secret)

    def test_a_key_that_is_not_known_yet_breaks_no_preview(self):
        def program() -> None:
            reference = pulumi.StackReference("acme/keys/prod")
            NIMService("llama", NIM(secrets=NIMSecrets(ngc_api_key=pulumi.Output.secret(reference.require_output("key")))))

        assert record(program, preview=True).child("llama", DEPLOYMENT)

    def test_a_token_by_value_goes_with_a_key_by_reference(self):
        def program() -> None:
            NIMService("llama", NIM(secrets=NIMSecrets(**REFERENCE, hf_token=pulumi.Output.secret(TOKEN))))

        seen = record(program)
        assert seen.env("llama")["NGC_API_KEY"] == {"secretKeyRef": {"name": "pull", "key": "NGC_API_KEY"}}
        assert plain(seen.children("llama")["llama-keys"].inputs["stringData"]) == {"HF_TOKEN": TOKEN}


class TestKeyless:
    def test_there_is_no_key_and_no_pull_secret(self):
        seen = recorded(secrets=NIMSecrets.keyless())
        assert "imagePullSecrets" not in seen.pod("llama")
        assert "NGC_API_KEY" not in seen.env("llama")
        assert seen.find(SECRET) == []

    def test_a_hugging_face_token_may_still_be_given(self):
        seen = recorded(secrets=NIMSecrets.keyless(hf_token_key="t", hf_token_group="hf"))
        assert seen.env("llama")["HF_TOKEN"] == {"secretKeyRef": {"name": "hf", "key": "t"}}


class TestPrefix:
    def env(self, **more: Any) -> list[dict[str, Any]]:
        return recorded(secrets=NIMSecrets(**{**REFERENCE, "secrets_prefix": "_FSEC_", **more})).container("llama")["env"]

    def test_the_mounted_variable_stands_before_the_one_that_refers_to_it(self):
        env = self.env(ngc_secret_group="my-group", ngc_secret_key="ngc-key")
        names = [each["name"] for each in env]
        assert names.index("_FSEC_MY_GROUP_NGC_KEY") < names.index("NGC_API_KEY")
        assert {"name": "NGC_API_KEY", "value": "$(_FSEC_MY_GROUP_NGC_KEY)"} in env

    def test_without_a_group_the_name_has_none(self):
        assert {"name": "NGC_API_KEY", "value": "$(_FSEC_NGC_API_KEY)"} in self.env()

    def test_the_token_is_mounted_the_same_way(self):
        env = self.env(hf_token_key="hf-key", hf_token_group="hf")
        assert {"name": "_FSEC_HF_HF_KEY", "valueFrom": {"secretKeyRef": {"name": "hf", "key": "hf-key"}}} in env
        assert {"name": "HF_TOKEN", "value": "$(_FSEC_HF_HF_KEY)"} in env

    def test_two_secrets_under_one_name_are_mounted_once(self):
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
    def test_the_name(self, prefix: str, group: str | None, key: str, name: str):
        assert name_secret_variable(prefix, group, key) == name

    def test_a_group_that_is_an_output_names_the_variable_when_it_is_known(self):
        seen = record(
            lambda: serve(secrets=NIMSecrets(**REFERENCE, secrets_prefix="_FSEC_", ngc_secret_group=pulumi.Output.from_input("late")))
        )
        assert seen.env("llama")["NGC_API_KEY"] == "$(_FSEC_LATE_NGC_API_KEY)"
