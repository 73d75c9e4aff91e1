"""The waiting times: startup budget < progress deadline < Pulumi's timeouts of Deployment and Service."""

from __future__ import annotations

from collections.abc import Iterator

from ..change import Change, ServiceChange
from ..findings import WARNING, Finding, finding, sentence
from ..objects import duration, get, number, startup_budget

DEFAULT_DEADLINE, DEFAULT_TIMEOUT = 600, 600
"""Seconds, Kubernetes' and Pulumi's own."""


def order(service: ServiceChange) -> Iterator[Finding]:
    """Times that are out of order after the change and were not before."""
    was = {text for text, *_ in _problems(service, after=False)}
    for text, consequence, change, path in _problems(service, after=True):
        if text not in was:
            yield finding("timeouts", WARNING, change, service.name, sentence(text), sentence(consequence), path)


def _problems(service: ServiceChange, *, after: bool) -> Iterator[tuple[str, str, Change, str]]:
    for change in service.of("Deployment"):
        side = change.after if after else change.before
        if side is None or not (change.happens or any(each.happens for each in service.of("Service"))):
            continue
        budget = startup_budget(side)
        if budget is None:
            continue
        deadline = number(get(side.inputs, "spec", "progressDeadlineSeconds")) or DEFAULT_DEADLINE
        if deadline <= budget:
            text = f"The progress deadline ({duration(deadline)}) is not above the startup budget ({duration(budget)})."
            yield text, "Kubernetes calls a rollout failed that still loads its model.", change, "spec.progressDeadlineSeconds"
        for waiting in (change, *service.of("Service")):
            waits = waiting.after if after else waiting.before
            if waits is None:
                continue
            for operation in ("create", "update"):
                timeout = waits.timeouts.get(operation) or DEFAULT_TIMEOUT
                if timeout <= budget and _skips(waits.metadata) is False:
                    name = f"Pulumi's {operation} timeout of the {waits.kind}"
                    text = f"{name} ({duration(timeout)}) is not above the startup budget ({duration(budget)})."
                    yield text, "The update fails while the model still loads.", waiting, f"customTimeouts.{operation}"


def _skips(metadata: object) -> bool:
    return get(metadata, "annotations", "pulumi.com/skipAwait") == "true"


def shortened(service: ServiceChange) -> Iterator[Finding]:
    """A startup budget that becomes smaller."""
    for change in service.of("Deployment", "StatefulSet", "LeaderWorkerSet"):
        if change.operation not in ("update", "replace"):
            continue
        old, new = startup_budget(change.before), startup_budget(change.after)
        if old is not None and new is not None and new < old:
            text = sentence("A model has {new} to load, before {old}.", new=(duration(new),), old=(duration(old),))
            consequence = sentence("One that takes longer is killed while it loads, again and again.")
            paths = [each.where for each in change.differences if "startupProbe" in each.where or "LORA_DEADLINE_SECONDS" in each.where]
            yield finding("startup-shortened", WARNING, change, service.name, text, consequence, *paths)


RULES = (order, shortened)
