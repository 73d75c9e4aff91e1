"""Privileges of pods and containers, by the fields of the Pod Security Standard `restricted`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple, cast

from ...text.field_paths import show_path
from ..accessors import Fields, get, mapping, mappings, strings
from ..change import ServiceChange
from ..findings import CRITICAL, WARNING, Finding, Severity, finding
from ..object_fields import variables
from ..pod_changes import PodChange, container_changes, pod_changes
from ..sentences import Sentence, sentence

ROOT_FILES, API_TOKEN = "securityContext.readOnlyRootFilesystem", "automountServiceAccountToken"
DEFAULT = "default"
"""Detail of a weakness that is a default of Kubernetes."""
SHARED_PROCESSES, NODE_USERS, GPUS_OF_NODE = "shareProcessNamespace", "hostUsers", "NVIDIA_VISIBLE_DEVICES"
NOT_IN_STANDARD = (ROOT_FILES, API_TOKEN, SHARED_PROCESSES, NODE_USERS, f"env[{GPUS_OF_NODE}]")
"""Fields that are good practice, but not part of the Pod Security Standards."""
VOLUMES = ("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret", "image")
"""Volume types that the standard `restricted` allows."""
SAFE_SYSCTLS = (
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start", "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem",
)  # fmt: skip
SELINUX_TYPES = ("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")


class Weakness(NamedTuple):
    """A privilege that the standard `restricted`, or good practice, does not allow."""

    field: str
    """Field below the pod or the container."""
    detail: str
    """Part of the field that distinguishes two weaknesses of it."""
    text: str
    severity: Severity


def weakened(service: ServiceChange) -> Iterator[Finding]:
    """Report privileges that a pod or a container did not have before, in one finding each."""
    for pod in pod_changes(service):
        spec, before = mapping(pod.before), [] if pod.before is None else list(_check_pod(pod.before))
        yield from _finding(service, pod, sentence("The pod"), pod.path, before, list(_check_pod(pod.after)))
        before = [] if pod.old is None else list(_check_annotations(pod.old.template))
        yield from _finding(service, pod, sentence("The pod"), pod.metadata_path, before, list(_check_annotations(pod.new.template)))
        for container in container_changes(pod):
            # A new container is compared with the standard itself.
            before = [] if container.before is None else list(_check_container(container.before, spec))
            after = list(_check_container(container.after, pod.after))
            who = sentence("Container {name}", name=container.after.get("name"))
            yield from _finding(service, pod, who, container.path, before, after)


def _finding(
    service: ServiceChange, pod: PodChange, who: Sentence, path: str, before: list[Weakness], after: list[Weakness]
) -> Iterator[Finding]:
    known = {(each.text, each.detail) for each in before}  # not by field: a volume may get another name
    added = [each for each in after if (each.text, each.detail) not in known]
    if pod.before is None:
        # A default of Kubernetes is the choice of the author of a new object.
        added = [each for each in added if each.detail != DEFAULT]
    if not added:
        return
    text = (*who, " ", "; ".join(each.text for each in added), ".")
    severity = min((each.severity for each in added), key=lambda each: each.rank)
    rejected = sentence("A namespace that enforces the Pod Security Standard `restricted` rejects these pods, so none of them starts.")
    is_in_standard = any(each.field not in NOT_IN_STANDARD for each in added)
    fields = [f"{path}.{each.field}" for each in added]
    context = [f"{path}.securityContext"] if any("securityContext" in field for field in fields) else []
    yield finding("security-weakened", severity, pod.change, service.name, text, rejected if is_in_standard else (), *fields, *context)


def _check_pod(pod: Fields) -> Iterator[Weakness]:
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(field) is True:
            namespace = field.removeprefix("host")
            namespace = namespace.lower() if namespace == "Network" else namespace
            yield Weakness(field, "", f"shares the {namespace} namespace of the node", CRITICAL)
    if pod.get(SHARED_PROCESSES) is True:
        yield Weakness(SHARED_PROCESSES, "", "lets its containers read each other's processes, with their keys", CRITICAL)
    if (token := pod.get(API_TOKEN)) is not False:
        detail, verb = ("", "gets") if token is True else (DEFAULT, "may get")
        yield Weakness(API_TOKEN, detail, f"{verb} a token for the Kubernetes API", WARNING)
    if pod.get(NODE_USERS) is not False:
        yield Weakness(NODE_USERS, DEFAULT, "has no user namespace of its own", WARNING)
    for sysctl in mappings(get(pod, "securityContext", "sysctls")):
        if (name := str(sysctl.get("name"))) not in SAFE_SYSCTLS:
            yield Weakness(f"securityContext.sysctls[{name}]", name, "sets a kernel parameter that is not safe", CRITICAL)
    for group in (*_values(pod, "supplementalGroups"), get(pod, "securityContext", "fsGroup")):
        if group == 0:
            yield Weakness("securityContext", "group", "belongs to the group root", WARNING)
    yield from _check_profiles(mapping(pod.get("securityContext")))
    for volume in mappings(pod.get("volumes")):
        yield from _check_volume(f"volumes[{volume.get('name')}]", volume)


def _values(pod: Fields, field: str) -> list[Any]:
    values = get(pod, "securityContext", field)
    return cast("list[Any]", values) if isinstance(values, list) else []


def _check_volume(field: str, volume: Fields) -> Iterator[Weakness]:
    for source in sorted({*volume} - {"name", *VOLUMES}):
        if source == "hostPath":
            yield Weakness(field, str(get(volume, source, "path")), "mounts a directory of the node", CRITICAL)
        else:
            yield Weakness(field, repr(volume[source]), "mounts a volume of a type that the standard does not allow", WARNING)
    if "csi" in volume:
        yield Weakness(field, repr(volume["csi"]), "mounts an inline CSI volume", WARNING)
    for source in mappings(get(volume, "projected", "sources")):
        if "serviceAccountToken" in source:
            yield Weakness(field, repr(source), "gets a token of its service account", WARNING)


def _check_profiles(context: Fields) -> Iterator[Weakness]:
    """Check the fields that a pod and a container have in common."""
    app_armor, options = get(context, "appArmorProfile", "type"), mapping(context.get("seLinuxOptions"))
    if app_armor not in (None, "RuntimeDefault", "Localhost"):
        yield Weakness("securityContext.appArmorProfile", str(app_armor), "runs without an AppArmor profile", CRITICAL)
    if options.get("type", "") not in SELINUX_TYPES or options.get("user") or options.get("role"):
        yield Weakness("securityContext.seLinuxOptions", repr(dict(options)), "runs with SELinux options outside the standard", CRITICAL)
    if get(context, "seccompProfile", "type") == "Unconfined":
        yield Weakness("securityContext.seccompProfile", "Unconfined", "switches seccomp off", CRITICAL)
    if get(context, "windowsOptions", "hostProcess") is True:
        yield Weakness("securityContext.windowsOptions", "", "runs as a process of the node", CRITICAL)
    if context.get("runAsGroup") == 0:
        yield Weakness("securityContext.runAsGroup", "", "runs with the group root", WARNING)


def _check_annotations(template: Fields) -> Iterator[Weakness]:
    for name, value in mapping(get(template, "metadata", "annotations")).items():
        if value == "unconfined" and ("apparmor" in name or "seccomp" in name):
            yield Weakness(show_path(("annotations", name)), "", "has an annotation that switches AppArmor or seccomp off", CRITICAL)


def _check_container(container: Fields, pod: Fields) -> Iterator[Weakness]:
    own, shared = mapping(container.get("securityContext")), mapping(pod.get("securityContext"))

    def effective(field: str) -> Any:
        return own.get(field, shared.get(field))

    def weakness(field: str, text: str, severity: Severity = WARNING, detail: str = "") -> Weakness:
        return Weakness(f"securityContext.{field}", detail, text, severity)

    if own.get("privileged") is True:
        yield weakness("privileged", "is privileged, with full access to the node", CRITICAL)
    if (escalation := own.get("allowPrivilegeEscalation")) is not False:
        yield weakness("allowPrivilegeEscalation", "may gain more privileges than its parent process", detail=_origin(escalation))
    if effective("runAsUser") == 0:
        yield weakness("runAsUser", "runs as root", CRITICAL)
    elif (non_root := effective("runAsNonRoot")) is not True:
        yield weakness("runAsNonRoot", "may run as root", detail=_origin(non_root))
    for capability in sorted({*strings(get(own, "capabilities", "add"))} - {"NET_BIND_SERVICE"}):
        name = f"the capability {capability}" if is_capability(capability) else "a capability"
        yield weakness("capabilities", f"gets {name}", CRITICAL, capability)
    if "ALL" not in strings(get(own, "capabilities", "drop")):
        yield weakness("capabilities", "keeps the default capabilities", detail=DEFAULT)
    if get(effective("seccompProfile"), "type") not in ("RuntimeDefault", "Localhost"):
        yield weakness("seccompProfile", "runs without a seccomp profile", detail=DEFAULT)
    if own.get("procMount", "Default") != "Default":
        yield weakness("procMount", "sees parts of /proc that are masked by default", CRITICAL)
    yield from _check_profiles(own)
    if own.get("readOnlyRootFilesystem") is not True:
        yield Weakness(ROOT_FILES, DEFAULT, "may write to its root file system", WARNING)
    for port in mappings(container.get("ports")):
        if port.get("hostPort"):
            yield Weakness(f"ports[{port.get('name')}].hostPort", str(port["hostPort"]), "listens on a port of the node", WARNING)
    for mount in mappings(container.get("volumeMounts")):
        if mount.get("mountPropagation") == "Bidirectional":
            yield Weakness(
                f"volumeMounts[{mount.get('mountPath')}]", str(mount.get("mountPath")), "mounts volumes for the node too", CRITICAL
            )
    if (devices := variables(container).get(GPUS_OF_NODE)) not in (None, "", "none", "void"):
        yield Weakness(f"env[{GPUS_OF_NODE}]", repr(devices), "may use GPUs of the node that belong to other pods", CRITICAL)
    if container.get("volumeDevices"):
        yield Weakness("volumeDevices", repr(container["volumeDevices"]), "reads and writes a block device", WARNING)


def _origin(value: Any) -> str:
    return DEFAULT if value is None else ""


def is_capability(name: str) -> bool:
    """Return true for a text that can be the name of a Linux capability."""
    return len(name) < 40 and re.fullmatch(r"[A-Z_0-9]+", name) is not None


RULES = (weakened,)
