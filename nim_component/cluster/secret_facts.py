"""What may be known of Secrets: their type, the names of their keys, the registries they log in to. Never a value."""

import base64
import json
from dataclasses import dataclass

from .client import ClusterClient, MissingError
from .objects import mapping_at, text_at


@dataclass(frozen=True)
class SecretFacts:
    """What may be known of a Secret without its values."""

    type: str
    keys: tuple[str, ...]
    registries: tuple[str, ...] = ()
    """Hosts that a pull Secret logs in to."""


async def read_secret(api: ClusterClient, namespace: str, name: str) -> SecretFacts | None:
    """What may be known of a Secret; None when it is not there. Its values are let go of here."""
    try:
        secret = await api.get(f"/api/v1/namespaces/{namespace}/secrets/{name}")
    except MissingError:
        return None
    keys = tuple(sorted(mapping_at(secret, "data")))
    return SecretFacts(text_at(secret, "type"), keys, _registries(text_at(secret, "data", ".dockerconfigjson")))


def _registries(encoded: str) -> tuple[str, ...]:
    try:
        auths = mapping_at(json.loads(base64.b64decode(encoded)), "auths")
    except ValueError:
        return ()
    hosts = {each.removeprefix("https://").removeprefix("http://").partition("/")[0] for each in auths}
    # The hub has gone by several names.
    return tuple(sorted("docker.io" if host.endswith("docker.io") else host for host in hosts))
