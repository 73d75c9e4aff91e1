"""ConfigMaps of the LoRA loader: its program, facts of the server, and the list of adapters."""

import json
from typing import Any

from ..args import NIM
from ..args.base_modules import find_modules
from ..args.generation import Generation
from ..args.served_model import find_base_model, list_model_facts
from ..kubernetes.generated_names import generate_name
from ..lora.adapter_list import LISTS, list_specs
from ..names import make_labels
from ..shipped_loader import read_program
from .generation import find_server_generation
from .inputs import lift, lift_all
from .lora import has_lora_job
from .models import name_base_model


def render_lora_config(nim: NIM, service_name: str) -> "dict[str, Any]":
    """Render the pods' ConfigMap.

    Its name contains the content hash of its data: a changed list creates another ConfigMap, and
    the new name rolls the pods.
    """
    if has_lora_job(nim):
        return _config(nim, service_name, "lora", {"published": True, "lists": LISTS})
    return render_list_config(nim, service_name, "lora")


def render_list_config(nim: NIM, service_name: str, suffix: str) -> "dict[str, Any]":
    """Render a ConfigMap with the loader's program and the whole adapter list."""
    if nim.lora.source is not None:
        return _config(nim, service_name, suffix, {"given": nim.lora.source.names})
    return _config(nim, service_name, suffix, {"adapters": list_specs(nim.hf_repo_ids)})


def _config(nim: NIM, service_name: str, suffix: str, content: dict[str, Any]) -> "dict[str, Any]":
    def write(served_model: str | None, base_model: str | None, generation: Generation) -> dict[str, str]:
        limits, server = generation.lora, dict[str, Any](served_model=served_model or "")
        if limits is not None:
            server |= {"default_rank": limits.default_rank, "engine": limits.engine, "refused": limits.refused}
            server |= {"documented": limits.documented} if limits.documented else {}
        if modules := find_modules(base_model):
            server["modules"] = modules
        return {"adapters.json": json.dumps({**server, **content}, indent=2), **read_program()}

    data = lift_all(
        write, name_base_model(nim), lift_all(find_base_model, *list_model_facts(nim.image, nim.env, nim.args)), find_server_generation(nim)
    )
    name = lift(data, lambda data: generate_name(service_name, suffix, data))
    metadata = {"name": name, "namespace": nim.namespace, "labels": make_labels(service_name)}
    return {"metadata": metadata, "immutable": True, "data": data}
