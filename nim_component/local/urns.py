"""URNs as the real engine forms them, and the URNs a resource had before, from its aliases and its parent's."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

PREFIX = "urn:pulumi:"
STACK_TYPE = "pulumi:pulumi:Stack"


class Urn(NamedTuple):
    """The parts of `urn:pulumi:<stack>::<project>::<qualified type>::<name>`."""

    stack: str
    project: str
    qualified_type: str
    name: str

    @property
    def type(self) -> str:
        """The resource's own type, without its parents'."""
        return self.qualified_type.rsplit("$", 1)[-1]

    def __str__(self) -> str:
        return f"{PREFIX}{self.stack}::{self.project}::{self.qualified_type}::{self.name}"


class AliasSpec(NamedTuple):
    """One alias as the program declared it: a whole URN, or the parts that were different."""

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
    """The parts of a URN. Only the name may contain `::`."""
    stack, project, qualified_type, name = urn.removeprefix(PREFIX).split("::", 3)
    return Urn(stack, project, qualified_type, name)


def make(stack: str, project: str, parent: str, type_: str, name: str) -> str:
    """The URN of a resource. Its parents' types stand before its own, the stack's does not."""
    return str(Urn(stack, project, qualify(parse(parent).qualified_type if parent else "", type_), name))


def qualify(parent_type: str, type_: str) -> str:
    """`a$b$c`, from the parent's qualified type and the child's own."""
    return type_ if parent_type in ("", STACK_TYPE) else f"{parent_type}${type_}"


def former_urns(urn: str, parent: str, aliases: Iterable[AliasSpec], taken: Mapping[str, str]) -> list[str]:
    """Every URN the resource may have had: its own aliases, and those it inherits.

    `taken` says, for resources dealt with before (parents come first), under which alias each was found in the last state. A child
    inherits exactly that one, and its name follows when it begins with the parent's: `new-config` was `old-config`.
    """
    own = [collapse(urn, parent, alias, taken) for alias in aliases]
    inherited: list[str] = []
    if parent_was := taken.get(parent):
        for form in (urn, *own):
            inherited.append(inherit(parse(form), parse(parent).name, parse(parent_was)))
    return list(dict.fromkeys(former for former in (*own, *inherited) if former != urn))


def collapse(urn: str, parent: str, alias: AliasSpec, taken: Mapping[str, str]) -> str:
    """The URN an alias stands for; parts it does not name are the resource's own."""
    if alias.urn:
        return alias.urn
    own = parse(urn)
    former_parent = taken.get(alias.parent, alias.parent) or parent
    if alias.no_parent or (former_parent and parse(former_parent).qualified_type == STACK_TYPE):
        former_parent = ""
    return make(alias.stack or own.stack, alias.project or own.project, former_parent, alias.type or own.type, alias.name or own.name)


def inherit(child: Urn, parent_name: str, parent_was: Urn) -> str:
    """The URN a child had under its parent's former URN."""
    name = parent_was.name + child.name.removeprefix(parent_name) if child.name.startswith(parent_name) else child.name
    return str(Urn(child.stack, child.project, qualify(parent_was.qualified_type, child.type), name))
