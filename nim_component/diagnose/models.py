"""After `ready`: does the server list what it was asked for? A NIM leaves out an adapter that it cannot load, and is ready all the same."""

import asyncio
import time
from collections.abc import Sequence

from .api import Api, GoneError, MissingError, RefusedError, UnreachableError
from .findings import harmless
from .objects import items_at, text_at

PATIENCE = 60.0
"""Seconds in which an adapter may still appear: a NIM looks for them now and then."""


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
