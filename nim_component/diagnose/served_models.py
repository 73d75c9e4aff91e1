"""What a server lists under `/v1/models`, asked through the API server's proxy."""

import asyncio
import re
import time
from collections.abc import Sequence

from ..cluster.client import ClusterClient, GoneError, MissingError, RefusedError, UnreachableError
from ..cluster.objects import items_at, text_at
from ..text.sanitizing import sanitize

PATIENCE = 60.0
"""Seconds in which an adapter may still appear: a NIM looks for them now and then."""
SILENCE = 10.0
"""Seconds in which a server that has just become ready may still not answer."""
_STATUS = re.compile(r'"kind":\s*"Status"')
"""The API server's own answers, and not the model server's."""


class NotAskedError(Exception):
    """The server cannot be asked; the text says why. `denied`: the API server does not allow it."""

    def __init__(self, text: str, *, denied: bool = False) -> None:
        super().__init__(text)
        self.denied = denied


async def list_models(api: ClusterClient, name: str, namespace: str, port: int, seconds: float = 10) -> list[str]:
    """What the server behind a Service lists. `NotAskedError` where the proxy does not lead to it, or it answers otherwise."""
    try:
        answer = await api.get(f"/api/v1/namespaces/{namespace}/services/http:{name}:{port}/proxy/v1/models", seconds)
    except RefusedError as error:
        if error.status == 403 and _STATUS.search(str(error)):
            text = f"services/proxy may not be used in namespace {namespace} (needs get)"
            raise NotAskedError(text, denied=True) from None
        raise NotAskedError(f"it answers with {error.status}") from None
    except MissingError:
        raise NotAskedError("it has no /v1/models, or the Service is not there") from None
    except (UnreachableError, GoneError) as error:
        raise NotAskedError(f"the API server's proxy does not lead to it ({sanitize(str(error), 60)})") from None
    if answer.get("object") != "list":
        raise NotAskedError("it answers with something else than a list of models")
    return [text_at(each, "id") for each in items_at(answer, "data")]


async def find_missing(
    api: ClusterClient, name: str, namespace: str, port: int, wanted: Sequence[str], patience: float | None = None
) -> tuple[list[str], list[str]]:
    """The wanted models that are not listed, and those that are, once that has settled: after `PATIENCE` unless
    told otherwise. `NotAskedError`."""
    began = time.monotonic()
    patience = PATIENCE if patience is None else patience
    while True:
        try:
            listed = await list_models(api, name, namespace, port)
        except NotAskedError as error:
            if error.denied or time.monotonic() - began >= min(SILENCE, patience):
                raise
        else:
            missing = [model for model in wanted if model not in listed]
            if not missing or time.monotonic() - began >= patience:
                return missing, listed
        await asyncio.sleep(min(3.0, patience / 10))
