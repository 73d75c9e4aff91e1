"""Whether pods restart, whether anything answers meanwhile, and whether the rollout can get through at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from ...local.markers import UNKNOWN
from ...names import WAIT_FOR
from ..change import Change, ServiceChange
from ..findings import NOTICE, WARNING, Finding, Sentence, finding, sentence
from ..matching import MISSING, Difference
from ..objects import WORKLOADS, count_of, duration, get, gpus, replicas, rolling, startup_budget, templates
from ..values import Redacted


def restarts(service: ServiceChange) -> Iterator[Finding]:
    """Pods restart exactly when the pod template changes. Its order counts too: Kubernetes compares it as it stands."""
    for change in service.of("Deployment", "StatefulSet", "LeaderWorkerSet", "DaemonSet"):
        before, after = change.before, change.after
        if change.operation != "update" or before is None or after is None:
            continue
        old, new = dict(templates(before)), dict(templates(after))
        paths = [path for path in sorted({*old, *new}) if old.get(path, MISSING) != new.get(path, MISSING) or _hidden(change, path)]
        if not paths:
            continue
        leaves = [each.where for path in paths for each in change.differences if each.where == path or each.where.startswith(f"{path}.")]
        only_order, paths = not leaves, leaves or paths
        running = replicas(before) if after.ignored and "spec.replicas" in after.ignored else replicas(after)
        if replicas(before) == 0 or running == 0:
            text = sentence("The pod template changes.")
            yield finding("pods-restart", NOTICE, change, service.name, text, sentence("No replica runs now, so none restarts."), *paths)
            continue
        why = sentence(", though only the order of list items differs") if only_order else ()
        if _unknown(change, leaves):
            yield finding("pods-restart", WARNING, change, service.name,
                          sentence("Pods may restart: the template holds values that only the update will know."), (), *paths)  # fmt: skip
        else:
            yield _describe(change, service, running, why, paths)


def _describe(change: Change, service: ServiceChange, count: int | None, why: Sentence, paths: list[str]) -> Finding:
    assert change.after is not None
    budget = startup_budget(change.after)
    each = (
        sentence("up to {time} a start, its startup budget", time=(duration(budget),)) if budget else sentence("as long as a start takes")
    )
    pace = rolling(change.after, count or 1)
    if pace is None or (count is not None and pace[1] >= count and not pace[0]):
        pods = (count_of(count, "replica", "replicas") if count else "replicas",)
        text = sentence("All {pods} stop before a new one starts{why}.", pods=pods, why=why)
        if count == 1:
            text = sentence("The only replica stops before the new one starts{why}.", why=why)
        consequence = sentence("Nothing answers meanwhile: {each}.", each=each)
        return finding("downtime", WARNING, change, service.name, text, consequence, *paths)
    surge, unavailable = pace
    if unavailable >= (count or 1):
        text = sentence("Pods restart, and all of them may be missing at once{why}.", why=why)
        return finding("downtime", WARNING, change, service.name, text, sentence("Nothing answers meanwhile: {each}.", each=each), *paths)
    if surge and not unavailable and (spare := surge * sum(gpus(change.after).values())):
        text = sentence("Pods restart, {surge} beside the old ones{why}.", surge=(count_of(surge, "new one", "new ones"),), why=why)
        # The Deployment controller waits without end; Pulumi until its own timeout.
        consequence = sentence("Without {gpus} to spare on nodes that fit, the rollout stands still; the old replicas go on answering.",
                          gpus=(count_of(spare, "GPU"),))  # fmt: skip
        return finding("stall-risk", WARNING, change, service.name, text, consequence, *paths)
    text = sentence("Pods restart, {step} at a time{why}.", step=(str(max(unavailable, 1)),), why=why)
    rounds = -(-(count or 1) // max(unavailable + surge, 1))
    whole = sentence(", about {time} in all at most", time=(duration(budget * rounds),)) if budget and rounds > 1 else ()
    consequence = sentence("The others go on answering: {each}{whole}.", each=each, whole=whole)
    return finding("pods-restart", NOTICE, change, service.name, text, consequence, *paths)


def _hidden(change: Change, path: str) -> bool:
    return any(difference.where == path or difference.where.startswith(f"{path}.") for difference in change.engine_differences)


def _unknown(change: Change, paths: list[str]) -> bool:
    """Whether every difference is a value that is not known."""
    leaves = [each for each in change.differences if each.where in paths]
    return bool(leaves) and all(UNKNOWN in (leaf.old, leaf.new) for leaf in leaves)


def strategy(service: ServiceChange) -> Iterator[Finding]:
    """Another way to roll out. It holds for this update already."""
    for change in service.of(*WORKLOADS):
        if change.operation != "update" or change.before is None or change.after is None:
            continue
        field = "rolloutStrategy" if change.subject.kind == "LeaderWorkerSet" else "strategy"
        old, new = get(change.before.inputs, "spec", field), get(change.after.inputs, "spec", field)
        if old != new and not isinstance(old, Redacted) and not isinstance(new, Redacted):
            count = replicas(change.after) or 1
            text = sentence(
                "Updates roll out otherwise: {old} becomes {new}.", old=(_name(change.before, count),), new=(_name(change.after, count),)
            )
            paths = [f"spec.{field}", *_waits(change)]
            yield finding("rollout-changed", NOTICE, change, service.name, text, sentence("It holds for this update already."), *paths)


def _waits(change: Change) -> list[str]:
    """Where the annotation changes that goes with the strategy: what Pulumi waits for."""
    return [each.where for each in change.differences if each.path[:2] == ("metadata", "annotations") and _names(each) == {WAIT_FOR}]


def _names(annotations: Difference) -> set[Any]:
    """Which annotations differ."""
    if len(annotations.path) > 2:
        return {annotations.path[2]}
    sides = [cast("Mapping[str, Any]", side) for side in (annotations.old, annotations.new) if isinstance(side, Mapping)]
    return {name for side in sides for name in side}


def _name(resource: Any, count: int) -> str:
    pace = rolling(resource, count)
    if pace is None:
        return "all at once (Recreate)"
    return f"rolling, {pace[0]} more and {pace[1]} fewer at a time"


RULES = (restarts, strategy)
