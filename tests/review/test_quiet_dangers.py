"""Dangerous changes in fields that are ordinary otherwise, and their ordinary neighbours."""

from typing import Any

import pytest

from .test_dangers import BASE, CRITICAL, EFFECTS, WARNING, config_map, container, findings, pod, severity, variable

DEVICES = ("smarter-devices/kvm", "devices.kubevirt.io/kvm", "github.com/fuse", "rdma/hca_shared")


def with_resources(limits: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
    return container(resources={"limits": limits, **more} if limits is not None else {})


def with_tolerations(*tolerations: dict[str, Any]) -> dict[str, Any]:
    return pod(tolerations=[*tolerations])


def with_init(*names: str) -> dict[str, Any]:
    return pod(initContainers=[{"name": name, "image": "nvcr.io/nim/tool:1.0.0"} for name in names])


def with_port(name: str, number: int) -> dict[str, Any]:
    return container(ports=[{"name": name, "containerPort": number}])


def service(*ports: dict[str, Any], type_: str = "LoadBalancer", **more: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "llama", "namespace": "nim"},
        "spec": {"type": type_, "selector": {"app": "llama"}, "ports": [*ports], **more},
    }


HTTP, DEBUG = {"name": "http", "port": 80, "targetPort": 8000}, {"name": "debug", "port": 5678, "targetPort": 5678}
SAME = {"name": "other", "port": 8080, "targetPort": 8000}


@pytest.mark.parametrize("resource", DEVICES)
def test_new_device_is_a_warning(resource: str):
    assert severity(with_resources({"cpu": 1}), with_resources({"cpu": 1, resource: 1})) == WARNING
    assert severity(with_resources(None), with_resources({resource: 1})) == WARNING
    assert severity(with_resources({"cpu": 1}), with_resources({"cpu": 1}, requests={resource: 1})) == WARNING


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"cpu": 1}, {"cpu": 2}),
        ({"cpu": 1}, {"cpu": 1, "memory": "1Gi"}),
        ({DEVICES[0]: 1}, {DEVICES[0]: 2}),
        ({DEVICES[0]: 1}, {"cpu": 1}),
    ],
)
def test_other_resources_are_ordinary(old: dict[str, Any], new: dict[str, Any]):
    assert severity(with_resources(old), with_resources(new)) not in (WARNING, CRITICAL)


@pytest.mark.parametrize("all_taints", [{"operator": "Exists"}, {"key": "", "operator": "Exists"}, {"key": None, "operator": "Exists"}])
@pytest.mark.parametrize("more", [{}, {"effect": "NoExecute", "tolerationSeconds": 1}])
def test_toleration_of_all_taints_is_a_warning(all_taints: dict[str, Any], more: dict[str, Any]):
    assert severity(BASE, with_tolerations({**all_taints, **more})) == WARNING
    one = {"key": "gpu", "operator": "Exists", **more}
    assert severity(with_tolerations(one), with_tolerations({**all_taints, **more})) == WARNING
    assert severity(BASE, with_tolerations(one)) not in (WARNING, CRITICAL)


def test_order_of_init_containers_is_a_warning():
    assert severity(with_init("a", "b"), with_init("b", "a")) == WARNING
    assert severity(with_init("a", "b"), with_init("a", "b")) == ""


def test_other_number_of_named_port_is_a_warning():
    assert severity(with_port("http", 8000), with_port("http", 9999)) == WARNING
    # Services and monitors can name the port that goes: they then find none.
    assert severity(with_port("http", 8000), with_port("http-9000", 9000)) == WARNING


@pytest.mark.parametrize("type_", ["LoadBalancer", "NodePort"])
def test_new_target_of_outside_service_is_a_warning(type_: str):
    assert severity(service(HTTP, type_=type_), service(HTTP, DEBUG, type_=type_)) == WARNING
    assert severity(service(HTTP, type_=type_), service(HTTP, SAME, type_=type_)) not in (WARNING, CRITICAL)


def test_new_port_inside_the_cluster_is_ordinary():
    assert severity(service(HTTP, type_="ClusterIP"), service(HTTP, DEBUG, type_="ClusterIP")) not in (WARNING, CRITICAL)
    outside = {"type_": "ClusterIP", "externalIPs": ["198.51.100.7"]}
    assert severity(service(HTTP, **outside), service(HTTP, DEBUG, **outside)) == WARNING


def test_place_of_termination_message_is_a_warning():
    """Kubernetes mounts an empty file at this place, over one of the image."""
    assert severity(BASE, container(terminationMessagePath="/opt/nim/rules.yaml")) == WARNING


NAMES = ("verify", "tls_verify", "allow_anonymous", "rbac.enabled", "auth", "AUTH_MODE", "admission", "plugins", "modules")


@pytest.mark.parametrize("name", NAMES)
def test_setting_of_checks_or_code_is_a_warning(name: str):
    assert severity(variable(name, "a"), variable(name, "b")) in (WARNING, CRITICAL)
    entry, line = (
        [config_map(**{name: value}) for value in "ab"],
        [config_map(**{"c.yaml": f"x: 1\n{name}: {value}\n"}) for value in "ab"],
    )
    assert severity(*entry) in (WARNING, CRITICAL) and severity(*line) in (WARNING, CRITICAL)


@pytest.mark.parametrize("name", ["AUTHOR", "modulesize", "verifying", "temperature", "MAX_BATCH"])
def test_setting_with_similar_name_is_unlisted(name: str):
    """No rule about checks or code reports it. Its value is no number, so it is a warning."""
    found = [each for each in findings(variable(name, "a"), variable(name, "b")) if each.rule not in EFFECTS]
    assert [(each.rule, each.severity.value) for each in found] == [("variable", WARNING)]
