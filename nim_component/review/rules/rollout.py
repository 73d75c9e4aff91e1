"""Rollouts: restarts of pods, and the availability of the service during them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from ...local.markers import UNKNOWN
from ...names import WAIT_FOR
from ...text.amounts import count_of, spell_duration
from ..accessors import get
from ..change import Change, ResourceState, ServiceChange
from ..findings import NOTICE, WARNING, Finding, finding
from ..matching import Difference
from ..object_fields import (
    SERVERS,
    WORKLOADS,
    find_changed_templates,
    find_pause,
    gpus,
    is_at_or_below,
    replicas,
    rolling_update,
    startup_budget,
    stop_budget,
)
from ..sentences import Sentence, sentence
from ..values import Redacted


def restarts(service: ServiceChange) -> Iterator[Finding]:
    """Report a changed pod template: pods restart exactly then.

    Kubernetes compares the template as it is written, so another order of list items is a change.
    """
    for change in service.of(*SERVERS, "DaemonSet"):
        before, after = change.before, change.after
        if change.operation != "update" or before is None or after is None:
            continue
        changed = find_changed_templates(change)
        if not changed:
            continue
        fields = [each.where for path in changed for each in change.differences if is_at_or_below(each.where, path)]
        paths = fields or changed
        running = replicas(before) if after.ignored and "spec.replicas" in after.ignored else replicas(after)
        if replicas(before) == 0 or running == 0:
            consequence = sentence("The workload has no replicas now, so no pod restarts.")
            yield finding("pods-restart", NOTICE, change, service.name, sentence("The pod template changes."), consequence, *paths)
        elif pause := find_pause(after):
            text = sentence("The pod template changes, and {pause}.", pause=(pause.text,))
            yield finding("pods-restart", NOTICE, change, service.name, text, (pause.consequence,), *paths)
        elif _is_unknown(change, fields):
            text = sentence("Pods may restart: the pod template contains values that are known only during the update.")
            yield finding("pods-restart", WARNING, change, service.name, text, (), *paths)
        else:
            why = () if fields else sentence(", although only the order of list items changes")
            yield _describe_restart(service, change, before, after, running, why, paths)


def _describe_restart(
    service: ServiceChange,
    change: Change,
    before: ResourceState,
    after: ResourceState,
    count: int | None,
    why: Sentence,
    paths: list[str],
) -> Finding:
    budget, grace = startup_budget(after), stop_budget(before)
    stop = f"{spell_duration(grace)} per stop (the grace period)" if grace is not None else "the duration of a stop"
    start = f"{spell_duration(budget)} per start (the startup budget)" if budget else "the duration of a start"
    pause = f"up to {stop} and {start}"
    if after.kind == "DaemonSet":
        text = sentence("Pods restart, node by node{why}.", why=why)
        consequence = sentence("On a node, no pod of it may run in the meantime: {pause}.", pause=(pause,))
        return finding("pods-restart", NOTICE, change, service.name, text, consequence, *paths)
    rolling = rolling_update(after, count or 1)
    surge, unavailable = rolling or (0, 0)
    if rolling is None or (count is not None and unavailable >= count and not surge):
        pods = count_of(count, "replica") if count else "replicas"
        text = sentence("All {pods} stop before a new one starts{why}.", pods=(pods,), why=why)
        if count == 1:
            text = sentence("The only replica stops before the new one starts{why}.", why=why)
        consequence = sentence("No request is answered in the meantime: {pause}.", pause=(pause,))
        return finding("downtime", WARNING, change, service.name, text, consequence, *paths)
    if unavailable >= (count or 1):
        text = sentence("Pods restart, and all of them may be unavailable at the same time{why}.", why=why)
        consequence = sentence("No request is answered in the meantime: {pause}.", pause=(pause,))
        return finding("downtime", WARNING, change, service.name, text, consequence, *paths)
    if surge and not unavailable and (spare := surge * sum(gpus(after).values())):
        added = count_of(surge, "new pod starts", "new pods start")
        text = sentence("Pods restart; {added} before an old one stops{why}.", added=(added,), why=why)
        # The Deployment controller waits without a limit; Pulumi waits until its own timeout.
        consequence = sentence(
            "Without {gpus} on suitable nodes, the rollout stalls; the old replicas keep serving requests.",
            gpus=(count_of(spare, "spare GPU"),),
        )
        return finding("stall-risk", WARNING, change, service.name, text, consequence, *paths)
    text = sentence("Pods restart, {step} at a time{why}.", step=(str(max(unavailable, 1)),), why=why)
    rounds = -(-(count or 1) // max(unavailable + surge, 1))
    total = f", at most {spell_duration((grace + budget) * rounds)} in total" if budget and grace is not None and rounds > 1 else ""
    consequence = sentence("The other replicas keep serving requests: {pause}{total}.", pause=(pause,), total=(total,))
    return finding("pods-restart", NOTICE, change, service.name, text, consequence, *paths)


def _is_unknown(change: Change, paths: list[str]) -> bool:
    """Return true if every difference is an unknown value."""
    leaves = [each for each in change.differences if each.where in paths]
    return bool(leaves) and all(UNKNOWN in (leaf.old, leaf.new) for leaf in leaves)


def strategy(service: ServiceChange) -> Iterator[Finding]:
    """Report another rollout strategy. It already applies to this update."""
    for change in service.of(*WORKLOADS):
        if change.operation != "update" or change.before is None or change.after is None:
            continue
        field = "rolloutStrategy" if change.subject.kind == "LeaderWorkerSet" else "strategy"
        old, new = get(change.before.inputs, "spec", field), get(change.after.inputs, "spec", field)
        if old != new and not isinstance(old, Redacted) and not isinstance(new, Redacted):
            count = replicas(change.after) or 1
            text = sentence(
                "The rollout strategy changes from {old} to {new}.",
                old=(_describe_strategy(change.before, count),),
                new=(_describe_strategy(change.after, count),),
            )
            consequence = sentence("It already applies to this update.")
            paths = [f"spec.{field}", *_wait_annotations(change)]
            yield finding("rollout-changed", NOTICE, change, service.name, text, consequence, *paths)


def _wait_annotations(change: Change) -> list[str]:
    """Return the paths where only the annotation differs for which Pulumi waits.

    It changes with the strategy.
    """
    return [
        each.where
        for each in change.differences
        if each.path[:2] == ("metadata", "annotations") and _changed_annotations(each) == {WAIT_FOR}
    ]


def _changed_annotations(difference: Difference) -> set[Any]:
    if len(difference.path) > 2:
        return {difference.path[2]}
    values = [cast("Mapping[str, Any]", value) for value in (difference.old, difference.new) if isinstance(value, Mapping)]
    return {name for value in values for name in value}


def _describe_strategy(state: ResourceState, count: int) -> str:
    rolling = rolling_update(state, count)
    if rolling is None:
        return "Recreate (all pods stop first)"
    return f"RollingUpdate (maxSurge={rolling[0]}, maxUnavailable={rolling[1]})"


RULES = (restarts, strategy)
