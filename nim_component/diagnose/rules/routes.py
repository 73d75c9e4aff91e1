"""HTTPRoutes and GRPCRoutes that no Gateway serves, by the conditions in their status.

The conditions and their reasons are those of the Gateway API:
https://gateway-api.sigs.k8s.io/reference/spec/#routeconditiontype.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from ...cluster.objects import Object, items_at, name_of, number_at, text_at, time_at
from ...text.drift import describe_refresh
from ...text.sanitizing import sanitize
from ..diagnosis import Diagnosis
from ..parent_gateways import ROUTES, parents_of
from ..snapshot import Snapshot
from .patterns import SEE_EVIDENCE

ROUTE_DELAY = timedelta(seconds=60)
"""Time in which a controller normally processes a route."""
_NOT_ACCEPTED: Mapping[str, tuple[str, str]] = {
    "NotAllowedByListeners": (
        "its listeners allow no routes of this namespace",
        "Allow the namespace in allowedRoutes of a listener, or use another Gateway ({field}.gateway, {field}.section).",
    ),
    "NoMatchingListenerHostname": (
        "no listener has a host name that fits",
        "Set {field}.hosts to names of a listener of the Gateway, or add a listener for them.",
    ),
    "NoMatchingParent": (
        "it has no such listener",
        "Set {field}.section to the name of a listener, or remove it.",
    ),
}
"""End of the problem, and fix, by the reason of the condition `Accepted`."""


def find(snapshot: Snapshot) -> Iterator[Diagnosis]:
    """Yield diagnoses of the routes of a service."""
    for plural, (kind, field) in ROUTES.items():
        for route in snapshot.all(plural):
            subject = f"{kind.lower()}/{name_of(route)}"
            parents = items_at(route, "status", "parents")
            if parents:
                yield from _check_acceptance(route, parents, kind, field, subject)
                yield from _check_backends(route, parents, kind, subject)
            elif is_late(snapshot, route) and not _is_gateway_missing(snapshot, route):
                text = f"No controller has processed the {kind}"
                fix = f"Check that the Gateway exists and its controller runs, or correct {field}.gateway and {field}.gateway_namespace."
                yield Diagnosis("route-not-processed", text, fix, confidence="likely", subject=subject)


def _check_acceptance(route: Object, parents: list[Object], kind: str, field: str, subject: str) -> Iterator[Diagnosis]:
    conditions = _current(route, parents, "Accepted")
    refused = [each for each in conditions if text_at(each, "status") == "False" and text_at(each, "reason") != "Pending"]
    if not refused or any(text_at(each, "status") == "True" for each in conditions):
        return
    reason = text_at(refused[-1], "reason")
    problem, fix = _NOT_ACCEPTED.get(reason, ("", ""))
    gateway = sanitize(text_at(parents[-1], "parentRef", "name"), 100)
    text = f"The Gateway {gateway} does not accept the {kind}: {problem or sanitize(reason, 60) or 'it gives no reason'}"
    yield Diagnosis(
        "route-not-accepted",
        text,
        fix.format(field=field) or SEE_EVIDENCE,
        sanitize(text_at(refused[-1], "message")),
        "certain" if problem else "likely",
        subject,
    )


def _check_backends(route: Object, parents: list[Object], kind: str, subject: str) -> Iterator[Diagnosis]:
    unresolved = [each for each in _current(route, parents, "ResolvedRefs") if text_at(each, "status") == "False"]
    if not unresolved:
        return
    reason, evidence = text_at(unresolved[-1], "reason"), sanitize(text_at(unresolved[-1], "message"))
    backends = {text_at(each, "kind") for rule in items_at(route, "spec", "rules") for each in items_at(rule, "backendRefs")}
    if reason == "BackendNotFound":
        text, fix = (
            f"The backend of the {kind} does not exist",
            f"If no update of the service is running, restore the backend. {describe_refresh()}",
        )
        yield Diagnosis("route-backend", text, fix, evidence, subject=subject)
    elif reason == "InvalidKind" and "InferencePool" in backends:
        text = f"The controller of the Gateway does not support the InferencePool of the {kind}"
        fix = "Remove inference_pool, or use the Gateway of a controller with the inference extension."
        yield Diagnosis("route-backend", text, fix, evidence, subject=subject)
    else:
        text = f"The Gateway cannot use the backend of the {kind}: {sanitize(reason, 60) or 'it gives no reason'}"
        yield Diagnosis("route-backend", text, SEE_EVIDENCE, evidence, "likely", subject)


def _current(route: Object, parents: list[Object], type_: str) -> list[Object]:
    """Return the conditions of a type that are about the present spec."""
    generation = number_at(route, "metadata", "generation")
    found = [each for parent in parents for each in items_at(parent, "conditions") if text_at(each, "type") == type_]
    return [each for each in found if number_at(each, "observedGeneration") in (0, generation)]


def _is_gateway_missing(snapshot: Snapshot, route: Object) -> bool:
    return any(snapshot.gateways.get(key, {}) is None for key, _ in parents_of(route, snapshot.namespace))


def is_late(snapshot: Snapshot, route: Object) -> bool:
    """Return True if the controller of a route's Gateway should have processed it by now."""
    created = time_at(route, "metadata", "creationTimestamp")
    return created is not None and snapshot.now - created > ROUTE_DELAY
