"""Comparison of two states: resources are matched by URN and alias, properties by path."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from ..kubernetes.generated_names import match_contents
from ..text.field_paths import ItemName, show_path
from . import urns
from .replacement_fields import find_replacement_paths, forces_replacement
from .state import SavedResource, State

Status = Literal["create", "update", "replace", "delete", "read", "discard", "same"]
"""Operations of the Pulumi engine.

`discard`: a resource that was only read leaves the state; nothing is deleted.
"""
Kind = Literal["add", "update", "delete"]


@dataclass(frozen=True)
class PropertyChange:
    """A property that differs."""

    path: tuple[str | int, ...]
    kind: Kind
    old: Any = None
    new: Any = None
    replaces: bool = False
    """True if the change replaces the resource."""

    def __str__(self) -> str:
        return show_path(self.path)


@dataclass(frozen=True)
class Step:
    """Operation on one resource."""

    urn: str
    type: str
    name: str
    parent: str
    status: Status
    changes: Sequence[PropertyChange] = ()
    former_urn: str = ""
    """URN in the old state, if an alias matched."""


@dataclass(frozen=True)
class Comparison:
    """Operations on all resources, and changes of the outputs of the stack."""

    steps: Sequence[Step]
    """Steps in the order of the new state, then deletions."""
    outputs: Sequence[PropertyChange] = field(default_factory=list[PropertyChange])

    @property
    def changed(self) -> bool:
        """True if a resource or an output changes."""
        return bool(self.outputs) or any(step.status != "same" for step in self.steps)

    @property
    def counts(self) -> Counter[str]:
        """Count of resources by status."""
        return Counter(step.status for step in self.steps)


def compare_states(old: State, new: State) -> Comparison:
    """Return the steps from the old state to the new state."""
    remaining = {resource.urn: resource for resource in old.resources}
    matched: dict[str, str] = {}
    contents = match_contents(old.resources, new.resources)
    steps: list[Step] = []
    for resource in new.resources:  # parents come first, so that children inherit their aliases
        former = "" if resource.urn in remaining else find_former_urn(resource, remaining, matched) or contents.get(resource.urn, "")
        if former:
            matched[resource.urn] = former
        steps.append(compare_resource(remaining.pop(former or resource.urn, None), resource, former))
    steps.extend(Step(gone.urn, gone.type, gone.name, gone.parent, "discard" if gone.read else "delete") for gone in remaining.values())
    return Comparison(steps, list(compare_values(old.outputs, new.outputs)))


def find_former_urn(resource: SavedResource, known: Mapping[str, Any], matched: Mapping[str, str]) -> str:
    """Return the first former URN of a resource that is known, or an empty text."""
    former = urns.find_former_urns(resource.urn, resource.parent, resource.aliases, matched)
    return next((urn for urn in former if urn in known), "")


def compare_resource(old: SavedResource | None, new: SavedResource, former: str) -> Step:
    """Return the step of one resource."""
    if old is None:
        return Step(new.urn, new.type, new.name, new.parent, "read" if new.read else "create")
    replacing = find_replacement_paths(new.type, new.inputs, is_mutable=new.mutable) if new.custom else ()
    changes = [
        PropertyChange(change.path, change.kind, change.old, change.new, replaces=forces_replacement(change.path, replacing))
        for change in compare_values(old.inputs, new.inputs)
    ]
    status: Status = "replace" if any(change.replaces for change in changes) or old.read != new.read else "update" if changes else "same"
    return Step(new.urn, new.type, new.name, new.parent, status, changes, former)


def compare_values(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[PropertyChange]:
    """Yield the properties that differ, in order of path.

    Lists of named items are matched by name.
    """
    if old == new:
        return
    if not old:
        yield from (PropertyChange((key,), "add", new=value) for key, value in sorted(new.items()))
        return
    from deepdiff import DeepDiff  # its import takes 0.25 s, and most runs change nothing

    difference: Any = DeepDiff(
        key_by_name(old), key_by_name(new), view="tree", verbose_level=2, threshold_to_diff_deeper=0, ignore_numeric_type_changes=True
    )
    found = [convert_level(level, category) for category, levels in difference.items() for level in levels]
    if not found:  # the same items in another order, which the Pulumi engine reports as a change
        found = [
            PropertyChange((key,), "update", old.get(key), new.get(key)) for key in sorted({*old, *new}) if old.get(key) != new.get(key)
        ]
    yield from sorted(found, key=lambda change: [f"{step:08d}" if isinstance(step, int) else step for step in change.path])


def convert_level(level: Any, category: str) -> PropertyChange:
    """Return one difference of DeepDiff as a change."""
    path: list[str | int] = level.path(output_format="list")
    kind: Kind = "add" if category.endswith("_added") else "delete" if category.endswith("_removed") else "update"
    old, new = (None if kind == "add" else restore_lists(level.t1)), (None if kind == "delete" else restore_lists(level.t2))
    return PropertyChange(tuple(path), kind, old, new)


def key_by_name(value: Any) -> Any:
    """Return a copy in which lists of named items are mappings from name to item."""
    match value:
        case dict():
            entries = cast("dict[str, Any]", value)
            return {key: key_by_name(item) for key, item in entries.items()}
        case list():
            items = cast("list[Any]", value)
            names = [name for item in items if isinstance(name := read_name(item), str)]
            if items and len(names) == len(items) == len(set(names)):
                return {ItemName(name): key_by_name(item) for name, item in zip(names, items, strict=True)}
            return [key_by_name(item) for item in items]
        case _:
            return value


def read_name(item: Any) -> Any:
    """Return `name` of a mapping, or None."""
    return cast("dict[str, Any]", item).get("name") if isinstance(item, dict) else None


def restore_lists(value: Any) -> Any:
    """Return the value from which `key_by_name` made a copy."""
    match value:
        case dict():
            entries = cast("dict[str, Any]", value)
            if entries and all(isinstance(key, ItemName) for key in entries):
                return [restore_lists(item) for item in entries.values()]
            return {key: restore_lists(item) for key, item in entries.items()}
        case list():
            items = cast("list[Any]", value)
            return [restore_lists(item) for item in items]
        case _:
            return value
