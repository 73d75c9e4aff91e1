"""What may be known of Secrets: their type, the names of their keys, the registries they log in to. Never a value."""

import base64
import json

from .api import Api, MissingError
from .objects import SecretFacts, Snapshot, at, items_at, mapping_at, text_at, texts_at


async def read_secret(api: Api, namespace: str, name: str) -> SecretFacts | None:
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


def secrets_of(snapshot: Snapshot) -> list[str]:
    """The Secrets that the newest pod refers to: for its images, and in its environment as the template has it."""
    names: set[str] = set()
    for pod in snapshot.pods[:1]:
        names.update(text_at(each, "name") for each in items_at(pod, "spec", "imagePullSecrets"))
    template = at(snapshot.deployment or snapshot.job, "spec", "template", "spec")
    if snapshot.group is not None:
        template = at(snapshot.group, "spec", "leaderWorkerTemplate", "leaderTemplate", "spec")
    for where in ("containers", "initContainers"):
        for each in items_at(template, where):
            for variable in items_at(each, "env"):
                names.add(texts_at(variable, "valueFrom", "secretKeyRef").get("name", ""))
    return sorted(names - {""})[:6]
