"""After `ready`: does the server list what it was asked for? A NIM leaves out an adapter that it cannot load, and is ready all the same."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import pulumi

from ..args import NIM
from .api import Api, GoneError, MissingError, NoClusterError, RefusedError, UnreachableError
from .connection import connection_of
from .findings import harmless
from .objects import items_at, text_at

PATIENCE = 60.0
"""Seconds in which an adapter may still appear: a NIM looks for them now and then."""


def compare_models(
    component: pulumi.Resource, name: str, nim: NIM, models: "Sequence[pulumi.Input[str]]", ready: Sequence[pulumi.Resource]
) -> None:
    """Compares, once the resources in `ready` are up, what the server behind the Service `name` lists with `models` (the base model, then
    the adapters). What is missing fails the update or is warned of, as `nim.diagnosis.missing_models` says. A base model whose name was
    only derived from the image is never more than warned of."""
    if nim.diagnosis.missing_models == "ignore" or not nim.replicas:
        return
    connection = connection_of(component, nim.diagnosis)
    if connection is None:
        return

    async def compare(values: dict[str, Any]) -> None:
        if values["connection"] is None:
            return
        try:
            api = Api.connect(values["connection"].kubeconfig, values["connection"].context)
        except NoClusterError:
            return
        async with api:
            found = await find_missing(api, name, values["namespace"], values["port"], values["models"])
        if found is None or not found[0]:
            return
        text = f"{name}: {describe_missing(*found)}"
        base_is_guessed = nim.served_model_name is None and found[0] == values["models"][:1]
        if nim.diagnosis.missing_models == "warn" or base_is_guessed:
            pulumi.log.warn(text, component)
        else:
            raise pulumi.RunError(text)

    pulumi.Output.all(
        connection=connection,
        namespace=nim.namespace,
        port=nim.port,
        models=pulumi.Output.all(*models),
        ready=pulumi.Output.all(*(each.urn for each in ready)),
    ).apply(compare)


async def list_models(api: Api, name: str, namespace: str, port: int) -> list[str] | None:
    """What the server behind a Service lists, through the API server's proxy; None where that does not lead to it."""
    try:
        answer = await api.get(f"/api/v1/namespaces/{namespace}/services/http:{name}:{port}/proxy/v1/models")
    except (RefusedError, MissingError, UnreachableError, GoneError):
        return None
    found = [text_at(each, "id") for each in items_at(answer, "data")]
    return found if answer.get("object") == "list" else None


async def find_missing(
    api: Api, name: str, namespace: str, port: int, wanted: Sequence[str], patience: float = PATIENCE
) -> tuple[list[str], list[str]] | None:
    """The wanted models that are not listed, and those that are, once that has settled; None where the server cannot be asked."""
    end = time.monotonic() + patience
    while True:
        listed = await list_models(api, name, namespace, port)
        if listed is None:
            return None
        missing = [model for model in wanted if model not in listed]
        if not missing or time.monotonic() >= end:
            return missing, listed
        await asyncio.sleep(min(3.0, patience / 10))


def describe_missing(missing: Sequence[str], listed: Sequence[str]) -> str:
    """What is said of it, with a cure."""
    there = ", ".join(harmless(each, 100) for each in listed[:10]) or "nothing"
    return (
        f"the server is ready and does not serve {', '.join(missing)}; it lists {there}. An adapter that is left out was trained on "
        "another base model, has a rank above NIM_MAX_LORA_RANK, or the profile has no LoRA: see the server's log. A base model that is "
        "left out answers under the name that is listed: set served_model_name. With diagnosis.missing_models: warn this is a warning."
    )
