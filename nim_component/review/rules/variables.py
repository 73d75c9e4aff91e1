"""Environment variables: those with a known effect, and those that are not known to be safe."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ...text.secret_names import is_probably_secret_variable
from ..accessors import Fields, mapping
from ..change import ServiceChange
from ..excerpts import excerpt, excerpt_pair
from ..findings import WARNING, Finding, finding
from ..matching import MISSING, compare
from ..object_fields import WORKLOADS, variables
from ..pod_changes import PROBES, ContainerChange, container_changes, pod_changes
from ..references import Renames, find_renames, is_reference
from ..safe_variables import is_safe_change
from ..sentences import Sentence, sentence
from ..settings import Setting, Settings, report_settings
from ..values import show
from ..variable_effects import Effect, find_effect
from .image import MODEL_VARIABLES
from .security import GPUS_OF_NODE

_USED = Effect("code", WARNING, "The command of the container uses it.", None)
_DEFAULT = "The program uses its default instead."
_EFFECT = "The review does not list it as safe. It may change which code, model, key or address the program uses."
_EFFECTS = "The review does not list them as safe. They may change which code, model, key or address the program uses."
_MAX_VARIABLES = 5
"""Variables in the text of a finding. The details contain all of them."""
_REFERENCE = re.compile(r"\$\((\w+)\)")
_TEXTS = ("command", "args", "lifecycle", *PROBES)
"""Fields of a container in which Kubernetes, or a shell, replaces names by values."""


def assigned(service: ServiceChange) -> Iterator[Finding]:
    """Report variables with an effect, also as a part of another value or of a command."""
    for pod in pod_changes(service):
        for container in container_changes(pod):
            old = None if container.before is None else _expand(container.before)
            new = _expand(container.after)
            effects = _find_effects([old or {}, new], [container.before or {}, container.after])
            before = None if old is None else _settings(container, old, effects)
            yield from report_settings(service, pod.change, before, _settings(container, new, effects))


def _expand(container: Fields) -> dict[str, Any]:
    """Return the variables as a container gets them: `$(NAME)` names a variable before it."""
    found: dict[str, Any] = {}
    for name, value in variables(container).items():
        found[name] = _REFERENCE.sub(lambda match: _text(found, match), value) if isinstance(value, str) else value
    return found


def _text(known: Mapping[str, Any], match: re.Match[str]) -> str:
    value = known.get(match[1])
    return value if isinstance(value, str) else match[0]


def _find_effects(states: list[dict[str, Any]], containers: list[Fields]) -> dict[str, Effect]:
    """Return the effect of each variable after the change, else the one before."""
    effects: dict[str, Effect] = {}
    for values, container in zip(states, containers, strict=True):
        text = show([container.get(field) for field in _TEXTS])
        for name, value in values.items():
            is_used = "$" in text and re.search(rf"\$(\(|\{{)?{re.escape(name)}\b", text) is not None
            if found := find_effect(name, value) or (_USED if is_used else None):
                effects[name] = found
    return effects


def _settings(container: ContainerChange, values: Mapping[str, Any], effects: Mapping[str, Effect]) -> Settings:
    owner = sentence(" of container {name}", name=container.after.get("name"))
    found: dict[str, Setting] = {}
    for name, value in values.items():
        if name not in effects:
            continue
        rule, severity, text, new = effects[name]
        found[f"{container.path}.env[{name}]"] = Setting(
            rule, severity, "Variable", name, owner, value, text, new, WARNING, removed_consequence=_DEFAULT
        )
    return found


def unlisted(service: ServiceChange) -> Iterator[Finding]:
    """Report changed variables that are neither known to be safe nor reported by another rule."""
    renames = find_renames(service)
    for pod in pod_changes(service):
        is_workload = pod.change.subject.kind in WORKLOADS
        for container in container_changes(pod):
            if container.before is None:
                continue
            old, new = _expand(container.before), _expand(container.after)
            effects = _find_effects([old, new], [container.before, container.after])
            reported = {*effects, *(MODEL_VARIABLES if is_workload and ".containers[" in container.path else ())}
            changed = [
                (name, old.get(name, MISSING), new.get(name, MISSING))
                for name in sorted({*old, *new} - reported)
                if _may_redirect(f"{container.path}.env[{name}]", name, old.get(name, MISSING), new.get(name, MISSING), renames)
            ]
            if changed:
                text = _describe_changes(changed, str(container.after.get("name")))
                paths = [f"{container.path}.env[{name}]" for name, _, _ in changed]
                yield finding("variable", WARNING, pod.change, service.name, text, (_EFFECT if len(changed) == 1 else _EFFECTS,), *paths)


def _may_redirect(path: str, name: str, old: Any, new: Any, renames: Renames) -> bool:
    """Return true if the change of a variable is neither safe nor that of another rule."""
    if name == GPUS_OF_NODE and new not in (MISSING, "", "none", "void"):
        return False  # the rule of privileges
    if is_probably_secret_variable(name) and any("secretKeyRef" in mapping(each) for each in (old, new)):
        return False  # the rule of Secrets
    differences = list(compare({"value": old}, {"value": new}))
    if all(is_reference(path + ".valueFrom" + each.where.removeprefix("value"), each, renames) for each in differences):
        return False
    return not is_safe_change(name, old, new)


def _describe_changes(changed: list[tuple[str, Any, Any]], container: str) -> Sentence:
    pieces: list[str] = []
    for name, old, new in changed[:_MAX_VARIABLES]:
        pieces += [", " if pieces else "", *_describe_change(name, old, new)]
    more = len(changed) - _MAX_VARIABLES
    pieces += [f", and {more} more" if more > 0 else ""]
    noun = "Variable" if len(changed) == 1 else "Variables"
    return sentence("{noun} of container {container}: {changes}.", noun=(noun,), container=container, changes=tuple(filter(None, pieces)))


def _describe_change(name: str, old: Any, new: Any) -> Sentence:
    if old is MISSING:
        return sentence("{name} is added with {value}", name=name, value=excerpt(show(new)))
    if new is MISSING:
        return sentence("{name} is removed, which was {value}", name=name, value=excerpt(show(old)))
    before, after = excerpt_pair(show(old), show(new))
    return sentence("{name} changes from {old} to {new}", name=name, old=before, new=after)


RULES = (assigned, unlisted)
