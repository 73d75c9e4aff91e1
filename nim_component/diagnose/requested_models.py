"""Models that a running service requests, by its own objects, and models that its server lists."""

import json
from collections.abc import Iterator
from typing import Any, cast

from ..cluster.client import ClusterClient
from ..cluster.errors import GoneError, MissingError, RefusedError, UnreachableError
from ..cluster.objects import Object, at, items_at, number_at, text_at
from ..names import SERVER_CONTAINER
from .served_models import ModelListError, list_models
from .snapshot import ServedModels, Snapshot

RESPONSE_SECONDS = 1.5
"""Time limit for the server's response.

A person waits for it. A proxy that cannot reach the server returns an error after half a minute.
"""
_MODEL_NAME = "NIM_SERVED_MODEL_NAME"
_ADAPTER_LIST_VOLUME = "lora-loader"


async def read_served_models(client: ClusterClient, snapshot: Snapshot, lora_job: Object | None) -> ServedModels | None:
    """Return the requested and the listed models, or None if no model is requested by name.

    Args:
        client: Client of the cluster.
        snapshot: State of the service.
        lora_job: The Job that downloads the adapters, if there is one. Its pod template then refers
            to the adapter list, else the server's.

    Raises:
        ModelListError: The adapter list or the model list cannot be read.
    """
    template = snapshot.pod_template
    loader_template = at(lora_job, "spec", "template", "spec") if lora_job is not None else template
    requested = [*_list_model_names(template), *await _read_adapters(client, snapshot.namespace, loader_template)]
    port = next((number_at(each, "port") for each in items_at(next(iter(snapshot.all("services")), None), "spec", "ports")), 0)
    if not requested or not port:
        return None
    return ServedModels(requested, await list_models(client, snapshot.name, snapshot.namespace, port, RESPONSE_SECONDS))


def _list_model_names(template: Object) -> Iterator[str]:
    """Yield the base model's name, if it is set. The image's own name for its model is unknown."""
    for each in items_at(template, "containers"):
        for variable in items_at(each, "env") if text_at(each, "name") == SERVER_CONTAINER else ():
            if text_at(variable, "name") == _MODEL_NAME and (name := text_at(variable, "value")):
                yield name


async def _read_adapters(client: ClusterClient, namespace: str, template: Object) -> list[str]:
    volume = next((each for each in items_at(template, "volumes") if text_at(each, "name") == _ADAPTER_LIST_VOLUME), None)
    name = text_at(volume, "configMap", "name")
    if not name:
        return []
    try:
        config_map = await client.get(f"/api/v1/namespaces/{namespace}/configmaps/{name}")
    except RefusedError:
        raise ModelListError(f"configmaps cannot be read in namespace {namespace} (requires get)", denied=True) from None
    except (MissingError, UnreachableError, GoneError):
        raise ModelListError(f"the adapter list, ConfigMap {name}, cannot be read") from None
    try:
        adapter_list = json.loads(text_at(config_map, "data", "adapters.json"))
    except ValueError:
        raise ModelListError(f"the adapter list, ConfigMap {name}, is not JSON") from None
    given = at(adapter_list, "given")
    names = cast("list[Any]", given) if isinstance(given, list) else []
    return [*(text_at(each, "name") for each in items_at(adapter_list, "adapters")), *map(str, names)]
