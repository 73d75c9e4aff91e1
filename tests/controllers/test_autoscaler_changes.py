"""Changes between no autoscaler, a HorizontalPodAutoscaler and KEDA under load.

Objects are applied and deleted in the order of Pulumi: it deletes after all creations and updates.
"""

from collections.abc import Callable
from typing import Any

import pytest

from nim_component import AutoscalingArgs
from tests.cluster.client import Client, Object, condition, wait_until
from tests.cluster.nodes import EIGHT_GPUS
from tests.cluster.objects import apply_all, render
from tests.cluster.waiting import hold, ignore_replicas, wait_for_rollout

from .generations import monitored
from .monitoring import Prometheus, is_scraped
from .scaling import AT_ONCE, by_keda, keda_status, replicas
from .servers import Servers

HPA = ("autoscaling/v2", "HorizontalPodAutoscaler")
SCALED_OBJECT = ("keda.sh/v1alpha1", "ScaledObject")


class Switch:
    """One service with three pods, which never change."""

    def __init__(self, cluster: Client, prometheus: Prometheus, namespace: str) -> None:
        self._cluster, self._prometheus, self._namespace = cluster, prometheus, namespace
        self.fixed = render(monitored("2.x-vllm", namespace, replicas=3), namespace)
        by_hpa = AutoscalingArgs(max_replicas=3, presets=["queue"], scale_up=AT_ONCE, scale_down=AT_ONCE)
        self.hpa, self.keda = (by_hpa, by_keda(prometheus, presets=["queue"]))
        apply_all(cluster, self.fixed)
        wait_for_rollout(cluster, self.fixed)
        prometheus.sync(lambda found: is_scraped(namespace, found))
        wait_until("three scraped pods", lambda: prometheus.count_scraped(namespace) == 3)
        self._pods = self._running()

    def to(self, scaling: AutoscalingArgs | None, *deleted: tuple[str, str]) -> None:
        """Apply the service with another autoscaler, then delete the former one."""
        cluster, namespace = self._cluster, self._namespace
        if scaling is None:
            objects = self.fixed
        else:
            objects = ignore_replicas(cluster, render(monitored("2.x-vllm", namespace, autoscaling=scaling), namespace))
        apply_all(cluster, objects)
        for kind in deleted:
            cluster.delete(*kind, "llama", namespace)
        wait_until("deleted objects", lambda: all(cluster.find(*kind, "llama", namespace) is None for kind in deleted))

    def autoscalers(self) -> dict[str, str | None]:
        """Return the reason of `ScalingActive` of each HorizontalPodAutoscaler."""
        found: list[Object] = self._cluster.list(*HPA, self._namespace)
        return {each["metadata"]["name"]: condition(each, "ScalingActive").get("reason") for each in found}

    def wait_for(self, **reasons: str) -> None:
        """Wait for the autoscalers with their reasons, and for KEDA with its autoscaler."""
        expected = {name.replace("_", "-"): reason for name, reason in reasons.items()}
        wait_until(f"{expected}", lambda: self.autoscalers() == expected, seconds=90)

    def check_pods(self) -> None:
        """Check for a while that the pods are the first three."""
        hold(6, lambda: replicas(self._cluster, self.fixed) == 3)
        assert self._running() == self._pods

    def _running(self) -> set[str]:
        return {pod["metadata"]["uid"] for pod in self._cluster.pods(self._namespace) if "deletionTimestamp" not in pod["metadata"]}


@pytest.fixture
def switch(
    cluster: Client, adapter: Any, keda: None, prometheus: Prometheus, serve: Callable[[str], Servers], namespace: str, nodes: Any
) -> Switch:
    nodes(EIGHT_GPUS)
    serve("2.x-vllm").set_load(waiting=20)
    return Switch(cluster, prometheus, namespace)


VALID = "ValidMetricFound"


def test_switching_over_none_keeps_the_pods(cluster: Client, switch: Switch, namespace: str):
    """The way of the guide: autoscaler, none, KEDA, none, autoscaler."""
    switch.to(switch.hpa)
    switch.wait_for(llama=VALID)
    switch.check_pods()
    switch.to(None, HPA)
    switch.check_pods()
    switch.to(switch.keda)
    wait_until("an active ScaledObject", lambda: keda_status(cluster, namespace, "Active") == "True", seconds=90)
    switch.wait_for(keda_hpa_llama=VALID)
    switch.check_pods()
    switch.to(None, SCALED_OBJECT)
    switch.wait_for()
    switch.check_pods()
    switch.to(switch.hpa)
    switch.wait_for(llama=VALID)
    switch.check_pods()


def test_switching_at_once_keeps_the_pods(switch: Switch):
    """Without KEDA's webhook both exist for a while, and neither changes the number."""
    switch.to(switch.keda)
    switch.wait_for(keda_hpa_llama=VALID)
    switch.to(switch.hpa)
    switch.wait_for(llama="AmbiguousSelector", keda_hpa_llama="AmbiguousSelector")
    switch.check_pods()
    switch.to(switch.hpa, SCALED_OBJECT)
    switch.wait_for(llama=VALID)
    switch.check_pods()
    switch.to(switch.keda)
    switch.wait_for(llama="AmbiguousSelector", keda_hpa_llama="AmbiguousSelector")
    switch.check_pods()
    switch.to(switch.keda, HPA)
    switch.wait_for(keda_hpa_llama=VALID)
    switch.check_pods()
