"""Runs of a CronJob or a CronWorkflow at the same time."""

import re

from fields import UNLIMITED, Props, integer, mapping

_DAY = 86_400
_NAMED = {"@hourly": 3600, "@daily": _DAY, "@midnight": _DAY, "@weekly": 7 * _DAY, "@monthly": 28 * _DAY, "@yearly": 365 * _DAY}
_SHORTEST = 60
"""Seconds between two runs of a schedule that cannot be read."""
_PART = re.compile(r"(\*|\d+)(?:-(\d+))?(?:/(\d+))?", re.ASCII)


def count_runs(spec: Props) -> float:
    """Return how many runs may be active at most; `UNLIMITED` without an upper bound.

    The default of `concurrencyPolicy` is `Allow`. Then a run that hangs stays beside the next ones,
    unless `activeDeadlineSeconds` ends it.
    """
    if spec.get("concurrencyPolicy") in ("Forbid", "Replace"):
        return 1
    template = mapping(mapping(spec.get("jobTemplate")).get("spec")) or mapping(spec.get("workflowSpec"))
    deadline = integer(template.get("activeDeadlineSeconds"), 0)
    listed = spec.get("schedules")
    schedules = [str(spec.get("schedule", ""))] if not isinstance(listed, list | tuple) else [str(each) for each in listed]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return sum(deadline // shortest_interval(each) + 1 for each in schedules) if deadline > 0 else UNLIMITED


def shortest_interval(schedule: str) -> int:
    """Return the seconds between the two runs of a schedule that are closest to each other."""
    if schedule in _NAMED:
        return _NAMED[schedule]
    fields = [each for each in schedule.split() if "TZ=" not in each]
    if len(fields) != 5:
        return _SHORTEST
    minutes, hours = _read(fields[0], 60), _read(fields[1], 24)
    if not minutes or not hours:
        return _SHORTEST
    if len(minutes) > 1:
        return _SHORTEST * _closest(minutes, 60)
    return 3600 * _closest(hours, 24)


def _read(text: str, size: int) -> list[int]:
    """Return the numbers of a field in order; none if it cannot be read."""
    found: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part)
        if match is None or match[3] == "0":
            return []
        first = 0 if match[1] == "*" else int(match[1])
        last = int(match[2]) if match[2] else size - 1 if match[1] == "*" or match[3] else first
        found.update(range(first, min(last, size - 1) + 1, int(match[3] or 1)))
    return sorted(found)


def _closest(numbers: list[int], size: int) -> int:
    return min((later - earlier for earlier, later in zip(numbers, [*numbers[1:], numbers[0] + size], strict=True)), default=1)
