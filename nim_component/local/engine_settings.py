"""Settings of the Pulumi engine in the configuration of a stack, below `pulumi:`.

https://www.pulumi.com/docs/iac/concepts/config/#pulumi-configuration-options
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import shake_256
from typing import Any, Final, cast

import pulumi

from ..text.nearest_names import suggest
from . import urns
from .errors import LocalError

AUTONAMING, DENIED = "pulumi:autonaming", "pulumi:disable-default-providers"
MODES: Final = ("default", "verbatim", "disabled")
RULE_FIELDS: Final = ("mode", "pattern", "enforce")
ALPHABETS: Final = {"alphanum": "abcdefghijklmnopqrstuvwxyz0123456789", "string": "abcdefghijklmnopqrstuvwxyz", "num": "0123456789"}
"""Characters by the name of a random expression, such as `${alphanum(6)}`."""


@dataclass(frozen=True)
class NamingRule:
    """A rule for the names of resources without a name."""

    mode: str = "default"
    pattern: str = ""

    def make_name(self, urn: str) -> str | None:
        """Return a name, or None if the provider makes it.

        Random characters are a hash of the URN, so that a second run makes the same name.

        Raises:
            RunError: The rule allows no generated names.
        """
        if self.mode == "disabled":
            text = "autonaming is disabled, resource requires the .metadata.name field to be set"
            raise pulumi.RunError(f"{urn}: {text}. Set it, or change {AUTONAMING}.")
        return fill_pattern(self.pattern, urn) if self.mode != "default" else None


@dataclass(frozen=True)
class EngineSettings:
    """Settings of one run."""

    denied: frozenset[str] = frozenset()
    """Packages without a default provider; `*` for all."""
    naming: NamingRule = NamingRule()
    """Rule for resources that no other rule names."""
    naming_by_package: Mapping[str, NamingRule] = field(default_factory=dict[str, NamingRule])
    naming_by_type: Mapping[str, NamingRule] = field(default_factory=dict[str, NamingRule])

    def find_naming_rule(self, type_: str) -> NamingRule:
        """Return the most specific rule for a type."""
        package = type_.partition(":")[0]
        return self.naming_by_type.get(type_) or self.naming_by_package.get(package) or self.naming

    def refuse_default_provider(self, type_: str, provider: str) -> None:
        """Raise RunError for a resource or function whose default provider is disabled."""
        package = type_.partition(":")[0]
        if not provider and package != "pulumi" and self.denied & {package, "*"}:
            fix = f"Pass a provider in its options, or change {DENIED}."
            raise pulumi.RunError(f"Default provider for '{package}' disabled. '{type_}' must use an explicit provider. {fix}")


def read_settings(config: Mapping[str, str], *, project: str, stack: str, organization: str) -> EngineSettings:
    """Return the settings of a stack.

    The rules are those of the CLI:
    https://github.com/pulumi/pulumi/blob/v3.260.0/pkg/cmd/pulumi/autonaming/config.go

    Raises:
        LocalError: The engine does not accept a setting.
    """
    denied = read_denied(config.get(DENIED, ""))
    if AUTONAMING not in config:
        return EngineSettings(denied)
    variables = {"organization": organization, "project": project, "stack": stack}
    variables |= {f"config.{key.partition(':')[2]}": value for key, value in config.items() if key.startswith(f"{project}:")}
    root = read_fields(parse_json(AUTONAMING, config[AUTONAMING]), (*RULE_FIELDS, "providers"), AUTONAMING)
    rule = read_rule(root, variables, AUTONAMING) or NamingRule()
    by_package: dict[str, NamingRule] = {}
    by_type: dict[str, NamingRule] = {}
    for package, entry in read_fields(root.get("providers") or {}, None, f"{AUTONAMING}.providers").items():
        where = f"{AUTONAMING}.providers.{package}"
        fields = read_fields(entry, (*RULE_FIELDS, "resources"), where)
        by_package[package] = read_rule(fields, variables, where) or rule
        for type_, nested in read_fields(fields.get("resources") or {}, None, f"{where}.resources").items():
            place = f"{where}.resources.{type_}"
            found = read_rule(read_fields(nested, RULE_FIELDS, place), variables, place)
            if found is None:
                raise LocalError(f"{place}: mode or pattern must be specified. Write `mode: verbatim`.")
            by_type[type_] = found
    return EngineSettings(denied, rule, by_package, by_type)


def read_denied(text: str) -> frozenset[str]:
    """Return the packages whose default provider is disabled."""
    packages: Any = parse_json(DENIED, text) if text else []
    if not isinstance(packages, list) or not all(isinstance(each, str) for each in cast("list[Any]", packages)):
        raise LocalError(f"{DENIED}: must be a list of strings. Write `['*']`, or names of packages such as `[kubernetes]`.")
    return frozenset(each.strip() for each in cast("list[str]", packages))


def parse_json(key: str, text: str) -> Any:
    """Return the value of a structured key."""
    try:
        return json.loads(text)
    except ValueError:
        raise LocalError(f"{key}: {text!r} has the wrong form. Write a mapping for autonaming, and a list for providers.") from None


def read_fields(value: Any, allowed: tuple[str, ...] | None, where: str) -> dict[str, Any]:
    """Return a mapping. Raise LocalError for other values and for unknown fields."""
    if not isinstance(value, dict):
        raise LocalError(f"{where}: must be a mapping. Write `{where.rpartition('.')[2].rpartition(':')[2]}: {{mode: verbatim}}`.")
    fields = cast("dict[str, Any]", value)
    for name in fields:
        if allowed is not None and name not in allowed:
            raise LocalError(f"{where}: unknown field '{name}'. {suggest(name, allowed)}")
    return fields


def read_rule(fields: Mapping[str, Any], variables: Mapping[str, str], where: str) -> NamingRule | None:
    """Return the rule of a mapping, or None if it contains none."""
    mode, pattern, enforce = (fields.get(name) for name in RULE_FIELDS)
    if mode is not None and (pattern is not None or enforce is not None):
        raise LocalError(f"{where}: cannot specify both mode and pattern/enforce. Remove one of them.")
    if pattern is None and enforce is not None:
        raise LocalError(f"{where}: pattern must be specified when enforce is true. Write `pattern: ${{name}}`.")
    if isinstance(pattern, str):
        return NamingRule("pattern", resolve_variables(pattern, variables, where))
    if pattern is not None or (mode is not None and mode not in MODES):
        value = mode if pattern is None else pattern
        raise LocalError(f"{where}: invalid naming mode: {value}. {suggest(str(value), MODES)}")
    return None if mode is None else NamingRule(str(mode), "${name}")


def resolve_variables(pattern: str, variables: Mapping[str, str], where: str) -> str:
    """Return a pattern with the values of the stack."""

    def find(match: re.Match[str]) -> str:
        if match[1] not in variables:
            raise LocalError(f'{where}: no value found for key "{match[1].removeprefix("config.")}". Set it in the stack file.')
        return variables[match[1]]

    return re.sub(r"\$\{(organization|project|stack|config\.[^}]+)\}", find, pattern)


def fill_pattern(pattern: str, urn: str) -> str:
    """Return the name of a resource. Random expressions are filled from a hash of the URN."""

    def fill(match: re.Match[str]) -> str:
        kind, count = match[1], int(match[2])
        digest = shake_256(f"{match.start()} {urn}".encode())
        if kind == "hex":
            return digest.hexdigest(count // 2 + 1)[:count]
        return "".join(ALPHABETS[kind][byte % len(ALPHABETS[kind])] for byte in digest.digest(count))

    name = pattern.replace("${name}", urns.parse(urn).name)
    name = re.sub(r"\$\{(hex|alphanum|string|num)\((\d{1,3})\)\}", fill, name)
    return name.replace("${uuid}", str(uuid.UUID(bytes=shake_256(urn.encode()).digest(16))))
