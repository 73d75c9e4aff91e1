"""Node affinity, taints and resource requests, by the rules of the scheduler."""

from typing import Any

import pytest

from nim_component.cluster.scheduling import blocking_taints, fits_affinity, fits_selector, gpu_resource_of, requests_of

from ..diagnose.kubernetes_objects import GPU, node, pod

LABELS = {"gpu": "h100", "memory": "80", "zone": "a"}


def term(*expressions: tuple[str, str, list[str]], where: str = "matchExpressions") -> dict[str, Any]:
    return {where: [{"key": key, "operator": operator, "values": values} for key, operator, values in expressions]}


def pod_with_affinity(*terms: dict[str, Any]) -> Any:
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": list(terms)}}
    return pod(spec={"affinity": {"nodeAffinity": required}})


@pytest.mark.parametrize(
    ("terms", "fits"),
    [
        ([term(("gpu", "In", ["a100", "h100"]))], True),
        ([term(("gpu", "In", ["a100"]))], False),
        ([term(("gpu", "NotIn", ["a100"]))], True),
        ([term(("gpu", "NotIn", ["h100"]))], False),
        # a missing label is in no list
        ([term(("rack", "NotIn", ["1"]))], True),
        ([term(("gpu", "Exists", []))], True),
        ([term(("rack", "Exists", []))], False),
        ([term(("rack", "DoesNotExist", []))], True),
        ([term(("gpu", "DoesNotExist", []))], False),
        ([term(("memory", "Gt", ["79"]))], True),
        ([term(("memory", "Gt", ["80"]))], False),
        ([term(("memory", "Lt", ["81"]))], True),
        ([term(("memory", "Lt", ["80"]))], False),
        ([term(("gpu", "Gt", ["1"]))], False),
        ([term(("gpu", "In", ["h100"]), ("zone", "In", ["b"]))], False),
        ([term(("gpu", "In", ["a100"])), term(("zone", "In", ["a"]))], True),
        ([term(("metadata.name", "In", ["gpu-0"]), where="matchFields")], True),
        ([{}], False),
        ([{"matchExpressions": [{"key": "gpu", "operator": "In", "values": 3}, "no mapping"]}], False),
        ([term(("gpu", "Odd", []))], False),
    ],
)
def test_one_matching_term_satisfies_affinity(terms: list[dict[str, Any]], fits: bool):
    assert fits_affinity(node(labels=LABELS), pod_with_affinity(*terms)) is fits


def test_pod_without_affinity_fits_any_node():
    assert fits_affinity(node(), pod())
    assert fits_selector(node(), pod())
    assert not fits_selector(node(labels={"gpu": "a100"}), pod(spec={"nodeSelector": {"gpu": "h100"}}))


@pytest.mark.parametrize(
    ("toleration", "tolerates"),
    [
        ({"key": "team", "operator": "Equal", "value": "a", "effect": "NoSchedule"}, True),
        ({"key": "team", "value": "a"}, True),
        ({"key": "team", "operator": "Exists"}, True),
        ({"operator": "Exists"}, True),
        ({"key": "team", "value": "b"}, False),
        ({"key": "team", "operator": "Exists", "effect": "NoExecute"}, False),
        ({"key": "other", "operator": "Exists"}, False),
    ],
)
def test_taint_blocks_pod_without_toleration(toleration: dict[str, str], tolerates: bool):
    tainted = node(taints=[{"key": "team", "value": "a", "effect": "NoSchedule"}])
    assert (blocking_taints(tainted, pod(spec={"tolerations": [toleration]})) == []) is tolerates


def test_preferred_taint_blocks_no_pod():
    assert blocking_taints(node(taints=[{"key": "team", "effect": "PreferNoSchedule"}]), pod()) == []


def test_request_is_maximum_of_containers_and_init_containers():
    limits = [{"resources": {"limits": {GPU: str(number)}}} for number in (2, 3)]
    assert requests_of(pod(spec={"containers": limits}), GPU) == 5
    assert requests_of(pod(spec={"containers": limits[:1], "initContainers": limits[1:]}), GPU) == 3


@pytest.mark.parametrize(
    ("limits", "resource"),
    [
        ({"cpu": "1"}, None),
        ({"hugepages-2Mi": "1Gi"}, None),
        ({"example.com/rdma": "1", "nvidia.com/gpu": "1"}, "nvidia.com/gpu"),
        ({"nvidia.com/gpucores": "30", "nvidia.com/gpu": "1", "nvidia.com/gpumem": "3000"}, "nvidia.com/gpu"),
        ({"example.com/rdma": "1", "nvidia.com/mig-1g.10gb": "1"}, "nvidia.com/mig-1g.10gb"),
        ({"a.example/nic": "1", "aliyun.com/gpu-mem": "10"}, "aliyun.com/gpu-mem"),
        ({"habana.ai/gaudi": "1"}, "habana.ai/gaudi"),
    ],
    ids=str,
)
def test_gpu_resource_is_found_among_others(limits: dict[str, str], resource: str | None):
    assert gpu_resource_of(pod(spec={"containers": [{"name": "nim", "resources": {"limits": limits}}]})) == resource
