"""Names of the served models."""

import pulumi

from ..args import NIM
from ..args.lora_adapter import model_of_image
from .inputs import lift


def name_base_model(nim: NIM) -> "pulumi.Input[str]":
    """Return `served_model_name`, or the model in the image's name.

    `nvcr.io/nim/meta/llama3-8b-instruct:1.0.0` serves `meta/llama3-8b-instruct`.
    """
    if nim.served_model_name is not None:
        return nim.served_model_name
    return lift(nim.image, model_of_image)


def list_model_names(nim: NIM) -> "list[pulumi.Input[str]]":
    """Return the base model, then the adapters."""
    return [name_base_model(nim), *nim.adapter_names]
