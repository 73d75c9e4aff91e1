"""Only true references and checksums are no finding of their own."""

from dataclasses import replace
from typing import Any

import pytest

from nim_component.review.change import Change, ServiceChange, StackChange
from nim_component.review.stack_review import review

from .changes import deployment, kubernetes_object
from .test_dangers import WARNING, config_map, container, findings, pod, service, severity, state, variable


def annotated(**annotations: str) -> dict[str, Any]:
    changed = deployment()
    changed["spec"]["template"]["metadata"]["annotations"] = annotations
    return changed


KEPT = {"kept": "1"}
VAULT = {**KEPT, "vault.hashicorp.com/role": "a"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (VAULT, {**VAULT, "vault.hashicorp.com/role": "admin"}),
        (VAULT, {**VAULT, "vault.hashicorp.com/agent-inject-command-x": "id"}),
        (VAULT, KEPT),
    ],
)
def test_hash_within_word_is_no_checksum(old: dict[str, str], new: dict[str, str]):
    assert severity(annotated(**old), annotated(**new)) == WARNING


@pytest.mark.parametrize("key", ["nginx.ingress.kubernetes.io/upstream-hash-by", "x.example.com/hash-snippet"])
def test_checksum_key_with_other_value_is_finding(key: str):
    old, new = (kubernetes_object("Ingress", "networking.k8s.io/v1", {}, annotations={**KEPT, **each}) for each in ({}, {key: "$x"}))
    assert severity(old, new) == WARNING
    assert severity(new, old) == WARNING


@pytest.mark.parametrize("key", ["checksum/config", "example.com/config-hash", "checksum/secrets"])
def test_changed_checksum_is_no_finding(key: str):
    old, new = ({**KEPT, key: digit * 64} for digit in "ab")
    assert not [each for each in findings(annotated(**old), annotated(**new)) if each.rule == "other"]


def renamed(manifest: dict[str, Any], name: str = "evil") -> tuple[dict[str, Any], dict[str, Any]]:
    return manifest, {**manifest, "metadata": {**manifest["metadata"], "name": name}}


def review_together(*pairs: tuple[dict[str, Any], dict[str, Any]]) -> list[tuple[str, str]]:
    """Review pairs as objects of one service. Returns rules and severities without a restart."""
    changes = [Change("replace" if old["metadata"] != new["metadata"] else "update", state(old), state(new)) for old, new in pairs]
    found = review(StackChange("dev", "local renders", [ServiceChange("llama", changes)])).findings
    return [(each.rule, each.severity.value) for each in found if each.rule not in ("downtime", "stall-risk", "pods-restart")]


UNRELATED = {
    "selector": (service(selector={"app": "c"}), service(selector={"app": "evil"}), ("destination", WARNING)),
    "command": (container(command=["c"]), container(command=["evil"]), ("code", WARNING)),
    "variable": (variable("FOO", "c"), variable("FOO", "evil"), ("variable", WARNING)),
    "other kind": (pod(serviceAccountName="c"), pod(serviceAccountName="evil"), ("rights", WARNING)),
    "claim": (
        pod(volumes=[{"name": "x", "persistentVolumeClaim": {"claimName": "c"}}]),
        pod(volumes=[{"name": "x", "persistentVolumeClaim": {"claimName": "evil"}}]),
        ("other", WARNING),
    ),
    "source": (
        pod(volumes=[{"name": "x", "configMap": {"name": "c"}}]),
        pod(volumes=[{"name": "x", "secret": {"name": "evil"}}]),
        ("code", WARNING),
    ),
}


@pytest.mark.parametrize("name", UNRELATED)
def test_rename_omits_no_unrelated_value(name: str):
    old, new, expected = UNRELATED[name]
    assert expected in review_together(renamed(config_map(a="b")), (old, new))


def test_object_that_is_read_gets_no_name():
    """The stack reads another ConfigMap, and pods take it: that is no rename."""
    read = [replace(state(each), external=True) for each in renamed(config_map(a="b"))]
    old, new = (state(pod(volumes=[{"name": "x", "configMap": {"name": name}}])) for name in ("c", "evil"))
    changes = [Change("read", *read), Change("update", old, new)]
    found = review(StackChange("dev", "local renders", [ServiceChange("llama", changes)])).findings
    assert ("code", WARNING) in [(each.rule, each.severity.value) for each in found]


@pytest.mark.parametrize(
    "fields",
    [
        lambda name: {"pod": {"volumes": [{"name": "x", "configMap": {"name": name}}]}},
        lambda name: {"container": {"envFrom": [{"configMapRef": {"name": name}}]}},
        lambda name: {"container": {"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": name, "key": "a"}}}]}},
        lambda name: {"pod": {"volumes": [{"name": "x", "projected": {"sources": [{"configMap": {"name": name}}]}}]}},
    ],
)
def test_reference_follows_renamed_object(fields: Any):
    pair = (deployment(**fields("c")), deployment(**fields("evil")))
    assert review_together(pair) != []
    assert review_together(renamed(config_map(a="b")), pair) == []
