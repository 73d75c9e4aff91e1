"""What a container may do more than before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..change import Change, ServiceChange
from ..findings import CRITICAL, WARNING, Finding, Sentence, Severity, finding, sentence
from ..objects import WORKLOADS, containers, entries, get, items, pods, strings

ROOT_FILES = "securityContext.readOnlyRootFilesystem"
"""Good practice, and no part of Pod Security."""
Weak = tuple[str, str, str, Severity]
"""The field below the pod or container, what it is now, and how bad that is."""


def weakened(service: ServiceChange) -> Iterator[Finding]:
    """What Pod Security looks at, one finding a pod or container. What was as weak before says nothing."""
    for change in service.of(*WORKLOADS):
        if change.operation not in ("update", "replace", "create"):
            continue
        old_pods, old_containers = dict(pods(change.before)), dict(containers(change.before))
        new_pods = dict(pods(change.after))
        for path, pod in new_pods.items():
            before = list(_pod(old_pods[path])) if path in old_pods else []
            yield from _finding(service, change, sentence("The pod"), path, before, list(_pod(pod)))
        for path, container in containers(change.after):
            old = old_containers.get(path)
            # A container that was not there before is measured against what `restricted` asks.
            before = list(_container(old, old_pods.get(_above(path), {}))) if old is not None else []
            who = sentence("Container {name}", name=container.get("name"))
            yield from _finding(service, change, who, path, before, list(_container(container, new_pods.get(_above(path), {}))))


def _finding(service: ServiceChange, change: Change, who: Sentence, path: str, before: list[Weak], after: list[Weak]) -> Iterator[Finding]:
    known = {(field, key) for field, key, *_ in before}
    # Of what is new as a whole only the worst is told: what a platform deploys is its own choice.
    news = [weak for weak in after if weak[:2] not in known and (change.operation != "create" or weak[3] is CRITICAL)]
    if not news:
        return
    phrases = [words for _, _, words, _ in news]
    text = who + sentence(" {all}.", all=("; ".join(phrases),))
    severity = min((weak[3] for weak in news), key=lambda each: each.rank)
    refused = sentence("A namespace that enforces Pod Security `restricted` refuses these pods: nothing starts there.")
    pod_security = any(field != ROOT_FILES for field, *_ in news)
    fields = [f"{path}.{field}" for field, *_ in news]
    whole = [f"{path}.securityContext"] if any("securityContext" in field for field in fields) else []
    yield finding("security-weakened", severity, change, service.name, text, refused if pod_security else (), *fields, *whole)


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
        yield ROOT_FILES, "", "may write to its root file system", WARNING
    for port in items(container.get("ports")):
        if port.get("hostPort"):
            yield f"ports[{port.get('name')}].hostPort", "", "listens on a port of the node", WARNING


RULES = (weakened,)
