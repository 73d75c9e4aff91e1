"""Models that a server lists under `/v1/models`, read through the API server's proxy."""

import asyncio
import re
import time
from collections.abc import Sequence

from ..cluster.client import ClusterClient
from ..cluster.errors import GoneError, MissingError, OversizedError, RefusedError, UnreachableError
from ..cluster.objects import items_at, text_at
from ..text.sanitizing import sanitize

SETTLE_SECONDS = 60.0
"""Time in which an adapter may still appear: a NIM rescans its adapters at intervals."""
RESPONSE_SECONDS = 4.0
"""Time limit for the first response. Servers that do not respond are not compared."""
MIN_SECONDS = 0.5
"""Shortest time limit of a request."""
MAX_BYTES = 1 << 20
"""Bytes of a list of models. A server with 1,000 adapters lists about 500 KiB."""
MAX_MODELS = 10_000
_STATUS = re.compile(r'"kind":\s*"Status"')
"""Marker of a response of the API server itself, not of the model server."""


class ModelListError(Exception):
    """A model list that cannot be read; the text is the reason.

    `denied` is True if the API server denies access to its proxy. `is_final` is True if another
    request would have the same result.
    """

    def __init__(self, text: str, *, denied: bool = False, is_final: bool = False) -> None:
        super().__init__(text)
        self.denied, self.is_final = denied, denied or is_final


async def list_models(client: ClusterClient, name: str, namespace: str, port: int, seconds: float = 10) -> list[str]:
    """Return the models that the server behind a Service lists.

    Raises:
        ModelListError: The proxy cannot reach the server, or the response is not a list of models.
    """
    try:
        path = f"/api/v1/namespaces/{namespace}/services/http:{name}:{port}/proxy/v1/models"
        response = await client.get(path, seconds, max_bytes=MAX_BYTES)
    except RefusedError as error:
        if error.status == 403 and _STATUS.search(str(error)):
            text = f"services/proxy cannot be used in namespace {namespace} (requires get)"
            raise ModelListError(text, denied=True) from None
        raise ModelListError(f"the server returned status {error.status}", is_final=True) from None
    except MissingError:
        raise ModelListError("the server has no /v1/models, or the Service does not exist") from None
    except OversizedError as error:
        raise ModelListError(f"the list of models is not read: {error}", is_final=True) from None
    except (UnreachableError, GoneError) as error:
        raise ModelListError(f"the API server's proxy cannot reach the server ({sanitize(str(error), 60)})") from None
    if response.get("object") != "list":
        raise ModelListError("the response is not a list of models", is_final=True)
    models = [text_at(each, "id") for each in items_at(response, "data")]
    if len(models) > MAX_MODELS:
        raise ModelListError(f"the list of models is not read: it has more than {MAX_MODELS:,} models", is_final=True)
    return models


async def find_missing(
    client: ClusterClient,
    name: str,
    namespace: str,
    port: int,
    requested: Sequence[str],
    settle_seconds: float | None = None,
    response_seconds: float | None = None,
    *,
    retries_errors: bool = True,
) -> tuple[list[str], list[str]]:
    """Return the requested models that are not listed, and the listed models.

    Args:
        client: Client of the cluster.
        name: Name of the Service.
        namespace: Its namespace.
        port: Its port.
        requested: Names of the models.
        settle_seconds: Time in which every requested model must be listed, by default
            `SETTLE_SECONDS`.
        response_seconds: Time in which the server must respond, by default `RESPONSE_SECONDS`, and
            at most `settle_seconds`.
        retries_errors: False for a server that has been up for long. The first error is then final.

    Raises:
        ModelListError: The model list cannot be read.
    """
    started = time.monotonic()
    settle_seconds = SETTLE_SECONDS if settle_seconds is None else settle_seconds
    response_seconds = min(RESPONSE_SECONDS, settle_seconds) if response_seconds is None else response_seconds
    has_responded = False
    while True:
        limit = settle_seconds if has_responded else response_seconds
        pause = min(3.0, limit / 10)
        try:
            remaining = started + limit - time.monotonic()
            listed = await list_models(client, name, namespace, port, max(MIN_SECONDS, min(remaining, 10)))
        except ModelListError as error:
            if error.is_final or not retries_errors or started + limit - time.monotonic() <= pause:
                raise
        else:
            has_responded = True
            missing = [model for model in requested if model not in listed]
            if not missing or time.monotonic() - started >= settle_seconds:
                return missing, listed
        await asyncio.sleep(pause)
