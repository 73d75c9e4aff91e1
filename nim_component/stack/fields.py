"""Fields of the services of a stack file. Pure: it imports neither the program nor the SDK."""

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any, cast, get_args

from pydantic import BaseModel

from ..args import NIM
from ..args.error import describe_owner
from ..args.fixes import written_in
from ..args.generation import GenerationName
from ..args.reflection import field_model, means_none
from ..lora.server_fit import ServerFacts

SERVICES = "services"
DEFAULTS = "defaults"
NAMESPACES = "namespaces"
_ADAPTER_FIELDS = ("hf_repo_ids", "namespace", "lora_image", "image_pull_policy", "run_as_user", "run_as_group", "fs_group")
"""Fields that decide which adapters exist, and with which user a pod reads them."""


def merge_fields(defaults: Mapping[str, Any], fields: Mapping[str, Any], model: type[BaseModel] | None = None) -> dict[str, Any]:
    """Return `defaults` with `fields` applied.

    Mappings merge by key; every other value replaces the default. None removes a default; without a
    default, None is the value.

    Args:
        defaults: Defaults of the stack file.
        fields: Fields of one service.
        model: Model of the fields. If a field of it is not None unless set, None is always its
            value: `metrics: {monitor: null}` creates no monitor, whatever the defaults contain.
    """
    merged: dict[str, Any] = deepcopy(dict(defaults))
    for key, value in fields.items():
        default = merged.get(key)
        if isinstance(value, Mapping):
            merged[key] = merge_fields(_mapping(default), cast("Mapping[str, Any]", value), field_model(model, key))
        elif value is None and default is not None and not means_none(model, key):
            merged.pop(key, None)
        else:
            merged[key] = value
    return merged


@written_in("yaml")
def read_adapters(project: str, config: Mapping[str, str]) -> dict[str, NIM]:
    """Return the services of a stack file with the fields of their adapters only.

    It neither runs the program nor reads secrets or the adapter lock file.
    """
    services: dict[str, NIM] = {}
    for name, merged in _read_services(project, config):
        kept = {key: merged[key] for key in _ADAPTER_FIELDS if key in merged}
        if "hf_repo_ids" in kept:
            kept |= {"lora_adapter_mem": "1Gi", "env": {"NIM_PEFT_SOURCE": "/adapters"}}
            volume = _mapping(merged.get("lora")).get("volume")
            kept |= {"lora": {"volume": volume}} if volume is not None else {}
        given = _mapping(merged.get("secrets"))
        pull_secret, extra = given.get("ngc_image_secret"), given.get("extra_image_secrets")
        secrets: dict[str, Any] = {"without_key": True, **({"ngc_image_secret": pull_secret} if isinstance(pull_secret, str) else {})}
        secrets |= {"extra_image_secrets": extra} if isinstance(extra, list) else {}
        services[name] = NIM.read({"secrets": secrets, **kept}, describe_owner(name))
    return services


def read_server_facts(project: str, config: Mapping[str, str]) -> dict[str, ServerFacts]:
    """Return the facts of the servers of a stack file that decide which adapters they load."""
    servers: dict[str, ServerFacts] = {}
    for name, merged in _read_services(project, config):
        rank, generation, args = _mapping(merged.get("lora")).get("max_rank"), merged.get("generation"), merged.get("args")
        servers[name] = ServerFacts(
            image=str(merged.get("image") or NIM.model_fields["image"].default),
            generation=generation if generation in get_args(GenerationName) else None,
            max_rank=rank if isinstance(rank, int) else None,
            env=_mapping(merged.get("env")),
            args=cast("list[Any]", args) if isinstance(args, list) else None,
        )
    return servers


def _read_services(project: str, config: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield name and fields of each service, merged with the defaults."""
    defaults, services = (_mapping(json.loads(config.get(f"{project}:{key}") or "{}")) for key in (DEFAULTS, SERVICES))
    for name, fields in services.items():
        yield name, merge_fields(defaults, _mapping(fields), NIM)


def _mapping(value: Any) -> Mapping[str, Any]:
    """Return a mapping, or an empty one for another value. The program reports the wrong type."""
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}
