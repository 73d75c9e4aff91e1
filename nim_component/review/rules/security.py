"""What a container may do more than before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..change import ServiceChange
from ..findings import CRITICAL, WARNING, Finding, Severity, Words, finding, say
from ..objects import WORKLOADS, containers, entries, get, items, pods, strings

Weak = tuple[str, str, str, Severity]
"""The field below the pod or container, what it is now, and how bad that is."""


def weakened(service: ServiceChange) -> Iterator[Finding]:
    """Settings that Pod Security looks at, each named with its path. What was as weak before says nothing."""
    for change in service.of(*WORKLOADS):
        if change.operation not in ("update", "replace", "create"):
            continue
        old_pods, old_containers = dict(pods(change.before)), dict(containers(change.before))
        for path, pod in pods(change.after):
            before = {weak[:2] for weak in _pod(old_pods.get(path, {}))} if path in old_pods else set[Any]()
            for field, key, words, severity in _pod(pod):
                if (field, key) not in before and change.operation != "create":
                    yield _finding(service, change, severity, say("The pod {words}.", words=(words,)), path, field)
        for path, container in containers(change.after):
            # A new container is measured against what `restricted` asks; an old one against what it was.
            was = (
                {weak[:2] for weak in _container(old_containers[path], old_pods.get(_above(path), {}))}
                if path in old_containers
                else set[Any]()
            )
            for field, key, words, severity in _container(container, dict(pods(change.after)).get(_above(path), {})):
                if (field, key) not in was and not (change.operation == "create" and severity is not CRITICAL):
                    text = say("Container {name} {words}.", name=container.get("name"), words=(words,))
                    yield _finding(service, change, severity, text, path, field)


def _finding(service: ServiceChange, change: Any, severity: Severity, text: Words, path: str, field: str) -> Finding:
    refused = say("A namespace that enforces Pod Security `restricted` refuses these pods: nothing starts there.")
    return finding("security-weakened", severity, change, service.name, text, refused, f"{path}.{field}", f"{path}.securityContext")


def _above(path: str) -> str:
    return path.rpartition(".initContainers[" if ".initContainers[" in path else ".containers[")[0]


def _pod(pod: Mapping[str, Any]) -> Iterator[Weak]:
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(field) is True:
            yield field, "", f"shares the node's {field.removeprefix('host').lower()} namespace", CRITICAL
    if pod.get("automountServiceAccountToken") is True:
        yield "automountServiceAccountToken", "", "gets a token for the Kubernetes API", WARNING
    for volume in items(pod.get("volumes")):
        if "hostPath" in volume:
            name = str(volume.get("name"))
            yield f"volumes[{name}]", str(get(volume, "hostPath", "path")), "has a directory of the node", WARNING


def _container(container: Mapping[str, Any], pod: Mapping[str, Any]) -> Iterator[Weak]:
    own, shared = entries(container.get("securityContext")), entries(pod.get("securityContext"))

    def effective(field: str) -> Any:
        return own.get(field, shared.get(field))

    if own.get("privileged") is True:
        yield "securityContext.privileged", "", "is privileged: it owns the node", CRITICAL
    if own.get("allowPrivilegeEscalation") is not False:
        yield "securityContext.allowPrivilegeEscalation", "", "may gain more rights than its parent process", WARNING
    if effective("runAsUser") == 0:
        yield "securityContext.runAsUser", "", "runs as root", CRITICAL
    elif effective("runAsNonRoot") is not True:
        yield "securityContext.runAsNonRoot", "", "may run as root", WARNING
    if added := sorted({*strings(get(own, "capabilities", "add"))} - {"NET_BIND_SERVICE"}):
        yield (
            "securityContext.capabilities",
            "add",
            f"gets {'the capability' if len(added) == 1 else 'capabilities'} beyond the restricted set",
            CRITICAL,
        )
    if "ALL" not in strings(get(own, "capabilities", "drop")):
        yield "securityContext.capabilities", "drop", "keeps the default capabilities", WARNING
    if get(effective("seccompProfile"), "type") not in ("RuntimeDefault", "Localhost"):
        yield "securityContext.seccompProfile", "", "runs without a seccomp profile", WARNING
    if own.get("readOnlyRootFilesystem") is not True:
        yield "securityContext.readOnlyRootFilesystem", "", "may write to its root file system", WARNING
    for port in items(container.get("ports")):
        if port.get("hostPort"):
            yield f"ports[{port.get('name')}].hostPort", "", "listens on a port of the node", WARNING


RULES = (weakened,)
