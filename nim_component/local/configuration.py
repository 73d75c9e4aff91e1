"""The stack's configuration, checked and completed by the project's `config:` schema with the CLI's rules and words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, cast

from ..text.nearest_names import did_you_mean, suggest
from .errors import LocalError

TYPES: Final = ("string", "integer", "boolean", "array", "object")
DECLARATION: Final = ("type", "description", "items", "default", "value", "secret")


class Sealed(str):
    """Stands for a `secure:` value, which is never decrypted here. Its digest is the ciphertext's: it changes when the value does."""

    __slots__ = ()


@dataclass(frozen=True)
class Declared:
    """One key of the project's schema."""

    key: str
    type: str | None = None
    items: Mapping[str, Any] | None = None
    default: Any = None
    value: Any = None
    secret: bool = False

    @property
    def full_type(self) -> str:
        """`array<string>`."""
        return name_type(self.type or "", self.items)


def name_type(type_: str, items: Mapping[str, Any] | None) -> str:
    """A type as the CLI names it."""
    return f"array<{name_type(str(items.get('type', '')), items.get('items'))}>" if items else type_


def declare(project: str, config: Mapping[str, Any], where: str) -> list[Declared]:
    """The project's `config:` block, short forms spelled out."""
    return [declare_key(project, key, config[key], f"{where}: config: {key}") for key in sorted(config)]


def declare_key(project: str, key: str, entry: Any, where: str) -> Declared:
    """One entry: a plain value is a default under the project's namespace and a value under another's."""
    own = ":" not in key or key.startswith(f"{project}:")
    if not isinstance(entry, dict):
        if entry is None or isinstance(entry, float):
            raise LocalError(f"{where}: must be a text, an integer, a boolean, a list, or a mapping with {', '.join(DECLARATION)}")
        return Declared(key, default=entry) if own else Declared(key, value=entry)
    fields = cast("dict[str, Any]", entry)
    for field in fields:
        if field not in DECLARATION:
            raise LocalError(f"{where}: '{field}' not allowed. {suggest(field, DECLARATION)}")
    type_ = fields.get("type")
    if type_ is not None and type_ not in TYPES:
        raise LocalError(f"{where}: type '{type_}' is unknown. {suggest(str(type_), TYPES)}")
    declared = Declared(key, type_, fields.get("items"), fields.get("default"), fields.get("value"), bool(fields.get("secret")))
    refuse_declaration(declared, own, where)
    return declared


def refuse_declaration(declared: Declared, own: bool, where: str) -> None:
    """The CLI's rules for a schema entry."""
    key = declared.key
    if declared.default is not None and declared.value is not None:
        raise LocalError(f"{where}: project config '{key}' cannot have both a 'default' and 'value' attribute; keep one")
    if own:
        if declared.type == "array" and not declared.items:
            text = "declares an array but does not specify the underlying type via the 'items' attribute"
            raise LocalError(f"{where}: The configuration key '{key}' {text}")
        if declared.type and declared.default is not None and not fits(declared.type, declared.items, declared.default):
            text = f"is not of the expected type '{declared.full_type}'"
            raise LocalError(f"{where}: The default value specified for configuration key '{key}' {text}")
    elif declared.type:
        raise LocalError(f"{where}: Configuration key '{key}' is not namespaced by the project and should not define a type")
    elif declared.default is not None:
        text = "should not define a default value. Did you mean to use the 'value' attribute instead of 'default'?"
        raise LocalError(f"{where}: Configuration key '{key}' is not namespaced by the project and {text}")
    elif declared.value is None:
        raise LocalError(f"{where}: Configuration key '{key}' is namespaced and must provide an attribute 'value'")


def fits(type_: str, items: Mapping[str, Any] | None, value: Any) -> bool:
    """Whether a value is of a declared type. What is sealed fits everything: nobody can look."""
    if isinstance(value, Sealed):
        return True
    match type_:
        case "string":
            return isinstance(value, str)
        case "integer":
            if isinstance(value, str):
                return value.lstrip("+-").isdecimal() and value.lstrip("+-").isascii()
            return isinstance(value, int | float) and not isinstance(value, bool) and float(value).is_integer()
        case "boolean":
            return isinstance(value, bool) or value in ("true", "false")
        case "object":
            return isinstance(value, dict)
        case _:
            if not isinstance(value, list) or not items:
                return False
            elements = cast("list[Any]", value)
            return all(fits(str(items.get("type", "")), items.get("items"), element) for element in elements)


def full_key(project: str, key: str, where: str) -> str:
    """`ns:key`, from `key`, `ns:key` or the old `ns:config:key`."""
    parts = key.split(":")
    if len(parts) == 1:
        return f"{project}:{key}"
    if len(parts) == 2:
        return key
    if len(parts) == 3 and parts[1] == "config":
        return f"{parts[0]}:{parts[2]}"
    text = "(configuration keys should be of the form `<namespace>:<name>`)"
    raise LocalError(f"{where}: could not parse {key} as a configuration key {text}")


def unseal(value: Any) -> Any:
    """The value with every `secure:` leaf replaced by what stands for it."""
    match value:
        case {"secure": str(ciphertext), **others} if not others:
            return Sealed(f"[secret:{sha256(ciphertext.encode()).hexdigest()[:12]}]")
        case dict():
            entries = cast("dict[Any, Any]", value)
            return {str(key): unseal(item) for key, item in entries.items()}
        case list():
            elements = cast("list[Any]", value)
            return [unseal(element) for element in elements]
        case _:
            return value


def holds_sealed(value: Any) -> bool:
    """Whether any leaf is sealed: the CLI then counts the whole key as secret."""
    match value:
        case Sealed():
            return True
        case dict():
            entries = cast("dict[str, Any]", value)
            return any(map(holds_sealed, entries.values()))
        case list():
            elements = cast("list[Any]", value)
            return any(map(holds_sealed, elements))
        case _:
            return False


def to_text(value: Any) -> str:
    """A value as the program receives it: texts as they are, all else as JSON, with the keys in order as the CLI writes them."""
    return str(value) if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False, sort_keys=True)


def complete(project: str, stack: str, given: Mapping[str, Any], declared: list[Declared], file: str) -> dict[str, Any]:
    """The stack's values with the project's defaults. LocalError for what is missing or of the wrong type, in the CLI's words."""
    values = dict(given)
    missing: list[str] = []
    for entry in declared:
        key = full_key(project, entry.key, file)
        if key in values:
            continue
        fallback = entry.value if entry.default is None else entry.default
        if fallback is not None:
            values[key] = fallback
        elif key.startswith(f"{project}:"):
            missing.append(entry.key)
    if missing:
        raise LocalError(describe_missing(stack, sorted(missing), project, file))
    for entry in declared:
        key = full_key(project, entry.key, file)
        if entry.type and key in values:
            refuse_value(stack, entry, values[key], from_stack=key in given, file=file)
    return values


def undeclared(project: str, given: Mapping[str, Any], declared: list[Declared], file: str) -> list[str]:
    """A warning for each key of the stack that looks like a declared one, misspelt: it would be ignored in silence."""
    known = [entry.key.rpartition(":")[2] for entry in declared]
    own = [key.partition(":")[2] for key in given if key.startswith(f"{project}:")]
    hints = {key: did_you_mean(key, known) for key in own if key not in known}
    return [f"{file}: '{project}:{key}' is not declared in Pulumi.yaml. {hint}" for key, hint in hints.items() if hint]


def refuse_value(stack: str, entry: Declared, value: Any, *, from_stack: bool, file: str) -> None:
    """The CLI's rules for one value of a stack."""
    subject = f"Stack '{stack}' with configuration key '{entry.key}'"
    if entry.secret and from_stack and not holds_sealed(value):
        remedy = f"`pulumi config set --secret {entry.key} --stack {stack}` does that"
        raise LocalError(f"{subject} must be encrypted as it's secret; in {file} it stands in clear: {remedy}")
    scalar = value is None or isinstance(value, bool | int | float)
    if not fits(str(entry.type), entry.items, to_text(value) if scalar else value):
        raise LocalError(f"{subject} must be of type '{entry.full_type}' (in {file})")


def describe_missing(stack: str, keys: list[str], project: str, file: str) -> str:
    """What the CLI says, and where to write it."""
    quoted = [f"'{key}'" for key in keys]
    listed = quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
    remedy = f"add it under `config:` in {file}, as `{project}:{keys[0].rpartition(':')[2]}: …`"
    return f"Stack '{stack}' is missing configuration value{'s' if len(keys) > 1 else ''} {listed}; {remedy}"
