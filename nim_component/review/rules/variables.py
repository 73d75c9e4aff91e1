"""Environment variables that decide about keys, traffic, code or rights."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..accessors import Fields
from ..change import ServiceChange
from ..findings import WARNING, Finding
from ..object_fields import variables
from ..pod_changes import PROBES, ContainerChange, container_changes, pod_changes
from ..sentences import sentence
from ..settings import Setting, Settings, report_settings
from ..values import show
from ..variable_effects import Effect, find_effect

_USED = Effect("code", WARNING, "The command of the container uses it.", None)
_DEFAULT = "The program uses its default instead."
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


RULES = (assigned,)
