"""Timeouts.

Required order: startup budget < progress deadline < Pulumi's timeouts of Deployment and Service.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ...text.amounts import spell_duration
from ..accessors import Fields, get, integer
from ..change import Change, ResourceState, ServiceChange
from ..findings import WARNING, Finding, finding
from ..object_fields import SERVERS, changed_under, containers, pods, startup_budget
from ..sentences import sentence

DEFAULT_DEADLINE, DEFAULT_TIMEOUT = 600, 600
"""Seconds: the defaults of Kubernetes and of Pulumi's Kubernetes provider."""


_GRACE_FIELD, _DEFAULT_GRACE = "terminationGracePeriodSeconds", 30
"""Field of a pod, and the default of Kubernetes in seconds."""


class Violation(NamedTuple):
    """Two timeouts in the wrong order."""

    text: str
    consequence: str
    change: Change
    path: str


def order(service: ServiceChange) -> Iterator[Finding]:
    """Report timeouts that are in the wrong order after the change, but were not before."""
    known = {each.text for each in _find_violations(service, after=False)}
    for each in _find_violations(service, after=True):
        if each.text not in known:
            yield finding("timeouts", WARNING, each.change, service.name, (each.text,), (each.consequence,), each.path)


def _find_violations(service: ServiceChange, *, after: bool) -> Iterator[Violation]:
    for change in service.of("Deployment"):
        deployment = _state(change, after)
        if deployment is None or not (change.has_effect or any(each.has_effect for each in service.of("Service"))):
            continue
        budget = startup_budget(deployment)
        if budget is None:
            continue
        is_not_longer = f"is not longer than the startup budget ({spell_duration(budget)})."
        deadline = integer(get(deployment.inputs, "spec", "progressDeadlineSeconds")) or DEFAULT_DEADLINE
        if deadline <= budget:
            text = f"The progress deadline ({spell_duration(deadline)}) {is_not_longer}"
            consequence = "Kubernetes reports the rollout as failed while the model is still loading."
            yield Violation(text, consequence, change, "spec.progressDeadlineSeconds")
        for waiting in (change, *service.of("Service")):
            state = _state(waiting, after)
            if state is None or _skips_await(state):
                continue
            for operation in ("create", "update"):
                timeout = state.timeouts.get(operation) or DEFAULT_TIMEOUT
                if timeout <= budget:
                    text = f"Pulumi's {operation} timeout of the {state.kind} ({spell_duration(timeout)}) {is_not_longer}"
                    consequence = "The update fails while the model is still loading."
                    yield Violation(text, consequence, waiting, f"customTimeouts.{operation}")


def _state(change: Change, after: bool) -> ResourceState | None:
    return change.after if after else change.before


def _skips_await(state: ResourceState) -> bool:
    return get(state.metadata, "annotations", "pulumi.com/skipAwait") == "true"


def shortened(service: ServiceChange) -> Iterator[Finding]:
    """Report a startup budget that becomes shorter."""
    for change in service.of(*SERVERS):
        if change.operation not in ("update", "replace"):
            continue
        old, new = startup_budget(change.before), startup_budget(change.after)
        if old is not None and new is not None and new < old:
            budgets = {"new": (spell_duration(new),), "old": (spell_duration(old),)}
            text = sentence("The startup budget becomes shorter: {new} instead of {old}.", **budgets)
            consequence = sentence("A pod whose model takes longer to load is killed during the start, again and again.")
            paths = [each.where for each in change.differences if "startupProbe" in each.where or "LORA_DEADLINE_SECONDS" in each.where]
            yield finding("startup-shortened", WARNING, change, service.name, text, consequence, *paths)


def shutdowns(service: ServiceChange) -> Iterator[Finding]:
    """Report less time for a pod that stops: its grace period, and its pause ahead of the end."""
    for change in service.of(*SERVERS):
        if change.operation not in ("update", "replace"):
            continue
        before, after = dict(pods(change.before)), dict(pods(change.after))
        for path in sorted({*before} & {*after}):
            old, new = (_grace_period(each[path]) for each in (before, after))
            if new < old:
                text = sentence("The termination grace period becomes shorter: {new} instead of {old}.", **_spell(old, new))
                consequence = sentence("A pod that stops breaks off the requests that take longer.")
                yield finding("shutdown-shortened", WARNING, change, service.name, text, consequence, f"{path}.{_GRACE_FIELD}")
        pauses = _pauses(change.before), _pauses(change.after)
        for path in sorted({*pauses[0]} & {*pauses[1]}):
            old, new = (each[path] for each in pauses)
            if new < old:
                text = sentence("The pause of a pod that stops (`preStop`) becomes shorter: {new} instead of {old}.", **_spell(old, new))
                consequence = sentence("Requests that Services send to it after the pause fail.")
                where = changed_under(change, f"{path}.lifecycle")
                yield finding("shutdown-shortened", WARNING, change, service.name, text, consequence, *where)


def _grace_period(pod: Fields) -> int:
    value = integer(pod.get(_GRACE_FIELD))
    return _DEFAULT_GRACE if value is None else value


def _pauses(state: ResourceState | None) -> dict[str, int]:
    """Return the seconds for which each container of a pod that stops waits."""
    return {path: integer(get(each, "lifecycle", "preStop", "sleep", "seconds")) or 0 for path, each in containers(state, init=False)}


def _spell(old: int, new: int) -> dict[str, tuple[str]]:
    return {"old": (spell_duration(old),), "new": (spell_duration(new),)}


RULES = (order, shortened, shutdowns)
