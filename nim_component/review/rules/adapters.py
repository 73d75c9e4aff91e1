"""LoRA adapters: the models that clients can request."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple, cast

from ...text.amounts import spell_duration
from ..accessors import Fields, get, integer, mapping, mappings
from ..change import Change, ResourceState, ServiceChange
from ..findings import NOTICE, WARNING, Finding, finding
from ..sentences import Sentence, sentence

LIST = "adapters.json"
"""File in the loader's ConfigMap."""
ARGUMENTS = ("hf_repo_ids", "hfRepoIds", "adapters")
"""Arguments of the component that contain adapters."""
DEFAULT_REVISION = "main"
UNLOAD_INTERVALS = 3
"""Scans until a server without an adapter has its new version: two for the absence, one to load."""


class Adapter(NamedTuple):
    """Source of an adapter."""

    repository: str
    revision: str
    files: str | None
    """Patterns of files as JSON; None for all files."""
    subfolder: str = ""
    """Folder of the repository with the adapter."""

    def __str__(self) -> str:
        folder = f" {self.subfolder}/" if self.subfolder else ""
        return f"{self.repository}@{self.revision}{folder}" + (f" {self.files}" if self.files else "")


Adapters = dict[str, Adapter]
"""Adapters by the name that clients request."""


def adapters(service: ServiceChange) -> Iterator[Finding]:
    """Report adapters that are added, removed or changed."""
    found = _find_adapters(service)
    if found is None:
        return
    source, old, new, paths = found
    change = source if source.subject.kind == "ConfigMap" else service.component or source
    interval = _find_refresh_interval(service)
    for name in sorted(old.keys() - new.keys()):
        text = sentence("Adapter {name} is removed ({source}).", name=name, source=str(old[name]))
        consequence = sentence("Requests for model {name} return 404 from pods that start after the change.", name=name)
        if interval is not None:
            consequence = sentence("Requests for model {name} return 404 {within}.", name=name, within=_within(interval))
        yield finding("adapter-removed", WARNING, change, service.name, text, consequence, *paths)
    for name in sorted(old.keys() & new.keys()):
        if old[name] != new[name]:
            text = sentence("Adapter {name} changes from {old} to {new}.", name=name, old=str(old[name]), new=str(new[name]))
            consequence = sentence("Pods that start after the change serve the new version.") + _floating(new[name])
            if interval is not None:
                consequence = sentence(
                    "Requests for it return 404 for up to {time}, until every server unloaded it. "
                    "Then the servers load the new version without a restart.",
                    time=(spell_duration(UNLOAD_INTERVALS * interval),),
                )
            yield finding("adapter-repinned", WARNING, change, service.name, text, consequence, *paths)
    for name in sorted(new.keys() - old.keys()):
        text = sentence("Adapter {name} is added ({source}).", name=name, source=str(new[name]))
        consequence = sentence("Pods that start after the change download it before they serve requests.") + _floating(new[name])
        if interval is not None:
            consequence = sentence("A Job downloads it, and running servers load it {within}.", within=_within(interval))
            consequence += _floating(new[name], "the Job downloads the latest commit of that time")
        yield finding("adapter-added", NOTICE, change, service.name, text, consequence, *paths)


def _find_refresh_interval(service: ServiceChange) -> int | None:
    """Return the seconds between the scans of the servers; None if only new pods load adapters."""
    component = service.component
    if component is None or component.before is None or component.after is None:
        return None
    before, after = (integer(get(state.inputs, "lora", "refresh_interval")) for state in (component.before, component.after))
    return after if before is not None else None


def _within(interval: int) -> Sentence:
    return (f"without a restart, at the latest {spell_duration(interval)} after the update",)


def _find_adapters(service: ServiceChange) -> tuple[Change, Adapters, Adapters, list[str]] | None:
    """Return the adapters before and after the change, and the fields that contain them.

    They are in the loader's ConfigMap, else in the arguments of the component.
    """
    component = service.component
    if component is not None and component.operation != "update":
        return None
    config_maps = [
        change
        for change in service.of("ConfigMap")
        if change.has_effect and any(_read_list(state) is not None for state in _states(change))
    ]
    if config_maps:
        old, new = (_merge([_read_list(state) or {} for state in states]) for states in zip(*map(_states, config_maps), strict=True))
        return config_maps[0], old, new, [f'data["{LIST}"]']
    if component is not None:
        argument = next((name for name in ARGUMENTS if any(name in state.inputs for state in _states(component) if state)), None)
        if argument and any(each.path[0] == argument for each in component.differences):
            old, new = (_parse(state.inputs.get(argument)) if state else {} for state in _states(component))
            return component, old, new, [argument]
    return None


def _states(change: Change) -> tuple[ResourceState | None, ResourceState | None]:
    return change.before, change.after


def _merge(lists: list[Adapters]) -> Adapters:
    return {name: adapter for adapters in lists for name, adapter in adapters.items()}


def _read_list(state: ResourceState | None) -> Adapters | None:
    """Return the adapters in a ConfigMap; None if it contains no list of adapters."""
    text = mapping(get(state.inputs, "data")).get(LIST) if state else None
    if not isinstance(text, str):
        return None
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return _parse(content.get("adapters") if isinstance(content, dict) else content)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]


def _parse(value: Any) -> Adapters:
    """Parse a list of adapters. An entry is `org/name@revision`, or a mapping."""
    found: Adapters = {}
    entries = cast("list[Any]", value) if isinstance(value, list) else []
    for entry in entries:
        if isinstance(entry, str):
            repository, _, revision = entry.partition("@")
            found[repository.rpartition("/")[2]] = Adapter(repository, revision or DEFAULT_REVISION, None)
    for entry in mappings(entries):
        repository = str(entry.get("repo_id") or entry.get("repoId") or "")
        subfolder = str(entry.get("subfolder") or "")
        name = str(entry.get("name") or (subfolder or repository).rpartition("/")[2])
        found[name] = Adapter(repository, str(entry.get("revision") or DEFAULT_REVISION), _files(entry), subfolder)
    return found


def _files(entry: Fields) -> str | None:
    return json.dumps(entry["files"], sort_keys=True, default=str) if entry.get("files") else None


def _floating(adapter: Adapter, effect: str = "each start of a pod uses its latest commit") -> Sentence:
    if adapter.revision != DEFAULT_REVISION:
        return ()
    return sentence(" `main` is a branch: {effect}.", effect=(effect,))


RULES = (adapters,)
