"""PodDisruptionBudget: evictions when a node is drained or upgraded."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, WithJsonSchema

from ..text.amounts import count_of
from .arguments import Arguments
from .autoscaling import AutoscalingArgs
from .fixes import fix
from .problems import Problem, problem_error
from .rule import Rule


def _count_or_percent(value: Any) -> Any:
    number = int(value) if isinstance(value, float) and value.is_integer() else value
    if isinstance(number, int) and not isinstance(number, bool) and number >= 0:
        return number
    if isinstance(number, str) and re.fullmatch(r"(100|[0-9]{1,2})%", number, re.ASCII):
        return number
    raise problem_error("must be a number of pods or a percentage", fix("Write it such as {} or {}.", 1, "25%"))


if TYPE_CHECKING:
    CountOrPercent = int | str
else:
    CountOrPercent = Annotated[int | str, WithJsonSchema({"type": ["integer", "string"]}), BeforeValidator(_count_or_percent)]


class DisruptionBudgetArgs(Arguments):
    """PodDisruptionBudget for drains and other evictions. Rollouts follow `rollout` instead."""

    max_unavailable: CountOrPercent | None = None
    """Largest number of evicted pods at a time, as a number or a percentage such as `25%`. Unset:
    1, unless `min_available` is given."""

    min_available: CountOrPercent | None = None
    """Smallest number of pods that must stay, as a number or a percentage such as `75%`."""

    unhealthy_pod_eviction_policy: Literal["AlwaysAllow", "IfHealthyBudget"] = "AlwaysAllow"
    """Eviction of pods that are not ready. With `AlwaysAllow`, a pod that never becomes ready
    blocks neither a drain nor its GPU."""

    @staticmethod
    def _validate(most_away: Any, least_there: Any) -> Iterator[Problem]:
        if most_away is not None and least_there is not None:
            yield Problem(("min_available",), "must not be combined with max_unavailable", "Remove one of the two.")

    rules = (Rule(("max_unavailable", "min_available"), _validate.__func__, waits=False),)  # pyright: ignore


def validate_budget(budget: DisruptionBudgetArgs | None, replicas: int, autoscaling: AutoscalingArgs | None) -> Iterator[Problem]:
    """Refuse a budget that blocks every eviction, so that node drains never finish."""
    fewest = replicas if autoscaling is None else max(1, autoscaling.min_replicas)
    if budget is None or fewest == 0:
        return
    blocks = "blocks every eviction, so node drains never finish"
    use_one = {"disruption_budget": {"max_unavailable": 1}}
    least = budget.min_available
    if budget.max_unavailable in (0, "0%"):
        yield Problem(("disruption_budget", "max_unavailable"), blocks, fix("Set {}.", use_one), repr(budget.max_unavailable))
    elif least == "100%" or (isinstance(least, int) and least >= fewest):
        replicas_text = count_of(fewest, "replica")
        action = fix("Set {} in place of min_available, or increase the number of replicas.", use_one)
        yield Problem(("disruption_budget", "min_available"), f"with {replicas_text} {blocks}", action, repr(least))
