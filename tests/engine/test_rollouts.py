"""An `up` is done when the new pods are there, whatever the strategy and the number of replicas: docs/guides/rollouts.md."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.cluster.client import Client, Object
from tests.cluster.nodes import EIGHT_GPUS, ONE_GPU
from tests.cluster.waiting import images, is_rolled_out

from .project import Project
from .resources import live_deployment, of

OLD, NEW = "nvcr.io/nim/meta/llama3-8b-instruct:1.0.0", "nvcr.io/nim/meta/llama3-8b-instruct:1.0.3"
SLOW = {"cluster-tests/ready-after": "5s"}
SHARED = {"access_mode": "ReadWriteMany"}
WAIT_FOR = "pulumi.com/waitFor"


class Rollouts:
    """Deploys `llama` again and again, and looks whether its pods are there when the engine says so."""

    def __init__(self, project: Project, cluster: Client, namespace: str) -> None:
        self.project, self.untouched = project, project.config
        self.cluster, self.namespace = cluster, namespace

    def deploy(self, image: str, pods: int = 1, **fields: Any) -> Object:
        """With these arguments and no others: the live Deployment."""
        self.project.config = self.untouched
        self.project.change("llama", image=image, pod_annotations=SLOW, **fields)
        assert of("llama-deployment", self.project.up()) in (["create"], ["update"])
        live = live_deployment(self.cluster, self.namespace)
        assert is_rolled_out(live)
        assert live["status"].get("readyReplicas", 0) == pods
        assert images(self.cluster, self.namespace) == ({image} if pods else set())
        return live


@pytest.fixture
def service(on_cluster: Callable[..., Project], cluster: Client, namespace: str) -> Rollouts:
    return Rollouts(on_cluster(llama={}), cluster, namespace)


@pytest.mark.parametrize("rollout", ["recreate", "rolling"])
def test_an_update_waits_for_the_new_pod_and_a_rollback_for_the_old_one(rollout: str, service: Rollouts, nodes):
    nodes(ONE_GPU)
    service.deploy(OLD, rollout=rollout)
    service.deploy(NEW, rollout=rollout)
    service.deploy(OLD, rollout=rollout)  # the ReplicaSet of that image is there still
    assert service.project.preview() == {"same": 5}


def test_another_strategy_and_back(service: Rollouts, nodes):
    nodes(ONE_GPU)
    assert WAIT_FOR in service.deploy(OLD)["metadata"]["annotations"]
    rolling = service.deploy(NEW, rollout="rolling")
    assert WAIT_FOR not in rolling["metadata"]["annotations"]
    assert rolling["spec"]["strategy"]["type"] == "RollingUpdate"
    recreate = service.deploy(OLD)
    assert recreate["spec"]["strategy"] == {"type": "Recreate"}
    assert dict(service.project.stack.refresh().summary.resource_changes or {}) == {"same": 5}
    assert service.project.preview() == {"same": 5}


def test_to_no_replicas_and_back(service: Rollouts, nodes):
    nodes(ONE_GPU)
    service.deploy(OLD)
    service.deploy(OLD, 0, replicas=0)
    service.deploy(NEW, 0, replicas=0)
    service.deploy(NEW)


def test_several_replicas_at_once_under_an_autoscaler(service: Rollouts, nodes):
    nodes(EIGHT_GPUS)
    fields = {"rollout": "recreate", "cache": SHARED}
    service.deploy(OLD, 3, replicas=3, **fields)
    # Without metrics the autoscaler leaves the three: the Deployment's own count is not the program's any more.
    service.deploy(NEW, 3, autoscaling={"min_replicas": 2, "max_replicas": 4, "presets": ["queue"]}, **fields)


def test_an_overridden_strategy(service: Rollouts, nodes):
    nodes(EIGHT_GPUS)
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    fields = {"cache": SHARED, "overrides": {"deployment": {"spec": {"strategy": strategy}}}}
    service.deploy(OLD, **fields)
    assert service.deploy(NEW, **fields)["spec"]["strategy"] == strategy


def test_what_is_waited_for_can_be_overridden(service: Rollouts, nodes, cluster: Client, namespace: str):
    nodes(ONE_GPU)
    service.deploy(OLD)
    made = service.project
    not_waited_for = {"deployment": {"metadata": {"annotations": {"pulumi.com/skipAwait": "true"}}}}
    made.change("llama", image=NEW, pod_annotations={"cluster-tests/ready-after": "60s"}, overrides=not_waited_for)
    made.up()
    assert live_deployment(cluster, namespace)["status"].get("readyReplicas", 0) == 0
