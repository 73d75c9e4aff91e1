"""Names of the services of one program."""

from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest

from nim_component import NIM, ArgumentError, NIMSecrets, NIMService
from nim_component.testing import NIM_SERVICE, SERVICE, record

GROUP: dict[str, Any] = {"multi_node": {"nodes": 2}, "cache": {"access_mode": "ReadWriteMany"}, "generation": "2.x-vllm"}


def serve(name: str, opts: pulumi.ResourceOptions | None = None, **fields: Any) -> NIMService:
    return NIMService(name, NIM(secrets=NIMSecrets.keyless(), **fields), opts)


@pytest.mark.parametrize(
    ("first", "second", "text"),
    [
        ({}, {"service_name": "a"}, "is also the name of service 'a' in namespace default (got 'a')"),
        (GROUP, {"service_name": "a-group"}, "is also the name of the headless Service of 'a', which its LeaderWorkerSet creates"),
    ],
    ids=["same", "group"],
)
def test_equal_names_are_refused(first: dict[str, Any], second: dict[str, Any], text: str):
    with pytest.raises(ArgumentError) as caught:
        record(lambda: (serve("a", **first), serve("b", **second)))
    assert str(caught.value).startswith("NIMService 'b' has 1 problem:\n  service_name: ")
    assert text in str(caught.value)


def test_equal_names_elsewhere_are_accepted():
    """Another namespace, or another provider, which may be another cluster."""

    def program() -> None:
        serve("a", service_name="x")
        serve("b", service_name="x", namespace="other")
        serve("c", pulumi.ResourceOptions(provider=k8s.Provider("east")), service_name="x")

    assert [each.inputs["metadata"]["name"] for each in record(program).find(SERVICE)] == ["x", "x", "x"]


def test_each_run_has_its_own_services():
    for _ in range(2):
        assert len(record(lambda: serve("a")).find(NIM_SERVICE)) == 1
