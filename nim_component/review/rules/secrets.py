"""Secrets that pods read, and Secrets of the stack.

Findings contain names and keys, never values.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ..accessors import get, mapping, mappings
from ..change import Change, ResourceState, ServiceChange
from ..entry_names import find_entry_effect
from ..findings import NOTICE, WARNING, Finding, finding
from ..object_fields import WORKLOADS, containers, pods, variables
from ..sensitivity import is_of_controller
from ..sentences import enumerate_values, sentence
from ..values import show

_TOKEN = "kubernetes.io/service-account-token"
_PLAIN_TYPES = (
    None, "", "Opaque", "kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg", "kubernetes.io/tls", "kubernetes.io/basic-auth",
    "kubernetes.io/ssh-auth",
)  # fmt: skip
_ACCOUNT = "kubernetes.io/service-account.name"
"""Annotation that is only read in a Secret for a token."""
_READ_NAMES = re.compile(r"bootstrap-token-.*|sh\.helm\.release\..*|cacerts|istio-ca-secret|.*-ca-key-pair")
"""Names of Secrets that programs of a cluster read."""
_READ = "Programs of the cluster read such Secrets: it can give rights or keys, or change what they do."


class Reference(NamedTuple):
    """Reference of a pod to a Secret."""

    secret: str
    key: str = ""
    """Key in the Secret; empty for the whole Secret."""

    def __str__(self) -> str:
        return f"{self.secret}/{self.key}" if self.key else self.secret


def references(service: ServiceChange) -> Iterator[Finding]:
    """Report pods that read another Secret than before."""
    managed = {change.subject.object_name for change in service.of("Secret") if change.operation in ("create", "replace", "update")}
    replaced = {
        (change.before.object_name, change.after.object_name)
        for change in service.of("Secret")
        if change.operation == "replace" and change.before and change.after
    }
    for change in service.of(*WORKLOADS):
        if change.operation not in ("update", "replace") or change.before is None or change.after is None:
            continue
        before, after = _find_references(change.before), _find_references(change.after)
        changed: dict[tuple[Reference | None, Reference | None], list[str]] = {}
        for path in sorted({*before, *after}):
            old, new = before.get(path), after.get(path)
            is_replaced = old is not None and new is not None and (old.secret, new.secret) in replaced and old.key == new.key
            if old != new and not is_replaced:
                changed.setdefault((old, new), []).append(path)
        for (old, new), paths in changed.items():
            yield _finding(service, change, old, new, paths, managed)


def _finding(
    service: ServiceChange, change: Change, old: Reference | None, new: Reference | None, reads: list[str], managed: set[str]
) -> Finding:
    readers = enumerate_values(_describe_reader(path) for path in reads)
    paths = [path for read in reads for path in _field_paths(read, old, new)]
    is_are = ("are" if len(reads) > 1 else "is",)
    if new is None:
        text = sentence("{readers} {is_are} no longer read from Secret {old}.", readers=readers, is_are=is_are, old=str(old))
        consequence = sentence("In the new pods, everything that requires the Secret fails.")
        if change.after is not None and all(_has_other_value(change.after, path) for path in reads):
            consequence = sentence("The new pods get the value from the change itself, or from another object.")
        return finding("secret-removed", WARNING, change, service.name, text, consequence, *paths)
    text = (
        sentence("{readers} {is_are} read from Secret {new} instead of {old}.", readers=readers, is_are=is_are, new=str(new), old=str(old))
        if old
        else sentence("{readers} {is_are} now read from Secret {new}.", readers=readers, is_are=is_are, new=str(new))
    )
    if new.secret in managed:
        consequence = sentence("That Secret is part of the stack.")
        return finding("secret-renamed", NOTICE, change, service.name, text, consequence, *paths)
    key = " and contain that key" if new.key else ""
    consequence = sentence("The Secret must exist{key}, otherwise the new pods do not start.", key=(key,))
    return finding("secret-renamed", WARNING, change, service.name, text, consequence, *paths)


def _has_other_value(state: ResourceState, path: str) -> bool:
    """Return true if a variable, given by its path, exists without a Secret."""
    found = dict(containers(state))
    head, _, name = path.partition(".env[")
    return bool(name) and name.partition("]")[0] in variables(found.get(head, {}))


def _find_references(state: ResourceState) -> dict[str, Reference]:
    """Return the references by path.

    Pull Secrets have no name in a pod, so their path contains the index.
    """
    found: dict[str, Reference] = {}
    for path, container in containers(state):
        for variable in mappings(container.get("env")):
            source = get(variable, "valueFrom", "secretKeyRef")
            if name := get(source, "name"):
                found[f"{path}.env[{variable.get('name')}].valueFrom.secretKeyRef"] = Reference(str(name), str(get(source, "key")))
        for index, source in enumerate(mappings(container.get("envFrom"))):
            if name := get(source, "secretRef", "name"):
                found[f"{path}.envFrom[{index}].secretRef"] = Reference(str(name))
    for path, pod in pods(state):
        for index, pull_secret in enumerate(mappings(pod.get("imagePullSecrets"))):
            found[f"{path}.imagePullSecrets[{index}]"] = Reference(str(pull_secret.get("name")))
        for volume in mappings(pod.get("volumes")):
            if name := get(volume, "secret", "secretName"):
                found[f"{path}.volumes[{volume.get('name')}].secret.secretName"] = Reference(str(name))
    return found


def _field_paths(path: str, *refs: Reference | None) -> list[str]:
    """Return the changed fields.

    The differences of `imagePullSecrets` contain names in place of indexes.
    """
    head, pull_secret, _ = path.partition(".imagePullSecrets[")
    if pull_secret:
        return [f"{head}.imagePullSecrets[{reference}]" for reference in refs if reference]
    return [path] if all(refs) else [path, path.removesuffix(".valueFrom.secretKeyRef")]


def _describe_reader(path: str) -> str:
    """Return the name of an environment variable, or the field that contains the reference."""
    if ".env[" in path:
        return path.partition(".env[")[2].partition("]")[0]
    return "imagePullSecrets" if "imagePullSecrets" in path else path.rpartition(".spec.")[2]


def values(service: ServiceChange) -> Iterator[Finding]:
    """Report Secrets of the stack that are created or deleted, or whose value changes."""
    for change in service.of("Secret"):
        before, after = change.before, change.after
        if change.operation == "create" and after is not None and after.inputs.get("type") == _TOKEN:
            account = get(after.metadata, "annotations", _ACCOUNT)
            text = sentence("Secret {name} is created, for a token of ServiceAccount {account}.", name=after.object_name, account=account)
            consequence = sentence("The token does not expire. Who reads the Secret has the rights of the account.")
            yield finding("rights", WARNING, change, service.name, text, consequence)
        elif change.operation == "create" and after is not None and (marks := _find_marks(after)):
            text = sentence("Secret {name} is created with {marks}.", name=after.object_name, marks=enumerate_values(marks, at_most=4))
            yield finding("rights", WARNING, change, service.name, text, (_READ,))
        elif change.operation == "create" and after is not None and not service.is_whole:
            text = sentence("Secret {name} is created by the stack.", name=after.object_name)
            yield finding("created", NOTICE, change, service.name, text)
        elif change.operation == "delete" and before is not None and not service.is_whole:
            text = sentence("Secret {name} is deleted.", name=before.object_name)
            consequence = sentence("Pods that still reference it cannot start again.")
            yield finding("secret-removed", WARNING, change, service.name, text, consequence)
        elif change.operation in ("update", "replace") and before is not None and after is not None:
            yield from _rotation(service, change, before, after)


def _find_marks(state: ResourceState) -> list[str]:
    """Return the type, the name, and the labels and annotations that other programs read."""
    type_, name, metadata = state.inputs.get("type"), state.object_name, state.metadata
    keys = {key: value for field in ("annotations", "labels") for key, value in mapping(metadata.get(field)).items()}
    marks = [f"{key}={show(value)}" for key, value in sorted(keys.items()) if is_of_controller(key) and key != _ACCOUNT]
    marks += [f"name {name}"] if _READ_NAMES.fullmatch(name) else []
    return [f"type {show(type_)}", *marks] if type_ not in _PLAIN_TYPES else marks


def _rotation(service: ServiceChange, change: Change, before: ResourceState, after: ResourceState) -> Iterator[Finding]:
    data = [each for each in change.differences if each.path[0] in ("data", "stringData")]
    if not data and before.object_name == after.object_name:
        return
    keys = sorted({str(each.path[1]) for each in data if len(each.path) > 1}) or _keys(after) or ["data"]
    values_change = "the values of {keys} change" if len(keys) > 1 else "the value of {keys} changes"
    text = sentence(f"Secret {{name}}: {values_change}.", name=before.object_name, keys=enumerate_values(keys))
    if powerful := [key for key in keys if find_entry_effect(key)]:
        effect = sentence("{keys} can decide where the pods send keys, or which code they run.", keys=enumerate_values(powerful))
        yield finding("secret-rotated", WARNING, change, service.name, text, effect, *(each.where for each in data))
        return
    if marks := _find_marks(after):
        effect = sentence("It has {marks}. {effect}", marks=enumerate_values(marks, at_most=4), effect=(_READ,))
        yield finding("secret-rotated", WARNING, change, service.name, text, effect, *(each.where for each in data))
        return
    consequence = (
        sentence(
            "The new Secret {new} is created first, then the pods change to it, then the old Secret is deleted.", new=after.object_name
        )
        if change.order == "create-before-delete"
        else sentence("Pods read the new value at their next start; Kubernetes does not restart them for it.")
    )
    paths = [*(each.where for each in data), "metadata.name"]
    yield finding("secret-rotated", NOTICE, change, service.name, text, consequence, *paths)


def _keys(state: ResourceState) -> list[str]:
    return sorted({**mapping(state.inputs.get("data")), **mapping(state.inputs.get("stringData"))})


RULES = (references, values)
