"""Predictions of a review, compared with what an update did."""

from collections.abc import Collection, Mapping
from typing import Any

from nim_component.review.findings import CRITICAL, Finding
from nim_component.review.object_fields import SERVERS
from nim_component.review.sentences import plain_text
from nim_component.review.stack_review import StackReview

RESTARTS = ("pods-restart", "downtime", "stall-risk")
INTERRUPTIONS = ("downtime", "scaled-to-zero")
LOADS = "model loads"
"""Words after the number of pods that start, in a finding."""
KEPT = ("kept", "none")


def find_mismatches(found: StackReview, seen: Mapping[str, Any], starts: int | None = None, unobserved: Collection[str] = ()) -> list[str]:
    """Return the predictions of a review that are not what happened.

    Args:
        found: Findings before the update.
        seen: What happened to pods, requests, address and cache.
        starts: Number of pods that were created; None if it was not recorded.
        unobserved: Rules about programs that the cluster does not run, such as KEDA.
    """
    texts = [(each, plain_text((*each.text, *each.consequence))) for each in found.findings if each.rule not in unobserved]
    rules = {each.rule for each in found.findings}
    restarts = [text for each, text in texts if is_restart(each) and "no pod restarts" not in text]
    is_interrupted = not rules.isdisjoint(INTERRUPTIONS) or any("no request is answered" in text.lower() for _, text in texts)
    is_lost = "deleted" in seen["cache"] or seen["cache"] == "replaced"
    facts = {
        "pods restart": (bool(restarts), seen["pods"] == "replaced"),
        # Without pods before the update, there are no requests that could fail.
        "requests fail": (is_interrupted, seen["requests"] != "not interrupted" and seen["pods"] != "created"),
        "the address changes": (any(map(is_address_change, found.findings)), seen["address"] != "kept"),
        # A volume that is not a PVC of the stack may be lost by a move, or have no PVC at all.
        "the cache is lost": ("cache-lost" in rules or (is_lost and "cache-moved" in rules), is_lost),
    }
    wrong = [f"{fact}: predicted {predicted}, was {was}" for fact, (predicted, was) in facts.items() if predicted != was]
    is_safe = seen["pods"] in KEPT and seen["requests"] == "not interrupted" and seen["address"] == "kept" and seen["cache"] in KEPT
    if is_safe:
        wrong += [f"critical, but nothing happened: {text}" for each, text in texts if each.severity is CRITICAL]
    numbers = [int(text.partition(f" {LOADS}")[0].split()[-1]) for _, text in texts if f" {LOADS}" in text]
    return wrong + [f"predicted {number} {LOADS}, were {starts}" for number in numbers if starts not in (None, number)]


def is_restart(each: Finding) -> bool:
    """Return true for a finding that all pods of a workload restart."""
    return each.rule in RESTARTS or (each.rule in ("replaced", "deleted-first") and each.kind in SERVERS)


def is_address_change(each: Finding) -> bool:
    """Return true for a finding about the address in the cluster: not a route, nor a type."""
    if each.kind != "Service":
        return False
    return each.rule == "deleted-first" or (each.rule == "url-changed" and each.paths != ("spec.type",))


def has_critical(found: StackReview) -> bool:
    """Return true for a review with a critical finding."""
    return any(each.severity is CRITICAL for each in found.findings)
