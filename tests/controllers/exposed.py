"""Services that clients reach through a gateway."""

from typing import Any, NamedTuple

import pulumi

from nim_component import NIM, CacheArgs, NIMSecrets, NIMService
from nim_component.testing import record
from tests.cluster.client import Object
from tests.cluster.objects import place

from .kubelet import RUN

PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


class Exposed(NamedTuple):
    """Objects of a service, and the output `external_url`, empty without one."""

    objects: list[Object]
    url: str


def list_fields(namespace: str, **fields: Any) -> dict[str, Any]:
    """Return the arguments of a service whose pods the tests run.

    Probes run each second in place of each ten.
    """
    given: dict[str, Any] = {
        "secrets": NIMSecrets.keyless(),
        "image": "nvcr.io/nim/meta/llama3-8b-instruct:2.1.5",
        "namespace": namespace,
        "cache": CacheArgs(empty_dir=True),
        "pod_annotations": RUN,
        "startup_timeout": 60,
        "overrides": override_server({each: {"periodSeconds": 1} for each in PROBES}),
    }
    return given | fields


def override_server(fields: Object) -> dict[str, Any]:
    """Return the overrides that merge fields into the container of the server."""
    return {"deployment": {"spec": {"template": {"spec": {"containers": [{"name": "nim", **fields}]}}}}}


def expose(namespace: str, name: str = "llama", **fields: Any) -> Exposed:
    """Return a service with the arguments of `list_fields`."""

    def program() -> None:
        pulumi.export("url", NIMService(name, NIM(**list_fields(namespace, **fields))).external_url)

    recorded = record(program)
    return Exposed(place(recorded.run, namespace), recorded.outputs.get("url") or "")
