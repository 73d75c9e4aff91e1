"""Confidence: words alone are at most `likely`, whole known sentences and fields are `certain`."""

import pytest

from nim_component.diagnose.rules import diagnose
from nim_component.diagnose.snapshot import Snapshot

from .cases.rollout import balanced
from .kubernetes_objects import GPU, crashed, event, running, snapshot, unschedulable
from .snapshots import failed_pod, failed_probe
from .tables import read_tables

QUOTA = (
    "Error syncing load balancer: failed to ensure load balancer: failed to create forwarding rule for load balancer (a1(ml/llama)): "
    "googleapi: Error 403: Quota 'FORWARDING_RULES' exceeded.  Limit: 15.0 globally., quotaExceeded"
)
TLS = 'Startup probe failed: Get "http://10.0.0.1:8000/": '
MALFORMED = 'net/http: HTTP/1.x transport connection broken: malformed HTTP response "\\x15\\x03\\x01"'
ALLOCATE = f"Pod was rejected: Allocate failed due to requested number of devices unavailable for {GPU}. Requested: 1, Available: 0"


def refused(reasons: str) -> Snapshot:
    """Return a pod for which the cluster-autoscaler adds no node."""
    pending = unschedulable(f"0/1 nodes are available: 1 Insufficient {GPU}.")
    return snapshot(pending, events=[event("NotTriggerScaleUp", f"pod didn't trigger scale-up: {reasons}", pending, type_="Normal")])


def test_no_pattern_of_words_is_certain():
    assert [each.cause for each in read_tables() if each.confidence not in ("likely", "possible")] == []


@pytest.mark.parametrize(
    ("cause", "words", "whole"),
    [
        ("load-balancer-quota", balanced(f"odd {QUOTA}"), balanced(QUOTA)),
        ("load-balancer-quota", balanced("Error syncing load balancer: TooManyLoadBalancers: x"), None),
        ("probe-tls", failed_probe(f"{TLS}odd: {MALFORMED}"), failed_probe(TLS + MALFORMED)),
        (
            "probe-tls",
            failed_probe(f"{TLS}odd: server gave HTTP response to HTTPS client"),
            failed_probe(f"{TLS}http: server gave HTTP response to HTTPS client"),
        ),
        ("scale-up-failed", refused("1 in backoff after failed scale-up, 1 odd"), refused("2 in backoff after failed scale-up")),
        (
            "taint",
            snapshot(unschedulable("0/2 nodes are available: 1 node(s) had untolerated taint(s), 1 Too many pods.")),
            snapshot(unschedulable("0/2 nodes are available: 2 node(s) had untolerated taint(s).")),
        ),
        (
            "node-admission",
            failed_pod("UnexpectedAdmissionError", f"odd {ALLOCATE}"),
            failed_pod("UnexpectedAdmissionError", f"{ALLOCATE}, which is unexpected"),
        ),
        ("node-shutdown", failed_pod("Odd", "NodeShutdown: Pod was rejected"), failed_pod("NodeShutdown", "Pod was rejected")),
    ],
)
def test_only_whole_sentence_is_certain(cause: str, words: Snapshot, whole: Snapshot | None):
    assert {each.confidence for each in diagnose(words) if each.cause == cause} <= {"likely", "possible"}
    if whole is not None:
        assert [each.confidence for each in diagnose(whole) if each.cause == cause] == ["certain"]


def test_unknown_device_type_is_likely():
    """vLLM finds no device type if a Python package such as pynvml is broken, too."""
    log = "Traceback (most recent call last):\n  raise RuntimeError(\nRuntimeError: Failed to infer device type\n"
    assert [(each.cause, each.confidence) for each in diagnose(snapshot(crashed(log)))] == [("gpu-not-visible", "likely")]


def test_name_inside_other_pull_secret_is_ignored():
    """The Secret of the pod is called `pull`."""
    message = "Unable to retrieve some image pull secrets (pull-2, pull-3); attempting to pull the image may not succeed."
    assert diagnose(snapshot(running(), events=[event("FailedToRetrieveImagePullSecret", message)])) == []
