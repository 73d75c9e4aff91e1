"""Services of the tests."""

from typing import Any

import pulumi

from nim_component import NIM, CacheArgs, MultiNodeArgs, NIMSecrets

from .client import Object
from .objects import render

OLD, NEW = "nvcr.io/nim/meta/llama3-8b-instruct:1.0.0", "nvcr.io/nim/meta/llama3-8b-instruct:1.0.3"
SHARED = CacheArgs(access_mode="ReadWriteMany")


def keyless(**fields) -> NIM:
    """Return a service without keys: it needs no existing Secret."""
    return NIM(**({"secrets": NIMSecrets.keyless(), "image": OLD} | fields))


def service(namespace: str, image: str = OLD, name: str = "llama", **fields) -> list[Object]:
    """Return the objects of a service without keys."""
    return render(keyless(image=image, **fields), namespace, name)


def multi_node(namespace: str, name: str = "llama", **fields: Any) -> list[Object]:
    """Return the objects of a service with two pods, each with a node of 8 GPUs."""
    given: dict[str, Any] = {
        "image": "nvcr.io/nim/deepseek-ai/deepseek-r1:2.1.5",
        "gpu": 8,
        "multi_node": MultiNodeArgs(nodes=2),
        "cache": SHARED,
    }
    return render(keyless(**given | fields), namespace, name)


def with_everything(**more: Any) -> NIM:
    """Return a service with every kind of child that needs no option set, and `more`.

    It has Outputs, so it must be created inside a program.
    """
    return NIM(
        secrets=NIMSecrets(ngc_api_key=pulumi.Output.secret("nvapi-x"), hf_token=pulumi.Output.secret("hf_x")),
        env={"NIM_PEFT_SOURCE": "/opt/nim/peft"},
        hf_repo_ids=["my-org/a"],
        lora_adapter_mem="1Gi",
        **more,
    )
