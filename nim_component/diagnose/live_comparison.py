"""Comparison of a live object with its rendered fields.

Fields of other owners are never a difference: defaults of the API server, fields that admission
adds, fields that another controller sets. Two kinds of differences remain:

- a rendered field whose live value is another one;
- a live field that was set by Pulumi's field manager and is not rendered, such as a variable that
  an interrupted update has added.

The recorded object in Pulumi's state excludes the rest. A field that it holds with another value
than the rendered one was not applied: admission rewrites it, `ignore_changes` or `--target`
excludes it.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from ..cluster.json_values import decode_json
from ..cluster.objects import Object, items_at, mapping_at, text_at
from ..kubernetes.list_keys import identity_keys, merge_keys
from ..kubernetes.quantities import read_quantity
from ..text.field_paths import ItemName, Path, show_path
from ..text.redaction import describe_secret, redact_named
from ..text.sanitizing import sanitize
from ..text.secret_names import is_probably_secret_variable

ABSENT: Any = object()
"""Value of a field that does not exist."""
_LONGEST_VALUE = 130
_LONGEST_LIST = 5
"""Number of differences that are printed."""
_QUANTITY_FIELDS = ("sizeLimit", "divisor")
_QUANTITY_MAPS = ("limits", "requests")
_FIELD_MANAGERS = "pulumi"
"""Start of the names of Pulumi's field managers.

`pulumi-resource-kubernetes` creates objects; `pulumi-kubernetes-<hash>` applies them.
"""


@dataclass(frozen=True)
class LiveDifference:
    """A field whose live value differs from the rendered one. `ABSENT` is a missing field."""

    path: Path
    live: Any
    rendered: Any

    def __str__(self) -> str:
        return self.describe()

    def describe(self, source: str = "program") -> str:
        """Return the field with both values. `source` is the origin of the rendered one."""
        return f"{show_path(self.path)} is {self._show(self.live)} in the cluster, {self._show(self.rendered)} in the {source}"

    def _show(self, value: Any) -> str:
        if value is ABSENT or value is None:
            return "not set"
        names = [str(step) for step in self.path if isinstance(step, ItemName)]
        name = names[-1] if names and "env" in self.path else str(self.path[-1])
        if is_probably_secret_variable(name):
            return redact_named(str(value), describe_secret, name=name)
        return sanitize(json.dumps(value, default=str), _LONGEST_VALUE)


def describe_differences(differences: Sequence[LiveDifference], source: str = "program") -> str:
    """Return the first differences, and the number of the others."""
    shown = [each.describe(source) for each in differences[:_LONGEST_LIST]]
    more = len(differences) - len(shown)
    return "; ".join([*shown, *([f"{more} more"] if more else [])])


def find_differences(
    rendered: Object, live: Object, recorded: Object | None = None, ignored: Collection[Path] = ()
) -> list[LiveDifference]:
    """Return the differences between the `spec` of a live object and the rendered one.

    Args:
        rendered: The object as the program renders it.
        live: The object in the cluster, with its managed fields.
        recorded: The object in Pulumi's state after the update; None if it is unknown.
        ignored: Paths of fields that another controller owns.
    """
    specs = [mapping_at(each, "spec") for each in (rendered, rendered if recorded is None else recorded, live)]
    found = {each.path: each for each in _compare(("spec",), *specs)}
    if recorded is not None:
        for entry in items_at(live, "metadata", "managedFields"):
            if text_at(entry, "manager").startswith(_FIELD_MANAGERS):
                owned = mapping_at(entry, "fieldsV1", "f:spec")
                found |= {each.path: each for each in _find_added(("spec",), specs[2], specs[:2], owned) if each.path not in found}
    return [each for each in found.values() if each.path not in ignored]


def _compare(path: Path, rendered: Any, recorded: Any, live: Any) -> Iterator[LiveDifference]:
    if isinstance(rendered, Mapping) and isinstance(live, Mapping):
        fields = cast("Mapping[str, Any]", rendered)
        for key, value in fields.items():
            yield from _compare((*path, key), value, _field(recorded, key), _field(live, key))
        return
    if isinstance(rendered, list) and isinstance(live, list):
        expected, actual = cast("list[Any]", rendered), cast("list[Any]", live)
        pairs = _pair_items(str(path[-1]), expected, recorded, actual)
        if pairs is not None:
            for step, *values in pairs:
                yield from _compare((*path, step), *values)
            return
    if not _are_equal(path, rendered, live) and _are_equal(path, rendered, recorded):
        yield LiveDifference(path, live, rendered)


def _pair_items(field: str, rendered: list[Any], recorded: Any, live: list[Any]) -> list[tuple[str | int, Any, Any, Any]] | None:
    """Return each rendered item with its counterparts, or None if the lists are compared whole."""
    known = cast("list[Any]", recorded) if isinstance(recorded, list) else []
    if not all(isinstance(each, Mapping) for each in [*rendered, *live]):
        return None
    for keys in identity_keys(field):
        by_key = [_index(items, keys) for items in (rendered, known, live)]
        if by_key[0] is None or by_key[2] is None:
            continue
        wanted, noted, found = by_key[0], by_key[1] or {}, by_key[2]
        if not merge_keys(field) and not found.keys() <= wanted.keys() | noted.keys():
            return None  # one owner sets the whole list
        return [(ItemName(", ".join(key)), item, noted.get(key, ABSENT), found.get(key, ABSENT)) for key, item in wanted.items()]
    if len(rendered) == len(live):
        counterparts = known if len(known) == len(rendered) else [ABSENT] * len(rendered)
        return [(index, *values) for index, values in enumerate(zip(rendered, counterparts, live, strict=True))]
    return None


def _index(items: Sequence[Any], keys: Sequence[str]) -> dict[tuple[str, ...], Any] | None:
    """Return the items by their keys, or None if the keys do not identify them."""
    indexed = {tuple(str(each.get(key)) for key in keys): each for each in items if all(key in each for key in keys)}
    return indexed if len(indexed) == len(items) else None


def _find_added(path: Path, live: Any, known: Sequence[Any], owned: Mapping[str, Any]) -> Iterator[LiveDifference]:
    """Yield the live fields of one field manager that no known object has."""
    if isinstance(live, Mapping):
        for key, value in cast("Mapping[str, Any]", live).items():
            if f"f:{key}" in owned:
                counterparts = [_field(each, key) for each in known]
                yield from _find_added_below((*path, key), value, counterparts, mapping_at(owned, f"f:{key}"))
    elif isinstance(live, list):
        for name in owned if all(isinstance(each, Mapping) for each in cast("list[Any]", live)) else ():
            keys = _decode_keys(name)
            if isinstance(keys, dict):
                chosen = cast("dict[str, Any]", keys)
                item, *counterparts = (_select(each, chosen) for each in cast("list[Any]", [live, *known]))
                step = ItemName(", ".join(map(str, chosen.values())))
                yield from _find_added_below((*path, step), item, counterparts, mapping_at(owned, name))


def _decode_keys(name: str) -> Any:
    """Return the keys of a list item in `managedFields`, or None for another name."""
    try:
        return decode_json(name[2:]) if name.startswith("k:") else None
    except ValueError:
        return None


def _find_added_below(path: Path, value: Any, known: Sequence[Any], owned: Mapping[str, Any]) -> Iterator[LiveDifference]:
    if value is ABSENT or _is_empty(value):
        return
    if all(each is ABSENT or _is_empty(each) for each in known):
        yield LiveDifference(path, value, ABSENT)
    else:
        yield from _find_added(path, value, known, owned)


def _select(items: Any, keys: Mapping[str, Any]) -> Any:
    """Return the item of a list with these key fields, or `ABSENT`."""
    candidates = cast("list[Any]", items) if isinstance(items, list) else []
    for each in candidates:
        if isinstance(each, dict) and all(_has_key(cast(Object, each), key, keys[key]) for key in keys):
            return cast(Object, each)
    return ABSENT


def _has_key(item: Object, key: str, value: Any) -> bool:
    # The API server adds the default protocol of a port.
    return item.get(key, "TCP" if key == "protocol" else None) == value


def _field(object_: Any, key: str) -> Any:
    return cast("Mapping[str, Any]", object_).get(key, ABSENT) if isinstance(object_, Mapping) else ABSENT


def _is_empty(value: Any) -> bool:
    """Return True for a value that is stored like a missing field."""
    if isinstance(value, Mapping):
        return all(_is_empty(each) for each in cast("Mapping[str, Any]", value).values())
    return value is ABSENT or not value


def _are_equal(path: Path, one: Any, other: Any) -> bool:
    if one is ABSENT or other is ABSENT or one is None or other is None:
        return _is_empty(one) and _is_empty(other)
    if path[-1] in _QUANTITY_FIELDS or (len(path) > 1 and path[-2] in _QUANTITY_MAPS):
        numbers = read_quantity(one), read_quantity(other)
        return one == other if None in numbers else numbers[0] == numbers[1]
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        fields = cast("tuple[Mapping[str, Any], Mapping[str, Any]]", (one, other))
        return all(_are_equal((*path, key), *(_field(each, key) for each in fields)) for key in {**fields[0], **fields[1]})
    if isinstance(one, list) and isinstance(other, list):
        items = cast("tuple[list[Any], list[Any]]", (one, other))
        return len(items[0]) == len(items[1]) and all(_are_equal((*path, 0), *pair) for pair in zip(*items, strict=True))
    return bool(one == other)
