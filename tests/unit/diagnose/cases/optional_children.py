"""Routes of the Gateway API, and ScaledObjects of KEDA."""

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


def routed(*conditions: Object, plural: str = "httproutes", **more: Any) -> Snapshot:
    given: Any = {plural: [route(list(conditions), **more)]}
    return snapshot(running(ready=True), **given)


def scaled(*conditions: Object, events: tuple[tuple[str, str], ...] = ()) -> Snapshot:
    object_ = {"metadata": {"name": "llama", "uid": "uid-so"}, "status": {"conditions": list(conditions)}}
    found = [event(reason, message, object_, "ScaledObject") for reason, message in events]
    return snapshot(running(ready=True), scaledobjects=[object_], events=found)


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
    ],
    "scaled-object-metrics": [
        scaled(READY, NO_FALLBACK),
        scaled(READY, NO_FALLBACK, events=(("KEDAScalerFailed", QUERY_FAILED),)),
        scaled(condition("Active", "False", "ScalerNotActive", "Scaling is not performed because triggers are not active"), READY),
        scaled(condition("Ready", "Unknown", "")),
        scaled(),
    ],
    "scaled-object-refused": [
        scaled(READY, NO_FALLBACK),
        scaled(condition("Ready", "False", "TriggerError", NOT_WORKING)),
        scaled(READY, condition("Paused", "True", "ScaledObjectPaused", "ScaledObject is paused")),
    ],
}
