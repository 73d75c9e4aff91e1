"""Names of the served models."""

import pulumi

from ..args import NIM
from ..args.served_model import find_base_model, list_model_facts
from .inputs import lift_all


def name_base_model(nim: NIM) -> "pulumi.Input[str | None]":
    """Return `served_model_name`, or the name that the server derives from the model's source.

    The image `nvcr.io/nim/meta/llama3-8b-instruct:1.0.0` serves `meta/llama3-8b-instruct`. The name
    is None if it is unknown.
    """
    if nim.served_model_name is not None:
        return nim.served_model_name
    return lift_all(find_base_model, *list_model_facts(nim.image, nim.env, nim.args))


def list_known_models(nim: NIM) -> "list[pulumi.Input[str | None]]":
    """Return the base model, None if its name is unknown, then the adapters."""
    return [name_base_model(nim), *nim.adapter_names]


def render_model_names(nim: NIM) -> "pulumi.Input[list[str] | None]":
    """Return the base model, then the adapters; None if the base model's name is unknown.

    A list of the adapters alone would have an adapter in the place of the base model.
    """

    def join(base: str | None, *adapters: str) -> list[str] | None:
        return None if base is None else [base, *adapters]

    return lift_all(join, *list_known_models(nim))
