"""Routes of the Gateway API, and ScaledObjects of KEDA."""

from dataclasses import replace
from typing import Any

from nim_component.diagnose.snapshot import Snapshot

from ..kubernetes_objects import Object, ago, event, running, snapshot
from ..snapshots import Case, NearMiss

NO_HOST = ("NoMatchingListenerHostname", "No intersecting hostnames were found between the listener and the route.")
NOT_FOUND = ("BackendNotFound", "service nim/llama not found")
INVALID_KIND = ("InvalidKind", "InferencePool.inference.networking.k8s.io is not supported")
QUERY_FAILED = "prometheus query api returned error. status: 503 response: Service Unavailable"
NOT_WORKING = "Triggers defined in ScaledObject are not working correctly"
FALLING_BACK = "At least one trigger is falling back on this scaled object"


def condition(type_: str, status: str, reason: str = "", message: str = "", generation: int = 2) -> Object:
    return {"type": type_, "status": status, "reason": reason, "message": message, "observedGeneration": generation}


def route(*parents: list[Object], age: float = 300, backend: str = "Service") -> Object:
    return {
        "metadata": {"name": "llama", "uid": "uid-route", "generation": 2, "creationTimestamp": ago(age)},
        "spec": {"rules": [{"backendRefs": [{"kind": backend, "name": "llama"}]}]},
        "status": {"parents": [{"parentRef": {"name": "public"}, "conditions": conditions} for conditions in parents]},
    }


def gateway(*conditions: Object, listeners: dict[str, list[Object]] | None = None, age: float = 300) -> Object:
    """Return a Gateway whose conditions have changed `age` seconds ago."""

    def dated(found: list[Object]) -> list[Object]:
        return [{**each, "lastTransitionTime": ago(age)} for each in found]

    status = {
        "conditions": dated(list(conditions)),
        "listeners": [{"name": name, "conditions": dated(found)} for name, found in (listeners or {}).items()],
    }
    return {"metadata": {"name": "public", "namespace": "infra", "uid": "uid-gateway", "generation": 2}, "status": status}


def behind(
    found: Object | None, section: str = "", *, parents: tuple[list[Object], ...] = (), kind: str = "Gateway", **more: Any
) -> Snapshot:
    """Return a service with a route to a Gateway, which was read."""
    given = route(*parents, **more)
    given["spec"]["parentRefs"] = [{"name": "public", "namespace": "infra", "sectionName": section, "kind": kind}]
    return replace(snapshot(running(ready=True), httproutes=[given]), gateways={("infra", "public"): found})


def routed(*conditions: Object, plural: str = "httproutes", **more: Any) -> Snapshot:
    given: Any = {plural: [route(list(conditions), **more)]}
    return snapshot(running(ready=True), **given)


def scaled(*conditions: Object, events: tuple[tuple[str, str], ...] = (), age: float = 900) -> Snapshot:
    object_ = {"metadata": {"name": "llama", "uid": "uid-so", "creationTimestamp": ago(age)}, "status": {"conditions": list(conditions)}}
    found = [event(reason, message, object_, "ScaledObject") for reason, message in events]
    return snapshot(running(ready=True), scaledobjects=[object_], events=found)


ACCEPTED = condition("Accepted", "True", "Accepted")
PROGRAMMED = condition("Programmed", "True", "Programmed")
NO_ADDRESS = condition("Programmed", "False", "AddressNotAssigned", "No addresses have been assigned to the Gateway")
NO_CERTIFICATE = condition("ResolvedRefs", "False", "InvalidCertificateRef", "Certificate ref to secret infra/tls not found.")
UNPROGRAMMED = condition("Programmed", "False", "Invalid", "Listener is invalid")
READY = condition("Ready", "True", "ScaledObjectReady", "ScaledObject is defined correctly and is ready for scaling")
NO_FALLBACK = condition("Fallback", "False", "NoFallbackFound", "No fallbacks are active on this scaled object")

CASES: dict[str, list[Case]] = {
    "route-not-accepted": [
        (routed(condition("Accepted", "False", *NO_HOST)), "The Gateway public does not accept the HTTPRoute: no listener has a host name"),
        (routed(condition("Accepted", "False", *NO_HOST), plural="grpcroutes"), "Set grpc_route.hosts to names of a listener"),
        (routed(condition("Accepted", "False", "NotAllowedByListeners", "not allowed")), "http_route.gateway, http_route.section"),
        (routed(condition("Accepted", "False", "NoMatchingParent", "no listener")), "Set http_route.section to the name of a listener"),
        (routed(condition("Accepted", "False", "UnsupportedValue", "timeouts are odd")), "UnsupportedValue (likely). | See the evidence"),
    ],
    "route-backend": [
        (routed(condition("ResolvedRefs", "False", *NOT_FOUND)), "The backend of the HTTPRoute does not exist"),
        (routed(condition("ResolvedRefs", "False", *INVALID_KIND), backend="InferencePool"), "Remove inference_pool"),
        (routed(condition("ResolvedRefs", "False", *INVALID_KIND)), "cannot use the backend of the HTTPRoute: InvalidKind (likely)"),
    ],
    "route-not-processed": [
        (
            snapshot(running(ready=True), httproutes=[route()]),
            "No controller has processed the HTTPRoute (likely). | Check that the Gateway",
        )
    ],
    "gateway-missing": [
        (behind(None), "The Gateway infra/public of the HTTPRoute does not exist. | Create it, or correct http_route.gateway")
    ],
    "gateway-not-programmed": [
        (behind(gateway(ACCEPTED, NO_ADDRESS)), "The Gateway infra/public is not programmed: it has no address. | Check the load balancer"),
        (
            behind(gateway(condition("Accepted", "False", "ListenersNotValid", "odd"), NO_ADDRESS)),
            "not programmed: ListenersNotValid. | Correct the Gateway",
        ),
        (behind(gateway(ACCEPTED, condition("Programmed", "False", "Pending"), age=900)), "is not programmed: Pending (likely)"),
        (
            behind(gateway(ACCEPTED, PROGRAMMED, listeners={"https": [NO_CERTIFICATE, UNPROGRAMMED], "http": [PROGRAMMED]}), "https"),
            "The listener https of the Gateway infra/public is not programmed: the certificate of its listener cannot be used. | Create the TLS",
        ),
        (behind(gateway(ACCEPTED, PROGRAMMED, listeners={"https": [UNPROGRAMMED]})), "The listener https of the Gateway infra/public"),
    ],
    "scaled-object-metrics": [
        (
            scaled(condition("Ready", "False", "TriggerError", NOT_WORKING)),
            "does not scale by it. | Check that autoscaling.keda.prometheus",
        ),
        (scaled(condition("Ready", "Unknown", "PartialTriggerError", "Some")), "does not scale by it"),
        (
            scaled(READY, condition("Fallback", "True", "FallbackExists", FALLING_BACK)),
            "sets the number of replicas to that of its fallback",
        ),
        (
            scaled(condition("Ready", "False", "TriggerError", NOT_WORKING), events=(("KEDAScalerFailed", QUERY_FAILED),)),
            QUERY_FAILED,
        ),
    ],
    "scaled-object-refused": [
        (
            scaled(
                condition("Ready", "False", "ScaledObjectCheckFailed", "ScaledObject doesn't have correct scaleTargetRef specification")
            ),
            "KEDA does not scale the service: ScaledObjectCheckFailed (likely)",
        )
    ],
}

NEAR_MISSES: dict[str, NearMiss] = {
    "route-not-accepted": [
        routed(condition("Accepted", "True", "Accepted")),
        routed(condition("Accepted", "False", "Pending", "Waiting for the Gateway")),
        routed(condition("Accepted", "Unknown", "Pending")),
        # about the spec before the last change
        routed(condition("Accepted", "False", *NO_HOST, generation=1)),
        # a second controller accepts it
        snapshot(
            running(ready=True), httproutes=[route([condition("Accepted", "False", *NO_HOST)], [condition("Accepted", "True", "Accepted")])]
        ),
        routed(condition("Other", "False", *NO_HOST)),
    ],
    "route-backend": [
        routed(condition("ResolvedRefs", "True", "ResolvedRefs")),
        routed(condition("ResolvedRefs", "False", *NOT_FOUND, generation=1)),
        routed(condition("Accepted", "False", *NOT_FOUND)),
    ],
    "route-not-processed": [
        snapshot(running(ready=True), httproutes=[route(age=20)]),
        routed(condition("Accepted", "False", *NO_HOST)),
        snapshot(running(ready=True)),
        behind(None),  # it is known that the Gateway does not exist
    ],
    "gateway-missing": [
        behind(gateway(ACCEPTED, PROGRAMMED)),
        behind(None, age=20),
        behind(None, kind="Service"),
        replace(behind(None), gateways={}),
    ],
    "gateway-not-programmed": [
        behind(gateway(ACCEPTED, PROGRAMMED, listeners={"http": [PROGRAMMED]})),
        behind(gateway(condition("Accepted", "Unknown", "Pending"), condition("Programmed", "Unknown", "Pending"))),
        behind(gateway()),
        # it changed a moment ago
        behind(gateway(ACCEPTED, NO_ADDRESS, age=20)),
        behind(gateway(ACCEPTED, condition("Programmed", "False", "Pending"))),
        # about the spec before the last change
        behind(gateway(condition("Programmed", "False", "Invalid", generation=1))),
        # another listener serves the route
        behind(gateway(ACCEPTED, PROGRAMMED, listeners={"https": [NO_CERTIFICATE], "http": [PROGRAMMED]})),
        behind(gateway(ACCEPTED, PROGRAMMED, listeners={"https": [NO_CERTIFICATE], "http": [PROGRAMMED]}), "http"),
        behind(None),
    ],
    "scaled-object-metrics": [
        scaled(READY, NO_FALLBACK),
        scaled(READY, NO_FALLBACK, events=(("KEDAScalerFailed", QUERY_FAILED),)),
        scaled(condition("Active", "False", "ScalerNotActive", "Scaling is not performed because triggers are not active"), READY),
        scaled(condition("Ready", "Unknown", "")),
        scaled(condition("Ready", "False", "TriggerError", NOT_WORKING), age=20),  # KEDA still reads its metrics
        scaled(),
    ],
    "scaled-object-refused": [
        scaled(READY, NO_FALLBACK),
        scaled(condition("Ready", "False", "TriggerError", NOT_WORKING)),
        scaled(READY, condition("Paused", "True", "ScaledObjectPaused", "ScaledObject is paused")),
    ],
}
