"""Arguments and services that most unit tests use."""

from typing import Any

import pulumi

from nim_component import NIM, NIMSecrets, NIMService
from nim_component.testing import Recording, record

REFERENCE: dict[str, Any] = {"ngc_image_secret": "pull", "ngc_secret_key": "NGC_API_KEY"}
PEFT = {"NIM_PEFT_SOURCE": "/opt/nim/peft"}
LORA: dict[str, Any] = {"hf_repo_ids": ["my-org/one", "my-org/two@v1"], "lora_adapter_mem": "2Gi", "env": PEFT}
SHARED = {"access_mode": "ReadWriteMany"}


def serve(name: str = "llama", opts: pulumi.ResourceOptions | None = None, **fields: Any) -> NIMService:
    """Create a service with Secrets by reference and the given fields."""
    return NIMService(name, NIM(**{"secrets": NIMSecrets(**REFERENCE), **fields}), opts)


def recorded(**fields: Any) -> Recording:
    """Record one service `llama` with the given fields."""
    return record(lambda: serve(**fields))
