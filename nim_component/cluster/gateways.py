"""Gateways of the Gateway API, each read alone."""

from urllib.parse import quote

from .client import ClusterClient
from .errors import MissingError
from .kinds import GATEWAY
from .objects import Object


async def read_gateway(client: ClusterClient, namespace: str, name: str) -> Object | None:
    """Return a Gateway, or None if it does not exist.

    Raises:
        ClusterError: The server does not respond, or refuses the read.
    """
    try:
        return GATEWAY.slim(await client.get(f"{GATEWAY.path(namespace)}/{quote(name, safe='')}"))
    except MissingError:
        return None
