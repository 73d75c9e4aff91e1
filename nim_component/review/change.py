"""Model of a change: states of each resource before and after it, and the operation."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from ..local import urns
from ..local.replacement_fields import forces_replacement
from .accessors import mapping
from .matching import Difference, compare
from .pod_specs import PodSpec, find_pod_specs

Operation = Literal["create", "update", "replace", "delete", "read", "forget", "same"]
"""Operation on a resource.

`read` and `forget` are for resources outside the stack: they stay unchanged.
"""
Order = Literal["", "create-before-delete", "delete-before-create"]

COMPONENT = "nim:index:NIMService"
PROVIDER = "pulumi:providers:kubernetes"


@dataclass(frozen=True)
class ResourceState:
    """State of one resource before or after the change. The inputs contain no secrets."""

    urn: str
    type: str
    name: str
    """Logical name."""
    parent: str
    """URN of the parent."""
    inputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    external: bool = False
    """Read by the stack, not managed."""
    protect: bool = False
    retain: bool = False
    """`retain_on_delete`: the object stays in the cluster when it is removed from the stack."""
    ignored: tuple[str, ...] | None = ()
    """`ignore_changes`; None if the source does not contain it."""
    timeouts: Mapping[str, float] = field(default_factory=dict[str, float])
    """`custom_timeouts` in seconds, by operation."""
    provider: str = ""
    """URN of the explicit provider; empty for a default provider."""
    custom: bool = True
    """False for a component, which has no object of its own."""

    @property
    def kind(self) -> str:
        """Kubernetes kind, such as `Deployment`; the type token of other resources."""
        return self.type.rpartition(":")[2] if self.type.startswith("kubernetes:") else self.type

    @property
    def object_name(self) -> str:
        """`metadata.name`, or the logical name if that is unknown."""
        name = self.metadata.get("name")
        return name if isinstance(name, str) else self.name

    @property
    def namespace(self) -> str:
        """`metadata.namespace`, or an empty string."""
        namespace = self.metadata.get("namespace")
        return namespace if isinstance(namespace, str) else ""

    @property
    def metadata(self) -> Mapping[str, Any]:
        """`metadata`, or an empty mapping."""
        return mapping(self.inputs.get("metadata"))

    @cached_property
    def pod_specs(self) -> Mapping[str, PodSpec]:
        """Pod specs of the object by path; empty for a component, whose children have them."""
        return {} if self.type == COMPONENT else find_pod_specs(self.inputs)


@dataclass(frozen=True)
class Change:
    """Change of one resource."""

    operation: Operation
    before: ResourceState | None
    after: ResourceState | None
    order: Order = ""
    """Order of a replacement."""
    reasons: tuple[str, ...] = ()
    """Fields that force a replacement."""
    cause: str = ""
    """Resource whose replacement forces this one, such as `ConfigMap name`."""
    engine_differences: tuple[Difference, ...] = ()
    """Differences that the engine reports and that the inputs do not show, such as a drift."""

    @property
    def subject(self) -> ResourceState:
        """State after the change, or before it if the resource is deleted."""
        found = self.after or self.before
        assert found is not None, "a change has at least one state"
        return found

    @cached_property
    def differences(self) -> Sequence[Difference]:
        """Differences between the inputs; empty for a resource that is created or deleted."""
        if self.before is None or self.after is None:
            return ()
        return (*compare(dict(self.before.inputs), dict(self.after.inputs)), *self.engine_differences)

    @property
    def is_unchanged(self) -> bool:
        """True if neither the inputs nor the options of the resource change."""
        return self.operation in ("same", "read") and self.before is not None and self.before == self.after and not self.differences

    @property
    def has_effect(self) -> bool:
        """True if the operation changes the cluster or the stack."""
        return self.operation in ("create", "update", "replace", "delete")


@dataclass(frozen=True)
class Message:
    """Error or warning of a render or a preview, without credentials."""

    severity: Literal["error", "warning"]
    text: str
    resource: str = ""
    """Logical name of the resource that the message is about."""
    is_unreviewed: bool = False
    """The stack cannot be reviewed, although its update may succeed."""


@dataclass(frozen=True)
class ServiceChange:
    """Changes of one service, or of resources that belong to no service."""

    name: str
    changes: Sequence[Change]
    is_partial: bool = False
    """True if further changes may follow, because the preview ended with an error."""

    def of(self, *kinds: str) -> list[Change]:
        """Return the changes of the given kinds."""
        return [change for change in self.changes if change.subject.kind in kinds]

    @property
    def component(self) -> Change | None:
        """Change of the component itself."""
        return next((change for change in self.changes if change.subject.type == COMPONENT), None)

    @property
    def is_created(self) -> bool:
        """True if the change adds the whole service."""
        return self.component is not None and self.component.operation == "create"

    @property
    def is_deleted(self) -> bool:
        """True if the change removes the whole service."""
        return self.component is not None and self.component.operation == "delete"

    @property
    def is_whole(self) -> bool:
        """True if the change adds or removes the whole service. One finding covers all objects."""
        return self.is_created or self.is_deleted


@dataclass(frozen=True)
class StackChange:
    """Changes of one stack."""

    stack: str
    source: str
    """`local renders` or `pulumi preview`."""
    services: Sequence[ServiceChange] = ()
    outputs: Sequence[Difference] = ()
    messages: Sequence[Message] = ()
    presence: Literal["both", "added", "removed"] = "both"
    """`added` or `removed` if the stack file is. Its removal deletes no resource."""


def find_reasons(differences: Iterable[Difference], replacing: Collection[str]) -> tuple[str, ...]:
    """Return the changed fields that force a replacement.

    Args:
        differences: Differences of the inputs.
        replacing: Paths whose change replaces the object.
    """
    return tuple(sorted({each.where for each in differences if forces_replacement(each.path, replacing)}))


def group_services(changes: Sequence[Change], *, is_partial: bool = False) -> list[ServiceChange]:
    """Collect changes by service, in order of name."""
    states = {state.urn: state for change in changes for state in (change.before, change.after) if state}
    services: dict[str, list[Change]] = {}
    for change in changes:
        if change.subject.type != urns.STACK_TYPE:
            services.setdefault(service_name(change.subject, states), []).append(change)
    return [ServiceChange(name, services[name], is_partial) for name in sorted(services)]


def service_name(state: ResourceState, states: Mapping[str, ResourceState]) -> str:
    """Return the name of the service that a resource belongs to.

    It is the nearest `NIMService` above the resource, else its outermost parent, else the resource.
    """
    current, outermost = state, state.name
    for _ in range(100):
        if current.type == COMPONENT:
            return current.name
        parent = urns.parse(current.parent) if urns.is_urn(current.parent) else None
        if parent is None or parent.type == urns.STACK_TYPE:
            return outermost
        outermost = parent.name
        if parent.type == COMPONENT or current.parent not in states:
            return outermost
        current = states[current.parent]
    return outermost
