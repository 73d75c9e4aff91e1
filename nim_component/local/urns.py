"""URNs of the Pulumi engine, and former URNs from aliases.

Format: https://www.pulumi.com/docs/iac/concepts/resources/names/
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

PREFIX = "urn:pulumi:"
STACK_TYPE = "pulumi:pulumi:Stack"


class Urn(NamedTuple):
    """Fields of `urn:pulumi:<stack>::<project>::<qualified type>::<name>`."""

    stack: str
    project: str
    qualified_type: str
    name: str

    @property
    def type(self) -> str:
        """Type of the resource, without the types of its parents."""
        return self.qualified_type.rsplit("$", 1)[-1]

    def __str__(self) -> str:
        return f"{PREFIX}{self.stack}::{self.project}::{self.qualified_type}::{self.name}"


class AliasSpec(NamedTuple):
    """An alias of a resource: a whole URN, or the fields that differed."""

    urn: str = ""
    name: str = ""
    type: str = ""
    stack: str = ""
    project: str = ""
    parent: str = ""
    no_parent: bool = False


def is_urn(text: str) -> bool:
    """Return true for a text that `parse` accepts."""
    return text.count("::") >= 3


def parse(urn: str) -> Urn:
    """Parse a URN. Only the name may contain `::`."""
    stack, project, qualified_type, name = urn.removeprefix(PREFIX).split("::", 3)
    return Urn(stack, project, qualified_type, name)


def parse_provider(reference: str) -> str:
    """Return the URN in a provider reference, `<urn>::<id>`."""
    return reference.rpartition("::")[0]


def make(stack: str, project: str, parent: str, type_: str, name: str) -> str:
    """Return the URN of a resource. `parent` is a URN or empty."""
    return str(Urn(stack, project, qualify(parse(parent).qualified_type if parent else "", type_), name))


def qualify(parent_type: str, type_: str) -> str:
    """Return `a$b$c`, the types of all parents but the stack and the own type."""
    return type_ if parent_type in ("", STACK_TYPE) else f"{parent_type}${type_}"


def split_type(type_: str) -> tuple[str, str, str]:
    """Return package, module and kind of a type token."""
    package, _, rest = type_.partition(":")
    module, _, kind = rest.partition(":")
    return package, module, kind


def find_former_urns(urn: str, parent: str, aliases: Iterable[AliasSpec], matched: Mapping[str, str]) -> list[str]:
    """Return all URNs that a resource may have had, from its own and from inherited aliases.

    Args:
        urn: Current URN.
        parent: Current URN of the parent.
        aliases: Aliases of the resource itself.
        matched: Former URN by current URN, for resources that were found in the last state under an
            alias. Parents must be matched before children. A child inherits exactly the alias under
            which its parent was found; its name follows if it begins with the name of the parent
            (`new-config` was `old-config`).
    """
    own = [resolve_alias(urn, parent, alias, matched) for alias in aliases]
    inherited: list[str] = []
    if former_parent := matched.get(parent):
        for form in (urn, *own):
            inherited.append(inherit_alias(parse(form), parse(parent).name, parse(former_parent)))
    return list(dict.fromkeys(former for former in (*own, *inherited) if former != urn))


def resolve_alias(urn: str, parent: str, alias: AliasSpec, matched: Mapping[str, str]) -> str:
    """Return the URN of an alias. Fields that it leaves empty are those of the resource."""
    if alias.urn:
        return alias.urn
    own = parse(urn)
    former_parent = matched.get(alias.parent, alias.parent) or parent
    if alias.no_parent or (former_parent and parse(former_parent).qualified_type == STACK_TYPE):
        former_parent = ""
    return make(alias.stack or own.stack, alias.project or own.project, former_parent, alias.type or own.type, alias.name or own.name)


def inherit_alias(child: Urn, parent_name: str, former_parent: Urn) -> str:
    """Return the URN of a child below the former URN of its parent."""
    name = former_parent.name + child.name.removeprefix(parent_name) if child.name.startswith(parent_name) else child.name
    return str(Urn(child.stack, child.project, qualify(former_parent.qualified_type, child.type), name))
