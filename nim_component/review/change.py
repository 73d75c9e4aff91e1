"""The one model of a change, whichever source it comes from: what stood there, what will, and how the one becomes the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from ..local import urns
from .matching import Difference, compare

Operation = Literal["create", "update", "replace", "delete", "read", "forget", "same"]
"""`read` and `forget` concern objects that are not the stack's own: nothing happens to them."""
Order = Literal["", "create-before-delete", "delete-before-create"]

COMPONENT = "nim:index:NIMService"


@dataclass(frozen=True)
class ResourceState:
    """One resource as one side has it. Its inputs are clean: see `values`."""

    urn: str
    type: str
    name: str
    """The logical name."""
    parent: str
    inputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    external: bool = False
    """Read, not managed."""
    protect: bool = False
    retain: bool = False
    """Stays in the cluster when it leaves the stack."""
    ignored: tuple[str, ...] | None = ()
    """`ignore_changes`; None when the source does not say."""
    timeouts: Mapping[str, float] = field(default_factory=dict[str, float])
    """`custom_timeouts` in seconds, by operation."""

    @property
    def kind(self) -> str:
        """`Deployment`; of what is no Kubernetes object, the type token."""
        return self.type.rpartition(":")[2] if self.type.startswith("kubernetes:") else self.type

    @property
    def object_name(self) -> str:
        """`metadata.name`, or the logical name where that is not known."""
        name = self.metadata.get("name")
        return name if isinstance(name, str) else self.name

    @property
    def namespace(self) -> str:
        """`metadata.namespace`, empty when there is none."""
        namespace = self.metadata.get("namespace")
        return namespace if isinstance(namespace, str) else ""

    @property
    def metadata(self) -> Mapping[str, Any]:
        """`metadata`, whatever stands there."""
        metadata = self.inputs.get("metadata")
        return metadata if isinstance(metadata, dict) else {}  # pyright: ignore[reportUnknownVariableType]


@dataclass(frozen=True)
class Change:
    """What happens to one resource."""

    operation: Operation
    before: ResourceState | None
    after: ResourceState | None
    order: Order = ""
    """Of a replacement."""
    reasons: tuple[str, ...] = ()
    """The fields that force it."""
    cause: str = ""
    """The resource whose replacement carries this one along, as `ConfigMap name`."""
    engine_differences: tuple[Difference, ...] = ()
    """What the engine says differs although the inputs, as far as they may be seen, do not."""

    @property
    def subject(self) -> ResourceState:
        """The resource as it will be, else as it was."""
        found = self.after or self.before
        assert found is not None, "a change has at least one side"
        return found

    @cached_property
    def differences(self) -> Sequence[Difference]:
        """Every leaf that differs. A resource that comes or goes as a whole has none."""
        if self.before is None or self.after is None:
            return ()
        return (*compare(dict(self.before.inputs), dict(self.after.inputs)), *self.engine_differences)

    @property
    def happens(self) -> bool:
        """Whether anything happens at all."""
        return self.operation in ("create", "update", "replace", "delete")


@dataclass(frozen=True)
class Message:
    """A diagnostic of the run: an error or a warning, verbatim but for credentials."""

    severity: Literal["error", "warning"]
    text: str
    resource: str = ""
    """The logical name of the resource it is about."""


@dataclass(frozen=True)
class ServiceChange:
    """All changes of one service, or of what belongs to none under one name."""

    name: str
    changes: Sequence[Change]

    def of(self, *kinds: str) -> list[Change]:
        """The changes of some kinds."""
        return [change for change in self.changes if change.subject.kind in kinds]

    def component(self) -> Change | None:
        """The component's own."""
        return next((change for change in self.changes if change.subject.type == COMPONENT), None)


@dataclass(frozen=True)
class StackChange:
    """Everything that happens to a stack."""

    stack: str
    source: str
    """`local renders` or `pulumi preview`."""
    services: Sequence[ServiceChange] = ()
    outputs: Sequence[Difference] = ()
    messages: Sequence[Message] = ()
    presence: Literal["both", "added", "removed"] = "both"
    """Whether the stack itself comes or goes: of a stack that goes nothing is destroyed."""


def group_services(changes: Sequence[Change]) -> list[ServiceChange]:
    """The changes by service, services by name."""
    parents = {resource.urn: resource for change in changes for resource in (change.before, change.after) if resource}
    groups: dict[str, list[Change]] = {}
    for change in changes:
        if change.subject.type != urns.STACK_TYPE:
            groups.setdefault(service_of(change.subject, parents), []).append(change)
    return [ServiceChange(name, groups[name]) for name in sorted(groups)]


def service_of(resource: ResourceState, known: Mapping[str, ResourceState]) -> str:
    """The name of the nearest `NIMService` a resource belongs to, else of the outermost component, else its own."""
    current, outermost = resource, resource.name
    for _ in range(100):
        if current.type == COMPONENT:
            return current.name
        parent = urns.parse(current.parent) if urns.is_urn(current.parent) else None
        if parent is None or parent.type == urns.STACK_TYPE:
            return outermost
        outermost = parent.name
        if parent.type == COMPONENT or current.parent not in known:
            return outermost
        current = known[current.parent]
    return outermost
