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
from .routes import ROUTE_DELAY, is_late

PENDING_DELAY = timedelta(minutes=10)
"""Time in which a controller normally programs a Gateway, with the load balancer of a cloud."""
_REASONS: Mapping[str, tuple[str, str]] = {
    "AddressNotAssigned": (
        "it has no address",
        "Check the load balancer of the Gateway: its Service of type LoadBalancer, and the controller that provides the address.",
    ),
    "AddressNotUsable": ("its address cannot be used", "Correct the address in its spec, or remove it."),
    "UnsupportedAddress": ("its controller does not support the type of its address", "Correct the address in its spec, or remove it."),
    "NoResources": ("its controller lacks resources for it", "Free or add the resource that the evidence names."),
    "InvalidParameters": ("its parameters are not valid", "Correct the parameters of the Gateway or of its GatewayClass."),
    "InvalidCertificateRef": (
        "the certificate of its listener cannot be used",
        "Create the TLS Secret that the listener refers to, and for another namespace a ReferenceGrant.",
    ),
    "RefNotPermitted": ("no ReferenceGrant allows the certificate of its listener", "Create a ReferenceGrant in the Secret's namespace."),
    "PortUnavailable": ("the port of its listener is not available", "Set another port in the listener."),
    "HostnameConflict": ("another listener has the same host name and port", "Change the host name or the port of the listener."),
    "ProtocolConflict": ("another listener uses its port with another protocol", "Change the port or the protocol of the listener."),
}
"""End of the problem, and fix, by the reason of a condition."""


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
    found = _find_failure(snapshot, gateway, conditions, ("Accepted", "Programmed"))
    name = f"The Gateway {title}"
    if found is None:
        listeners = [each for each in items_at(gateway, "status", "listeners") if section in ("", text_at(each, "name"))]
        failed = [_find_failure(snapshot, gateway, items_at(each, "conditions"), ("ResolvedRefs", "Programmed")) for each in listeners]
        if not failed or None in failed:
            return
        found, name = failed[0], f"The listener {sanitize(text_at(listeners[0], 'name'), 100)} of the Gateway {title}"
    if found is not None:
        condition, confidence = found
        reason = text_at(condition, "reason")
        problem, fix = _REASONS.get(reason, (sanitize(reason, 60) or "it gives no reason", "Correct the Gateway as the evidence shows."))
        text = f"{name} is not programmed: {problem}"
        evidence = sanitize(text_at(condition, "message"))
        command = describe(text_at(gateway, "metadata", "namespace"), "gateway", name_of(gateway))
        yield Diagnosis("gateway-not-programmed", text, fix, evidence, confidence, f"gateway/{name_of(gateway)}", command=command)


def _find_failure(
    snapshot: Snapshot, gateway: Object, conditions: Sequence[Object], types: Sequence[str]
) -> "tuple[Object, Confidence] | None":
    """Return the first of the conditions that is false about the present spec, or None.

    A condition that became false a moment ago is left out: its controller may still work.
    """
    generation = number_at(gateway, "metadata", "generation")
    for type_ in types:
        for each in conditions:
            is_current = number_at(each, "observedGeneration") in (0, generation)
            if text_at(each, "type") != type_ or text_at(each, "status") != "False" or not is_current:
                continue
            is_pending = text_at(each, "reason") == "Pending"
            changed = time_at(each, "lastTransitionTime")
            if changed is not None and snapshot.now - changed > (PENDING_DELAY if is_pending else ROUTE_DELAY):
                return each, "likely" if is_pending else "certain"
    return None
