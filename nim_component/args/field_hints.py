"""Hints for fields that do not exist: the field that the user probably meant.

Candidates, best first:

1. a field of the same model that differs only in case, hyphens and underscores;
2. a name of the chart, the operator or Kubernetes (`foreign_names.py`);
3. a field of the same model with a similar spelling;
4. a field of the same name in another model.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, cast

from pydantic import BaseModel

from ..text.field_paths import Path
from ..text.nearest_names import did_you_mean, suggest
from .foreign_names import FOREIGN_NAMES, ForeignName
from .reflection import field_model, field_paths, model_at

_MOST_HINTS = 4
"""Fields that a hint names at most."""
_DEEPEST_SUFFIX = 2
"""Depth of a path up to which its last step alone is looked up: deeper, a match is a
coincidence."""


def hint_for_unknown_field(root: type[BaseModel] | None, path: Path, received: Any) -> str:
    """Return the fix for a field that does not exist.

    Args:
        root: Model that the path starts from, or None if it is unknown.
        path: Path of the field.
        received: Value of the field. Only the names of keys are read, never values.
    """
    model = model_at(root, path[:-1]) if root is not None else None
    if root is None or model is None:
        return "Remove it."
    name, siblings = str(path[-1]), list(model.model_fields)
    steps = _steps(root, path)
    for sibling in siblings:
        if _fold(sibling) == _fold(name):
            return f"Did you mean {sibling!r}? {_hint_for_keys(steps, received)}".rstrip()
    return (
        _hint_for_keys(steps, received)
        or _hint_for_name(steps)
        or did_you_mean(name, siblings)
        or _did_you_mean(_fields_named(name))
        or suggest(name, siblings)
    )


def hint_for_mapping(root: type[BaseModel] | None, path: Path, received: Any) -> str | None:
    """Return the fix for a mapping in place of a plain value, if its keys are foreign names.

    The chart's `image: {repository: ..., tag: ...}` is such a mapping: `image` is a string here.
    """
    return _hint_for_keys(_steps(root, path), received) or None if root is not None else None


def _steps(root: type[BaseModel], path: Path) -> tuple[str, ...]:
    """Return the names in a path, from `NIM` on."""
    return (*_location(root), *(str(step) for step in path if not isinstance(step, int)))


@cache
def _location(model: type[BaseModel]) -> tuple[str, ...]:
    """Return the path of a model below `NIM`, or an empty path if it has none or several."""
    from .nim import NIM  # its modules import this one

    paths = [path for path in field_paths(NIM) if field_model(model_at(NIM, path[:-1]), path[-1]) is model]
    return paths[0] if len(paths) == 1 else ()


def _fields_named(name: str) -> list[str]:
    """Return the dotted paths of all fields with a name."""
    from .nim import NIM  # its modules import this one

    return [".".join(path) for path in field_paths(NIM) if _fold(path[-1]) == _fold(name)]


def _hint_for_name(steps: tuple[str, ...]) -> str:
    suffix = steps[-1:] if len(steps) <= _DEEPEST_SUFFIX else ()
    foreign = _find(steps) or _find(suffix)
    above = [".".join(steps[:depth]) for depth in range(1, len(steps))]
    if foreign is None or (foreign.fields and set(foreign.fields) <= set(above)):
        return ""
    return f"{_did_you_mean(foreign.fields)} {foreign.note}".strip()


def _hint_for_keys(steps: tuple[str, ...], received: Any) -> str:
    """Return a hint for the keys of a structure that users of another product write."""
    found = {each: None for keys in _key_paths(received) if (each := _find((*steps, *keys))) is not None}
    by_fields: dict[tuple[str, ...], list[ForeignName]] = {}
    names = [foreign.name for foreign in found]
    for foreign in found:
        if any(name.startswith(f"{foreign.name}.") for name in names):
            continue  # an entry further inside is more specific
        by_fields.setdefault(foreign.fields, []).append(foreign)
    uses = [
        f"{_join((repr(each) for each in fields), 'and')} for {_join((each.name for each in foreign), 'and')}"
        for fields, foreign in by_fields.items()
        if fields
    ]
    if not uses:
        return ""
    notes = dict.fromkeys(each.note for each in found if each.note and each.fields)
    return " ".join([f"Use {', '.join(uses[:_MOST_HINTS])}.", *notes])


def _key_paths(value: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of every key in a structure; the items of a list share the list's path."""
    if isinstance(value, Mapping):
        for key, inner in cast("Mapping[Any, Any]", value).items():
            yield (*above, str(key))
            yield from _key_paths(inner, (*above, str(key)))
    elif isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from _key_paths(item, above)


def _find(steps: tuple[str, ...]) -> ForeignName | None:
    return _index().get(_fold(".".join(steps)))


@cache
def _index() -> dict[str, ForeignName]:
    return {_fold(foreign.name): foreign for foreign in reversed(FOREIGN_NAMES)}


def _did_you_mean(fields: Iterable[str]) -> str:
    names = [repr(each) for each in fields]
    return f"Did you mean {_join(names, 'or')}?" if 0 < len(names) <= _MOST_HINTS else ""


def _join(words: Iterable[str], conjunction: str) -> str:
    *most, last = words
    return f"{', '.join(most)} {conjunction} {last}" if most else last


def _fold(name: str) -> str:
    """Return a name without case, separators and plural."""
    return re.sub(r"[-_]", "", name).lower().removesuffix("s")
