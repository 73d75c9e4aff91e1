"""Rule of the policy `no-plain-secrets`: keys in plain text anywhere in a Kubernetes object."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from fields import Props
from text.client_options import find_passwords
from text.login_files import is_login
from text.redaction import contains_key, looks_like_credential, redact_named
from text.secret_names import is_login_name, is_secret_name

_ENTRIES = ("annotations", "labels", "data", "binaryData", "stringData", "matchLabels", "nodeSelector", "limits", "requests")
"""Mappings whose keys are names that the user chose."""
_CODE = re.compile(r"\.(?:py|js|ts|go|rb|rs|lua|java)\Z")
"""Ending of an entry with a program. There, `token = settings.token` is no credential."""
_OPTION = re.compile(r"--?[A-Za-z][\w.-]*")
_FIXES = {
    "env": "Use valueFrom.secretKeyRef.",
    "command": "Use an environment variable from a Secret.",
    "args": "Use an environment variable from a Secret.",
}


def check_secrets(kind: str, props: Props) -> Iterator[str]:
    """Yield keys in plain text. They are in the state, in every diff, and readable with the object.

    Every text of an object is searched, also inside base64, except the data of a Secret. Values
    also count by their names: variables, headers, options, annotations, entries of a ConfigMap and
    fields of custom resources. Violations contain no value.
    """
    searched = {field: value for field, value in props.items() if kind != "Secret" or field not in ("data", "stringData")}
    found = {path: fix for field, value in searched.items() for path, fix in _find_keys(field, field, value)}
    for path, fix in found.items():
        yield f"{path}: must not contain a key in plain text. {fix}"


def _find_keys(path: str, field: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield the paths of keys with their fixes. `field` is the name of the field or its list."""
    fix = _FIXES.get(field, "Move it into a Secret.")
    if isinstance(value, str):
        if contains_key(value) if _CODE.search(field) else looks_like_credential(value):
            yield path, fix
    elif isinstance(value, Mapping):
        entries = cast("Mapping[str, Any]", value)
        if _is_secret(str(entries.get("name", "")), entries.get("value")):
            yield path, fix
            return
        for key, item in entries.items():
            text = _decode(item) if field == "binaryData" else item
            step = "[...]" if contains_key(key) else f"[{key}]" if field in _ENTRIES else f".{key}"
            below = path if key == "value" and "name" in entries else f"{path}{step}"
            if step == "[...]" or _is_secret(key, text):
                yield below, "Move it into a Secret."
            yield from _find_keys(below, field if key == "value" else key, text)
    elif isinstance(value, list | tuple):
        listed = cast("list[Any]", value)
        if any(find_passwords([item if isinstance(item, str) else "" for item in listed])):
            yield path, fix
        for index, item in enumerate(listed):
            name = str(cast("Mapping[str, Any]", item).get("name", index)) if isinstance(item, Mapping) else ""
            yield from _find_keys(f"{path}[{'...' if contains_key(name) else name}]" if name else path, field, item)
            option = listed[index - 1] if index else None
            if isinstance(option, str) and _OPTION.fullmatch(option) and _is_secret(option.lstrip("-"), item):
                yield path, fix


def _is_secret(name: str, value: Any) -> bool:
    """Return whether a value is a credential by its name. References and paths are none."""
    if not isinstance(value, str):
        return False
    return (is_secret_name(name) and redact_named(value, name=name) != value) or (is_login_name(name) and is_login(value))


def _decode(value: Any) -> Any:
    """Return the text of an entry of `binaryData`, or the value if it is no text."""
    try:
        return base64.b64decode(value, validate=True).decode() if isinstance(value, str) else value
    except (binascii.Error, UnicodeDecodeError):
        return value
