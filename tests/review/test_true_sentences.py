"""Sentences are true for removals, for other workloads and for objects that stay in the cluster."""

from dataclasses import replace
from typing import Any

import pytest

from nim_component.review.change import Change, StackChange, group_services
from nim_component.review.findings import Finding
from nim_component.review.sentences import plain_text
from nim_component.review.stack_review import review

from .changes import deployment, kubernetes_object
from .test_dangers import (
    BASE,
    CRITICAL,
    NOTICE,
    TO_ALL,
    WARNING,
    WEBHOOK,
    config_map,
    container,
    definition,
    findings,
    ingress,
    pod,
    policy,
    service,
    severity,
    state,
    variable,
)
from .test_unlisted_fields import Manifest, of


@pytest.mark.parametrize(
    ("old", "new", "rule", "expected"),
    [
        (service(externalIPs=["198.51.100.7"]), service(), "destination", ""),
        (service(externalName="x.example.com"), service(), "destination", ""),
        (container(args=["--trust-remote-code"]), BASE, "code", "The container uses the default of its image instead."),
        (container(livenessProbe={"exec": {"command": ["id"]}}), BASE, "code", "It no longer runs in the container."),
        (container(envFrom=[{"configMapRef": {"name": "x"}}]), BASE, "code", ""),
        (pod(nodeName="a"), BASE, "rights", "The scheduler selects the node again."),
        (pod(runtimeClassName="gvisor"), BASE, "rights", "Another container runtime may isolate the pods less."),
        (config_map(LD_PRELOAD="/x"), config_map(), "code", ""),
    ],
)
def test_removal_has_no_consequence_of_presence(old: Manifest, new: Manifest, rule: str, expected: str):
    (found,) = [each for each in findings(old, new) if each.rule == rule]
    assert (found.severity.value, plain_text(found.consequence)) == (WARNING, expected)


@pytest.mark.parametrize(
    ("name", "unsafe", "safe"),
    [
        ("HF_HUB_TRUST_REMOTE_CODE", "1", "0"),
        ("PYTHONHTTPSVERIFY", "0", "1"),
        ("NODE_TLS_REJECT_UNAUTHORIZED", "0", "1"),
        ("HF_HUB_DISABLE_SSL_VERIFICATION", "true", "false"),
        ("NIM_PASSTHROUGH_ARGS", "--trust-remote-code", "--no-trust-remote-code"),
    ],
)
def test_only_the_unsafe_direction_is_critical(name: str, unsafe: str, safe: str):
    assert severity(variable(name, safe), variable(name, unsafe)) == CRITICAL
    assert severity(variable(name, unsafe), variable(name, safe)) == WARNING


STAYING: list[Manifest] = [
    service(), ingress("a"), policy(**TO_ALL), definition(), WEBHOOK, config_map(a="b"), BASE,
    of("HorizontalPodAutoscaler", "autoscaling/v2", maxReplicas=3), of("PodDisruptionBudget", "policy/v1", maxUnavailable=0),
    of("ResourceQuota", "v1"), {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {}},
]  # fmt: skip


@pytest.mark.parametrize("manifest", STAYING, ids=lambda each: each["kind"])
def test_object_that_stays_is_not_deleted(manifest: Manifest):
    change = Change("delete", replace(state(manifest), retain=True), None)
    (found,) = review(StackChange("dev", "local renders", group_services([change]))).findings
    assert (found.rule, found.severity.value) == ("deleted", NOTICE)
    assert plain_text(found.text).endswith("is removed from the stack.")


def of_kind(kind: str, image: str, **spec: Any) -> Manifest:
    return {**deployment(container={"image": image}, spec=spec), "kind": kind}


def by_rule(found: list[Finding]) -> dict[str, str]:
    return {each.rule: f"{plain_text(each.text)} {plain_text(each.consequence)}" for each in found}


@pytest.mark.parametrize(
    ("kind", "spec", "image", "restart"),
    [
        ("Deployment", {"paused": True}, "No pod uses it at once", "No pod gets it until `paused` is false again."),
        ("StatefulSet", {"updateStrategy": {"type": "OnDelete"}}, "Pods that start later use it", "Running pods keep the old template."),
        ("StatefulSet", {"updateStrategy": {"rollingUpdate": {"partition": 3}}}, "No pod uses it at once", "until the partition becomes"),
        ("DaemonSet", {}, "Every pod is replaced", "Pods restart, node by node."),
        ("Deployment", {"replicas": 0}, "Pods that start later use it", "so no pod restarts."),
    ],
)
def test_replaced_pods_are_those_of_the_controller(kind: str, spec: Manifest, image: str, restart: str):
    found = by_rule(findings(of_kind(kind, "a.example.com/m:1.0.0", **spec), of_kind(kind, "a.example.com/m:1.0.1", **spec)))
    assert image in found["image"]
    assert restart in found["pods-restart"]
    assert not found.keys() & {"downtime", "stall-risk"}


def test_image_of_a_sidecar_is_no_model():
    def beside(image: str) -> Manifest:
        changed = deployment()
        changed["spec"]["template"]["spec"]["containers"].append({"name": "proxy", "image": image})
        return changed

    found = by_rule(findings(beside("docker.io/acme/a:1.0"), beside("docker.io/acme/b:latest")))
    assert "(another program). Every pod is replaced, and each node pulls the new image first." in found["image"]
    assert "404" not in found["image"]
    assert "a pod may run another program" in found["image-unpinned"]


def test_replicas_without_gpus_need_none():
    def scaled(count: int) -> Manifest:
        return kubernetes_object("Deployment", "apps/v1", {"replicas": count, "template": {"spec": {"containers": [{"name": "a"}]}}})

    assert by_rule(findings(scaled(1), scaled(2)))["replicas"].endswith("from 1 to 2. The existing replicas keep running.")


def test_new_host_does_not_cover_a_backend():
    changed = ingress("other")
    changed["spec"]["rules"].append({"host": "b.example.com"})
    found = by_rule(findings(ingress("llama"), changed))
    assert "exposes b.example.com" in found["exposure-widened"]
    assert "backend.service.name: llama → other" in found["other"]


def test_variable_with_another_source_keeps_its_value():
    reading = container(env=[{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "a"}}}])
    assert by_rule(findings(reading, variable("A", "b")))["secret-removed"].endswith("from the change itself, or from another object.")
    assert by_rule(findings(reading, BASE))["secret-removed"].endswith("everything that requires the Secret fails.")
