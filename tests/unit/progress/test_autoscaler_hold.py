"""Hold of an autoscaler that the same update deletes: the patches, and autoscalers left alone."""

import asyncio
from typing import Any

import pytest

from nim_component import NIM, AutoscalingArgs, CacheArgs, NIMSecrets, NIMService
from nim_component.cluster.errors import MissingError
from nim_component.diagnose.progress.autoscaler_hold import Hold, find_held_replicas, hold_autoscaler
from nim_component.names import make_labels
from nim_component.testing import record

HPA, SCALED_OBJECT = (
    "/apis/autoscaling/v2/namespaces/ml/horizontalpodautoscalers/llama",
    "/apis/keda.sh/v1alpha1/namespaces/ml/scaledobjects/llama",
)
TARGET = {"kind": "Deployment", "name": "llama"}


class FakeClient:
    """Client of a cluster with the given objects, by path."""

    def __init__(self, objects: dict[str, Any]) -> None:
        self.objects = objects
        self.patches: list[tuple[str, Any, str]] = []

    async def get(self, path: str) -> Any:
        if path not in self.objects:
            raise MissingError(path)
        return self.objects[path]

    async def list(self, path: str, **query: str) -> tuple[list[Any], str]:
        assert query["labelSelector"].startswith("app.kubernetes.io/name in (nim,")
        return [each for found, each in self.objects.items() if found.rpartition("/")[0] == path], "1"

    async def patch(self, path: str, body: Any, manager: str) -> Any:
        self.patches.append((path, body, manager))


def autoscaler(labels: dict[str, str] | None = None, target: Any = TARGET, **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "llama", "labels": make_labels("llama") if labels is None else labels},
        "spec": {"scaleTargetRef": target, **spec},
    }


def hold(objects: dict[str, Any], **fields: Any) -> tuple[Hold | None, list[tuple[str, Any, str]]]:
    nim = NIM(secrets=NIMSecrets.keyless(), namespace="ml", cache=CacheArgs(access_mode="ReadWriteMany"), **fields)
    deployment = record(lambda: NIMService("llama", nim)).children("llama")["llama-deployment"].inputs
    client: Any = FakeClient(objects)
    return asyncio.run(hold_autoscaler(client, deployment)), client.patches


def patch(annotations: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {"metadata": {"annotations": annotations}, **({"spec": spec} if spec else {})}


@pytest.mark.parametrize(("replicas", "limits"), [(1, (1, 1)), (5, (5, 5)), (0, (2, 3))])
def test_hpa_is_held_at_replicas(replicas: int, limits: tuple[int, int]):
    held, patches = hold({HPA: autoscaler(minReplicas=2, maxReplicas=3)}, replicas=replicas)
    minimum, maximum = limits
    number = {"nim-component/held-replicas": str(replicas)}
    assert patches == [(HPA, patch(number, minReplicas=minimum, maxReplicas=maximum), "pulumi-kubernetes")]
    assert held == Hold(HPA, patch({"nim-component/held-replicas": None}, minReplicas=2, maxReplicas=3))


def test_scaled_object_is_paused_at_replicas():
    keys = ("nim-component/held-replicas", "autoscaling.keda.sh/paused-replicas")
    held, patches = hold({SCALED_OBJECT: autoscaler(maxReplicaCount=3)}, replicas=4)
    assert patches == [(SCALED_OBJECT, patch(dict.fromkeys(keys, "4")), "pulumi-kubernetes")]
    assert held == Hold(SCALED_OBJECT, patch(dict.fromkeys(keys)))


@pytest.mark.parametrize(
    "found",
    [
        autoscaler({}, minReplicas=2, maxReplicas=3),
        autoscaler(make_labels("other"), minReplicas=2, maxReplicas=3),
        autoscaler(target={"kind": "Deployment", "name": "other"}, minReplicas=2, maxReplicas=3),
        {"metadata": None, "spec": None},
    ],
    ids=["without labels", "of another service", "of another Deployment", "empty"],
)
def test_foreign_autoscaler_is_left_alone(found: Any):
    assert hold({HPA: found, SCALED_OBJECT: found}) == (None, [])


def test_kept_autoscaler_is_left_alone():
    kept = AutoscalingArgs(max_replicas=3, presets=["queue"])
    assert hold({HPA: autoscaler(minReplicas=1, maxReplicas=3)}, autoscaling=kept) == (None, [])


def test_service_without_autoscaler_is_not_changed():
    assert hold({}) == (None, [])


@pytest.mark.parametrize(("annotations", "expected"), [({"nim-component/held-replicas": "1"}, {"llama": "1"}), ({}, {})])
def test_left_hold_is_found(annotations: dict[str, str], expected: dict[str, str]):
    found = autoscaler(maxReplicas=1)
    found["metadata"]["annotations"] = annotations
    client: Any = FakeClient({HPA: found})
    assert asyncio.run(find_held_replicas(client, "ml")) == expected
