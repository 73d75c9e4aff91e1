"""Secrets: which ones pods read, and whose value changes. Never a value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..change import Change, ResourceState, ServiceChange
from ..findings import NOTICE, WARNING, Finding, finding, listed, sentence
from ..objects import WORKLOADS, containers, entries, get, items, pods


def references(service: ServiceChange) -> Iterator[Finding]:
    """Pods read another Secret than before."""
    made = {change.subject.object_name for change in service.of("Secret") if change.operation in ("create", "replace", "update")}
    rotated = {
        (change.before.object_name, change.after.object_name)
        for change in service.of("Secret")
        if change.operation == "replace" and change.before and change.after
    }
    for change in service.of(*WORKLOADS):
        if change.operation not in ("update", "replace") or change.before is None or change.after is None:
            continue
        old, new = _references(change.before), _references(change.after)
        seen: dict[tuple[str, str], list[str]] = {}
        for use in sorted({*old, *new}):
            before, after = old.get(use), new.get(use)
            if before == after or (before and after and (before[0], after[0]) in rotated and before[1] == after[1]):
                continue
            seen.setdefault((_spell(before), _spell(after)), []).append(use)
        for (before, after), uses in seen.items():
            yield _finding(service, change, before, after, uses, made)


def _finding(service: ServiceChange, change: Change, before: str, after: str, uses: list[str], made: set[str]) -> Finding:
    what = listed(_use(use) for use in uses)
    paths = [path for use in uses for path in _paths(use, before, after)]
    if not after:
        text = sentence("{what} no longer comes from Secret {old}.", what=what, old=before)
        return finding("secret-removed", WARNING, change, service.name, text, sentence("What needs it fails with the new pods."), *paths)
    text = sentence("{what} now comes from Secret {new}", what=what, new=after) + (
        sentence(", before from {old}.", old=before) if before else sentence(".")
    )
    if after.partition("/")[0] in made:
        return finding("secret-renamed", NOTICE, change, service.name, text, sentence("This change makes that Secret."), *paths)
    consequence = sentence("It must be there with that key: otherwise the new pods do not start.")
    return finding("secret-renamed", WARNING, change, service.name, text, consequence, *paths)


def _references(resource: ResourceState) -> dict[str, tuple[str, str]]:
    """Secret and key by the path of what reads it. Pull Secrets by their place: they have no other name."""
    found: dict[str, tuple[str, str]] = {}
    for path, container in containers(resource):
        for variable in items(container.get("env")):
            if name := get(variable, "valueFrom", "secretKeyRef", "name"):
                key = get(variable, "valueFrom", "secretKeyRef", "key")
                found[f"{path}.env[{variable.get('name')}].valueFrom.secretKeyRef"] = (str(name), str(key))
        for index, source in enumerate(items(container.get("envFrom"))):
            if name := get(source, "secretRef", "name"):
                found[f"{path}.envFrom[{index}].secretRef"] = (str(name), "")
    for path, pod in pods(resource):
        for index, pull in enumerate(items(pod.get("imagePullSecrets"))):
            found[f"{path}.imagePullSecrets[{index}]"] = (str(pull.get("name")), "")
        for volume in items(pod.get("volumes")):
            if name := get(volume, "secret", "secretName"):
                found[f"{path}.volumes[{volume.get('name')}].secret.secretName"] = (str(name), "")
    return found


def _paths(use: str, *references: str) -> list[str]:
    """The fields. A list of pull Secrets is matched by their names."""
    head, pull, _ = use.partition(".imagePullSecrets[")
    return [f"{head}.imagePullSecrets[{name}]" for name in references if name] if pull else [use]


def _spell(reference: tuple[str, str] | None) -> str:
    return "" if reference is None else f"{reference[0]}/{reference[1]}" if reference[1] else reference[0]


def _use(path: str) -> str:
    """What a path means to people."""
    if ".env[" in path:
        return path.partition(".env[")[2].partition("]")[0]
    return "imagePullSecrets" if "imagePullSecrets" in path else path.rpartition(".spec.")[2]


def values(service: ServiceChange) -> Iterator[Finding]:
    """Secrets whose value changes, and which ones come and go."""
    for change in service.of("Secret"):
        before, after = change.before, change.after
        if change.operation == "create" and after is not None and not _whole(service):
            text = sentence("Secret {name} is made by the stack.", name=after.object_name)
            yield finding("created", NOTICE, change, service.name, text)
        elif change.operation == "delete" and before is not None and not _whole(service):
            text = sentence("Secret {name} is deleted.", name=before.object_name)
            yield finding(
                "secret-removed", WARNING, change, service.name, text, sentence("Pods that still refer to it do not start again.")
            )
        elif change.operation in ("update", "replace") and before is not None and after is not None:
            data = [each for each in change.differences if each.path[0] in ("data", "stringData")]
            if not data and before.object_name == after.object_name:
                continue
            keys = sorted({str(each.path[1]) for each in data if len(each.path) > 1}) or entries_of(after)
            text = sentence(
                "Secret {name}: the value{plural} of {keys} change{verb}.",
                name=before.object_name,
                keys=listed(keys or ["data"]),
                plural=("s" if len(keys) > 1 else "",),
                verb=("" if len(keys) > 1 else "s",),
            )
            order = (
                sentence("The new one, {new}, is made first, the pods are moved to it, then the old one is deleted.", new=after.object_name)
                if change.order == "create-before-delete"
                else sentence("Pods read it at their next start; none restarts by itself.")
            )
            yield finding("secret-rotated", NOTICE, change, service.name, text, order, *(each.where for each in data), "metadata.name")


def _whole(service: ServiceChange) -> bool:
    component = service.component()
    return component is not None and component.operation in ("create", "delete")


def entries_of(resource: ResourceState) -> list[str]:
    """The keys a Secret has, as far as they may be seen."""
    data: Mapping[str, Any] = {**entries(resource.inputs.get("data")), **entries(resource.inputs.get("stringData"))}
    return sorted(data)


RULES = (references, values)
