"""Disruption budget, topology spread, scheduler, ResourceClaims and ephemeral cache."""

from typing import Any

import pulumi
import pytest

from nim_component.testing import DISRUPTION_BUDGET, PVC, RESOURCE_CLAIM_TEMPLATE, record

from ..logical_names import logical_names
from .seed import SHARED, recorded, serve

SELECTOR = {"app.kubernetes.io/name": "nim", "app.kubernetes.io/instance": "llama"}
GPUS = {"name": "gpus", "devices": [{"name": "gpu", "count": 2, "selectors": ["device.attributes['gpu.nvidia.com'].type == 'gpu'"]}]}


class TestBudget:
    def spec(self, **fields: Any) -> dict[str, Any]:
        return recorded(disruption_budget=fields, replicas=3, cache=SHARED).child("llama", DISRUPTION_BUDGET).inputs["spec"]

    def test_no_option_set_creates_no_budget(self):
        assert recorded().find(DISRUPTION_BUDGET) == []

    def test_default_allows_one_disruption(self):
        assert self.spec() == {
            "selector": {"matchLabels": SELECTOR},
            "maxUnavailable": 1,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
        }

    @pytest.mark.parametrize("value", [2, "50%"])
    def test_max_unavailable_is_rendered(self, value: Any):
        spec = self.spec(max_unavailable=value, unhealthy_pod_eviction_policy="IfHealthyBudget")
        assert (spec["maxUnavailable"], spec["unhealthyPodEvictionPolicy"]) == (value, "IfHealthyBudget")
        assert "minAvailable" not in spec

    @pytest.mark.parametrize("value", [2, "75%"])
    def test_min_available_is_rendered(self, value: Any):
        spec = self.spec(min_available=value)
        assert spec["minAvailable"] == value
        assert "maxUnavailable" not in spec

    def test_zero_replicas_accept_any_budget(self):
        assert recorded(disruption_budget={"min_available": 1}, replicas=0).find(DISRUPTION_BUDGET) != []

    def test_budget_has_name_of_service(self):
        seen = recorded(disruption_budget={}, service_name="chat", namespace="serving")
        metadata = seen.children("llama")["llama-disruption-budget"].inputs["metadata"]
        assert (metadata["name"], metadata["namespace"]) == ("chat", "serving")


class TestSpread:
    ZONES = {"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway"}

    def spread(self, constraint: dict[str, Any]) -> dict[str, Any]:
        (rendered,) = recorded(topology_spread=[constraint]).pod("llama")["topologySpreadConstraints"]
        return rendered

    def test_spread_without_selector_counts_pods_of_rollout(self):
        pods = {"labelSelector": {"matchLabels": SELECTOR}, "matchLabelKeys": ["pod-template-hash"]}
        assert self.spread(self.ZONES) == {**self.ZONES, **pods}

    def test_given_match_label_keys_are_kept(self):
        assert self.spread({**self.ZONES, "matchLabelKeys": []})["matchLabelKeys"] == []

    @pytest.mark.parametrize("name", ["labelSelector", "label_selector"])
    def test_given_selector_is_kept_unchanged(self, name: str):
        assert self.spread({**self.ZONES, name: {"matchLabels": {"a": "b"}}}) == {
            **self.ZONES,
            "labelSelector": {"matchLabels": {"a": "b"}},
        }


def test_scheduler_name_is_rendered():
    assert recorded(scheduler_name="kai-scheduler").pod("llama")["schedulerName"] == "kai-scheduler"
    assert "schedulerName" not in recorded().pod("llama")


class TestClaims:
    def test_no_resource_claims_render_nothing(self):
        seen = recorded()
        assert "resourceClaims" not in seen.pod("llama")
        assert "claims" not in seen.container("llama")["resources"]
        assert seen.find(RESOURCE_CLAIM_TEMPLATE) == []

    @pytest.mark.parametrize(("field", "expected"), [("claim", "resourceClaimName"), ("template", "resourceClaimTemplateName")])
    def test_existing_resource_claim_is_referenced(self, field: str, expected: str):
        seen = recorded(resource_claims=[{"name": "nic", field: "fabric", "request": "port"}])
        assert seen.pod("llama")["resourceClaims"] == [{"name": "nic", expected: "fabric"}]
        assert seen.container("llama")["resources"]["claims"] == [{"name": "nic", "request": "port"}]
        assert seen.container("llama")["resources"]["limits"]["nvidia.com/gpu"] == "1"
        assert seen.find(RESOURCE_CLAIM_TEMPLATE) == []

    def test_devices_create_template_that_pod_references(self):
        seen = recorded(resource_claims=[GPUS], gpu=0)
        template = seen.children("llama")["llama-claim-gpus"]
        assert template.type == RESOURCE_CLAIM_TEMPLATE
        exactly = {
            "deviceClassName": "gpu.nvidia.com",
            "allocationMode": "ExactCount",
            "count": 2,
            "selectors": [{"cel": {"expression": "device.attributes['gpu.nvidia.com'].type == 'gpu'"}}],
        }
        assert template.inputs["spec"] == {"spec": {"devices": {"requests": [{"name": "gpu", "exactly": exactly}]}}}
        name = template.inputs["metadata"]["name"]
        assert seen.pod("llama")["resourceClaims"] == [{"name": "gpus", "resourceClaimTemplateName": name}]
        assert seen.container("llama")["resources"]["claims"] == [{"name": "gpus"}]

    @pytest.mark.parametrize("is_output", [False, True], ids=["plain", "output"])
    def test_zero_gpus_render_no_gpu_resource(self, is_output: bool):
        def program() -> None:
            gpu: Any = pulumi.Output.from_input(0) if is_output else 0
            serve(resource_claims=[GPUS], gpu=gpu)

        resources = record(program).container("llama")["resources"]
        assert set(resources["limits"]) == set(resources["requests"]) == {"cpu", "memory"}

    def test_changed_devices_create_template_before_deployment(self):
        def template(count: int) -> Any:
            return recorded(resource_claims=[{"name": "gpus", "devices": [{"name": "gpu", "count": count}]}]).children("llama")[
                "llama-claim-gpus"
            ]

        assert template(1).inputs["metadata"]["name"] != template(2).inputs["metadata"]["name"]
        seen = recorded(resource_claims=[GPUS])
        assert "llama-claim-gpus" in logical_names(seen.children("llama")["llama-deployment"].options.dependencies)

    def test_output_device_class_is_rendered(self):
        def program() -> None:
            devices = [{"name": "gpu", "device_class": pulumi.Output.from_input("mig.nvidia.com")}]
            serve(resource_claims=[{"name": "gpus", "devices": devices}])

        plain = recorded(resource_claims=[{"name": "gpus", "devices": [{"name": "gpu", "device_class": "mig.nvidia.com"}]}])
        assert record(program).child("llama", RESOURCE_CLAIM_TEMPLATE).inputs == plain.child("llama", RESOURCE_CLAIM_TEMPLATE).inputs


class TestEphemeralCache:
    def volume(self, **fields: Any) -> dict[str, Any]:
        seen = recorded(cache={"ephemeral": True, **fields}, replicas=3)
        assert seen.find(PVC) == []
        return next(volume for volume in seen.pod("llama")["volumes"] if volume["name"].startswith("cache"))

    def test_ephemeral_cache_creates_pvc_for_each_pod(self):
        spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "50Gi"}}}
        assert self.volume() == {"name": "cache-ephemeral", "ephemeral": {"volumeClaimTemplate": {"spec": spec}}}

    def test_ephemeral_cache_uses_given_storage_class(self):
        template = self.volume(size="200Gi", storage_class="local-nvme", annotations={"a": "b"})["ephemeral"]["volumeClaimTemplate"]
        assert template["spec"]["storageClassName"] == "local-nvme"
        assert template["spec"]["resources"] == {"requests": {"storage": "200Gi"}}
        assert template["metadata"] == {"annotations": {"a": "b"}}
