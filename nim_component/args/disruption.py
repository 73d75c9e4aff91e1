"""How many pods may be taken away at once, when a node is drained or upgraded."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, WithJsonSchema

from .arguments import Arguments, Rule
from .autoscaling import AutoscalingArgs
from .problems import Problem, problem_error


def _count_or_percent(value: Any) -> Any:
    number = int(value) if isinstance(value, float) and value.is_integer() else value
    if isinstance(number, int) and not isinstance(number, bool) and number >= 0:
        return number
    if isinstance(number, str) and re.fullmatch(r"(100|[0-9]{1,2})%", number, re.ASCII):
        return number
    raise problem_error("must be a number of pods or a percentage", "Write it such as 1 or 25%.")


if TYPE_CHECKING:
    CountOrPercent = int | str
else:
    CountOrPercent = Annotated[Any, WithJsonSchema({"type": ["integer", "string"]}), BeforeValidator(_count_or_percent)]


class DisruptionBudgetArgs(Arguments):
    """A PodDisruptionBudget. It holds for drains and other evictions; rollouts go by `rollout`."""

    max_unavailable: CountOrPercent | None = None
    """Most pods that may be away at once, a number or `25%`. Default 1, when `min_available` is not given either."""

    min_available: CountOrPercent | None = None
    """Fewest pods that must stay, a number or `75%`. Default: none."""

    unhealthy_pod_eviction_policy: Literal["AlwaysAllow", "IfHealthyBudget"] = "AlwaysAllow"
    """Whether pods that are not ready count. Default `AlwaysAllow`: one that never starts holds up no drain, nor its GPU."""

    @staticmethod
    def _validate(most_away: Any, least_there: Any) -> Iterator[Problem]:
        if most_away is not None and least_there is not None:
            yield Problem(("min_available",), "must not be given together with max_unavailable", "Give one of them.")

    rules = (Rule(("max_unavailable", "min_available"), _validate.__func__, waits=False),)  # pyright: ignore


def validate_budget(budget: DisruptionBudgetArgs | None, replicas: int, autoscaling: AutoscalingArgs | None) -> Iterator[Problem]:
    """A budget that lets nothing go makes every drain, and every upgrade of the cluster, wait for ever."""
    fewest = replicas if autoscaling is None else max(1, autoscaling.min_replicas)
    if budget is None or fewest == 0:
        return
    rule = "lets no pod be evicted: a drain of its node would wait for ever"
    least = budget.min_available
    if budget.max_unavailable in (0, "0%"):
        remedy = "Use 1, or leave it out."
        yield Problem(("disruption_budget", "max_unavailable"), rule, remedy, repr(budget.max_unavailable))
    elif least == "100%" or (isinstance(least, int) and least >= fewest):
        pods = "1 pod" if fewest == 1 else f"{fewest} pods"
        remedy = "Use max_unavailable: 1, or more replicas than that."
        yield Problem(("disruption_budget", "min_available"), f"of {pods} {rule}", remedy, repr(least))
