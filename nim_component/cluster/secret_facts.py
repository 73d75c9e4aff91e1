"""Facts of a Secret without its values: type, keys, and registries with credentials."""

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import MissingError
from .json_values import decode_json
from .objects import mapping_at, text_at

if TYPE_CHECKING:
    from .client import ClusterClient  # the rules of `diagnose` use the facts without a client


@dataclass(frozen=True)
class SecretFacts:
    """Facts of a Secret without its values."""

    type: str
    keys: tuple[str, ...]
    registries: tuple[str, ...] = ()
    """Hosts that a pull Secret has credentials for."""


async def read_secret(client: "ClusterClient", namespace: str, name: str) -> SecretFacts | None:
    """Return the facts of a Secret, or None if it does not exist. Its values are discarded here."""
    try:
        secret = await client.get(f"/api/v1/namespaces/{namespace}/secrets/{name}")
    except MissingError:
        return None
    keys = tuple(sorted(mapping_at(secret, "data")))
    return SecretFacts(text_at(secret, "type"), keys, _registries(text_at(secret, "data", ".dockerconfigjson")))


def _registries(encoded: str) -> tuple[str, ...]:
    try:
        auths = mapping_at(decode_json(base64.b64decode(encoded)), "auths")
    except ValueError:
        return ()
    hosts = {each.removeprefix("https://").removeprefix("http://").partition("/")[0] for each in auths}
    # Docker Hub has several names, such as index.docker.io.
    return tuple(sorted("docker.io" if host.endswith("docker.io") else host for host in hosts))
