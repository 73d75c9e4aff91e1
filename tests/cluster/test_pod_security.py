"""The policy `pods-restricted` and the API server: the same verdict on the same pods."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ..policies.pack_modules import load
from ..policies.restricted_pods import CHANGES, Change, Pod, apply, restricted_pod, windows_pod
from .client import Client, DynamicApiError

check_restricted: Callable[[str, Pod], Any] = load("pod_security").check_restricted
EXAMPLES = 300
VIOLATES = "violates PodSecurity"


def find_verdict(cluster: Client, namespace: str, pod: Pod) -> str | None:
    """Return the server's reason to refuse a pod, or None; "invalid" for another reason."""
    try:
        cluster.create({**pod, "metadata": {**pod["metadata"], "namespace": namespace}}, dry_run=True)
    except DynamicApiError as error:
        text = str(error.body)
        return text[text.index(VIOLATES) :] if VIOLATES in text else "invalid"
    return None


def is_valid(cluster: Client, namespace: str, pod: Pod) -> bool:
    """Return False for a pod that the server refuses as invalid. Both verdicts must be equal."""
    verdict = find_verdict(cluster, namespace, pod)
    if verdict == "invalid":
        return False
    found = list(check_restricted("Pod", pod))
    assert bool(found) == (verdict is not None), (pod, verdict, found)
    return True


@pytest.mark.parametrize("made", [restricted_pod, windows_pod])
def test_restricted_pod_is_admitted(cluster: Client, namespace: str, made: Callable[[], Pod]):
    assert find_verdict(cluster, namespace, made()) is None
    assert list(check_restricted("Pod", made())) == []


def test_every_change_has_the_verdict_of_the_server(cluster: Client, namespace: str):
    counted = Counter[str]()
    for change in CHANGES:
        pod = apply(restricted_pod(), [change])
        counted["compared" if is_valid(cluster, namespace, pod) else "invalid"] += 1
        counted["refused"] += bool(list(check_restricted("Pod", pod)))
    assert counted["compared"] > 150
    assert counted["invalid"] < 25
    assert 60 < counted["refused"] < counted["compared"] - 60


def test_generated_pods_have_the_verdict_of_the_server(cluster: Client, namespace: str):
    counted = Counter[bool]()

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.sampled_from(CHANGES), max_size=4), st.booleans())
    def compare(changes: list[Change], omits_users: bool) -> None:
        pod = restricted_pod()
        if omits_users:
            pod["spec"]["hostUsers"] = False
        try:
            apply(pod, changes)
        except (IndexError, KeyError, TypeError, AttributeError):
            assume(False)  # a change of a container that another change removed
        assume(is_valid(cluster, namespace, pod))
        counted[bool(list(check_restricted("Pod", pod)))] += 1

    compare()
    assert sum(counted.values()) >= EXAMPLES
    assert min(counted.values()) > EXAMPLES / 10
