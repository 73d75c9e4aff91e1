"""The names under which models answer."""

import pulumi

from ..args import NIM
from ..args.lora_adapter import model_of_image
from .inputs import lift


def base_model(nim: NIM) -> "pulumi.Input[str]":
    """`served_model_name`, or what the image is called: `nvcr.io/nim/meta/llama3-8b-instruct:1.0.0` serves `meta/llama3-8b-instruct`."""
    if nim.served_model_name is not None:
        return nim.served_model_name
    return lift(nim.image, model_of_image)


def model_names(nim: NIM) -> "list[pulumi.Input[str]]":
    """The base model, then the adapters in their order."""
    return [base_model(nim), *nim.adapter_names]
