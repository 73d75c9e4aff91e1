"""What a running service was asked to serve, as its own objects say, beside what its server lists."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, cast

from ..cluster.client import ClusterClient, GoneError, MissingError, RefusedError, UnreachableError
from ..cluster.objects import Object, at, items_at, number_at, text_at
from ..names import SERVER_CONTAINER
from .served_models import NotAskedError, list_models
from .snapshot import Snapshot

SHORTLY = 1.5
"""Seconds that a server may take: a person waits, and a proxy that leads nowhere takes half a minute to say so."""
_NAME = "NIM_SERVED_MODEL_NAME"
_LIST = "lora-loader"
"""The volume with the list of adapters."""


async def compare_served(api: ClusterClient, snapshot: Snapshot, lister: Object | None) -> tuple[Sequence[str], Sequence[str]] | None:
    """The models that were asked for, and those that are listed; none where nothing was asked for by name. `lister` is the Job that brings
    the adapters, where one does: the list is its. `NotAskedError`."""
    template = _template_of(snapshot)
    listed_by = at(lister, "spec", "template", "spec") if lister is not None else template
    wanted = [*_names_of(template), *await _read_adapters(api, snapshot.namespace, listed_by)]
    port = next((number_at(each, "port") for each in items_at(next(iter(snapshot.all("services")), None), "spec", "ports")), 0)
    if not wanted or not port:
        return None
    return wanted, await list_models(api, snapshot.name, snapshot.namespace, port, SHORTLY)


def _template_of(snapshot: Snapshot) -> Object:
    group = at(snapshot.leader_worker_set, "spec", "leaderWorkerTemplate", "leaderTemplate", "spec")
    return group or at(snapshot.deployment, "spec", "template", "spec") or {}


def _names_of(template: Object) -> Iterator[str]:
    """The base model's name, where one was given: what the image calls its model is not known."""
    for each in items_at(template, "containers"):
        for variable in items_at(each, "env") if text_at(each, "name") == SERVER_CONTAINER else ():
            if text_at(variable, "name") == _NAME and (name := text_at(variable, "value")):
                yield name


async def _read_adapters(api: ClusterClient, namespace: str, template: Object) -> list[str]:
    volume = next((each for each in items_at(template, "volumes") if text_at(each, "name") == _LIST), None)
    name = text_at(volume, "configMap", "name")
    if not name:
        return []
    try:
        config = await api.get(f"/api/v1/namespaces/{namespace}/configmaps/{name}")
    except RefusedError:
        raise NotAskedError(f"configmaps may not be read in namespace {namespace} (needs get)", denied=True) from None
    except (MissingError, UnreachableError, GoneError):
        raise NotAskedError(f"the list of adapters, ConfigMap {name}, cannot be read") from None
    try:
        listed = json.loads(text_at(config, "data", "adapters.json"))
    except ValueError:
        raise NotAskedError(f"the list of adapters, ConfigMap {name}, is no JSON") from None
    given = at(listed, "given")
    names = cast("list[Any]", given) if isinstance(given, list) else []
    return [*(text_at(each, "name") for each in items_at(listed, "adapters")), *map(str, names)]
