"""Fields for which a change without a rule of its own is a warning.

Everything in a pod spec is sensitive unless the tables here list it. So a new field of
Kubernetes is reported with too much severity, not with too little.
"""

from __future__ import annotations

import re

from .accessors import get, mapping
from .change import Change
from .matching import Difference
from .pod_changes import CONTAINER_LISTS

_POD = frozenset({
    "activeDeadlineSeconds", "affinity", "enableServiceLinks", "hostname", "nodeSelector", "os", "overhead", "preemptionPolicy",
    "priority", "priorityClassName", "readinessGates", "resourceClaims", "resources", "restartPolicy", "schedulingGates", "serviceAccount",
    "setHostnameAsFQDN", "subdomain", "terminationGracePeriodSeconds", "tolerations", "topologySpreadConstraints",
})  # fmt: skip
"""Fields of a pod spec that are not sensitive. `serviceAccount` is an alias with a rule."""
_CONTAINER = frozenset({
    "imagePullPolicy", "livenessProbe", "ports", "readinessProbe", "resizePolicy", "resources", "restartPolicy", "startupProbe", "stdin",
    "stdinOnce", "terminationMessagePath", "terminationMessagePolicy", "tty", "volumeMounts",
    "env", "lifecycle.stopSignal", "lifecycle.preStop.sleep",
})  # fmt: skip
"""Fields of a container that are not sensitive. Rules report commands and variables among them."""
_VOLUME = re.compile(r"volumes\[[^\]]*\](\.(emptyDir|downwardAPI|persistentVolumeClaim|ephemeral)\b.*)?")
_KINDS = frozenset({
    "Ingress", "HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute", "VirtualService", "Gateway", "NetworkPolicy", "Role",
    "ClusterRole", "RoleBinding", "ClusterRoleBinding", "ServiceAccount", "PersistentVolume", "TriggerAuthentication",
    "ClusterTriggerAuthentication", "EnvoyFilter", "DestinationRule", "ServiceEntry", "Endpoints", "EndpointSlice", "IngressClass",
    "RuntimeClass", "CSIDriver",
})  # fmt: skip
"""Kinds whose fields decide about traffic or rights."""
_ANNOTATED = frozenset({"Service", "ServiceAccount", "Ingress", "HTTPRoute", "Gateway", "Namespace"})
"""Kinds that controllers configure through annotations."""
_ANNOTATIONS = re.compile(
    r"(^|[./])(istio\.io|linkerd\.io|hashicorp\.com|amazonaws\.com|cloud\.google\.com|azure\.\w+|cilium\.io|consul|dapr\.io|openshift\.io|"
    r"kuma\.io|io\.kubernetes\.cri-o|io\.katacontainers|"
    r"opentelemetry\.io|datadoghq\.com|apparmor|seccomp|cni\.cncf\.io|k8s\.v1\.cni)", re.IGNORECASE
)  # fmt: skip
"""Annotations of pods that add sidecars, identities, networks or profiles."""
_LABELS = frozenset({"azure.workload.identity/use", "sidecar.istio.io/inject"})
"""Labels of pods that add identities or sidecars."""


def is_sensitive(change: Change, difference: Difference) -> bool:
    """Return true if a changed field may concern keys, traffic, code or rights."""
    kind, where = change.subject.kind, difference.where
    if change.subject.type.startswith("pulumi:providers:"):
        return True
    paths = [path for state in (change.before, change.after) if state is not None for path in state.pod_specs]
    if any(_is_sensitive_metadata(difference, f"{path.removesuffix('spec')}metadata") for path in paths):
        return True
    if where.startswith("metadata."):
        return kind in _ANNOTATED and any(map(is_of_controller, _keys(difference, "metadata.annotations")))
    if kind in _KINDS and where.partition(".")[0] not in ("apiVersion", "kind"):
        return True
    return any(where.startswith(f"{path}.") and not _is_listed(where[len(path) + 1 :]) for path in paths)


def is_of_controller(annotation: str) -> bool:
    """Return true for an annotation that a controller of the cluster may read."""
    return "/" in annotation and not annotation.startswith("pulumi.com/")


def _is_sensitive_metadata(difference: Difference, path: str) -> bool:
    """Return true for metadata of pods that decides about code, identity or traffic."""
    is_annotated = any(_ANNOTATIONS.search(key) for key in _keys(difference, f"{path}.annotations"))
    return is_annotated or not _LABELS.isdisjoint(_keys(difference, f"{path}.labels"))


def _keys(difference: Difference, path: str) -> list[str]:
    """Return the keys that differ in the map at a path, also if all of it is one difference."""
    parent, _, name = path.rpartition(".")
    if difference.where.startswith((f"{path}.", f"{path}[")):
        return [str(difference.path[-1])]
    if difference.where == path:
        return [*mapping(difference.old), *mapping(difference.new)]
    if difference.where == parent:
        return [*mapping(get(difference.old, name)), *mapping(get(difference.new, name))]
    return []


def _is_listed(field: str) -> bool:
    """Return true for a field that the tables list, by its path below the pod spec."""
    first = re.split(r"[.\[]", field, maxsplit=1)[0]
    if first == "volumes":
        return _VOLUME.fullmatch(field) is not None
    if first not in CONTAINER_LISTS:
        return first in _POD
    _, _, rest = field.partition("].")
    return any(rest == name or rest.startswith((f"{name}.", f"{name}[")) for name in _CONTAINER)
