"""What changed since the last `up`: resources matched by URN and alias, properties compared path by path."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from ..text.field_paths import ItemName, show_path
from . import urns
from .replacement_fields import find_replacement_paths, is_under
from .state import Snapshot, State

Status = Literal["create", "update", "replace", "delete", "read", "discard", "same"]
"""As Pulumi's own operations: what was only read is discarded, and stays where it is."""
Kind = Literal["add", "update", "delete"]


@dataclass(frozen=True)
class Change:
    """One property that differs."""

    path: tuple[str | int, ...]
    kind: Kind
    old: Any = None
    new: Any = None
    replaces: bool = False

    def __str__(self) -> str:
        return show_path(self.path)


@dataclass(frozen=True)
class Step:
    """What happens to one resource."""

    urn: str
    type: str
    name: str
    parent: str
    status: Status
    changes: Sequence[Change] = ()
    former_urn: str = ""
    """The URN it was found under, when that was an alias."""


@dataclass(frozen=True)
class Comparison:
    """What happens to every resource, and to the stack's outputs."""

    steps: Sequence[Step]
    """In the new state's order, then what is deleted."""
    outputs: Sequence[Change] = field(default_factory=list[Change])

    @property
    def changed(self) -> bool:
        """Whether anything at all would change."""
        return bool(self.outputs) or any(step.status != "same" for step in self.steps)

    @property
    def counts(self) -> Counter[str]:
        """How many resources of each status."""
        return Counter(step.status for step in self.steps)


def compare_states(old: State, new: State) -> Comparison:
    """What turns the old state into the new one."""
    before = {resource.urn: resource for resource in old.resources}
    taken: dict[str, str] = {}
    left = dict(before)
    steps: list[Step] = []
    for resource in new.resources:  # parents come first, so that children can inherit their aliases
        former = (
            ""
            if resource.urn in left
            else next((urn for urn in urns.former_urns(resource.urn, resource.parent, resource.aliases, taken) if urn in left), "")
        )
        if former:
            taken[resource.urn] = former
        steps.append(compare_resource(left.pop(former or resource.urn, None), resource, former))
    steps.extend(Step(gone.urn, gone.type, gone.name, gone.parent, "discard" if gone.read else "delete") for gone in left.values())
    return Comparison(steps, list(compare_values(old.outputs, new.outputs)))


def compare_resource(old: Snapshot | None, new: Snapshot, former: str) -> Step:
    """What happens to one resource."""
    if old is None:
        return Step(new.urn, new.type, new.name, new.parent, "read" if new.read else "create")
    forced = find_replacement_paths(new.type, new.inputs) if new.custom else ()
    changes = [
        Change(change.path, change.kind, change.old, change.new, replaces=any(is_under(change.path, path) for path in forced))
        for change in compare_values(old.inputs, new.inputs)
    ]
    status: Status = "replace" if any(change.replaces for change in changes) or old.read != new.read else "update" if changes else "same"
    return Step(new.urn, new.type, new.name, new.parent, status, changes, former)


def compare_values(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """The properties that differ, in order of path. Lists of named items are matched by name, not by position."""
    if old == new:
        return
    if not old:
        yield from (Change((key,), "add", new=value) for key, value in sorted(new.items()))
        return
    from deepdiff import DeepDiff  # takes a quarter of a second to import, and most runs change nothing

    difference: Any = DeepDiff(
        by_name(old), by_name(new), view="tree", verbose_level=2, threshold_to_diff_deeper=0, ignore_numeric_type_changes=True
    )
    found = [to_change(level, group) for group, levels in difference.items() for level in levels]
    if not found:  # the same items in another order: the engine counts that as a change
        found = [Change((key,), "update", old.get(key), new.get(key)) for key in sorted({*old, *new}) if old.get(key) != new.get(key)]
    yield from sorted(found, key=lambda change: [f"{step:08d}" if isinstance(step, int) else step for step in change.path])


def to_change(level: Any, group: str) -> Change:
    """One finding of DeepDiff."""
    path: list[str | int] = level.path(output_format="list")
    kind: Kind = "add" if group.endswith("_added") else "delete" if group.endswith("_removed") else "update"
    old, new = (None if kind == "add" else plain(level.t1)), (None if kind == "delete" else plain(level.t2))
    return Change(tuple(path), kind, old, new)


def by_name(value: Any) -> Any:
    """A copy in which lists of named items are maps from name to item."""
    match value:
        case dict():
            entries = cast("dict[str, Any]", value)
            return {key: by_name(item) for key, item in entries.items()}
        case list():
            items = cast("list[Any]", value)
            names = [name for item in items if isinstance(name := name_of(item), str)]
            if items and len(names) == len(items) == len(set(names)):
                return {ItemName(name): by_name(item) for name, item in zip(names, items, strict=True)}
            return [by_name(item) for item in items]
        case _:
            return value


def name_of(item: Any) -> Any:
    """What a map in a list says its name is."""
    return cast("dict[str, Any]", item).get("name") if isinstance(item, dict) else None


def plain(value: Any) -> Any:
    """The opposite of `by_name`."""
    match value:
        case dict():
            entries = cast("dict[str, Any]", value)
            if entries and all(isinstance(key, ItemName) for key in entries):
                return [plain(item) for item in entries.values()]
            return {key: plain(item) for key, item in entries.items()}
        case list():
            items = cast("list[Any]", value)
            return [plain(item) for item in items]
        case _:
            return value
