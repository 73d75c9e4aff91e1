"""Autoscaling that is switched off: `replicas` holds against the autoscaler that goes.

docs/guides/autoscaling.md
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.cluster.client import Client, wait_until
from tests.cluster.nodes import EIGHT_GPUS
from tests.cluster.waiting import is_rolled_out

from .project import Project
from .resources import live_deployment, names
from .updates import completes, fails

SHARED: dict[str, Any] = {"access_mode": "ReadWriteMany"}
TWO_TO_THREE: dict[str, Any] = {"min_replicas": 2, "max_replicas": 3, "presets": ["queue"]}
SLOW = {"cluster-tests/ready-after": "6s"}
"""Time in which the autoscaler compares the number of pods several times."""


def has_replicas(cluster: Client, namespace: str, number: int) -> bool:
    deployment = live_deployment(cluster, namespace)
    return deployment["spec"]["replicas"] == number and is_rolled_out(deployment)


@pytest.mark.parametrize("replicas", [1, 2, 5], ids=["lower", "equal", "higher"])
def test_replicas_hold_without_autoscaler(replicas: int, on_cluster: Callable[..., Project], cluster: Client, namespace: str, nodes):
    nodes(EIGHT_GPUS)
    made = on_cluster(llama={"cache": SHARED, "autoscaling": TWO_TO_THREE, "pod_annotations": SLOW})
    completes(made)
    wait_until("the minimum", lambda: has_replicas(cluster, namespace, 2), seconds=60)
    made.config = {**made.config, "nim:services": {"llama": {"cache": SHARED, "pod_annotations": SLOW, "replicas": replicas}}}
    completes(made)
    assert names(cluster, namespace, "HorizontalPodAutoscaler") == set()
    assert has_replicas(cluster, namespace, replicas)


def test_failed_removal_leaves_autoscaler_unchanged(with_short_timeouts: Callable[..., Project], cluster: Client, namespace: str, nodes):
    nodes(EIGHT_GPUS)
    made = with_short_timeouts(cache=SHARED, autoscaling=TWO_TO_THREE)
    completes(made)
    wait_until("the minimum", lambda: has_replicas(cluster, namespace, 2), seconds=60)

    made.change("llama", autoscaling=None, gpu=16, replicas=1)
    fails(made)
    autoscaler = cluster.get("autoscaling/v2", "HorizontalPodAutoscaler", "llama", namespace)
    assert (autoscaler["spec"]["minReplicas"], autoscaler["spec"]["maxReplicas"]) == (2, 3)
    assert "annotations" not in autoscaler["metadata"]

    fields = {"cache": SHARED, "autoscaling": {**TWO_TO_THREE, "max_replicas": 4}, "startup_timeout": 30}
    made.config = {**made.config, "nim:services": {"llama": fields}}
    completes(made)
    autoscaler = cluster.get("autoscaling/v2", "HorizontalPodAutoscaler", "llama", namespace)
    assert (autoscaler["spec"]["minReplicas"], autoscaler["spec"]["maxReplicas"]) == (2, 4)
    wait_until("the minimum", lambda: has_replicas(cluster, namespace, 2), seconds=60)
