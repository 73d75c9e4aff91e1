"""The services that the tests bring up."""

from typing import Any

import pulumi

from nim_component import NIM, CacheArgs, NIMSecrets

from .client import Object
from .objects import render

OLD, NEW = "nvcr.io/nim/meta/llama3-8b-instruct:1.0.0", "nvcr.io/nim/meta/llama3-8b-instruct:1.0.3"
SHARED = CacheArgs(access_mode="ReadWriteMany")


def keyless(**fields) -> NIM:
    """A service of a public image: nothing must be there before it."""
    return NIM(**({"secrets": NIMSecrets.keyless(), "image": OLD} | fields))


def service(namespace: str, image: str = OLD, name: str = "llama", **fields) -> list[Object]:
    """Its objects."""
    return render(keyless(image=image, **fields), namespace, name)


def with_everything(**more: Any) -> NIM:
    """A service that has every kind of child which needs no optional group, and `more`. It has Outputs: made inside a program."""
    return NIM(
        secrets=NIMSecrets(ngc_api_key=pulumi.Output.secret("nvapi-x"), hf_token=pulumi.Output.secret("hf_x")),
        env={"NIM_PEFT_SOURCE": "/opt/nim/peft"},
        hf_repo_ids=["my-org/a"],
        lora_adapter_mem="1Gi",
        **more,
    )
