"""Values of a change: the redaction of secrets, and the text of a value.

Both sources pass their values through `redact_inputs` before any rule reads them, so no rule and no
view can print a secret.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2s
from itertools import pairwise
from typing import Any, Final, cast

from ..kubernetes.kubectl import LAST_APPLIED
from ..local.markers import SECRET, SECRET_TEXT, SIGNATURE, UNKNOWN, UNKNOWN_SENTINEL, Unknown
from ..text import redaction, secret_names
from ..text.client_options import find_passwords
from .accessors import mappings

KNOWN_AFTER_APPLY: Final = "(known after apply)"
"""Text of an unknown value, as in the output of `pulumi preview`."""
_EXECUTED: Final = ("args", "command")
"""Fields whose texts are executed."""


@dataclass(frozen=True, repr=False)
class Redacted:
    """A secret value, or a text with a credential in it."""

    token: str = ""
    """Digest of the value.

    It distinguishes a changed secret from an unchanged one, and is in no output.
    """
    text: str = SECRET_TEXT
    """The text without the credentials."""

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__


def redact_inputs(type_: str, inputs: Any) -> dict[str, Any]:
    """Return the inputs of a resource without secrets; empty if all of them are one secret."""
    redacted = redact_value(inputs)
    if not isinstance(redacted, dict):
        return {}
    entries = cast("dict[str, Any]", redacted)
    if type_ in ("kubernetes:core/v1:Secret", "kubernetes:core/v1:SecretPatch"):
        return _redact_secret(entries)
    if type_ == "kubernetes:core/v1:SecretList":
        items = mappings(entries.get("items"))
        return entries | {"items": [_redact_secret(dict(each)) for each in items]}
    if type_.endswith(":SealedSecret"):
        return entries | ({"spec": _redact_sealed(entries["spec"])} if "spec" in entries else {})
    if type_.startswith("pulumi:providers:"):
        return {key: redact_whole(value) if key in ("kubeconfig", "secret") else value for key, value in entries.items()}
    return entries


def _redact_secret(entries: dict[str, Any]) -> dict[str, Any]:
    """Redact the data of a Secret: values have no name that shows what they are."""
    return {key: _redact_data(value) if key in ("data", "stringData") else value for key, value in entries.items()}


def _redact_sealed(spec: Any) -> Any:
    """Redact the data in the template of a SealedSecret. Its encrypted data stays."""
    template = spec.get("template") if isinstance(spec, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    if not isinstance(template, dict):
        return spec  # pyright: ignore[reportUnknownVariableType]
    return {**cast("dict[str, Any]", spec), "template": _redact_secret(cast("dict[str, Any]", template))}


def redact_value(value: Any, key: str = "") -> Any:
    """Return a value, at every depth, without secrets. `key` is the field that contains it."""
    match value:
        case str():
            if _is_secret_setting(key, value):
                return redact_named(value, name=key)
            return redact_text(value, is_executed=key in _EXECUTED)
        case list():
            return _redact_list(cast("list[Any]", value), key)
        case dict():
            return _redact_mapping(cast("dict[str, Any]", value), key)
        case int() if not isinstance(value, bool) and value > 999 and secret_names.is_secret_field(key):
            return redact_whole(value)
        case _:
            return value


def redact_text(text: str, *, is_executed: bool = False) -> str | Redacted | Unknown:
    """Return a text, a redacted text if it contains a credential, or the marker it denotes.

    The marks contain a digest, so that a changed credential is visible. Of a text that is executed,
    only the credentials are redacted: no command can be omitted because of a name before it.
    """
    if text == SECRET_TEXT:
        return Redacted()
    if text == UNKNOWN_SENTINEL:
        return UNKNOWN
    return _mark_redacted(text, _redact(text, is_executed))


def redact_named(value: str, *, is_executed: bool = False, name: str = "") -> str | Redacted:
    """Return the value of a setting that its name shows to be a credential, redacted.

    References, addresses and commands stay readable.
    """
    return _mark_redacted(value, redaction.redact_named(value, redaction.describe_secret, executed=is_executed, name=name))


def _mark_redacted(text: str, redacted: str) -> str | Redacted:
    return text if redacted == text else Redacted(redact_whole(text).token, redacted)


@lru_cache(maxsize=16_384)
def _redact(text: str, is_executed: bool) -> str:
    return redaction.redact(text, mark=redaction.describe_secret, executed=is_executed)


@lru_cache(maxsize=16_384)  # the resources of a stack repeat most of their keys and texts
def redact_message(text: str) -> str:
    """Return a message of a program or an engine without credentials."""
    return redaction.redact(text, mark=SECRET_TEXT)


def redact_whole(value: Any) -> Redacted:
    """Return a redacted value of which only the digest is left."""
    if isinstance(value, Redacted):
        return value
    return Redacted("" if value == SECRET_TEXT else blake2s(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest())


def _redact_data(value: Any) -> Any:
    """Redact the values of a Secret. Its keys stay."""
    if isinstance(value, Mapping):
        entries = cast("Mapping[str, Any]", value)
        return {key: item if item is UNKNOWN else redact_whole(item) for key, item in entries.items()}
    return value if value is None or value is UNKNOWN else redact_whole(value)


def _redact_mapping(entries: dict[str, Any], key: str) -> Any:
    """Redact a mapping: a marker of the engine, an environment variable, or plain data."""
    if entries.get(SIGNATURE) == SECRET:
        return Redacted(str(entries.get("value", "")))
    redacted = {redact_message(name): redact_value(item, name) for name, item in entries.items()}
    if isinstance(command := entries.get("command"), list) and isinstance(arguments := entries.get("args"), list):
        words, shown = [*cast("list[Any]", command), *cast("list[Any]", arguments)], [*redacted["command"], *redacted["args"]]
        redacted["args"] = _redact_client(words, shown)[len(redacted["command"]) :]
    if entries.get("kind") in ("Secret", "SecretPatch"):
        redacted = _redact_secret(redacted)
    if entries.get("kind") == "SealedSecret":
        redacted["spec"] = _redact_sealed(redacted.get("spec"))
    if LAST_APPLIED in redacted:
        redacted[LAST_APPLIED] = redact_whole(entries[LAST_APPLIED])
    if key == "env":  # an input of the component: value by name
        return redacted | {
            redact_message(name): redact_named(item, name=name) for name, item in entries.items() if _is_secret_setting(name, item)
        }
    if key == "data":  # an entry of a ConfigMap is no name of a Secret
        literals = {
            name: item for name, item in entries.items() if _is_secret_setting(name, item) and secret_names.is_reference(name, item)
        }
        return redacted | {redact_message(name): redact_named(item) for name, item in literals.items()}
    if _is_secret_setting(str(entries.get("name", "")), entries.get("value")):
        redacted["value"] = redact_named(str(entries["value"]), name=str(entries["name"]))
    elif _is_secret_setting(key, entries.get("value")):
        redacted["value"] = redact_named(str(entries["value"]), name=key)
    return redacted


def _redact_list(items: list[Any], key: str) -> list[Any]:
    """Redact a list.

    In a command line, the argument after a flag such as `--api-key` is a secret.
    """
    if key not in _EXECUTED:
        return [redact_value(item, key if isinstance(item, str) else "") for item in items]
    redacted = [redact_value(item, key) for item in items]
    for index, (flag, value) in enumerate(pairwise(items)):
        if isinstance(flag, str) and _is_literal(value) and redaction.is_secret_flag(flag, value):
            redacted[index + 1] = redact_named(value, is_executed=True)
    return _redact_client(items, redacted)


def _redact_client(items: list[Any], redacted: list[Any]) -> list[Any]:
    """Redact the passwords of a command line whose first word is a client such as `curl`."""
    words = [item if isinstance(item, str) else "" for item in items]
    for index, start, end in find_passwords(words):
        if redacted[index] == items[index]:
            text = words[index]
            redacted[index] = _mark_redacted(text, text[:start] + redaction.describe_secret(text[start:end]) + text[end:])
    return redacted


def _is_secret_setting(name: str, value: Any) -> bool:
    """Return whether a variable, an entry or a field may contain a credential in plain text."""
    return secret_names.is_probably_secret_variable(name) and _is_literal(value)


def _is_literal(value: Any) -> bool:
    """Return whether a value is plain text: no reference to another variable, and no marker."""
    return isinstance(value, str) and value not in ("", SECRET_TEXT, UNKNOWN_SENTINEL) and not re.fullmatch(r"\$\(\w+\)", value)


def is_unreadable(value: Any) -> bool:
    """Return true for a value that is, or contains, one that a review cannot read.

    It is known only during the update, or the program marked it secret.
    """
    if isinstance(value, Redacted):
        return value.text == SECRET_TEXT
    if isinstance(value, list):
        return any(map(is_unreadable, cast("list[Any]", value)))
    return isinstance(value, Unknown) or (isinstance(value, Mapping) and any(map(is_unreadable, cast("Mapping[str, Any]", value).values())))


def show(value: Any) -> str:
    """Return a value as one text: a text unchanged, other values as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, Redacted | Unknown):
        return describe(value)
    return "none" if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True, default=describe, separators=(", ", ": "))


def describe(marker: Any) -> str:
    """Return the text of a redacted or unknown value."""
    return KNOWN_AFTER_APPLY if isinstance(marker, Unknown) else str(marker)
