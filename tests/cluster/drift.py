"""Comparison of applied objects with those of the server."""

import re
import time
from collections.abc import Iterator
from typing import Any

from nim_component.diagnose.live_comparison import find_differences
from nim_component.kubernetes.quantities import parse_quantity

from .client import MANAGER, Client, Object

_QUANTITIES = re.compile(r"\.(limits|requests)\.[^\[\]]+$|\.sizeLimit$|\.target\.(averageValue|value)$")


def assert_second_apply_changes_nothing(cluster: Client, applied: list[Object], objects: list[Object]) -> None:
    """Apply again: the generation, the owned fields and their times must stay the same."""
    for before, each in zip(applied, objects, strict=True):
        after = cluster.apply(each)
        assert after["metadata"].get("generation") == before["metadata"].get("generation")
        assert _ours(after) == _ours(before)


def assert_second_apply_writes_nothing(cluster: Client, applied: list[Object], objects: list[Object]) -> None:
    """Apply again, without controllers: the resource version must stay the same.

    The version of a PVC changes once, without any other change.
    """
    for before, each in zip(applied, objects, strict=True):
        after = cluster.apply(each)
        if each["kind"] == "PersistentVolumeClaim":
            after["metadata"]["resourceVersion"] = before["metadata"]["resourceVersion"]
        assert after == before


def assert_apply_writes_nothing(cluster: Client, objects: list[Object]) -> None:
    """Apply again: the resource version must stay the same.

    Controllers also write, so up to 20 attempts are made.
    """
    for each in objects:
        metadata = each["metadata"]
        for _ in range(20):
            before = cluster.get(each["apiVersion"], each["kind"], metadata["name"], metadata.get("namespace"))
            after = cluster.apply(each)
            if after["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]:
                break
            time.sleep(0.1)
        else:
            assert after == before  # prints the difference


def assert_values_are_applied(applied: list[Object], objects: list[Object]) -> None:
    """Check that the server has every value that was set. It may add values.

    The comparison at the end of `pulumi up` must find no difference either.
    """
    for live, each in zip(applied, objects, strict=True):
        assert list(find_drift(each, live)) == []
        assert find_differences(each, live) == find_differences(each, live, live) == []


def find_drift(given: Any, live: Any, path: str = "") -> Iterator[str]:
    """Yield the values that differ on the server, as `path: given, live`."""
    if isinstance(given, dict) and isinstance(live, dict):
        for key, value in given.items():
            yield from find_drift(value, live.get(key), f"{path}.{key}")
    elif isinstance(given, list) and isinstance(live, list) and len(given) == len(live):
        for index, (value, other) in enumerate(zip(given, live, strict=True)):
            yield from find_drift(value, other, f"{path}[{index}]")
    elif given != live and not (_QUANTITIES.search(path) and parse_quantity(given) == parse_quantity(live)):
        yield f"{path}: {given!r}, {live!r}"


def _ours(object_: Object) -> list[Any]:
    return [each for each in object_["metadata"]["managedFields"] if each["manager"] == MANAGER]
