"""Objects by the thousand, written to etcd past the API server, which would take a minute of work for them."""

import base64
import json

import urllib3

from .client import Object
from .controlplane import ControlPlane

_AT_ONCE = 100
"""etcd takes 128 operations in one transaction."""


def store_events(control_plane: ControlPlane, events: list[Object]) -> None:
    """Events where the API server keeps them: it reads JSON there too."""
    puts = [{"requestPut": {"key": _key(event), "value": _encode(json.dumps(event))}} for event in events]
    for first in range(0, len(puts), _AT_ONCE):
        _ask(control_plane, "txn", {"success": puts[first : first + _AT_ONCE]})


def drop_events(control_plane: ControlPlane, namespace: str) -> None:
    """Takes all events of a namespace away, before its end would take them one by one."""
    everything = f"/registry/events/{namespace}/"
    _ask(control_plane, "deleterange", {"key": _encode(everything), "range_end": _encode(everything[:-1] + chr(ord("/") + 1))})


def _key(event: Object) -> str:
    return _encode(f"/registry/events/{event['metadata']['namespace']}/{event['metadata']['name']}")


def _encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _ask(control_plane: ControlPlane, verb: str, body: Object) -> None:
    answer = urllib3.request("POST", f"{control_plane.storage}/v3/kv/{verb}", json=body, retries=False)
    assert answer.status == 200, answer.data
