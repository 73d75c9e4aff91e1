"""One number drives the waiting: startup budget < progress deadline < Pulumi's timeouts of Deployment and Service."""

from dataclasses import dataclass

from ..args import NIM

PROBE_PERIOD = 10
"""Seconds between two probes."""
PULL_ALLOWANCE = 600
"""Seconds for what comes before the container starts: a node that is added, volumes, an image of 10 to 20 GB."""
MARGIN = 300
"""Seconds by which Pulumi's timeout lies above the progress deadline, so that Kubernetes' own verdict comes first."""


@dataclass(frozen=True)
class Timing:
    """Seconds, each above the one before."""

    loader_deadline: int
    """How long the LoRA loader may take."""
    startup: int
    """The startup probe's budget: at least `startup_timeout`, a multiple of the probe's period."""
    progress_deadline: int
    """When Kubernetes calls a rollout without progress failed."""
    timeout: int
    """How long Pulumi waits for Deployment and Service: both wait for pods, and a rolling update brings them up one after another."""
    prewarm_deadline: int = 0
    """When Kubernetes ends a pre-warm Job, counted from its making; 0 without one."""

    @property
    def prewarm_timeout(self) -> int:
        """How long Pulumi waits for that Job."""
        return self.prewarm_deadline + MARGIN


def time_rollout(nim: NIM) -> Timing:
    """The numbers that follow from `startup_timeout`, `replicas`, `rollout` and whether adapters are downloaded first."""
    startup = -(-nim.startup_timeout // PROBE_PERIOD) * PROBE_PERIOD
    loader = max(startup - 60, startup // 2) if nim.adapter_names else 0
    progress = startup + loader + PULL_ALLOWANCE
    one_by_one = 1 if nim.rollout == "recreate" else max(1, nim.most_pods)
    prewarm = 0 if nim.cache.prewarm is None else nim.cache.prewarm.timeout + PULL_ALLOWANCE
    return Timing(loader, startup, progress, progress * one_by_one + MARGIN, prewarm)
