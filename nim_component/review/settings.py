"""Settings that decide about keys, traffic, code or rights, and their changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from .change import Change, ServiceChange
from .excerpts import excerpt, excerpt_pair
from .findings import CRITICAL, WARNING, Finding, Severity, finding
from .matching import compare
from .references import Renames, is_reference
from .sentences import Sentence, enumerate_values, sentence
from .values import show


class Setting(NamedTuple):
    """A value of an object, with the consequence of its change."""

    rule: str
    severity: Severity
    noun: str
    """Noun for it, such as `Variable`."""
    name: str
    owner: Sentence
    """Part that has it, such as ` of container nim`."""
    value: Any
    consequence: str
    new_severity: Severity | None = None
    """Severity in an object or a container that is new; None if it is not reported there."""
    removed_severity: Severity | None = None
    """Severity of its removal; a warning by default, if its change is critical."""
    location: str = ""
    """Field of the value below the path of the setting, such as `configMap`."""
    removed_consequence: str = ""
    """Consequence of its removal. That of its presence no longer holds then."""


Settings = Mapping[str, Setting]
"""Settings by path in the object."""


def report_settings(
    service: ServiceChange, change: Change, before: Settings | None, after: Settings, renames: Renames = frozenset()
) -> Iterator[Finding]:
    """Report settings that are added, changed or removed. Those that change alike are one finding.

    Args:
        service: Service of the object.
        change: Change of the object.
        before: Settings before; None if the object, or the part with the settings, is new.
        after: Settings after.
        renames: Objects that get another name. A reference that follows one is no change.
    """
    groups: dict[tuple[Any, ...], list[tuple[str, Setting]]] = {}
    known = before or {}
    for path in [*known, *(path for path in after if path not in known)]:
        old, new = known.get(path), after.get(path)
        severity = _find_severity(path, old, new, renames) if before is not None else new.new_severity if new is not None else None
        if severity is not None and (each := new or old) is not None:
            values = tuple(None if setting is None else show(setting.value) for setting in (old, new))
            consequence = new.consequence if new is not None else each.removed_consequence
            groups.setdefault((each.rule, severity, each.noun, consequence, values), []).append((path, each))
    for (rule, severity, _, consequence, (old_value, new_value)), found in groups.items():
        text = _describe([each for _, each in found], old_value, new_value, is_new=before is None)
        yield finding(rule, severity, change, service.name, text, (consequence,) if consequence else (), *(path for path, _ in found))


def _find_severity(path: str, old: Setting | None, new: Setting | None, renames: Renames) -> Severity | None:
    """Return the severity of a change; None if nothing changes."""
    if new is None:
        return None if old is None else old.removed_severity or (WARNING if old.severity is CRITICAL else old.severity)
    if old is None:
        return new.severity
    where = f"{path}.{new.location}" if new.location else path
    differences = compare({"value": old.value}, {"value": new.value})
    is_changed = any(not is_reference(where + each.where.removeprefix("value"), each, renames) for each in differences)
    return new.severity if is_changed or old.location != new.location else None


def _describe(settings: list[Setting], old: str | None, new: str | None, *, is_new: bool) -> Sentence:
    first, is_one = settings[0], len(settings) == 1
    noun, verb, ending = (first.noun, "is", "s") if is_one else (f"{first.noun}s", "are", "")
    title = sentence("{noun} {names}{owner}", noun=(noun,), names=enumerate_values([each.name for each in settings]), owner=first.owner)
    if old is not None and new is not None:
        before, after = excerpt_pair(old, new)
        return (*title, *sentence(" change{ending} from {old} to {new}.", ending=(ending,), old=before, new=after))
    value = excerpt(new or old or "")
    if new is None:
        return (*title, *sentence(" {verb} removed. The value was {value}.", verb=(verb,), value=value))
    template = " {verb} set to {value}." if is_new else " {verb} added: {value}."
    return (*title, *sentence(template, verb=(verb,), value=value))
