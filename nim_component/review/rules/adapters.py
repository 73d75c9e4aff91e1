"""LoRA adapters: which models clients can still ask for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from ..change import Change, ResourceState, ServiceChange
from ..findings import NOTICE, WARNING, Finding, finding, sentence
from ..objects import entries, get, items

LIST = "adapters.json"
FIELDS = ("hf_repo_ids", "hfRepoIds", "adapters")


def adapters(service: ServiceChange) -> Iterator[Finding]:
    """Adapters that come, go, or are taken at another revision."""
    found = _sides(service)
    if found is None:
        return
    change, old, new, paths = found
    where = change if change.subject.kind == "ConfigMap" else service.component() or change
    for name in sorted(old.keys() - new.keys()):
        text = sentence("Adapter {name} is removed ({repository}).", name=name, repository=_spell(old[name]))
        consequence = sentence("Requests for the model {name} get a 404 from pods that have started anew.", name=name)
        yield finding("adapter-removed", WARNING, where, service.name, text, consequence, *paths)
    for name in sorted(old.keys() & new.keys()):
        if old[name] != new[name]:
            text = sentence("Adapter {name}: {old} becomes {new}.", name=name, old=_spell(old[name]), new=_spell(new[name]))
            consequence = sentence("Pods that start anew download it and answer differently.") + _moving(new[name])
            yield finding("adapter-repinned", WARNING, where, service.name, text, consequence, *paths)
    for name in sorted(new.keys() - old.keys()):
        text = sentence("Adapter {name} is new ({repository}).", name=name, repository=_spell(new[name]))
        consequence = sentence("Pods that start anew download it before they serve.") + _moving(new[name])
        yield finding("adapter-added", NOTICE, where, service.name, text, consequence, *paths)


def _sides(service: ServiceChange) -> tuple[Change, dict[str, Any], dict[str, Any], list[str]] | None:
    """The adapters of both sides: as the loader's list in a ConfigMap says, else as the component's arguments do."""
    component = service.component()
    if component is not None and component.operation != "update":
        return None
    maps = [change for change in service.of("ConfigMap") if change.happens and any(_list(side) is not None for side in _both(change))]
    if maps:
        old, new = (_merge([_list(side) or {} for side in sides]) for sides in zip(*map(_both, maps), strict=True))
        return maps[0], old, new, [f'data["{LIST}"]']
    if component is not None:
        field = next((field for field in FIELDS if any(field in side.inputs for side in _both(component) if side)), None)
        if field and any(each.path[0] == field for each in component.differences):
            old, new = (_read(side.inputs.get(field)) if side else {} for side in _both(component))
            return component, old, new, [field]
    return None


def _both(change: Change) -> tuple[ResourceState | None, ResourceState | None]:
    return change.before, change.after


def _merge(sides: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: adapter for side in sides for name, adapter in side.items()}


def _list(resource: ResourceState | None) -> dict[str, Any] | None:
    """The adapters in a ConfigMap; None when it holds no list of them."""
    written = entries(get(resource.inputs, "data")).get(LIST) if resource else None
    if not isinstance(written, str):
        return None
    try:
        content = json.loads(written)
    except (ValueError, RecursionError):
        return None
    return _read(content.get("adapters") if isinstance(content, dict) else content)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]


def _read(value: Any) -> dict[str, Any]:
    """By the name clients use: repository, revision and files. An entry is `org/name@revision`, or a mapping of these."""
    found: dict[str, Any] = {}
    given = cast("list[Any]", value) if isinstance(value, list) else []
    for entry in given:
        if isinstance(entry, str):
            repository, _, revision = entry.partition("@")
            found[repository.rpartition("/")[2]] = (repository, revision or "main", None)
    for entry in items(given):
        repository = str(entry.get("repo_id") or entry.get("repoId") or "")
        name = str(entry.get("name") or repository.rpartition("/")[2])
        found[name] = (repository, str(entry.get("revision") or "main"), _files(entry))
    return found


def _files(entry: Mapping[str, Any]) -> str | None:
    return json.dumps(entry["files"], sort_keys=True, default=str) if entry.get("files") else None


def _spell(adapter: tuple[str, str, str | None]) -> str:
    repository, revision, files = adapter
    return f"{repository}@{revision}" + (f" {files}" if files else "")


def _moving(adapter: tuple[str, str, str | None]) -> tuple[str, ...]:
    return () if adapter[1] != "main" else sentence(" `main` moves: each start takes what it then is.")


RULES = (adapters,)
