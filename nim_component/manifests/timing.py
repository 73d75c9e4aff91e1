"""Timeouts.

All follow from `startup_timeout`: startup probe < progress deadline < Pulumi's timeouts.
"""

from dataclasses import dataclass

from ..args import NIM

PROBE_PERIOD = 10
"""Seconds between two probes."""
PULL_ALLOWANCE = 600
"""Seconds before the container starts: for a new node, volumes, and an image of 10 to 20 GB."""
MARGIN = 300
"""Seconds between the progress deadline and Pulumi's timeout, so that Kubernetes reports the
failure first."""


@dataclass(frozen=True)
class Timing:
    """Timeouts in seconds, in ascending order."""

    loader_deadline: int
    """Deadline of the LoRA loader."""
    startup: int
    """Limit of the startup probe: at least `startup_timeout`, and a multiple of the probe's period.
    """
    progress_deadline: int
    """Time after which Kubernetes reports a rollout without progress as failed."""
    timeout: int
    """Timeout of Pulumi for Deployment and Service.

    Both wait for pods, and a rolling update starts them one by one.
    """
    prewarm_deadline: int = 0
    """Deadline of the prewarm Job after its creation; 0 without a prewarm Job."""

    @property
    def prewarm_timeout(self) -> int:
        """Timeout of Pulumi for the prewarm Job."""
        return self.prewarm_deadline + MARGIN


def compute_timing(nim: NIM) -> Timing:
    """Compute the timeouts from `startup_timeout`, replicas, rollout, adapters and prewarm Job."""
    startup = -(-nim.startup_timeout // PROBE_PERIOD) * PROBE_PERIOD
    loader = max(startup - 60, startup // 2) if nim.adapter_names else 0
    progress = startup + loader + PULL_ALLOWANCE
    rounds = 1 if nim.rollout == "recreate" else max(1, nim.most_pods)
    prewarm = 0 if nim.cache.prewarm is None else nim.cache.prewarm.timeout + PULL_ALLOWANCE
    return Timing(loader, startup, progress, progress * rounds + MARGIN, prewarm)
