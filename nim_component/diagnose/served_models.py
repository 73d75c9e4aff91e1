"""Models that a server lists under `/v1/models`, read through the API server's proxy."""

import asyncio
import re
import time
from collections.abc import Sequence

from ..cluster.client import ClusterClient
from ..cluster.errors import GoneError, MissingError, RefusedError, UnreachableError
from ..cluster.objects import items_at, text_at
from ..text.sanitizing import sanitize

SETTLE_SECONDS = 60.0
"""Time in which an adapter may still appear: a NIM rescans its adapters at intervals."""
RESPONSE_SECONDS = 10.0
"""Time in which a server that became ready may still fail to respond."""
_STATUS = re.compile(r'"kind":\s*"Status"')
"""Marker of a response of the API server itself, not of the model server."""


class ModelListError(Exception):
    """A model list that cannot be read; the text is the reason.

    `denied` is True if the API server denies access to its proxy.
    """

    def __init__(self, text: str, *, denied: bool = False) -> None:
        super().__init__(text)
        self.denied = denied


async def list_models(client: ClusterClient, name: str, namespace: str, port: int, seconds: float = 10) -> list[str]:
    """Return the models that the server behind a Service lists.

    Raises:
        ModelListError: The proxy cannot reach the server, or the response is not a list of models.
    """
    try:
        response = await client.get(f"/api/v1/namespaces/{namespace}/services/http:{name}:{port}/proxy/v1/models", seconds)
    except RefusedError as error:
        if error.status == 403 and _STATUS.search(str(error)):
            text = f"services/proxy cannot be used in namespace {namespace} (requires get)"
            raise ModelListError(text, denied=True) from None
        raise ModelListError(f"the server returned status {error.status}") from None
    except MissingError:
        raise ModelListError("the server has no /v1/models, or the Service does not exist") from None
    except (UnreachableError, GoneError) as error:
        raise ModelListError(f"the API server's proxy cannot reach the server ({sanitize(str(error), 60)})") from None
    if response.get("object") != "list":
        raise ModelListError("the response is not a list of models")
    return [text_at(each, "id") for each in items_at(response, "data")]


async def find_missing(
    client: ClusterClient, name: str, namespace: str, port: int, requested: Sequence[str], settle_seconds: float | None = None
) -> tuple[list[str], list[str]]:
    """Return the requested models that are not listed, and the listed models.

    Wait up to `settle_seconds`, by default `SETTLE_SECONDS`, until every requested model is listed.

    Raises:
        ModelListError: The model list cannot be read.
    """
    started = time.monotonic()
    settle_seconds = SETTLE_SECONDS if settle_seconds is None else settle_seconds
    while True:
        try:
            listed = await list_models(client, name, namespace, port)
        except ModelListError as error:
            if error.denied or time.monotonic() - started >= min(RESPONSE_SECONDS, settle_seconds):
                raise
        else:
            missing = [model for model in requested if model not in listed]
            if not missing or time.monotonic() - started >= settle_seconds:
                return missing, listed
        await asyncio.sleep(min(3.0, settle_seconds / 10))
