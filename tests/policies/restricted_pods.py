"""Pods around the Pod Security Standard `restricted`: each change is inside or outside of it."""

import copy
from typing import Any

Pod = dict[str, Any]
Change = tuple[str, Any]
"""Path below the pod, and the value that is set there."""

_CONTAINER: dict[str, Any] = {
    "image": "registry.example/server:1.0.0",
    "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
}


def restricted_pod() -> Pod:
    """Return a pod that the standard allows, with two containers and an init container."""
    return copy.deepcopy(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "made", "annotations": {}},
            "spec": {
                "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
                "containers": [{"name": "server", **_CONTAINER}, {"name": "sidecar", **_CONTAINER}],
                "initContainers": [{"name": "loader", **_CONTAINER}],
                "volumes": [],
            },
        }
    )


def apply(pod: Pod, changes: list[Change]) -> Pod:
    """Return the pod with changes. `[]` at the end of a path appends to a list."""
    for path, value in changes:
        at: Any = pod
        *above, last = path.split(".")
        for step in above:
            at = at[int(step)] if step.isdigit() else at.setdefault(step, {})
        if last == "[]":
            at.append(copy.deepcopy(value))
        elif value is None:
            at.pop(last, None)
        else:
            at[last] = copy.deepcopy(value)
    return pod


_NAME = "container.apparmor.security.beta.kubernetes.io/server"
_SHARED: list[Change] = [
    *(("runAsNonRoot", each) for each in (None, True, False)),
    *(("runAsUser", each) for each in (None, 0, 1000)),
    *(
        ("seccompProfile", each)
        for each in (None, {"type": "RuntimeDefault"}, {"type": "Localhost", "localhostProfile": "a.json"}, {"type": "Unconfined"})
    ),
    *(
        ("appArmorProfile", each)
        for each in (None, {"type": "RuntimeDefault"}, {"type": "Localhost", "localhostProfile": "a"}, {"type": "Unconfined"})
    ),
    *(
        ("seLinuxOptions", each)
        for each in (
            {},
            {"type": "container_t", "level": "s0:c1"},
            {"type": "container_engine_t"},
            {"type": "spc_t"},
            {"type": ""},
            {"user": "u"},
            {"role": "r"},
        )
    ),
    *(("windowsOptions", {"hostProcess": each}) for each in (True, False)),
    ("runAsGroup", 0),
]
_OWN: list[Change] = [
    *_SHARED,
    *(("allowPrivilegeEscalation", each) for each in (None, True, False)),
    *(("privileged", each) for each in (True, False)),
    *(("procMount", each) for each in ("Default", "Unmasked")),
    ("readOnlyRootFilesystem", False),
    *(
        ("capabilities", each)
        for each in (
            None,
            {"drop": []},
            {"drop": ["NET_RAW"]},
            {"drop": ["all"]},
            {"drop": ["NET_RAW", "ALL"]},
            {"add": ["CHOWN"], "drop": ["ALL"]},
            {"add": ["NET_BIND_SERVICE"], "drop": ["ALL"]},
            {"add": ["NET_BIND_SERVICE", "SYS_ADMIN"], "drop": ["ALL"]},
            {"add": ["ALL"], "drop": ["ALL"]},
        )
    ),
]
_HTTP, _TCP = {"httpGet": {"path": "/", "port": 80}}, {"tcpSocket": {"port": 80}}
_HOSTS = [_HTTP, _TCP, {"httpGet": {"path": "/", "port": 80, "host": "10.0.0.1"}}, {"tcpSocket": {"port": 80, "host": "10.0.0.1"}}]
_VOLUMES: list[Any] = [
    *({kind: {}} for kind in ("emptyDir", "downwardAPI", "projected")),
    {"hostPath": {"path": "/"}},
    {"hostPath": {"path": "/", "type": "Directory"}},
    {"nfs": {"server": "a", "path": "/"}},
    {"iscsi": {"targetPortal": "10.0.0.1:3260", "iqn": "iqn.2001-04.com.example:a", "lun": 0}},
    {"cephfs": {"monitors": ["10.0.0.1"]}},
    {"glusterfs": {"endpoints": "a", "path": "b"}},
    {"fc": {"targetWWNs": ["1"], "lun": 0}},
    {"gitRepo": {"repository": "a"}},
    {"csi": {"driver": "a.example.com"}},
    {"configMap": {"name": "a"}},
    {"secret": {"secretName": "a"}},
    {"persistentVolumeClaim": {"claimName": "a"}},
    {"image": {"reference": "registry.example/files:1.0.0"}},
    {"ephemeral": {"volumeClaimTemplate": {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}}},
    {},
]
_CONTAINERS = ("containers.0", "containers.1", "initContainers.0")
CHANGES: list[Change] = [
    *((f"spec.{field}", each) for field in ("hostNetwork", "hostPID", "hostIPC", "hostUsers") for each in (True, False)),
    *((f"spec.securityContext.{field}", value) for field, value in _SHARED),
    *((f"spec.{each}.securityContext.{field}", value) for each in _CONTAINERS for field, value in _OWN),
    *((f"spec.{each}.securityContext", None) for each in _CONTAINERS),
    ("spec.securityContext", None),
    *(("spec.securityContext.sysctls", [{"name": each, "value": "1"}]) for each in ("net.ipv4.tcp_rmem", "kernel.msgmax", "net.core.somaxconn")),
    *((f"spec.{each}.ports", [{"containerPort": 80, **port}]) for each in _CONTAINERS for port in ({}, {"hostPort": 0}, {"hostPort": 80})),
    *((f"spec.containers.0.{probe}", value) for probe in ("livenessProbe", "readinessProbe", "startupProbe") for value in _HOSTS),
    *((f"spec.containers.1.lifecycle.{hook}", value) for hook in ("postStart", "preStop") for value in _HOSTS),
    *(("spec.volumes.[]", {"name": f"v{index}", **volume}) for index, volume in enumerate(_VOLUMES)),
    *(
        ("metadata.annotations", {_NAME: each})
        for each in ("runtime/default", "localhost/a", "unconfined")
    ),
    ("metadata.annotations", {"seccomp.security.alpha.kubernetes.io/pod": "unconfined"}),
    ("spec.initContainers", []),
    ("spec.initContainers.0.restartPolicy", "Always"),
]  # fmt: skip
"""Changes of one field each. Some are refused by the API server as invalid."""


def windows_pod() -> Pod:
    """Return a pod for Windows. The fields of Linux are not valid in it."""
    pod = restricted_pod()
    pod["spec"] |= {"os": {"name": "windows"}, "securityContext": {"runAsNonRoot": True}}
    for each in (*pod["spec"]["containers"], *pod["spec"]["initContainers"]):
        del each["securityContext"]
    return pod
