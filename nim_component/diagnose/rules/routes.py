"""HTTPRoutes and GRPCRoutes that no Gateway serves, by the conditions in their status.

The conditions and their reasons are those of the Gateway API:
https://gateway-api.sigs.k8s.io/reference/spec/#routeconditiontype.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from ...cluster.objects import Object, items_at, name_of, number_at, text_at, time_at
from ...text.sanitizing import sanitize
from ..diagnosis import Confidence, Diagnosis
from ..parent_gateways import ROUTES, parents_of
from ..snapshot import Snapshot
from .patterns import SEE_EVIDENCE, compile_words
from .route_backends import check_backends

ROUTE_DELAY = timedelta(seconds=60)
"""Time in which a controller normally processes a route."""
_ALLOWED = "or use another Gateway ({field}.gateway, {field}.section)."
_NOT_ACCEPTED: Mapping[str, tuple[str, str]] = {
    "NotAllowedByListeners": (
        "its listeners do not allow the route",
        f"Allow the namespace and the kind {{kind}} in allowedRoutes of a listener (namespaces, kinds), {_ALLOWED}",
    ),
    "NoMatchingListenerHostname": (
        "no listener has a host name that fits",
        "Set {field}.hosts to names of a listener of the Gateway, or add a listener for them.",
    ),
    "NoMatchingParent": (
        "it has no such listener",
        "Set {field}.section to the name of a listener, or remove it.",
    ),
    "InvalidListener": ("the listener is not valid", "Correct the listeners of the Gateway: their conditions contain the reason."),
    "NoReadyListeners": ("no listener is ready", "Correct the listeners of the Gateway: their conditions contain the reason."),
    "InvalidGateway": ("the Gateway is not valid", "Correct the Gateway: its conditions contain the reason."),
    "HostnameConflict": (
        "another route uses the same host name",
        "Set {field}.hosts to other names, or remove the other route.",
    ),
    "CertificateNotFound": (
        "there is no certificate for its host names",
        "Create a certificate for {field}.hosts where the controller looks for it (AWS: in Certificate Manager).",
    ),
    "IncompatibleFilters": (
        "its controller does not support the filters of the route",
        "If http_route.path is set, the route has a filter URLRewrite: set http_route.path to /, or use another Gateway.",
    ),
}
"""End of the problem, and fix, by the reason of the condition `Accepted`."""
_KIND, _NAMESPACE = compile_words("kinds?"), compile_words("namespaces?")
_UNSUPPORTED = (
    (
        compile_words("url ?rewrite"),
        "its controller does not support the filter URLRewrite of the route",
        "If http_route.path is set, the route has a filter URLRewrite: set http_route.path to /, or use another Gateway.",
    ),
    (compile_words("hostnames?"), "its controller does not support a host name of the route", "Correct {field}.hosts."),
    (
        compile_words("durations?|timeouts?"),
        "its controller does not support the timeout of the route",
        "Correct http_route.request_timeout, or remove it.",
    ),
)
"""Pattern, end of the problem, and fix, for values that a controller does not support."""


def find(snapshot: Snapshot) -> Iterator[Diagnosis]:
    """Yield diagnoses of the routes of a service."""
    for plural, (kind, field) in ROUTES.items():
        for route in snapshot.all(plural):
            subject = f"{kind.lower()}/{name_of(route)}"
            parents = items_at(route, "status", "parents")
            if parents:
                yield from _check_acceptance(route, parents, kind, field, subject)
                unresolved = [each for each in _current(route, parents, "ResolvedRefs") if text_at(each, "status") == "False"]
                if unresolved:
                    yield from check_backends(snapshot, route, unresolved[-1], kind, subject)
            elif is_late(snapshot, route) and not _is_gateway_missing(snapshot, route):
                text = f"No controller has processed the {kind}"
                fix = f"Check that the Gateway exists and its controller runs, or correct {field}.gateway and {field}.gateway_namespace."
                yield Diagnosis("route-not-processed", text, fix, confidence="likely", subject=subject)


def _check_acceptance(route: Object, parents: list[Object], kind: str, field: str, subject: str) -> Iterator[Diagnosis]:
    conditions = _current(route, parents, "Accepted")
    refused = [each for each in conditions if text_at(each, "status") == "False" and text_at(each, "reason") != "Pending"]
    if any(text_at(each, "status") == "True" for each in conditions):
        return
    if refused:
        gateway = sanitize(text_at(parents[-1], "parentRef", "name"), 100)
        message = text_at(refused[-1], "message")
        problem, fix, confidence = _describe_refusal(text_at(refused[-1], "reason"), message)
        text = f"The Gateway {gateway} does not accept the {kind}: {problem}"
        yield Diagnosis("route-not-accepted", text, fix.format(field=field, kind=kind), sanitize(message), confidence, subject)
        return
    failed = [each for each in _current(route, parents, "Programmed") if text_at(each, "status") == "False"]
    if failed and text_at(failed[-1], "reason") != "Pending":  # Kong sets this condition
        reason = sanitize(text_at(failed[-1], "reason"), 60) or "it gives no reason"
        text = f"The controller of the Gateway could not apply the {kind}: {reason}"
        fix = "See the log of the controller, and the events of the route, for the reason."
        yield Diagnosis("route-not-accepted", text, fix, sanitize(text_at(failed[-1], "message")), "likely", subject)


def _describe_refusal(reason: str, message: str) -> tuple[str, str, Confidence]:
    """Return the end of the problem, the fix with `{field}` and `{kind}`, and the confidence."""
    if reason == "NotAllowedByListeners" and _KIND.search(message):
        return "its listeners allow no routes of this kind", f"Allow {{kind}} in allowedRoutes.kinds of a listener, {_ALLOWED}", "certain"
    if reason == "NotAllowedByListeners" and _NAMESPACE.search(message):
        fix = f"Allow the namespace in allowedRoutes of a listener, {_ALLOWED}"
        return "its listeners allow no routes of this namespace", fix, "certain"
    if reason.startswith("Invalid") and reason.endswith("Route") and message.endswith("not found"):
        return "the Gateway does not exist", "Create the Gateway, or correct {field}.gateway and {field}.gateway_namespace.", "likely"
    if reason in ("UnsupportedValue", "IncompatibleFilters"):
        for pattern, problem, fix in _UNSUPPORTED:
            if pattern.search(message):
                return problem, fix, "likely"
    problem, fix = _NOT_ACCEPTED.get(reason, ("", ""))
    return problem or sanitize(reason, 60) or "it gives no reason", fix or SEE_EVIDENCE, "certain" if problem else "likely"


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
