"""Configuration of a stack, validated and completed by the `config:` schema of the project.

The rules and error texts are those of the Pulumi CLI:
https://www.pulumi.com/docs/iac/concepts/config/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from ..text.nearest_names import did_you_mean, suggest
from .errors import LocalError
from .go_json import NumberError, to_go_json
from .sealed_values import SealedValue, has_sealed

TYPES: Final = ("string", "integer", "boolean", "array", "object")
DECLARATION_FIELDS: Final = ("type", "description", "items", "default", "value", "secret")


@dataclass(frozen=True)
class Declaration:
    """A key in the schema of the project."""

    key: str
    type: str | None = None
    items: Mapping[str, Any] | None = None
    default: Any = None
    value: Any = None
    secret: bool = False

    @property
    def full_type(self) -> str:
        """Type with the type of its items: `array<string>`."""
        return show_type(self.type or "", self.items)


def show_type(type_: str, items: Mapping[str, Any] | None) -> str:
    """Return a type as the CLI prints it."""
    return f"array<{show_type(str(items.get('type', '')), items.get('items'))}>" if items else type_


def parse_declarations(project: str, config: Mapping[str, Any], where: str) -> list[Declaration]:
    """Return the declarations in the `config:` block of a project."""
    return [parse_declaration(project, key, config[key], f"{where}: config: {key}") for key in sorted(config)]


def parse_declaration(project: str, key: str, entry: Any, where: str) -> Declaration:
    """Return the declaration of one entry.

    A plain value is a default in the namespace of the project, and a value in another namespace.
    """
    own = ":" not in key or key.startswith(f"{project}:")
    if not isinstance(entry, dict):
        if entry is None or isinstance(entry, float):
            raise LocalError(f"{where}: must be a string, an integer, a boolean, a list, or a mapping with {', '.join(DECLARATION_FIELDS)}")
        return Declaration(key, default=entry) if own else Declaration(key, value=entry)
    fields = cast("dict[str, Any]", entry)
    for field in fields:
        if field not in DECLARATION_FIELDS:
            raise LocalError(f"{where}: '{field}' not allowed. {suggest(field, DECLARATION_FIELDS)}")
    type_ = fields.get("type")
    if type_ is not None and type_ not in TYPES:
        raise LocalError(f"{where}: type '{type_}' is unknown. {suggest(str(type_), TYPES)}")
    declared = Declaration(key, type_, fields.get("items"), fields.get("default"), fields.get("value"), bool(fields.get("secret")))
    validate_declaration(declared, own, where)
    return declared


def validate_declaration(declared: Declaration, own: bool, where: str) -> None:
    """Raise LocalError for a declaration that the CLI does not accept."""
    key = declared.key
    if declared.default is not None and declared.value is not None:
        raise LocalError(f"{where}: project config '{key}' cannot have both a 'default' and 'value' attribute. Remove one of them.")
    if own:
        if declared.type == "array" and not declared.items:
            text = "declares an array but does not specify the underlying type via the 'items' attribute"
            raise LocalError(f"{where}: The configuration key '{key}' {text}")
        if declared.type and declared.default is not None and not has_type(declared.type, declared.items, declared.default):
            text = f"is not of the expected type '{declared.full_type}'"
            raise LocalError(f"{where}: The default value specified for configuration key '{key}' {text}")
    elif declared.type:
        raise LocalError(f"{where}: Configuration key '{key}' is not namespaced by the project and should not define a type")
    elif declared.default is not None:
        text = "should not define a default value. Did you mean to use the 'value' attribute instead of 'default'?"
        raise LocalError(f"{where}: Configuration key '{key}' is not namespaced by the project and {text}")
    elif declared.value is None:
        raise LocalError(f"{where}: Configuration key '{key}' is namespaced and must provide an attribute 'value'")


def has_type(type_: str, items: Mapping[str, Any] | None, value: Any) -> bool:
    """Return true if a value has a declared type.

    An encrypted value has every type, because it is not decrypted.
    """
    if isinstance(value, SealedValue):
        return True
    match type_:
        case "string":
            return isinstance(value, str)
        case "integer":
            if isinstance(value, str):
                return re.fullmatch(r"[+-]?[0-9]{1,19}", value) is not None and -(2**63) <= int(value) < 2**63
            return isinstance(value, int | float) and not isinstance(value, bool) and float(value).is_integer()
        case "boolean":
            return isinstance(value, bool) or value in ("true", "false")
        case "object":
            return isinstance(value, dict)
        case _:
            if not isinstance(value, list) or not items:
                return False
            elements = cast("list[Any]", value)
            return all(has_type(str(items.get("type", "")), items.get("items"), element) for element in elements)


def full_key(project: str, key: str, where: str) -> str:
    """Return `namespace:key` for `key`, `namespace:key` or the former `namespace:config:key`."""
    parts = key.split(":")
    if len(parts) == 1:
        return f"{project}:{key}"
    if len(parts) == 2:
        return key
    if len(parts) == 3 and parts[1] == "config":
        return f"{parts[0]}:{parts[2]}"
    text = "(configuration keys should be of the form `<namespace>:<name>`)"
    raise LocalError(f"{where}: could not parse {key} as a configuration key {text}")


def refuse_equal_keys(project: str, keys: Iterable[str], where: str) -> None:
    """Raise LocalError for a key with and without its namespace. The CLI uses one at random."""
    first: dict[str, str] = {}
    for key in keys:
        full = full_key(project, key, where)
        if full in first:
            raise LocalError(f"{where}: config: '{first[full]}' and '{key}' are one key. Remove one of them.")
        first[full] = key


def to_text(value: Any) -> str:
    """Return a value as the program receives it.

    Strings and integers are unchanged. Other values are JSON, as in the CLI.
    """
    return str(value) if isinstance(value, str) or type(value) is int else to_go_json(value)


def complete_values(project: str, stack: str, given: Mapping[str, Any], declared: list[Declaration], file: str) -> dict[str, Any]:
    """Return the values of a stack with the defaults of the project.

    Raises:
        LocalError: A value is missing or has the wrong type.
    """
    values = dict(given)
    missing: list[str] = []
    for entry in declared:
        key = full_key(project, entry.key, file)
        if key in values:
            continue
        default = entry.value if entry.default is None else entry.default
        if default is not None:
            values[key] = default
        elif key.startswith(f"{project}:"):
            missing.append(entry.key)
    if missing:
        raise LocalError(describe_missing(stack, sorted(missing), project, file))
    for entry in declared:
        key = full_key(project, entry.key, file)
        if entry.type and key in values:
            validate_value(stack, entry, values[key], file)
    return values


def refuse_unusable_numbers(given: Mapping[str, Any], file: str) -> None:
    """Raise LocalError for `.inf` and `.nan`, which the CLI cannot pass to the program."""
    for key, value in given.items():
        try:
            to_text(value)
        except NumberError as error:
            raise LocalError(f"{file}: {key}: {error}. Write it in quotes.") from None


def warn_of_nulls(given: Mapping[str, Any], file: str) -> list[str]:
    """Return a warning for each key without a value.

    The CLI passes an empty text:
    https://github.com/pulumi/pulumi/blob/v3.260.0/sdk/go/common/workspace/loaders.go
    """
    text = 'has no value, and the program receives an empty text. Write `""`, or remove the key.'
    return [f"{file}: {key}: {text}" for key, value in given.items() if value is None]


def find_misspelt_keys(project: str, given: Mapping[str, Any], declared: list[Declaration], file: str) -> list[str]:
    """Return a warning for each undeclared key of the stack that is similar to a declared key."""
    known = [entry.key.rpartition(":")[2] for entry in declared]
    own = [key.partition(":")[2] for key in given if key.startswith(f"{project}:")]
    hints = {key: did_you_mean(key, known) for key in own if key not in known}
    return [f"{file}: '{project}:{key}' is not declared in Pulumi.yaml. {hint}" for key, hint in hints.items() if hint]


def validate_value(stack: str, entry: Declaration, value: Any, file: str) -> None:
    """Raise LocalError for a value that the CLI does not accept."""
    subject = f"Stack '{stack}' with configuration key '{entry.key}'"
    if entry.secret and not has_sealed(value):
        fix = f"Run `pulumi config set --secret {entry.key} --stack {stack}`."
        raise LocalError(f"{subject} must be encrypted as it's secret (in {file}). {fix}")
    scalar = value is None or isinstance(value, bool | int | float)
    if not has_type(str(entry.type), entry.items, to_text(value) if scalar else value):
        raise LocalError(f"{subject} must be of type '{entry.full_type}' (in {file}).")


def describe_missing(stack: str, keys: list[str], project: str, file: str) -> str:
    """Return the error text of the CLI, and the line to add."""
    quoted = [f"'{key}'" for key in keys]
    listed = quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
    fix = f"Add `{project}:{keys[0].rpartition(':')[2]}: …` below `config:` in {file}."
    return f"Stack '{stack}' is missing configuration value{'s' if len(keys) > 1 else ''} {listed}. {fix}"
