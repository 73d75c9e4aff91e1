"""Privileges of pods and containers, by the fields of the Pod Security Standard `restricted`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from ..accessors import Fields, get, mapping, mappings, strings
from ..change import Change, ServiceChange
from ..findings import CRITICAL, NOTICE, WARNING, Finding, Severity, finding
from ..object_fields import WORKLOADS, changed_under, containers, pods
from ..sentences import Sentence, sentence

ROOT_FILES, API_TOKEN = "securityContext.readOnlyRootFilesystem", "automountServiceAccountToken"
NOT_IN_STANDARD = (ROOT_FILES, API_TOKEN)
"""Fields that are good practice, but not part of the Pod Security Standards."""


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
    for change in service.of(*WORKLOADS):
        if change.operation not in ("update", "replace", "create"):
            continue
        old_pods, old_containers = dict(pods(change.before)), dict(containers(change.before))
        new_pods = dict(pods(change.after))
        for path, pod in new_pods.items():
            before = list(_check_pod(old_pods[path])) if path in old_pods else []
            yield from _finding(service, change, sentence("The pod"), path, before, list(_check_pod(pod)))
        for path, container in containers(change.after):
            old = old_containers.get(path)
            # A new container is compared with the standard itself.
            before = list(_check_container(old, old_pods.get(_pod_path(path), {}))) if old is not None else []
            after = list(_check_container(container, new_pods.get(_pod_path(path), {})))
            who = sentence("Container {name}", name=container.get("name"))
            yield from _finding(service, change, who, path, before, after)


def _finding(
    service: ServiceChange, change: Change, who: Sentence, path: str, before: list[Weakness], after: list[Weakness]
) -> Iterator[Finding]:
    known = {(each.field, each.detail) for each in before}
    added = [each for each in after if (each.field, each.detail) not in known]
    if change.operation == "create":
        # Other weaknesses of a new object are the choice of its author.
        added = [each for each in added if each.severity is CRITICAL]
    if not added:
        return
    text = (*who, " ", "; ".join(each.text for each in added), ".")
    severity = min((each.severity for each in added), key=lambda each: each.rank)
    rejected = sentence("A namespace that enforces the Pod Security Standard `restricted` rejects these pods, so none of them starts.")
    is_in_standard = any(each.field not in NOT_IN_STANDARD for each in added)
    fields = [f"{path}.{each.field}" for each in added]
    context = [f"{path}.securityContext"] if any("securityContext" in field for field in fields) else []
    yield finding("security-weakened", severity, change, service.name, text, rejected if is_in_standard else (), *fields, *context)


def _pod_path(path: str) -> str:
    return path.rpartition(".initContainers[" if ".initContainers[" in path else ".containers[")[0]


def _check_pod(pod: Fields) -> Iterator[Weakness]:
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if pod.get(field) is True:
            namespace = field.removeprefix("host")
            namespace = namespace.lower() if namespace == "Network" else namespace
            yield Weakness(field, "", f"shares the {namespace} namespace of the node", CRITICAL)
    if pod.get(API_TOKEN) is True:
        yield Weakness(API_TOKEN, "", "gets a token for the Kubernetes API", WARNING)
    for volume in mappings(pod.get("volumes")):
        if "hostPath" in volume:
            path = str(get(volume, "hostPath", "path"))
            yield Weakness(f"volumes[{volume.get('name')}]", path, "mounts a directory of the node", WARNING)


def _check_container(container: Fields, pod: Fields) -> Iterator[Weakness]:
    own, shared = mapping(container.get("securityContext")), mapping(pod.get("securityContext"))

    def effective(field: str) -> Any:
        return own.get(field, shared.get(field))

    def weakness(field: str, text: str, severity: Severity = WARNING, detail: str = "") -> Weakness:
        return Weakness(f"securityContext.{field}", detail, text, severity)

    if own.get("privileged") is True:
        yield weakness("privileged", "is privileged, with full access to the node", CRITICAL)
    if own.get("allowPrivilegeEscalation") is not False:
        yield weakness("allowPrivilegeEscalation", "may gain more privileges than its parent process")
    if effective("runAsUser") == 0:
        yield weakness("runAsUser", "runs as root", CRITICAL)
    elif effective("runAsNonRoot") is not True:
        yield weakness("runAsNonRoot", "may run as root")
    if added := sorted({*strings(get(own, "capabilities", "add"))} - {"NET_BIND_SERVICE"}):
        what = "a capability" if len(added) == 1 else "capabilities"
        yield weakness("capabilities", f"gets {what} beyond the restricted set", CRITICAL, "add")
    if "ALL" not in strings(get(own, "capabilities", "drop")):
        yield weakness("capabilities", "keeps the default capabilities", detail="drop")
    if get(effective("seccompProfile"), "type") not in ("RuntimeDefault", "Localhost"):
        yield weakness("seccompProfile", "runs without a seccomp profile")
    if own.get("readOnlyRootFilesystem") is not True:
        yield Weakness(ROOT_FILES, "", "may write to its root file system", WARNING)
    for port in mappings(container.get("ports")):
        if port.get("hostPort"):
            yield Weakness(f"ports[{port.get('name')}].hostPort", "", "listens on a port of the node", WARNING)


def identities(service: ServiceChange) -> Iterator[Finding]:
    """Report annotations of a ServiceAccount, which decide the cloud identity of its pods."""
    for change in service.of("ServiceAccount"):
        after = change.after
        paths = changed_under(change, "metadata.annotations")
        if change.operation != "update" or after is None or not paths:
            continue
        text = sentence("ServiceAccount {name}: the annotations change.", name=after.object_name)
        consequence = sentence("Kubernetes restarts no pod for it. An identity that a webhook sets, as on EKS, applies to new pods only.")
        yield finding("other", NOTICE, change, service.name, text, consequence, *paths)


RULES = (weakened, identities)
