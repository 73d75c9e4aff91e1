"""Resource of a program whose progress is reported."""

from dataclasses import dataclass, field

import pulumi

from ...cluster.connection import Connection
from ..diagnosis import Diagnosis
from .autoscaler_hold import Hold
from .early_end import WaitSettings
from .tracked_rollout import TrackedRollout


@dataclass
class ReportedResource:
    """A resource that Pulumi may create or update, and wait for, in this run."""

    component: pulumi.Resource
    adapters: int
    read_secrets: bool
    connection: Connection | None = None
    child_kinds: tuple[str, ...] = ()
    """Kinds of the service's optional children whose conditions are read."""
    wait: WaitSettings | None = None
    """Settings of `diagnosis.fail_fast`; None if it is not set."""
    rollout: TrackedRollout | None = None
    """The rollout while Pulumi waits for it."""
    hold: Hold | None = None
    """Hold of the autoscaler that this update deletes."""
    warned: dict[str, Diagnosis] = field(default_factory=dict[str, Diagnosis])
    """Diagnoses by cause that were reported in this run, while Pulumi waited for the resource."""
    has_changed: bool = False
    """True if Pulumi has created or updated the resource in this run."""
    has_failed: bool = False
    """True if the program has waited for the resource in this run, and it did not become ready."""
