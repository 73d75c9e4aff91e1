"""Labels that decide about selection, injection or admission are warnings; others are notices."""

import copy
from typing import Any

import pytest

from nim_component.review.sentences import plain_text
from nim_component.review.stack_review import review

from .changes import deployment, kubernetes_object
from .test_dangers import NOTICE, WARNING, policy, service, severity, stack_of

Manifest = dict[str, Any]


def labelled(**labels: str) -> Manifest:
    changed = copy.deepcopy(deployment())
    changed["spec"]["template"]["metadata"]["labels"] = {"app": "llama", **labels}
    return changed


def selecting(kind: str, **selector: Any) -> Manifest:
    return kubernetes_object(kind, "example.com/v1", selector, "selector")


GRANTED = {"matchLabels": {"access": "granted"}}
SELECTORS: dict[str, Manifest] = {
    "policy": policy(podSelector=GRANTED),
    "client of a policy": policy(podSelector={"matchLabels": {"app": "other"}}, ingress=[{"from": [{"podSelector": GRANTED}]}]),
    "service": service(selector={"access": "granted"}),
    "budget": selecting("PodDisruptionBudget", selector=GRANTED),
    "expression": selecting("PodDisruptionBudget", selector={"matchExpressions": [{"key": "access", "operator": "Exists"}]}),
    "absent": selecting("PodDisruptionBudget", selector={"matchExpressions": [{"key": "access", "operator": "DoesNotExist"}]}),
    "cilium": selecting("CiliumNetworkPolicy", endpointSelector={"matchLabels": {"k8s:access": "granted"}}),
    "client of cilium": selecting("CiliumNetworkPolicy", ingress=[{"fromEndpoints": [GRANTED]}]),
    "webhook": {**selecting("MutatingWebhookConfiguration"), "webhooks": [{"name": "a", "objectSelector": GRANTED}]},
    "mesh": selecting("AuthorizationPolicy", selector=GRANTED),
}


def compare(old: Manifest | None, new: Manifest, selector: Manifest) -> list[tuple[str, str, str]]:
    """Return rule, severity and text of the findings, without those of a restart and of images."""
    found = review(stack_of((old, new), (selector, selector))).findings
    rules = ("selection", "other")
    return [(each.rule, each.severity.value, plain_text(each.text)) for each in found if each.rule in rules]


@pytest.mark.parametrize("name", SELECTORS)
def test_label_that_selects_is_warning(name: str):
    selector = SELECTORS[name]
    ((rule, level, text),) = compare(labelled(), labelled(access="granted"), selector)
    verb = "no longer selected" if name == "absent" else "selected"
    assert (rule, level) == ("selection", WARNING)
    assert text == f"The pods of Deployment llama are {verb} by {selector['kind']} {selector['metadata']['name']}: labels access differ."


@pytest.mark.parametrize("name", SELECTORS)
def test_label_that_no_longer_selects_is_warning(name: str):
    found = compare(labelled(access="granted"), labelled(), SELECTORS[name])
    verb = "selected" if name == "absent" else "no longer selected"
    assert [(rule, level, f"are {verb} by" in text) for rule, level, text in found] == [("selection", WARNING, True)]


@pytest.mark.parametrize(
    "selector",
    [
        service(selector={"app": "llama"}),
        service(selector={"app": "llama", "access": "other"}),
        policy(podSelector={}),
        policy(podSelector={}, ingress=[{"from": [{"namespaceSelector": GRANTED}]}]),
        selecting("ServiceMonitor", selector=GRANTED),
        selecting("PersistentVolumeClaim", selector=GRANTED),
        {**policy(podSelector=GRANTED), "metadata": {"name": "x", "namespace": "elsewhere"}},
    ],
)
def test_other_label_is_notice(selector: Manifest):
    assert [each[:2] for each in compare(labelled(), labelled(access="granted"), selector)] == [("other", NOTICE)]


def test_new_pods_of_existing_service_are_warning():
    found = compare(None, {**deployment(), "metadata": {"name": "evil", "namespace": "nim"}}, service(selector={"app": "llama"}))
    assert found == [("selection", WARNING, "The pods of Deployment evil are selected by Service llama, which exists before them.")]
    assert compare(None, deployment(), service(selector={"app": "other"})) == []


def namespace(**metadata: dict[str, str]) -> Manifest:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "models", **metadata}}


LEVEL = "pod-security.kubernetes.io"


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({"labels": {f"{LEVEL}/enforce": "privileged"}}, WARNING),
        ({"labels": {"istio-injection": "enabled"}}, WARNING),
        ({"labels": {"istio-injection": "disabled"}}, WARNING),
        ({"labels": {"istio.io/dataplane-mode": "none"}}, WARNING),
        ({"labels": {"admission.gatekeeper.sh/ignore": "true"}}, WARNING),
        ({"annotations": {"linkerd.io/inject": "enabled"}}, WARNING),
        ({"labels": {f"{LEVEL}/enforce": "restricted", f"{LEVEL}/warn": "restricted", "team": "search"}}, NOTICE),
        ({"labels": {"app.kubernetes.io/managed-by": "pulumi"}}, NOTICE),
        ({}, NOTICE),
    ],
)
def test_severity_of_new_namespace(metadata: dict[str, Any], expected: str):
    assert severity(None, namespace(**metadata)) == expected


@pytest.mark.parametrize("label", ["istio-injection", "team", f"{LEVEL}/warn", "admission.gatekeeper.sh/ignore"])
def test_changed_label_of_namespace_is_warning(label: str):
    old, new = namespace(labels={"a": "1"}), namespace(labels={"a": "1", label: "x"})
    assert severity(old, new) == severity(new, old) == WARNING
