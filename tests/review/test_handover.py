"""A host that another object takes keeps its backend and its TLS, or the review reports it."""

from typing import Any

import pytest

from nim_component.review.change import Change, ServiceChange, StackChange
from nim_component.review.sentences import plain_text
from nim_component.review.stack_review import review

from .changes import kubernetes_object
from .test_dangers import NOTICE, WARNING, state

TLS: Any = {"tls": [{"hosts": ["x.example.com"], "secretName": "t"}]}


def ingress(name: str, backend: str, **fields: Any) -> dict[str, Any]:
    http = {"paths": [{"path": "/", "pathType": "Prefix", "backend": {"service": {"name": backend, "port": {"number": 80}}}}]}
    return kubernetes_object("Ingress", "networking.k8s.io/v1", {"rules": [{"host": "x.example.com", "http": http}], **fields}, name)


def route(**backend: str) -> dict[str, Any]:
    spec = {"hostnames": ["x.example.com"], "rules": [{"backendRefs": [{"port": 80, **backend}]}]}
    return kubernetes_object("HTTPRoute", "gateway.networking.k8s.io/v1", spec, "b")


def hand_over(old: dict[str, Any], new: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Return severity and text by rule."""
    changes = [Change("delete", state(old), None), Change("create", None, state(new))]
    found = review(StackChange("dev", "local renders", [ServiceChange("llama", changes)])).findings
    return {each.rule: (each.severity.value, plain_text(each.text)) for each in found}


@pytest.mark.parametrize("new", [ingress("b", "evil"), route(name="evil"), route(name="llama", namespace="evil")])
def test_other_backend_of_host_is_warning(new: dict[str, Any]):
    text = f"{new['kind']} b sends requests for x.example.com to other backends than Ingress a."
    assert hand_over(ingress("a", "llama"), new)["destination"] == (WARNING, text)


def test_lost_tls_of_host_is_warning():
    found = hand_over(ingress("a", "llama", **TLS), ingress("b", "llama"))
    assert found["exposure-widened"] == (WARNING, "Ingress b has no TLS for x.example.com, unlike Ingress a.")
    assert "destination" not in found


@pytest.mark.parametrize("new", [ingress("b", "llama", **TLS), route(name="llama")])
def test_same_backend_is_only_handover(new: dict[str, Any]):
    old = ingress("a", "llama", **(TLS if new["kind"] == "Ingress" else {}))
    found = hand_over(old, new)
    assert found["replaced"][0] == (NOTICE if new["kind"] == "Ingress" else WARNING)
    assert not found.keys() & {"destination", "exposure-widened"}
