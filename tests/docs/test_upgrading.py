"""The table of changes that restart pods, compared with rendered pod templates."""

import re
from typing import Any

import pulumi
import pytest

from nim_component import NIM, NIMSecrets, NIMService
from nim_component.testing import record

from .pages import ROOT, read

PAGE = read(ROOT / "docs" / "upgrading.md")
BASE: dict[str, Any] = {"image": "nvcr.io/nim/meta/llama3-8b-instruct:1.0.3", "mem": "32Gi", "cache": {"access_mode": "ReadWriteMany"}}
PEFT: dict[str, Any] = {"env": {"NIM_PEFT_SOURCE": "/opt/nim/peft"}, "lora_adapter_mem": "2Gi"}
REFRESHED: dict[str, Any] = {**PEFT, "lora": {"refresh_interval": 30, "volume": {}}}

ROWS: dict[str, list[tuple[dict[str, Any], dict[str, Any]]]] = {
    "image, resources, environment, probes, volumes, placement, security settings, ServiceAccount": [
        ({}, {"image": "nvcr.io/nim/meta/llama3-8b-instruct:1.0.4"}),
        ({}, {"mem": "48Gi"}),
        ({}, {"env": {"A": "b"}}),
        ({}, {"startup_timeout": 3600}),
        ({}, {"shm_size": "8Gi"}),
        ({}, {"node_selector": {"a": "b"}}),
        ({}, {"run_as_user": 1001}),
        ({}, {"service_account": {"name": "reader"}}),
    ],
    "adapters, without `lora.refresh_interval`": [({**PEFT, "hf_repo_ids": ["a/b"]}, {"hf_repo_ids": ["a/b", "a/c"]})],
    "annotations of the ServiceAccount that the component creates": [
        ({"service_account": {}}, {"service_account": {"annotations": {"a/b": "c"}}})
    ],
    "adapters, with `lora.refresh_interval` and `lora.volume`": [({**REFRESHED, "hf_repo_ids": ["a/b"]}, {"hf_repo_ids": ["a/b", "a/c"]})],
    "another order of adapters, variables, tolerations, topology spread, volumes or mounts": [
        ({**PEFT, "hf_repo_ids": ["a/b", "a/c"]}, {"hf_repo_ids": ["a/c", "a/b"]}),
        ({"env": {"A": "b", "B": "c"}}, {"env": {"B": "c", "A": "b"}}),
        (
            {"tolerations": [{"key": "a", "operator": "Exists"}, {"operator": "Exists"}]},
            {"tolerations": [{"operator": "Exists"}, {"key": "a", "operator": "Exists"}]},
        ),
    ],
    "`cache.prewarm` added, changed or removed": [
        ({}, {"cache": {"access_mode": "ReadWriteMany", "prewarm": {"profiles": ["a"]}}}),
        ({"cache": {"access_mode": "ReadWriteMany", "prewarm": {"profiles": ["b"]}}}, {"cache": {"access_mode": "ReadWriteMany"}}),
    ],
    "another StorageClass or access mode of the cache": [({}, {"cache": {"access_mode": "ReadWriteMany", "storage_class": "other"}})],
    "a larger cache": [({}, {"cache": {"access_mode": "ReadWriteMany", "size": "100Gi"}})],
    "`replicas`, autoscaling, Service, Ingress, routes, network policy, metrics, disruption budget": [
        ({}, {"replicas": 2}),
        ({}, {"autoscaling": {"max_replicas": 3, "presets": ["queue"]}}),
        ({}, {"service": {"type": "LoadBalancer"}}),
        ({}, {"ingress": {"hosts": ["a.example"]}}),
        ({}, {"http_route": {"gateway": "g", "hosts": ["a.example"]}}),
        ({}, {"network_policy": {"ingress": []}}),
        ({}, {"metrics": {"dashboard": {}, "alerts": {}}}),
        ({}, {"disruption_budget": {}}),
    ],
    "`pod_labels`, `pod_annotations`, `metrics.scrape_annotations`": [
        ({}, {"pod_labels": {"a": "b"}}),
        ({}, {"pod_annotations": {"a": "b"}}),
        ({}, {"metrics": {"monitor": None, "scrape_annotations": True}}),
    ],
}
"""Rows of the table with arguments before and changes.

The other rows are about changes outside the arguments.
"""


def restarts(row: str) -> bool:
    (answer,) = re.findall(rf"^\| {re.escape(row)} \| (yes|no)", PAGE, re.MULTILINE)
    return answer == "yes"


def template(**fields: Any) -> Any:
    recording = record(lambda: NIMService("llama", {"secrets": {"without_key": True}, **BASE, **fields}))
    return recording.deployment("llama")["spec"]["template"]


@pytest.mark.parametrize(
    ("row", "before", "change"), [(row, *case) for row, cases in ROWS.items() for case in cases], ids=lambda value: str(value)[:40]
)
def test_documented_changes_restart_pods(row: str, before: dict[str, Any], change: dict[str, Any]):
    assert (template(**before) != template(**{**before, **change})) is restarts(row)


def test_rotated_key_restarts_pods():
    def render(key: str) -> Any:
        def program() -> None:
            NIMService("llama", NIM(secrets=NIMSecrets(ngc_api_key=pulumi.Output.secret(key))))

        return record(program).deployment("llama")["spec"]["template"]

    assert restarts("a rotated key that the component stores (`ngc_api_key`, `hf_token`)")
    assert render("first-key") != render("second-key")
