"""Timeouts.

All follow from `startup_timeout`: startup probe < progress deadline < Pulumi's timeouts. The start
of a pod has these phases, one after another, and each has its budget once:

1. `PULL_ALLOWANCE`: an old pod stops or a node is added, a volume is attached, an image is pulled.
2. `loader_deadline`: adapters are downloaded.
3. `startup`: the model is downloaded and loaded.

`MARGIN` is the only safety margin.
"""

from dataclasses import dataclass

from ..args import NIM

PROBE_PERIOD = 10
"""Seconds between two probes."""
PULL_ALLOWANCE = 600
"""Seconds before the container starts: for a new node, volumes, and an image of 10 to 20 GB."""
MARGIN = 60
"""Seconds in which a controller reports the end of a phase, and Pulumi reads it.

A controller reports a deadline within seconds, and a readiness probe has a period of 10 seconds.
"""
LOADER_MINIMUM = 300
"""Seconds for adapters if `startup_timeout` permits them: 1 GB at 4 MB/s, and retries."""


@dataclass(frozen=True)
class Timing:
    """Timeouts in seconds, in ascending order."""

    loader_deadline: int
    """Deadline of the LoRA loader."""
    startup: int
    """Limit of the startup probe: at least `startup_timeout`, and a multiple of the probe's period.
    """
    progress_deadline: int
    """Time after which Kubernetes reports a rollout without progress as failed: the three phases of
    one pod."""
    rounds: int = 1
    """Number of pods that an update starts one after another. A creation starts all at once."""
    prewarm_deadline: int = 0
    """Deadline of the prewarm Job after its creation; 0 without a prewarm Job."""
    lora_job_budget: int = 0
    """Time for the LoRA Job; 0 without one."""

    @property
    def create_timeout(self) -> int:
        """Timeout of Pulumi for the creation of workload and Service, which both wait for pods."""
        return self.progress_deadline + MARGIN

    @property
    def update_timeout(self) -> int:
        """Timeout of Pulumi for an update of workload and Service."""
        return self.progress_deadline * self.rounds + MARGIN

    @property
    def prewarm_timeout(self) -> int:
        """Timeout of Pulumi for the prewarm Job."""
        return self.prewarm_deadline + MARGIN

    @property
    def lora_job_timeout(self) -> int:
        """Timeout of Pulumi for the LoRA Job."""
        return self.lora_job_budget + MARGIN

    @property
    def jobs_timeout(self) -> int:
        """Timeout of the slower Job; 0 without Jobs. Both run at the same time, before the pods."""
        jobs = (self.prewarm_timeout if self.prewarm_deadline else 0, self.lora_job_timeout if self.lora_job_budget else 0)
        return max(jobs)

    @property
    def longest_wait(self) -> int:
        """Sum of all budgets of an update: the Jobs, then the pods."""
        return self.jobs_timeout + self.update_timeout


def compute_timing(nim: NIM, *, unload_seconds: int | None = None) -> Timing:
    """Compute the timeouts from `startup_timeout`, replicas, rollout, adapters and prewarm Job.

    Args:
        nim: The arguments of the service.
        unload_seconds: Seconds that the LoRA Job waits for the servers; None without a LoRA Job.
    """
    startup = -(-nim.startup_timeout // PROBE_PERIOD) * PROBE_PERIOD
    loader = max(startup // 4, min(startup // 2, LOADER_MINIMUM)) if nim.adapter_names else 0
    return Timing(
        loader_deadline=loader,
        startup=startup,
        progress_deadline=PULL_ALLOWANCE + loader + startup,
        rounds=1 if nim.rollout == "recreate" else max(1, nim.most_pods),
        prewarm_deadline=0 if nim.cache.prewarm is None else nim.cache.prewarm.timeout + PULL_ALLOWANCE,
        lora_job_budget=0 if unload_seconds is None else PULL_ALLOWANCE + loader + unload_seconds,
    )
