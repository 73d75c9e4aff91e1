"""What a run leaves behind: the resources in a fixed order, the stack's outputs, the log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from google.protobuf import struct_pb2

from . import urns, wire
from .urns import AliasSpec

Severity = Literal["info", "warning", "error"]


@dataclass(frozen=True, kw_only=True)
class Timeouts:
    """`custom_timeouts`, as written: `10m`. Empty where the program said nothing."""

    create: str = ""
    update: str = ""
    delete: str = ""
    read: str = ""


@dataclass(frozen=True, kw_only=True)
class Options:
    """The resource options as the engine received them, after transforms."""

    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    protect: bool | None = None
    retain_on_delete: bool | None = None
    delete_before_replace: bool | None = None
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    additional_secret_outputs: tuple[str, ...] = ()
    hide_diffs: tuple[str, ...] = ()
    aliases: tuple[AliasSpec, ...] = ()
    custom_timeouts: Timeouts = field(default_factory=Timeouts)
    deleted_with: str = ""
    replace_with: tuple[str, ...] = ()
    replacement_trigger: Any = None
    import_id: str = ""
    version: str = ""
    plugin_download_url: str = ""
    hooks: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    transforms: int = 0
    """How many transforms the resource itself declared."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Resource:
    """One registration (or read) of the program."""

    urn: str
    type: str
    name: str
    parent: str
    """URN of the parent; the Stack's for a top-level resource, empty for the Stack itself."""
    custom: bool
    read: bool = False
    remote: bool = False
    id: str = ""
    """Empty when it is not known before the real engine runs."""
    provider: str = ""
    """URN of the explicit provider, its own or inherited; empty for a default provider."""
    providers: Mapping[str, str] = field(default_factory=dict[str, str])
    """A component's providers, URN by package."""
    options: Options = field(default_factory=Options)
    raw: struct_pb2.Struct = field(default_factory=struct_pb2.Struct, repr=False)
    raw_outputs: struct_pb2.Struct | None = field(default=None, repr=False)

    @cached_property
    def inputs(self) -> dict[str, Any]:
        """The inputs after transforms, with `Secret` and `UNKNOWN` exactly where they are."""
        return wire.decode(self.raw)

    @cached_property
    def outputs(self) -> dict[str, Any]:
        """What a component (or the stack) registered as its outputs; of a read, the answer."""
        return wire.decode(self.raw_outputs) if self.raw_outputs is not None else {}


@dataclass(frozen=True)
class LogEntry:
    """One line from `pulumi.log`, or from `print` (an info)."""

    severity: Severity
    message: str
    urn: str = ""


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a program did."""

    project: str
    stack: str
    resources: Sequence[Resource]
    """The Stack first, every parent before its children, siblings by type and name."""
    outputs: Mapping[str, Any]
    """What the program exported."""
    log: Sequence[LogEntry]

    @cached_property
    def by_urn(self) -> Mapping[str, Resource]:
        """The resources by URN."""
        return {resource.urn: resource for resource in self.resources}

    def of(self, type_: str) -> list[Resource]:
        """The resources of one type, such as `kubernetes:apps/v1:Deployment`."""
        return [resource for resource in self.resources if resource.type == type_]

    def children(self, parent: Resource | str) -> list[Resource]:
        """The direct children of a resource."""
        urn = parent if isinstance(parent, str) else parent.urn
        return [resource for resource in self.resources if resource.parent == urn]


def arrange(resources: Iterable[Resource]) -> list[Resource]:
    """Depth first, siblings by type and name: the same order however the registrations raced."""
    children: defaultdict[str, list[Resource]] = defaultdict(list)
    known: set[str] = set()
    for resource in resources:
        children[resource.parent].append(resource)
        known.add(resource.urn)
    roots = [resource for parent, group in children.items() if parent not in known for resource in group]
    arranged: list[Resource] = []
    waiting = sorted(roots, key=precedence, reverse=True)
    while waiting:
        resource = waiting.pop()
        arranged.append(resource)
        waiting.extend(sorted(children[resource.urn], key=precedence, reverse=True))
    return arranged


def precedence(resource: Resource) -> tuple[bool, str, str]:
    """Sorts siblings; the Stack before everything."""
    return (resource.type != urns.STACK_TYPE, resource.type, resource.name)
