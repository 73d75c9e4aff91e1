"""VerticalPodAutoscaler: recommendations for CPU and memory of the server."""

from collections.abc import Iterator
from typing import Any, Literal

from ..kubernetes.quantities import parse_quantity
from .arguments import Arguments
from .autoscaling import AutoscalingArgs
from .field_types import Cores, Memory
from .fixes import fix
from .keda import POD_TRIGGERS
from .outputs import is_output
from .problems import Problem
from .rule import Rule


class VerticalAutoscalingArgs(Arguments):
    """VerticalPodAutoscaler of the container `nim`. It requires the operator of that name.

    No mode evicts a running pod, because a new pod loads its model for minutes.
    """

    mode: Literal["recommend", "initial"] = "recommend"
    """Use of the recommendations. `recommend` only computes them (`updateMode: "Off"`): `kubectl
    describe vpa` prints them. `initial` applies them to new pods (`updateMode: Initial`)."""

    min_cpu: Cores | None = None
    """Smallest recommendation for CPU cores. Unset: no limit."""

    max_cpu: Cores | None = None
    """Largest recommendation for CPU cores. Unset: no limit."""

    min_mem: Memory | None = None
    """Smallest recommendation for memory. `initial` requires it, larger than `shm_size`. Unset: no
    limit."""

    max_mem: Memory | None = None
    """Largest recommendation for memory. Unset: no limit."""

    @staticmethod
    def _validate_range(min_cpu: Any, max_cpu: Any, min_mem: Any, max_mem: Any) -> Iterator[Problem]:
        for name, least, most in (("cpu", min_cpu, max_cpu), ("mem", min_mem, max_mem)):
            if least is not None and most is not None and parse_quantity(str(least)) > parse_quantity(str(most)):
                message = f"must be at most max_{name} ({most})"
                yield Problem((f"min_{name}",), message, f"Decrease it, or increase max_{name}.", repr(least))

    @staticmethod
    def _validate_mode(mode: str, min_mem: Any) -> Iterator[Problem]:
        if mode == "initial" and min_mem is None:
            action = fix("Set it above shm_size, such as {}.", {"min_mem": "20Gi"})
            yield Problem(("min_mem",), "is required with mode initial: shm_size counts against the memory limit", action)

    rules = (
        Rule(("min_cpu", "max_cpu", "min_mem", "max_mem"), _validate_range.__func__),  # pyright: ignore
        Rule(("mode", "min_mem"), _validate_mode.__func__, waits=False),  # pyright: ignore
    )


def validate_smallest_memory(vertical: VerticalAutoscalingArgs | None, shm_size: Any) -> Iterator[Problem]:
    """Refuse recommendations that leave no memory beside the shared memory."""
    if vertical is None or vertical.mode == "recommend" or vertical.min_mem is None or is_output(vertical.min_mem):
        return
    if parse_quantity(str(vertical.min_mem)) <= parse_quantity(str(shm_size)):
        message = f"must be larger than shm_size ({shm_size}), which counts against the memory limit"
        yield Problem(("vertical_autoscaling", "min_mem"), message, "Increase it.", repr(vertical.min_mem))


def validate_scaled_resources(vertical: VerticalAutoscalingArgs | None, autoscaling: AutoscalingArgs | None) -> Iterator[Problem]:
    """Refuse two autoscalers that act on the CPU and memory of the same pods.

    https://github.com/kubernetes/autoscaler/blob/master/vertical-pod-autoscaler/docs/known-limitations.md
    """
    if vertical is None or vertical.mode == "recommend" or autoscaling is None:
        return
    by_metric = any(metric.resource is not None for metric in autoscaling.metrics)
    by_trigger = autoscaling.keda is not None and any(each.type in POD_TRIGGERS for each in autoscaling.keda.triggers or ())
    if by_metric or by_trigger:
        action = fix("Set {}, or scale by another metric.", {"vertical_autoscaling": {"mode": "recommend"}})
        message = "must not be initial with autoscaling by CPU or memory: both change the same pods"
        yield Problem(("vertical_autoscaling", "mode"), message, action, repr(vertical.mode))
