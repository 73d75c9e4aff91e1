"""Services as the program renders them, for the comparison with the cluster."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi

from ...cluster.connection import Connection
from ...cluster.objects import Object, name_of, texts_at
from ...names import SELECTOR_LABELS, SKIP_AWAIT
from ...text.field_paths import Path
from ..diagnosis import Diagnosis
from ..phases import JOB_TITLES

Reaction = Literal["error", "warn", "ignore"]


@dataclass(frozen=True)
class ExpectedWorkload:
    """A Deployment, LeaderWorkerSet or Job as the program renders it."""

    kind: str
    rendered: Object
    recorded: Object | None = None
    """The object in Pulumi's state after the update; None if it is unknown."""
    ignored: tuple[Path, ...] = ()
    """Paths of fields that an autoscaler owns."""

    @property
    def name(self) -> str:
        """Name of the object."""
        return name_of(self.rendered)

    @property
    def title(self) -> str:
        """Kind in output, such as `prewarm Job`."""
        labels = texts_at(self.rendered, "spec", "template", "metadata", "labels")
        return JOB_TITLES.get(labels.get(SELECTOR_LABELS[0], ""), "Job") if self.kind == "Job" else self.kind

    @property
    def is_awaited(self) -> bool:
        """False if the user has disabled Pulumi's wait for it."""
        return texts_at(self.rendered, "metadata", "annotations").get(SKIP_AWAIT, "").lower() != "true"


@dataclass(frozen=True)
class ExpectedService:
    """A NIMService whose resources are ready according to Pulumi."""

    component: pulumi.Resource
    name: str
    """Name of the service and of its Service."""
    namespace: str
    port: int
    connection: Connection | None
    """Cluster; None if the stack renders to files."""
    workloads: Sequence[ExpectedWorkload]
    """The workload that answers requests, then the Jobs."""
    models: Sequence[str] = ()
    """The requested models: the base model if its name is known, then the adapters."""
    base_name_is_derived: bool = False
    """True if the base model's name was derived from the image or its source. The server may use
    another name."""
    has_changed: bool = True
    """True if Pulumi created or updated a workload of the service in this run."""
    is_autoscaled: bool = False
    fails_fast: bool = False
    """True with `diagnosis.fail_fast`."""
    failure: str = ""
    """Error of a service for which the program has waited without success; else empty."""
    child_kinds: tuple[str, ...] = ()
    """Kinds of its optional children whose conditions are read."""
    reported: frozenset[Diagnosis] = frozenset()
    """Diagnoses that its progress has reported in this run."""
    unavailable: Reaction = "error"
    missing_models: Reaction = "error"


@dataclass(frozen=True)
class ServiceProblem:
    """Text about a service that is not as the program renders it."""

    component: pulumi.Resource
    text: str
    reaction: Reaction
