"""Ports, probes and pull policies of containers: which changes concern no traffic and no code."""

from __future__ import annotations

from typing import Any, cast

from .accessors import Fields, mapping, mappings
from .matching import MISSING, Difference
from .pod_changes import PROBES

_PORT_FIELDS = frozenset({"name", "containerPort", "protocol"})
_TIMES = {
    "failureThreshold": 100, "initialDelaySeconds": 3600, "periodSeconds": 600, "successThreshold": 100,
    "terminationGracePeriodSeconds": 3600, "timeoutSeconds": 600,
}  # fmt: skip
"""Fields of a probe, and the largest number with which it still finds a broken server."""


def is_ordinary_field(field: str, difference: Difference) -> bool:
    """Return true for a change of a port, a probe or a pull policy without a danger.

    Args:
        field: Path below the container, such as `livenessProbe.periodSeconds`.
        difference: Change of the field.
    """
    first, _, last = field.partition(".")
    if first.startswith("ports"):
        return not last and _is_ordinary_port(difference)
    if first in PROBES:
        return _is_ordinary_time(first, last, difference.new)
    return field == "imagePullPolicy" and _is_fresher(difference)


def _is_ordinary_port(difference: Difference) -> bool:
    """Return true for ports that are added, and for removed ones without a name.

    The list is information for readers, but Services name its entries, and nodes open ports.
    """
    return all(each.keys() <= _PORT_FIELDS for each in _items(difference.new)) and not any(
        "name" in each or not each.keys() <= _PORT_FIELDS for each in _items(difference.old)
    )


def _items(value: Any) -> list[Fields]:
    return mappings(cast("list[Any]", value)) if isinstance(value, list) else [] if value is MISSING else [mapping(value)]


def _is_ordinary_time(probe: str, field: str, new: Any) -> bool:
    if field not in _TIMES:
        return False
    if new is MISSING or probe == "startupProbe":  # rules report the startup budget
        return True
    return isinstance(new, int) and not isinstance(new, bool) and new <= _TIMES[field]


def _is_fresher(difference: Difference) -> bool:
    """Return true if nodes ask the registry at least as often as before."""
    return difference.new == "Always" or (difference.new == "IfNotPresent" and difference.old == "Never")
