"""Rule of the policy `no-plain-secrets`: keys in plain text anywhere in a Kubernetes object."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from text.redaction import contains_key, redact_named
from text.secret_names import is_secret_name
from workloads import Props

_ENTRIES = ("annotations", "labels", "data", "binaryData", "stringData", "matchLabels", "nodeSelector", "limits", "requests")
"""Mappings whose keys are names that the user chose."""
_FIXES = {
    "env": "Use valueFrom.secretKeyRef.",
    "command": "Use an environment variable from a Secret.",
    "args": "Use an environment variable from a Secret.",
}


def check_secrets(kind: str, props: Props) -> Iterator[str]:
    """Yield keys in plain text. They are in the state, in every diff, and readable with the object.

    Every text of an object is searched, also inside base64, except the data of a Secret. Variables,
    headers and entries of a ConfigMap also count by their names. Violations contain no value.
    """
    searched = {field: value for field, value in props.items() if kind != "Secret" or field not in ("data", "stringData")}
    found = {path: fix for field, value in searched.items() for path, fix in _find_keys(field, field, value, kind)}
    for path, fix in found.items():
        yield f"{path}: must not contain a key in plain text. {fix}"


def _find_keys(path: str, field: str, value: Any, kind: str) -> Iterator[tuple[str, str]]:
    """Yield the paths of keys with their fixes. `field` is the name of the field or its list."""
    if isinstance(value, str):
        if contains_key(value):
            yield path, _FIXES.get(field, "Move it into a Secret.")
    elif isinstance(value, Mapping):
        entries = cast("Mapping[str, Any]", value)
        if _is_secret(str(entries.get("name", "")), entries.get("value")):
            yield path, _FIXES.get(field, "Move it into a Secret.")
            return
        for key, item in entries.items():
            step = "[...]" if contains_key(key) else f"[{key}]" if field in _ENTRIES else f".{key}"
            below = path if key == "value" and "name" in entries else f"{path}{step}"
            if step == "[...]" or (kind == "ConfigMap" and path == "data" and _is_secret(key, item)):
                yield below, "Move it into a Secret."
            yield from _find_keys(below, field if key == "value" else key, item, kind)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(cast("list[Any]", value)):
            name = str(cast("Mapping[str, Any]", item).get("name", index)) if isinstance(item, Mapping) else ""
            yield from _find_keys(f"{path}[{'...' if contains_key(name) else name}]" if name else path, field, item, kind)


def _is_secret(name: str, value: Any) -> bool:
    """Return whether a value is a credential by its name. References and paths are none."""
    return isinstance(value, str) and is_secret_name(name) and redact_named(value) != value
