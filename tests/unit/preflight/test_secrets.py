"""Checks of Secrets that several services use."""

from typing import Any

from nim_component import NIMSecrets
from nim_component.cluster.secret_facts import SecretFacts
from nim_component.preflight import StackState, run_checks
from nim_component.preflight.secrets import check_pull_secrets, check_secrets

from .clusters import PULL_TYPE, facts, requirements_of

TWO = ({"name": "llama"}, {"name": "mixtral"})
WITH_TOKEN = NIMSecrets(
    ngc_image_secret="pull", ngc_secret_group="ngc", ngc_secret_key="NGC_API_KEY", hf_token_key="HF_TOKEN", hf_token_group="ngc"
)
LORA: dict[str, Any] = {
    "hf_repo_ids": ["org/one"],
    "lora_adapter_mem": "2Gi",
    "env": {"NIM_PEFT_SOURCE": "/opt/nim/peft"},
    "secrets": WITH_TOKEN,
}


def test_missing_secret_of_several_services_is_reported_once():
    requirements = requirements_of(*TWO)
    results = run_checks(requirements, facts(secrets={}), state=StackState())
    assert [f"{each.about}: {each.text}" for each in results if "Secret" in each.about] == [
        "Secret ml/ngc: does not exist; used by llama, mixtral",
        "Pull Secret ml/pull: does not exist; used by llama, mixtral",
    ]


def test_missing_secret_command_has_every_key():
    (result,) = check_secrets(requirements_of(**LORA), facts(secrets={}))
    assert result.snippet.startswith("for key in HF_TOKEN NGC_API_KEY; do ")
    assert result.snippet.endswith("| kubectl -n ml create secret generic ngc --from-env-file=/dev/stdin")


def test_missing_keys_are_reported_together():
    (result,) = check_secrets(requirements_of(**LORA), facts(secrets={("ml", "ngc"): SecretFacts("Opaque", ("a",))}))
    assert result.text == "has no keys HF_TOKEN, NGC_API_KEY; its keys: a; used by llama"


def test_pull_secret_needs_credentials_for_every_registry():
    requirements = requirements_of({"name": "llama"}, {"name": "own", "image": "registry.example/own:1"})
    (result,) = check_pull_secrets(requirements, facts(secrets={("ml", "pull"): SecretFacts(PULL_TYPE, (), ("nvcr.io",))}))
    assert result.text == "has credentials for nvcr.io, not for registry.example; used by llama, own"
    assert result.snippet == (
        'read -rs key; printf \'{"auths":{"registry.example":{"username":"<user>","password":"%s"}}}\' "$key" | kubectl -n ml create secret'
        " generic <name> --type=kubernetes.io/dockerconfigjson --from-file=.dockerconfigjson=/dev/stdin"
    )


HUB = SecretFacts(PULL_TYPE, (), ("docker.io",))
SECOND = NIMSecrets(ngc_image_secret="pull", ngc_secret_group="ngc", ngc_secret_key="NGC_API_KEY", extra_image_secrets=["hub"])
NODES_PULL = NIMSecrets(image_pull="node_identity", ngc_secret_group="ngc", ngc_secret_key="NGC_API_KEY", extra_image_secrets=["hub"])


def test_second_pull_secret_needs_no_server_registry():
    found = facts().secrets | {("ml", "hub"): HUB}
    results = list(check_pull_secrets(requirements_of(**{**LORA, "secrets": SECOND}), facts(secrets=found)))
    assert [(each.mark, each.about, each.text) for each in results] == [
        ("ok", "Pull Secret ml/hub", "has credentials for docker.io"),
        ("ok", "Pull Secret ml/pull", "has credentials for nvcr.io"),
    ]


def test_secret_for_no_image_fails():
    found = facts().secrets | {("ml", "hub"): SecretFacts(PULL_TYPE, (), ("ghcr.io",))}
    results = list(check_pull_secrets(requirements_of(secrets=SECOND), facts(secrets=found)))
    assert [(each.mark, each.text) for each in results] == [
        ("fail", "has credentials for ghcr.io, not for nvcr.io; used by llama"),
        ("ok", "has credentials for nvcr.io"),
    ]


def test_node_identity_needs_no_credentials_for_image():
    image = "1.dkr.ecr.eu-central-1.amazonaws.com/nim/meta/llama3-8b-instruct:1.0.0"
    requirements = requirements_of(**{**LORA, "secrets": NODES_PULL, "image": image})
    (result,) = check_pull_secrets(requirements, facts(secrets={("ml", "hub"): HUB}))
    assert (result.mark, result.text) == ("ok", "has credentials for docker.io")
    (result,) = check_pull_secrets(requirements_of(**{**LORA, "secrets": NODES_PULL}), facts(secrets={("ml", "hub"): HUB}))
    assert (result.mark, result.text) == ("fail", "has credentials for docker.io, not for nvcr.io; used by llama")


def test_registry_of_server_counts_with_lora_job():
    """The Job's image, from Docker Hub, is the last of the images."""
    fields = {**LORA, "secrets": SECOND, "cache": {"access_mode": "ReadWriteMany"}, "lora": {"refresh_interval": 30, "volume": {}}}
    results = list(check_pull_secrets(requirements_of(**fields), facts(secrets=facts().secrets | {("ml", "hub"): HUB})))
    assert [each.mark for each in results] == ["ok", "ok"]
