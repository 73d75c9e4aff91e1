"""Snapshots with routes, Gateways, InferencePools and autoscalers, and contexts of the corpus.

The contexts show a message as the message of a condition, or of an event of KEDA.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from nim_component.diagnose.snapshot import Snapshot

from .kubernetes_objects import Object, ago, event, running, snapshot


def condition(type_: str, status: str, reason: str = "", message: str = "", generation: int = 2) -> Object:
    return {"type": type_, "status": status, "reason": reason, "message": message, "observedGeneration": generation}


def dated(found: Sequence[Object], age: float = 900) -> list[Object]:
    """Return conditions that have changed `age` seconds ago."""
    return [{**each, "lastTransitionTime": ago(age)} for each in found]


def route(*parents: list[Object], age: float = 300, backend: str = "Service") -> Object:
    return {
        "metadata": {"name": "llama", "uid": "uid-route", "generation": 2, "creationTimestamp": ago(age)},
        "spec": {"rules": [{"backendRefs": [{"kind": backend, "name": "llama", **({"port": 8001} if backend == "Service" else {})}]}]},
        "status": {"parents": [{"parentRef": {"name": "public"}, "conditions": conditions} for conditions in parents]},
    }


def gateway(*conditions: Object, listeners: dict[str, list[Object]] | None = None, age: float = 300) -> Object:
    """Return a Gateway whose conditions have changed `age` seconds ago."""
    status = {
        "conditions": dated(conditions, age),
        "listeners": [{"name": name, "conditions": dated(found, age)} for name, found in (listeners or {}).items()],
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


def pool(*parents: list[Object]) -> Snapshot:
    """Return a service with an InferencePool, which has conditions for each parent."""
    object_ = {
        "metadata": {"name": "llama", "uid": "uid-pool", "generation": 2, "creationTimestamp": ago(900)},
        "spec": {"endpointPickerRef": {"name": "llama-epp", "port": {"number": 9002}}},
        "status": {"parents": [{"parentRef": {"name": "public", "kind": "Gateway"}, "conditions": dated(each)} for each in parents]},
    }
    return snapshot(running(ready=True), inferencepools=[object_])


def autoscaled(*conditions: Object, age: float = 900, keda: bool = False, **kinds: Any) -> Snapshot:
    """Return a service with a HorizontalPodAutoscaler, or with one that KEDA created."""
    owners = [{"kind": "ScaledObject", "name": "llama", "uid": "uid-so"}] if keda else []
    object_ = {
        "metadata": {
            "name": "keda-hpa-llama" if keda else "llama",
            "uid": "uid-hpa",
            "creationTimestamp": ago(9000),
            "ownerReferences": owners,
        },
        "spec": {"minReplicas": 1, "maxReplicas": 4, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "llama"}},
        "status": {"currentReplicas": 1, "conditions": [{**each, "lastTransitionTime": ago(age)} for each in conditions]},
    }
    return snapshot(running(ready=True), horizontalpodautoscalers=[object_], **kinds)


def _conditions(given: Sequence[Sequence[str]]) -> list[Object]:
    return [condition(type_, status, reason, message) for type_, status, reason, message in given]


def _own(message: str, objects: Mapping[str, Any], type_: str) -> Object:
    """Return the condition with the message: its type, status and reason are in `objects`."""
    return condition(objects.get("type", type_), objects.get("status", "False"), objects.get("reason", ""), message)


def gateway_condition(message: str, objects: Mapping[str, Any]) -> Snapshot:
    """A condition of the Gateway, or with `listener`, of a listener.

    `section` is the listener of the route. `conditions` are further ones of the Gateway, and `more`
    of the same object, each as type, status, reason and message.
    """
    own = [_own(message, objects, "Programmed"), *_conditions(objects.get("more", ()))]
    others = _conditions(objects.get("conditions", ()))
    name = objects.get("listener")
    found = (
        gateway(*others, listeners={name: own}, age=objects.get("age", 900))
        if name
        else gateway(*own, *others, age=objects.get("age", 900))
    )
    return behind(found, objects.get("section", ""), parents=([condition("Accepted", "True", "Accepted")],))


def route_condition(message: str, objects: Mapping[str, Any]) -> Snapshot:
    """A condition of the route. `backend` is the kind of its backend, `plural` of the route."""
    filters = [{"type": "URLRewrite", "urlRewrite": {"path": {"type": "ReplacePrefixMatch"}}}] if objects.get("filters") else []
    own = [_own(message, objects, "Accepted"), *_conditions(objects.get("conditions", ()))]
    given = route(own, backend=objects.get("backend", "Service"))
    given["spec"]["rules"][0]["filters"] = filters
    given["spec"]["parentRefs"] = [{"name": "public", "namespace": "infra"}]
    kinds: Any = {objects.get("plural", "httproutes"): [given]}
    return snapshot(running(ready=True), **kinds)


def pool_condition(message: str, objects: Mapping[str, Any]) -> Snapshot:
    """A condition of the InferencePool for a Gateway."""
    return pool([_own(message, objects, "Accepted"), *_conditions(objects.get("conditions", ()))])


def scaled_object_condition(message: str, objects: Mapping[str, Any]) -> Snapshot:
    """A condition of the ScaledObject, by default Ready."""
    return scaled(_own(message, objects, "Ready"), *_conditions(objects.get("conditions", ())))


def scaler_event(message: str, objects: Mapping[str, Any]) -> Snapshot:
    """An event of KEDA about a scaler that fails; with `ready`, of one that has failed.

    With `fallback`, KEDA uses the replicas of the fallback.
    """
    ready = condition("Ready", "True", "ScaledObjectReady", "ScaledObject is defined correctly and is ready for scaling")
    failed = condition("Ready", "False", "TriggerError", "Triggers defined in ScaledObject are not working correctly")
    fallback = condition("Fallback", "True", "FallbackExists", "At least one trigger is falling back on this scaled object")
    state = [ready, fallback] if objects.get("fallback") else [ready] if objects.get("ready") else [failed]
    return scaled(*state, events=((objects.get("reason", "KEDAScalerFailed"), message),))


def autoscaler_condition(message: str, objects: Mapping[str, Any]) -> Snapshot:
    """A condition of the HorizontalPodAutoscaler; with `keda`, of that of KEDA."""
    return autoscaled(_own(message, objects, "ScalingActive"), age=objects.get("age", 900), keda=objects.get("keda", False))
