"""Objects that a stack refers to by name, and monitors that a Prometheus selects."""

from typing import Any

import pytest

from nim_component.preflight import CheckResult, run_checks
from nim_component.preflight.monitors import check_monitors
from nim_component.preflight.references import ObjectReference

from .clusters import facts, requirements_of

HTTP_ROUTE = {"hosts": ["llama.example"], "gateway": "public", "gateway_namespace": "infra"}
KEDA = {
    "triggers": [{"type": "prometheus", "metadata": {"serverAddress": "http://p", "query": "1", "threshold": "1"}, "authentication": "pw"}]
}
VOLUMES = [{"name": "extra", "projected": {"sources": [{"configMap": {"name": "a"}}, {"secret": {"name": "b", "optional": True}}]}}]
SIDECAR = [
    {"name": "proxy", "image": "ghcr.io/acme/proxy:1", "envFrom": [{"configMapRef": {"name": "proxy"}}, {"secretRef": {"name": "token"}}]}
]
CLAIMS = [
    {"name": "one", "claim": "shared"},
    {"name": "two", "template": "single"},
    {"name": "three", "devices": [{"name": "gpu", "device_class": "mig.nvidia.com"}]},
]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"priority_class": "high"}, ["PriorityClass high"]),
        ({"runtime_class": "nvidia"}, ["RuntimeClass nvidia"]),
        ({"network": {"ca_config_map": "ca"}}, ["ConfigMap ml/ca"]),
        ({"ingress": {"hosts": ["a.example"], "class_name": "nginx"}}, ["IngressClass nginx"]),
        ({"ingress": {"hosts": ["a.example"], "tls": True, "tls_secret": "tls"}}, ["Secret ml/tls"]),
        ({"http_route": HTTP_ROUTE}, ["Gateway infra/public"]),
        ({"cache": {"storage_class": "fast", "ephemeral": True}}, ["StorageClass fast"]),
        ({"cache": {"volume_name": "pv-1", "storage_class": ""}}, ["PersistentVolume pv-1"]),
        ({"extra_volumes": VOLUMES}, ["ConfigMap ml/a"]),
        ({"extra_containers": SIDECAR}, ["ConfigMap ml/proxy", "Secret ml/token"]),
        (
            {"resource_claims": CLAIMS},
            ["DeviceClass mig.nvidia.com", "ResourceClaim ml/shared", "ResourceClaimTemplate ml/single"],
        ),
        ({"autoscaling": {"max_replicas": 2, "keda": KEDA}, "cache": {"empty_dir": True}}, ["TriggerAuthentication ml/pw"]),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)  # fmt: skip
def test_every_reference_is_checked(fields: dict[str, Any], expected: list[str]):
    requirements = requirements_of(**fields)
    assert [each.about for each in requirements.references] == expected
    missing = facts(kinds=requirements.kinds, references=dict.fromkeys(requirements.references, False))
    found = {each.about: each for each in run_checks(requirements, missing)}
    for about in expected:
        assert (found[about].mark, found[about].text.split(",")[0]) == ("fail", "does not exist")
        assert found[about].text.endswith("; used by llama")
    existing = facts(kinds=requirements.kinds, references=dict.fromkeys(requirements.references, True))
    assert {each.mark for each in run_checks(requirements, existing) if each.about in expected} == {"ok"}
    unread = {each.about: each for each in run_checks(requirements, facts(kinds=requirements.kinds))}
    assert {unread[about].mark for about in expected} == {"warn"}
    assert all("was not checked" in unread[about].text for about in expected)


def test_secret_of_cert_manager_is_not_required():
    ingress = {"hosts": ["a.example"], "tls": True, "tls_secret": "tls", "annotations": {"cert-manager.io/cluster-issuer": "le"}}
    assert requirements_of(ingress=ingress).references == {}


def test_service_without_references_has_none():
    assert requirements_of().references == {}


@pytest.mark.parametrize(
    ("reference", "path"),
    [
        (ObjectReference("Gateway", "infra", "public", "", ""), "/apis/gateway.networking.k8s.io/v1/namespaces/infra/gateways/public"),
        (ObjectReference("ConfigMap", "ml", "ca", "", ""), "/api/v1/namespaces/ml/configmaps/ca"),
        (ObjectReference("PriorityClass", "", "high", "", ""), "/apis/scheduling.k8s.io/v1/priorityclasses/high"),
    ],
)
def test_path_is_that_of_the_object(reference: ObjectReference, path: str):
    assert reference.path == path


def prometheus(name: str = "k8s", labels: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    """Return a Prometheus that selects ServiceMonitors with labels, in all namespaces."""
    selector = {"matchLabels": labels} if labels else {}
    return {
        "metadata": {"name": name, "namespace": "monitoring"},
        "spec": {"serviceMonitorSelector": selector, "serviceMonitorNamespaceSelector": {}, **spec},
    }


def monitored(*found: dict[str, Any], labels: dict[str, str] | None = None, known: bool = True) -> CheckResult:
    requirements = requirements_of(metrics={"monitor": {"labels": labels}} if labels else {"monitor": {}})
    namespaces: Any = {"ml": {"metadata": {"name": "ml", "labels": {"team": "ml"}}}} if known else {}
    (result,) = check_monitors(requirements, facts(prometheus=found, namespaces=namespaces))
    assert result.about == "ServiceMonitor ml/llama"
    return result


RELEASE = {"release": "kps"}


@pytest.mark.parametrize(
    ("found", "labels", "mark", "text"),
    [
        ([prometheus()], None, "ok", "is selected by k8s"),
        ([prometheus(labels=RELEASE)], RELEASE, "ok", "is selected by k8s"),
        ([prometheus(labels=RELEASE), prometheus("other")], None, "ok", "is selected by other"),
        ([prometheus(labels=RELEASE)], None, "fail", "no Prometheus of the cluster selects its labels; label selectors: release=kps"),
        ([prometheus(serviceMonitorSelector=None)], None, "fail", "no Prometheus of the cluster selects its labels"),
        ([prometheus(serviceMonitorNamespaceSelector=None)], None, "fail", "but it does not select namespace ml"),
        ([prometheus(serviceMonitorNamespaceSelector={"matchLabels": {"team": "x"}})], None, "fail", "but it does not select namespace ml"),
        ([prometheus(serviceMonitorNamespaceSelector={"matchLabels": {"team": "ml"}})], None, "ok", "is selected by k8s"),
        ([], None, "warn", "not checked: the cluster has no Prometheus object"),
    ],
)
def test_monitor_must_be_selected(found: list[Any], labels: dict[str, str] | None, mark: str, text: str):
    result = monitored(*found, labels=labels)
    assert (result.mark, text in result.text) == (mark, True), result
    assert result.mark == "ok" or result.fix.endswith(".")


def test_unknown_namespace_labels_are_not_called_selected():
    result = monitored(prometheus(serviceMonitorNamespaceSelector={"matchLabels": {"team": "x"}}), known=False)
    assert (result.mark, "was not checked" in result.text) == ("warn", True)


def test_unread_prometheus_objects_are_reported():
    (result,) = check_monitors(requirements_of(metrics={"monitor": {}}), facts())
    assert (result.mark, result.text) == ("warn", "not checked: Prometheus objects may not be read")
