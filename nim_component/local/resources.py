"""Result of a run: resources in a fixed order, outputs of the stack, and the log."""

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
    """`custom_timeouts` as written, such as `10m`. Empty if not set."""

    create: str = ""
    update: str = ""
    delete: str = ""
    read: str = ""


@dataclass(frozen=True, kw_only=True)
class Options:
    """Resource options after transforms."""

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
    """Count of transforms of the resource itself."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Resource:
    """A registration or a read of the program."""

    urn: str
    type: str
    name: str
    parent: str
    """URN of the parent.

    It is the Stack for a top-level resource, and empty for the Stack itself.
    """
    custom: bool
    read: bool = False
    remote: bool = False
    id: str = ""
    """Id, or empty if only an update by the Pulumi engine sets it."""
    provider: str = ""
    """URN of the explicit provider, own or inherited. Empty for a default provider."""
    providers: Mapping[str, str] = field(default_factory=dict[str, str])
    """URNs of the providers of a component, by package."""
    options: Options = field(default_factory=Options)
    mutable: bool = False
    """True for a ConfigMap or Secret whose data the provider changes in place."""
    raw: struct_pb2.Struct = field(default_factory=struct_pb2.Struct, repr=False)
    raw_outputs: struct_pb2.Struct | None = field(default=None, repr=False)

    @cached_property
    def inputs(self) -> dict[str, Any]:
        """Inputs after transforms, with `Secret` and `UNKNOWN` where the program set them."""
        return wire.decode(self.raw)

    @cached_property
    def outputs(self) -> dict[str, Any]:
        """Registered outputs of a component or the stack, or properties that a read returned."""
        return wire.decode(self.raw_outputs) if self.raw_outputs is not None else {}


@dataclass(frozen=True)
class LogEntry:
    """A message from `pulumi.log`, or a line from `print` with severity info."""

    severity: Severity
    message: str
    urn: str = ""


@dataclass(frozen=True, kw_only=True)
class Run:
    """Result of a run of a program."""

    project: str
    stack: str
    resources: Sequence[Resource]
    """Resources: the Stack first, parents before children, siblings by type and name."""
    outputs: Mapping[str, Any]
    """Exports of the program."""
    log: Sequence[LogEntry]

    @cached_property
    def by_urn(self) -> Mapping[str, Resource]:
        """Resources by URN."""
        return {resource.urn: resource for resource in self.resources}

    def of(self, type_: str) -> list[Resource]:
        """Return the resources of one type, such as `kubernetes:apps/v1:Deployment`."""
        return [resource for resource in self.resources if resource.type == type_]

    def children(self, parent: Resource | str) -> list[Resource]:
        """Return the direct children of a resource."""
        urn = parent if isinstance(parent, str) else parent.urn
        return [resource for resource in self.resources if resource.parent == urn]


def sort_resources(resources: Iterable[Resource]) -> list[Resource]:
    """Return resources depth first, siblings by type and name.

    The order does not depend on the order of registration, which differs between runs.
    """
    children: defaultdict[str, list[Resource]] = defaultdict(list)
    known: set[str] = set()
    for resource in resources:
        children[resource.parent].append(resource)
        known.add(resource.urn)
    roots = [resource for parent, siblings in children.items() if parent not in known for resource in siblings]
    ordered: list[Resource] = []
    waiting = sorted(roots, key=sibling_order, reverse=True)
    while waiting:
        resource = waiting.pop()
        ordered.append(resource)
        waiting.extend(sorted(children[resource.urn], key=sibling_order, reverse=True))
    return ordered


def sibling_order(resource: Resource) -> tuple[bool, str, str]:
    """Return the sort key of a resource among its siblings. The Stack comes first."""
    return (resource.type != urns.STACK_TYPE, resource.type, resource.name)
