"""Rollouts: an `up` ends when the new pods are ready (docs/guides/rollouts.md)."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.cluster.client import Client, Object
from tests.cluster.nodes import EIGHT_GPUS, ONE_GPU
from tests.cluster.waiting import images, is_rolled_out

from .project import Project
from .resources import live_deployment, operations_on

OLD, NEW = "nvcr.io/nim/meta/llama3-8b-instruct:1.0.0", "nvcr.io/nim/meta/llama3-8b-instruct:1.0.3"
SLOW = {"cluster-tests/ready-after": "5s"}
SHARED = {"access_mode": "ReadWriteMany"}


class Rollouts:
    """Deployments of `llama`. Its pods must be ready when the engine reports success."""

    def __init__(self, project: Project, cluster: Client, namespace: str) -> None:
        self.project, self.initial_config = project, project.config
        self.cluster, self.namespace = cluster, namespace

    def deploy(self, image: str, pods: int = 1, **fields: Any) -> Object:
        """Deploy with exactly these arguments, and return the live Deployment."""
        self.project.config = self.initial_config
        self.project.change("llama", image=image, pod_annotations=SLOW, **fields)
        assert operations_on("llama-deployment", self.project.up()) in (["create"], ["update"])
        live = live_deployment(self.cluster, self.namespace)
        assert is_rolled_out(live)
        assert live["status"].get("readyReplicas", 0) == pods
        assert images(self.cluster, self.namespace) == ({image} if pods else set())
        return live


@pytest.fixture
def service(on_cluster: Callable[..., Project], cluster: Client, namespace: str) -> Rollouts:
    return Rollouts(on_cluster(llama={}), cluster, namespace)


@pytest.mark.parametrize("pods", [1, 2])
@pytest.mark.parametrize("rollout", ["recreate", "rolling", "surge"])
def test_update_and_rollback_wait_for_pods(rollout: str, pods: int, service: Rollouts, nodes):
    nodes(EIGHT_GPUS)
    fields: dict[str, Any] = {"rollout": rollout, "replicas": pods, "cache": SHARED}
    service.deploy(OLD, pods, **fields)
    service.deploy(NEW, pods, **fields)
    service.deploy(OLD, pods, **fields)  # the ReplicaSet of that image still exists
    assert service.project.preview() == {"same": 5}


def test_strategy_can_be_switched(service: Rollouts, nodes):
    nodes(ONE_GPU)
    assert service.deploy(OLD, rollout="recreate")["spec"]["strategy"] == {"type": "Recreate"}
    rolling = service.deploy(NEW)
    assert rolling["spec"]["strategy"]["type"] == "RollingUpdate"
    recreate = service.deploy(OLD, rollout="recreate")
    assert recreate["spec"]["strategy"] == {"type": "Recreate"}
    assert dict(service.project.stack.refresh().summary.resource_changes or {}) == {"same": 5}
    assert service.project.preview() == {"same": 5}


def test_zero_replicas_can_be_deployed(service: Rollouts, nodes):
    nodes(ONE_GPU)
    service.deploy(OLD)
    service.deploy(OLD, 0, replicas=0)
    service.deploy(NEW, 0, replicas=0)
    service.deploy(NEW)


def test_recreate_with_autoscaler_waits_for_replicas(service: Rollouts, nodes):
    nodes(EIGHT_GPUS)
    fields = {"rollout": "recreate", "cache": SHARED}
    service.deploy(OLD, 3, replicas=3, **fields)
    # Without metrics, the autoscaler keeps three. The program no longer sets the number.
    service.deploy(NEW, 3, autoscaling={"min_replicas": 2, "max_replicas": 4, "presets": ["queue"]}, **fields)


def test_overridden_strategy_is_applied(service: Rollouts, nodes):
    nodes(EIGHT_GPUS)
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    fields = {"cache": SHARED, "overrides": {"deployment": {"spec": {"strategy": strategy}}}}
    service.deploy(OLD, **fields)
    assert service.deploy(NEW, **fields)["spec"]["strategy"] == strategy


def test_wait_condition_can_be_overridden(service: Rollouts, nodes, cluster: Client, namespace: str):
    nodes(ONE_GPU)
    service.deploy(OLD, rollout="recreate")
    made = service.project
    skip_await = {"deployment": {"metadata": {"annotations": {"pulumi.com/skipAwait": "true"}}}}
    made.change("llama", image=NEW, pod_annotations={"cluster-tests/ready-after": "60s"}, overrides=skip_await, rollout="recreate")
    made.up()
    assert live_deployment(cluster, namespace)["status"].get("readyReplicas", 0) == 0
