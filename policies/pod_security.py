"""Rule of the policy `pods-restricted`: the Pod Security Standard `restricted`, and nothing less.

The fields and their values are those of Kubernetes 1.36:
https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted. A test compares the
rule with the API server, for generated pods.
"""

from collections.abc import Iterator
from typing import Any

from fields import Props, items, mapping
from pod_patches import FIELD, is_readable
from workloads import Pod, find_containers, find_pods

_VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret"}
_PROFILES = ("RuntimeDefault", "Localhost")
_SYSCTLS = {
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ping_group_range", "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_rmem", "net.ipv4.tcp_syncookies", "net.ipv4.tcp_wmem",
}  # fmt: skip
_SELINUX_TYPES = ("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t")
_APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/"
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe", "lifecycle.postStart", "lifecycle.preStop")


def check_restricted(kind: str, props: Props) -> Iterator[str]:
    """Yield violations of the standard, for each pod of an object."""
    for pod in find_pods(kind, props):
        containers = list(find_containers(pod))
        yield from _check_pod(pod)
        if not all(map(is_readable, pod.patches)):
            yield f"{pod.path}.{FIELD}: must be YAML or JSON without expressions. Otherwise, what it sets is not known. Set fields instead."
        yield from _check_overridden(pod, [mapping(container.get("securityContext")) for _, container in containers])
        for path, container in containers:
            yield from _check_container(path, container, pod.spec)


def _check_pod(pod: Pod) -> Iterator[str]:
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.spec.get(field):
            yield f"{pod.path}.{field}: must not be set. Remove it: the pod would share it with the node."
    for volume in items(pod.spec.get("volumes")):
        others = sorted({field for field, value in volume.items() if value is not None} - _VOLUMES - {"name"})
        if others:
            path = f"{pod.path}.volumes[{volume.get('name', '?')}]"
            yield f"{path}: must not be a {others[0]}. Use a persistentVolumeClaim or an emptyDir."
    shared = mapping(pod.spec.get("securityContext"))
    for sysctl in items(shared.get("sysctls")):
        if sysctl.get("name") not in _SYSCTLS:
            yield f"{pod.path}.securityContext.sysctls[{sysctl.get('name')}]: must be a safe sysctl. Remove it, or set it on the node."
    yield from _check_profiles(f"{pod.path}.securityContext", shared)
    for name, value in mapping(pod.metadata.get("annotations")).items():
        if name.startswith(_APP_ARMOR) and value not in ("", "runtime/default") and not str(value).startswith("localhost/"):
            yield f"{pod.path}: must not have the annotation {name} with this value. Use runtime/default, or remove it."


def _check_overridden(pod: Pod, contexts: list[Props]) -> Iterator[str]:
    """Yield fields of the pod that the standard forbids although every container overrides them."""
    shared, path = mapping(pod.spec.get("securityContext")), f"{pod.path}.securityContext"
    profile = mapping(shared.get("seccompProfile")).get("type")
    if profile is not None and profile not in _PROFILES and all(each.get("seccompProfile") for each in contexts):
        yield f"{path}.seccompProfile.type: must be RuntimeDefault or Localhost. Set it, or remove it."
    if pod.spec.get("hostUsers") is False:
        return
    if shared.get("runAsNonRoot") is False and all(each.get("runAsNonRoot") is not None for each in contexts):
        yield f"{path}.runAsNonRoot: must not be false. Set true, or remove it."
    if shared.get("runAsUser") == 0 and all(each.get("runAsUser") is not None for each in contexts):
        yield f"{path}.runAsUser: must not be 0. Set another user."


def _check_profiles(path: str, context: Props) -> Iterator[str]:
    """Yield violations of the fields that the contexts of a pod and of a container share."""
    if (app_armor := context.get("appArmorProfile")) is not None and mapping(app_armor).get("type") not in _PROFILES:
        yield f"{path}.appArmorProfile.type: must be RuntimeDefault or Localhost. Set it, or remove it."
    options = mapping(context.get("seLinuxOptions"))
    if (options.get("type") or "") not in _SELINUX_TYPES:
        yield f"{path}.seLinuxOptions.type: must be a type of containers, such as container_t. Set it, or remove it."
    for field in ("user", "role"):
        if options.get(field):
            yield f"{path}.seLinuxOptions.{field}: must not be set. Remove it."
    if mapping(context.get("windowsOptions")).get("hostProcess"):
        yield f"{path}.windowsOptions.hostProcess: must not be set. Remove it."


def _check_container(path: str, container: Props, pod: Props) -> Iterator[str]:
    own, shared, context = mapping(container.get("securityContext")), mapping(pod.get("securityContext")), f"{path}.securityContext"

    def effective(field: str) -> Any:
        value = own.get(field)
        return shared.get(field) if value is None else value

    if own.get("privileged"):
        yield f"{context}.privileged: must not be set. Remove it."
    if own.get("procMount") not in (None, "Default"):
        yield f"{context}.procMount: must be Default. Remove it."
    if set(_strings(own, "add")) - {"NET_BIND_SERVICE"} and not _is_windows(pod):
        yield f"{context}.capabilities.add: must contain nothing but NET_BIND_SERVICE. Remove the others."
    yield from _check_profiles(context, own)
    if not _is_windows(pod):
        if own.get("allowPrivilegeEscalation") is not False:
            yield f"{context}.allowPrivilegeEscalation: must be false. Set it."
        if "ALL" not in _strings(own, "drop"):
            yield f"{context}.capabilities.drop: must contain ALL. Add it."
        if mapping(effective("seccompProfile")).get("type") not in _PROFILES:
            yield f"{context}.seccompProfile.type: must be RuntimeDefault or Localhost, here or in the pod. Set it."
    if pod.get("hostUsers") is not False:  # in a user namespace, root is not the root of the node
        if effective("runAsNonRoot") is not True:
            yield f"{context}.runAsNonRoot: must be true, here or in the pod. Set it, and runAsUser."
        if effective("runAsUser") == 0:
            yield f"{context}.runAsUser: must not be 0. Set another user."
    if any(port.get("hostPort") for port in items(container.get("ports"))):
        yield f"{path}.ports: must not use a port of the node. Remove hostPort."
    for field in _PROBES:
        *above, last = field.split(".")
        handler = mapping(mapping(container.get(above[0]) if above else container).get(last))
        if any(mapping(handler.get(kind)).get("host") for kind in ("httpGet", "tcpSocket")):
            yield f"{path}.{field}: must not name a host: the node would connect to it. Remove host."


def _strings(context: Props, field: str) -> list[str]:
    listed = mapping(context.get("capabilities")).get(field)
    return [str(each) for each in listed] if isinstance(listed, list | tuple) else []  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def _is_windows(pod: Props) -> bool:
    return mapping(pod.get("os")).get("name") == "windows"
