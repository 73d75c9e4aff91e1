"""Problems and fixes by the reasons of the conditions of Gateways and their listeners.

The reasons are those of the Gateway API. Where controllers use one reason for several problems, a
hint selects the fix by the message.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple


class Hint(NamedTuple):
    """Fix for the messages of a reason that match a pattern."""

    pattern: str
    fix: str
    problem: str = ""
    """End of the problem, if the reason alone does not show it."""


GENERAL_REASONS = ("Invalid", "Pending")
"""Reasons that follow others: another condition of the object may be more specific."""
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
    "PortUnavailable": (
        "the port of its listener is not available",
        "Set another port in the listener, or let the controller listen on it (Traefik: an entryPoint; Kong: proxy_listen).",
    ),
    "HostnameConflict": ("another listener has the same host name and port", "Change the host name or the port of the listener."),
    "DuplicateListener": ("another listener has the same host name and port", "Change the host name or the port of the listener."),
    "ProtocolConflict": ("another listener uses its port with another protocol", "Change the port or the protocol of the listener."),
    "UnsupportedProtocol": (
        "its controller does not support the protocol of its listener",
        "Correct the protocol of the listener, or enable it in the controller.",
    ),
    "InvalidRouteKinds": (
        "its listener allows a kind of route that its controller does not support",
        "Correct allowedRoutes.kinds of the listener.",
    ),
    "ListenersNotValid": ("its listeners are not valid", "Correct its listeners: their conditions contain the reasons."),
}
"""End of the problem, and fix, by the reason of a condition."""
_SERVICE_NETWORK = Hint(
    r"\bVPC Lattice Service Networks?\b",
    "Create one VPC Lattice service network with the name of the Gateway, or name the Gateway by the id of the network.",
    "not exactly one VPC Lattice service network has its name",
)
_HINTS: Mapping[str, tuple[Hint, ...]] = {
    "AddressNotAssigned": (
        Hint(r"addresses field|Spec\.Addresses", "Set spec.addresses of the Gateway to an address that the controller can assign."),
    ),
    "AddressNotUsable": (
        Hint(
            r"\Afailed to assign to any requested addresses: hostname .{1,300} not found",
            "Check that the Service of the Gateway in the evidence exists, or correct spec.addresses.",
            "the Service for its address does not exist",
        ),
    ),
    "NoResources": (
        Hint(
            r"\AEnvoy replicas unavailable",
            "Check the pods of its proxy (Envoy Gateway creates them in its own namespace by default): none is available.",
            "its proxy has no available pod",
        ),
    ),
    "InvalidCertificateRef": (
        Hint(
            r"malformed|failed to (?:find|parse)|validating certificate|missing the following|empty TLS data|must contain|must be of type",
            "Correct the TLS Secret that the listener refers to: type kubernetes.io/tls, with a matching tls.crt and tls.key in PEM.",
        ),
    ),
    "Pending": (_SERVICE_NETWORK,),
    "Invalid": (
        _SERVICE_NETWORK,
        Hint(
            r"\bfailure to reload nginx\b",
            "See the log of the controller and of the Gateway's pods: a route or policy of the Gateway has a value that NGINX rejects.",
            "NGINX rejects its configuration",
        ),
        Hint(
            r"\AThe GatewayClass ",
            "Correct spec.gatewayClassName of the Gateway, or install the controller with its GatewayClass.",
            "its GatewayClass does not exist or is not valid",
        ),
        Hint(
            r"gateway class .{1,253} is not implemented",
            "Check which controllers process the Gateway: a controller other than that of its GatewayClass has set this condition.",
            "a controller that does not support its GatewayClass reports on it",
        ),
        Hint(r"\ACheck Gateway Events", "See the events of the Gateway for the reason.", "its controller failed, as its events show"),
        Hint(
            r"must have TLS set|certificate ?ref|CertificateRefs",
            "Add tls with certificateRefs to the listener, or set its protocol to HTTP.",
            "the TLS settings of its listener are not valid",
        ),
    ),
}


def find_reason(reason: str, message: str) -> tuple[str, str, bool]:
    """Return the end of the problem, the fix, and True if the reason alone shows the problem.

    The problem is empty for an unknown reason.
    """
    problem, fix = _REASONS.get(reason, ("", ""))
    for hint in _HINTS.get(reason, ()):
        if re.search(hint.pattern, message, re.IGNORECASE):
            return hint.problem or problem, hint.fix, not hint.problem
    return problem, fix, True
