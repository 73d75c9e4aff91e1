"""What the server makes of what it is told: nothing else, and nothing more the second time."""

import re
import time
from collections.abc import Iterator
from typing import Any

from nim_component.kubernetes.quantities import parse_quantity

from .client import MANAGER, Client, Object

_QUANTITIES = re.compile(r"\.(limits|requests)\.[^\[\]]+$|\.sizeLimit$|\.target\.(averageValue|value)$")


def stay_as_they_are(cluster: Client, applied: list[Object], objects: list[Object]) -> None:
    """Applies once more: the spec's generation stands still, and what the server says we own is what it said before, with its time."""
    for before, each in zip(applied, objects, strict=True):
        after = cluster.apply(each)
        assert after["metadata"].get("generation") == before["metadata"].get("generation")
        assert _ours(after) == _ours(before)


def are_not_written_again(cluster: Client, applied: list[Object], objects: list[Object]) -> None:
    """Applies once more, where nobody else writes: not even the version moves. (A claim's does, once, with nothing else in it.)"""
    for before, each in zip(applied, objects, strict=True):
        after = cluster.apply(each)
        if each["kind"] == "PersistentVolumeClaim":
            after["metadata"]["resourceVersion"] = before["metadata"]["resourceVersion"]
        assert after == before


def write_nothing(cluster: Client, objects: list[Object]) -> None:
    """Applies once more: the version stands still, which says that nothing was written. Controllers write too, so it is tried again."""
    for each in objects:
        metadata = each["metadata"]
        for _ in range(20):
            before = cluster.get(each["apiVersion"], each["kind"], metadata["name"], metadata.get("namespace"))
            after = cluster.apply(each)
            if after["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]:
                break
            time.sleep(0.1)
        else:
            assert after == before  # shows what moved


def are_what_was_said(applied: list[Object], objects: list[Object]) -> None:
    """Every value that we set is the value that the server has; it may only add others."""
    for live, each in zip(applied, objects, strict=True):
        assert list(find_drift(each, live)) == []


def find_drift(said: Any, live: Any, path: str = "") -> Iterator[str]:
    """What the server has otherwise than it was said, as `path: said, live`."""
    if isinstance(said, dict) and isinstance(live, dict):
        for key, value in said.items():
            yield from find_drift(value, live.get(key), f"{path}.{key}")
    elif isinstance(said, list) and isinstance(live, list) and len(said) == len(live):
        for index, (value, other) in enumerate(zip(said, live, strict=True)):
            yield from find_drift(value, other, f"{path}[{index}]")
    elif said != live and not (_QUANTITIES.search(path) and parse_quantity(said) == parse_quantity(live)):
        yield f"{path}: {said!r}, {live!r}"


def _ours(object_: Object) -> list[Any]:
    return [each for each in object_["metadata"]["managedFields"] if each["manager"] == MANAGER]
