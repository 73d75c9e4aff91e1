"""Requests for facts, of which some may not be allowed."""

from collections.abc import Mapping
from typing import Any

from ..cluster.client import ClusterClient
from ..cluster.errors import GoneError, MissingError, RefusedError
from ..cluster.kinds import slim_metadata
from ..cluster.objects import Object
from ..cluster.secret_facts import read_secret

UNREAD: Any = object()
"""Marker for an object that may not be read."""


async def get_object(client: ClusterClient, path: str) -> Any:
    """Return the object, None if it does not exist, or `UNREAD` if it may not be read."""
    try:
        return await client.get(path)
    except MissingError:
        return None
    except RefusedError as error:
        if error.status == 401:
            raise
        return UNREAD


async def get_secret(client: ClusterClient, namespace: str, name: str) -> Any:
    """Return the facts of a Secret, None if it does not exist, or `UNREAD`."""
    try:
        return await read_secret(client, namespace, name)
    except RefusedError:
        return UNREAD


async def list_objects(
    client: ClusterClient, path: str, query: Mapping[str, str] | None = None, slim: Any = slim_metadata
) -> tuple[Object, ...] | None:
    """Return the objects of a kind; None if they may not be read or the kind does not exist."""
    try:
        items, _ = await client.list(path, slim=slim, **(query or {}))
    except (RefusedError, MissingError, GoneError):
        return None
    return tuple(items)
