"""Every field of the argument models reachable from `NIM`."""

from typing import Any

from pydantic import BaseModel

from nim_component.args import NIM
from nim_component.args.reflection import reachable_models

MODELS = reachable_models(NIM)


def list_fields() -> list[tuple[type[BaseModel], str, Any]]:
    """Return model, name and annotation of every reachable field."""
    return [(model, name, field.annotation) for model in MODELS for name, field in model.model_fields.items()]
