"""Pods that the API server rejects. Only the events of their controller show the reason."""

import re
from collections.abc import Iterator
from dataclasses import replace

from ...cluster.objects import Object, condition, is_finished, message_of, name_of, number_at, text_at
from ..diagnosis import Diagnosis
from ..snapshot import Snapshot
from .rejections import diagnose_rejection

_FAILED = ("FailedCreate", "FailedUpdate")
"""Reasons of events that an object was rejected. A LeaderWorkerSet updates its StatefulSet."""
_STATEFUL_SET = re.compile(r"Failed to (?:create|update) (?:leader|worker) statefulset ")
_CONFLICT = "the object has been modified"
"""Part of a message about an update that is repeated."""
_CREATED = ("SuccessfulCreate", "GroupsProgressing", "GroupsUpdating")
"""Reasons of events that an object was created: of Kubernetes, and of the LeaderWorkerSet."""


def find(snapshot: Snapshot) -> Iterator[Diagnosis]:
    """Yield the reasons why pods could not be created."""
    yield from _check_replica_set(snapshot)
    job = snapshot.job
    if job is not None and not number_at(job, "status", "active") and not is_finished(job):
        yield from _check_events(snapshot.events(job), f"job/{name_of(job)}")
    if snapshot.leader_worker_set is not None:
        yield from _check_stateful_sets(snapshot)
        yield from _check_events(snapshot.events(snapshot.leader_worker_set), f"leaderworkerset/{name_of(snapshot.leader_worker_set)}")


def _check_stateful_sets(snapshot: Snapshot) -> Iterator[Diagnosis]:
    """Check the StatefulSets of a LeaderWorkerSet.

    One, of the LeaderWorkerSet's name, creates the leaders. One for each leader, of the leader's
    name, creates its workers.
    """
    events_by_name: dict[str, list[Object]] = {}
    for event in snapshot.events():
        if text_at(event, "involvedObject", "kind") == "StatefulSet":
            events_by_name.setdefault(text_at(event, "involvedObject", "name"), []).append(event)
    for name, events in events_by_name.items():
        yield from _check_events(events, f"statefulset/{name}")


def _check_events(events: list[Object], subject: str) -> Iterator[Diagnosis]:
    message = _last_rejection(events)
    if message:
        found = diagnose_rejection(message, subject)
        is_stateful_set = _STATEFUL_SET.match(message) is not None
        text = re.sub(r"\b(the) pod\b", r"\1 StatefulSet", found.text, flags=re.IGNORECASE) if is_stateful_set else found.text
        yield replace(found, text=text)


def _last_rejection(events: list[Object]) -> str:
    """Return the message of the last failed creation of a pod; empty if a later one succeeded."""
    outcomes = [each for each in events if each.get("reason") in (*_FAILED, *_CREATED) and _CONFLICT not in message_of(each)]
    return message_of(outcomes[-1]) if outcomes and outcomes[-1].get("reason") in _FAILED else ""


def _check_replica_set(snapshot: Snapshot) -> Iterator[Diagnosis]:
    newest = sorted(snapshot.all("replicasets"), key=lambda each: text_at(each, "metadata", "creationTimestamp"))[-1:]
    for each in newest:
        if number_at(each, "spec", "replicas") <= number_at(each, "status", "replicas"):
            continue
        failure = condition(each, "ReplicaFailure")
        message = text_at(failure, "message") if failure.get("status") == "True" else ""
        message = message or _last_rejection(snapshot.events(each))
        if message:
            yield diagnose_rejection(message, f"replicaset/{name_of(each)}")
