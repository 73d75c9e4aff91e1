"""Conditions of routes, Gateways and ScaledObjects at the end of an update, on canned responses."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from nim_component import AutoscalingArgs, CacheArgs, HTTPRouteArgs
from nim_component.diagnose.progress import child_conditions, final_look, live_services
from nim_component.names import make_labels

from .test_final_look import Objects, deployed, entries, on_cluster, reporting, services, update

__all__ = ["reporting"]
ROUTE: dict[str, Any] = {"http_route": HTTPRouteArgs(gateway="public", gateway_namespace="infra", hosts=["llama.example.com"])}
KEDA = {"keda": {"prometheus": "http://prometheus:9090"}}
SCALED: dict[str, Any] = {"cache": CacheArgs(empty_dir=True), "autoscaling": AutoscalingArgs(max_replicas=3, presets=["queue"], **KEDA)}
ROUTES = "/apis/gateway.networking.k8s.io/v1/namespaces/ml/httproutes"
GATEWAY = "/apis/gateway.networking.k8s.io/v1/namespaces/infra/gateways/public"
ACCEPTED = {"type": "Accepted", "status": "True", "reason": "Accepted", "observedGeneration": 1}
NO_ADDRESS = {"type": "Programmed", "status": "False", "reason": "AddressNotAssigned", "observedGeneration": 1}
NO_METRIC = {"type": "Ready", "status": "False", "reason": "TriggerError", "message": "Triggers are not working"}
REFUSED = {"type": "Ready", "status": "False", "reason": "ScaledObjectCheckFailed", "message": "no target"}


def ago(seconds: float) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def child(name: str, **more: Any) -> Any:
    labels = make_labels(name)
    return {"metadata": {"name": name, "uid": f"uid-{name}", "generation": 1, "creationTimestamp": ago(900), "labels": labels}, **more}


def routed(*gateway: Any, parent: Any = ACCEPTED, names: tuple[str, ...] = ("llama",), age: float = 300) -> Objects:
    """Return services with routes to a Gateway whose conditions changed `age` seconds ago."""
    ref = {"name": "public", "namespace": "infra"}
    spec, status = {"parentRefs": [ref]}, {"parents": [{"parentRef": ref, "conditions": [parent]}]}
    conditions = [{**each, "lastTransitionTime": ago(age)} for each in gateway]
    found = {"metadata": {"name": "public", "namespace": "infra", "generation": 1}, "status": {"conditions": conditions}}
    routes = [child(name, spec=spec, status=status) for name in names]
    return {**deployed(services(list(names), **ROUTE)), "httproutes": routes, "gateways": [found]}


def scaled(*conditions: Any) -> Objects:
    return {**deployed(services(["llama"], **SCALED)), "scaledobjects": [child("llama", status={"conditions": conditions})]}


def test_gateway_without_address_is_a_warning():
    recording, seen = update(on_cluster(["llama"], **ROUTE), routed(ACCEPTED, NO_ADDRESS))
    ((severity, text),) = entries(recording)
    assert severity == "warning"
    assert text.startswith("llama: The Gateway infra/public is not programmed: it has no address.\n  fix: Check the load balancer")
    counts = Counter(urlsplit(path).path for path in seen)
    assert (counts[ROUTES], counts[GATEWAY]) == (2, 2)  # a problem is read again


def test_reported_condition_is_one_line(monkeypatch: pytest.MonkeyPatch):
    """The progress has reported the Gateway with its fix; its name then differs."""
    objects, found = routed(ACCEPTED, NO_ADDRESS), list[Any]()
    original = child_conditions.diagnose_children
    monkeypatch.setattr(child_conditions, "diagnose_children", lambda snapshot: found.extend(original(snapshot)) or original(snapshot))
    update(on_cluster(["llama"], **ROUTE), objects)
    monkeypatch.setattr(final_look, "list_reported", lambda _: frozenset(found))
    recording, _ = update(on_cluster(["llama"], **ROUTE), objects)
    assert entries(recording) == [("warning", "llama: The Gateway infra/public is not programmed: it has no address, as reported above.")]
    objects["gateways"][0]["status"]["conditions"][1]["reason"] = "Invalid"
    recording, _ = update(on_cluster(["llama"], **ROUTE), objects)
    assert [text.count("\n  fix: ") for _, text in entries(recording)] == [1]


@pytest.mark.parametrize(
    "objects",
    [
        lambda: routed(ACCEPTED, {**NO_ADDRESS, "status": "True"}),
        lambda: routed({**ACCEPTED, "status": "Unknown"}, {**NO_ADDRESS, "status": "Unknown", "reason": "Pending"}, age=9_999),
        lambda: routed(ACCEPTED, NO_ADDRESS, age=10),
        lambda: routed(ACCEPTED, {**NO_ADDRESS, "observedGeneration": 2}),
        lambda: routed(ACCEPTED, parent={**ACCEPTED, "status": "Unknown", "reason": "Pending"}),
        lambda: routed(ACCEPTED, parent={**ACCEPTED, "status": "False", "observedGeneration": 7}),
    ],
    ids=["true", "unknown", "recent", "unobserved", "route-unknown", "route-unobserved"],
)
def test_unsettled_conditions_log_nothing(objects: Any):
    recording, _ = update(on_cluster(["llama"], **ROUTE), objects())
    assert entries(recording) == []


def test_missing_gateway_is_a_warning():
    recording, _ = update(on_cluster(["llama"], **ROUTE), {**routed(), "gateways": []})
    assert [text.partition("\n")[0] for _, text in entries(recording)] == [
        "llama: The Gateway infra/public of the HTTPRoute does not exist."
    ]


def test_condition_that_recovers_logs_nothing(monkeypatch: pytest.MonkeyPatch):
    """The second read shows another state."""
    objects, original = routed(ACCEPTED, NO_ADDRESS), child_conditions.diagnose_children

    def diagnose(snapshot: Any) -> Any:
        found = original(snapshot)
        objects["gateways"][0]["status"]["conditions"] = [{**NO_ADDRESS, "status": "True"}]
        return found

    monkeypatch.setattr(child_conditions, "diagnose_children", diagnose)
    recording, seen = update(on_cluster(["llama"], **ROUTE), objects)
    assert entries(recording) == []
    assert Counter(seen)[GATEWAY] == 2


def test_services_of_one_gateway_share_requests(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(live_services, "LOOK_SECONDS", 60.0)
    names = tuple(f"llama-{index}" for index in range(12))
    recording, seen = update(on_cluster(list(names), **ROUTE), routed(ACCEPTED, names=names))
    assert entries(recording) == []
    counts = Counter(urlsplit(path).path for path in seen)
    assert (counts[ROUTES], counts[GATEWAY]) == (1, 1)


@pytest.mark.parametrize(
    ("condition", "has_changed", "texts"), [(NO_METRIC, True, []), (NO_METRIC, False, ["metric"]), (REFUSED, True, ["CheckFailed"])]
)
def test_metrics_of_changed_service_are_no_warning(condition: Any, has_changed: bool, texts: list[str], monkeypatch: pytest.MonkeyPatch):
    """New pods have no series in Prometheus yet."""
    monkeypatch.setattr(final_look, "has_changed", lambda _: has_changed)
    recording, _ = update(on_cluster(["llama"], **SCALED), scaled(condition))
    found = entries(recording)
    assert [severity for severity, _ in found] == ["warning"] * len(texts)
    assert all(text in message for text, (_, message) in zip(texts, found, strict=True))


def test_unreadable_routes_are_logged_once():
    names = ("one", "two")
    recording, _ = update(on_cluster(list(names), **ROUTE), routed(ACCEPTED, names=names), refused="httproutes")
    text = "conditions of optional children are not reported: in namespace ml they cannot be read (requires list on httproutes)"
    assert entries(recording) == [("info", text)]


def test_service_without_children_reads_none():
    _, seen = update(on_cluster(["llama"]), deployed(services(["llama"])))
    assert [path for path in seen if "gateway" in path or "keda" in path] == []
    _, seen = update(on_cluster(["llama"], diagnosis={"unavailable": "ignore"}, **ROUTE), routed(ACCEPTED))
    assert [path for path in seen if "gateway" in path] == []
