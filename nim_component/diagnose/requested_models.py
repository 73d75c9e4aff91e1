"""Models that a running service requests, by its own objects, and models that its server lists."""

from collections.abc import Iterator
from typing import Any, cast

from ..cluster.client import ClusterClient
from ..cluster.errors import GoneError, MissingError, RefusedError, UnreachableError
from ..cluster.json_values import decode_json
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


AdapterLists = dict[tuple[str, str], list[str]]
"""Names in adapter lists by namespace and ConfigMap. Such a name ends in a hash of the content."""


def count_reads(snapshot: Snapshot, lora_job: Object | None, known: AdapterLists) -> int:
    """Return the number of requests of `read_served_models`."""
    config_map = _find_adapter_list(snapshot, lora_job)
    lists = int(bool(config_map) and (snapshot.namespace, config_map) not in known)
    has_names = any(_list_model_names(snapshot.pod_template)) or bool(config_map)
    return lists + int(has_names and bool(_find_port(snapshot)))


async def read_served_models(
    client: ClusterClient, snapshot: Snapshot, lora_job: Object | None, known: AdapterLists
) -> ServedModels | None:
    """Return the requested and the listed models, or None if no model is requested by name.

    Args:
        client: Client of the cluster.
        snapshot: State of the service.
        lora_job: The Job that downloads the adapters, if there is one. Its pod template then refers
            to the adapter list, else the server's.
        known: Adapter lists that were read. A new one is added.

    Raises:
        ModelListError: The adapter list or the model list cannot be read.
    """
    config_map = _find_adapter_list(snapshot, lora_job)
    if config_map and (snapshot.namespace, config_map) not in known:
        known[snapshot.namespace, config_map] = await _read_adapters(client, snapshot.namespace, config_map)
    requested = [*_list_model_names(snapshot.pod_template), *known.get((snapshot.namespace, config_map), ())]
    port = _find_port(snapshot)
    if not requested or not port:
        return None
    return ServedModels(requested, await list_models(client, snapshot.name, snapshot.namespace, port, RESPONSE_SECONDS))


def _find_port(snapshot: Snapshot) -> int:
    service = next(iter(snapshot.all("services")), None)
    return next((number_at(each, "port") for each in items_at(service, "spec", "ports")), 0)


def _find_adapter_list(snapshot: Snapshot, lora_job: Object | None) -> str:
    """Return the name of the ConfigMap with the adapter list, or an empty text."""
    template = at(lora_job, "spec", "template", "spec") if lora_job is not None else snapshot.pod_template
    volumes = (each for each in items_at(template, "volumes") if text_at(each, "name") == _ADAPTER_LIST_VOLUME)
    return text_at(next(volumes, None), "configMap", "name")


def _list_model_names(template: Object) -> Iterator[str]:
    """Yield the base model's name, if it is set. The image's own name for its model is unknown."""
    for each in items_at(template, "containers"):
        for variable in items_at(each, "env") if text_at(each, "name") == SERVER_CONTAINER else ():
            if text_at(variable, "name") == _MODEL_NAME and (name := text_at(variable, "value")):
                yield name


async def _read_adapters(client: ClusterClient, namespace: str, name: str) -> list[str]:
    try:
        config_map = await client.get(f"/api/v1/namespaces/{namespace}/configmaps/{name}")
    except RefusedError:
        raise ModelListError(f"configmaps cannot be read in namespace {namespace} (requires get)", denied=True) from None
    except (MissingError, UnreachableError, GoneError):
        raise ModelListError(f"the adapter list, ConfigMap {name}, cannot be read") from None
    try:
        adapter_list = decode_json(text_at(config_map, "data", "adapters.json"))
    except ValueError:
        raise ModelListError(f"the adapter list, ConfigMap {name}, is not JSON") from None
    given = at(adapter_list, "given")
    names = cast("list[Any]", given) if isinstance(given, list) else []
    return [*(text_at(each, "name") for each in items_at(adapter_list, "adapters")), *map(str, names)]
