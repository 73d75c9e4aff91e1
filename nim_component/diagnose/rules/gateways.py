"""Gateways of a service's routes that do not exist or are not programmed, by their conditions.

The conditions and their reasons are those of the Gateway API:
https://gateway-api.sigs.k8s.io/reference/spec/#gatewayconditiontype.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from ...cluster.objects import Object, items_at, name_of, number_at, text_at, time_at
from ...kubernetes.kubectl import describe
from ...text.sanitizing import sanitize
from ..diagnosis import Confidence, Diagnosis
from ..parent_gateways import ROUTES, parents_of
from ..snapshot import Snapshot
from .gateway_reasons import GENERAL_REASONS, find_reason
from .routes import ROUTE_DELAY, is_late

PENDING_DELAY = timedelta(minutes=10)
"""Time in which a controller normally programs a Gateway, with the load balancer of a cloud."""
_GATEWAY_TYPES = {"Accepted": "False", "Programmed": "False"}
_LISTENER_TYPES = {"Conflicted": "True", "ResolvedRefs": "False", "Accepted": "False", "Programmed": "False"}
"""Conditions that show a fault: status by type."""


def find(snapshot: Snapshot) -> Iterator[Diagnosis]:
    """Yield diagnoses of the Gateways of a service's routes."""
    for plural, (kind, field) in ROUTES.items():
        for route in snapshot.all(plural):
            for key, section in parents_of(route, snapshot.namespace):
                if key not in snapshot.gateways:
                    continue
                gateway, title = snapshot.gateways[key], f"{sanitize(key[0], 63)}/{sanitize(key[1], 100)}"
                if gateway is None and is_late(snapshot, route):
                    text = f"The Gateway {title} of the {kind} does not exist"
                    fix = f"Create it, or correct {field}.gateway and {field}.gateway_namespace."
                    yield Diagnosis("gateway-missing", text, fix, subject=f"{kind.lower()}/{name_of(route)}")
                elif gateway is not None:
                    yield from _check(snapshot, gateway, title, section)


def _check(snapshot: Snapshot, gateway: Object, title: str, section: str) -> Iterator[Diagnosis]:
    """Check a Gateway, then the listeners that the route uses."""
    conditions = items_at(gateway, "status", "conditions")
    found = _find_failure(snapshot, gateway, conditions, _GATEWAY_TYPES)
    name = f"The Gateway {title}"
    if found is None or text_at(found[0], "reason") == "ListenersNotValid":
        listeners = [each for each in items_at(gateway, "status", "listeners") if section in ("", text_at(each, "name"))]
        failed = [_find_listener_failure(snapshot, gateway, each) for each in listeners]
        if any(_has(each, "Accepted", "Programmed") for each, failure in zip(listeners, failed, strict=True) if failure is None):
            return
        first = next((index for index, failure in enumerate(failed) if failure is not None), None)
        if found is None and (first is None or None in failed):
            return
        if first is not None:
            found, name = failed[first], f"The listener {sanitize(text_at(listeners[first], 'name'), 100)} of the Gateway {title}"
    if found is not None:
        condition, confidence = found
        reason, message = text_at(condition, "reason"), text_at(condition, "message")
        problem, fix, is_shown = find_reason(reason, message)
        text = f"{name} is not programmed: {problem or sanitize(reason, 60) or 'it gives no reason'}"
        command = describe(text_at(gateway, "metadata", "namespace"), "gateway", name_of(gateway))
        yield Diagnosis(
            "gateway-not-programmed",
            text,
            fix or "Correct the Gateway as the evidence shows.",
            sanitize(message),
            confidence if is_shown else "likely",
            f"gateway/{name_of(gateway)}",
            command=command,
        )


def _has(listener: Object, *types: str) -> bool:
    """Return True if a condition of one of the types is true."""
    return any(text_at(each, "type") in types and text_at(each, "status") == "True" for each in items_at(listener, "conditions"))


def _find_listener_failure(snapshot: Snapshot, gateway: Object, listener: Object) -> "tuple[Object, Confidence] | None":
    """Return the condition of a listener that shows a fault.

    A listener that is programmed works, although one of several references may be invalid.
    """
    if _has(listener, "Programmed"):
        return None
    return _find_failure(snapshot, gateway, items_at(listener, "conditions"), _LISTENER_TYPES)


def _find_failure(
    snapshot: Snapshot, gateway: Object, conditions: Sequence[Object], types: Mapping[str, str]
) -> "tuple[Object, Confidence] | None":
    """Return the first condition about the present spec that shows a fault, or None.

    One with a general reason follows the others. A condition that changed a moment ago is left out:
    its controller may still work.
    """
    generation = number_at(gateway, "metadata", "generation")
    found: list[tuple[Object, Confidence]] = []
    for type_, status in types.items():
        for each in conditions:
            is_current = number_at(each, "observedGeneration") in (0, generation)
            if text_at(each, "type") != type_ or text_at(each, "status") != status or not is_current:
                continue
            is_pending = text_at(each, "reason") == "Pending"
            changed = time_at(each, "lastTransitionTime")
            if changed is not None and snapshot.now - changed > (PENDING_DELAY if is_pending else ROUTE_DELAY):
                found.append((each, "likely" if is_pending else "certain"))
    return next((each for each in found if text_at(each[0], "reason") not in GENERAL_REASONS), next(iter(found), None))
