"""Requirements that are read from a stack's manifests."""

from nim_component import AdapterVolume, LoRAArgs, NIMSecrets
from nim_component.args.lora_options import LOADER_IMAGE
from nim_component.preflight.requirements import permissions_of

from .clusters import requirements_of


def test_created_secrets_are_not_required():
    (service,) = requirements_of(secrets=NIMSecrets.keyless()).services
    assert service.keys == frozenset()
    assert service.pull_secrets == frozenset()


def test_requirements_of_jobs_are_included():
    lora = LoRAArgs(volume=AdapterVolume(), refresh_interval=30)
    token = NIMSecrets(
        ngc_image_secret="pull", ngc_secret_group="ngc", ngc_secret_key="NGC_API_KEY", hf_token_key="token", hf_token_group="hf"
    )
    env = {"NIM_PEFT_SOURCE": "/opt/nim/peft"}
    (service,) = requirements_of(secrets=token, hf_repo_ids=["org/one"], lora_adapter_mem="2Gi", lora=lora, env=env).services
    assert ("hf", "token") in service.keys
    assert LOADER_IMAGE in service.images
    assert len(service.pvcs) == 2


def test_permissions_are_only_those_needed():
    permissions = permissions_of(requirements_of(secrets=NIMSecrets.keyless()))
    assert ("patch", "apps", "deployments", "ml") in permissions
    assert ("list", "", "pods", "ml") in permissions
    assert ("get", "", "secrets", "ml") not in permissions
    assert ("get", "", "secrets", "ml") in permissions_of(requirements_of())
    assert len(permissions) == len(set(permissions)) <= 25
