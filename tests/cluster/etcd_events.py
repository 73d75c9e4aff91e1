"""Thousands of Events, written directly to etcd. The API server would need a minute for them."""

import base64
import json

import urllib3

from .client import Object
from .controlplane import ControlPlane

_BATCH_SIZE = 100
"""Operations per transaction; etcd allows 128."""


def store_events(control_plane: ControlPlane, events: list[Object]) -> None:
    """Write events in JSON, which the API server also reads from etcd."""
    puts = [{"requestPut": {"key": _key(event), "value": _encode(json.dumps(event))}} for event in events]
    for first in range(0, len(puts), _BATCH_SIZE):
        _send(control_plane, "txn", {"success": puts[first : first + _BATCH_SIZE]})


def drop_events(control_plane: ControlPlane, namespace: str) -> None:
    """Delete all events of a namespace. Its deletion would delete them one by one."""
    prefix = f"/registry/events/{namespace}/"
    _send(control_plane, "deleterange", {"key": _encode(prefix), "range_end": _encode(prefix[:-1] + chr(ord("/") + 1))})


def _key(event: Object) -> str:
    return _encode(f"/registry/events/{event['metadata']['namespace']}/{event['metadata']['name']}")


def _encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _send(control_plane: ControlPlane, verb: str, body: Object) -> None:
    response = urllib3.request("POST", f"{control_plane.storage}/v3/kv/{verb}", json=body, retries=False)
    assert response.status == 200, response.data
