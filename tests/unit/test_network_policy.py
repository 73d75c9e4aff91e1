"""The NetworkPolicies: allowed traffic, and no other."""

from typing import Any

import pulumi
import pytest

from nim_component.manifests.network_policy import PRIVATE
from nim_component.testing import JOB, NETWORK_POLICY, SERVICE, Recording, record

from ..logical_names import logical_names
from .seed import LORA, recorded, serve

APPS = {"namespace": "apps"}
PUBLIC = {
    "to": [{"ipBlock": {"cidr": cidr, "except": out}} for cidr, out in PRIVATE.items()],
    "ports": [{"port": 443, "protocol": "TCP"}],
}
NAMES = [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]


def spec(more: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    # Without egress to the internet, the model must exist already.
    filled = {"cache": {"existing_claim": "models"}} if fields.get("internet") is False else {}
    return recorded(network_policy={"ingress": [APPS], **fields}, **filled, **(more or {})).child("llama", NETWORK_POLICY).inputs["spec"]


def sources(peer: dict[str, Any]) -> Any:
    (rule,) = spec(ingress=[peer])["ingress"]
    (rendered,) = rule["from"]
    return rendered


def test_no_option_set_creates_no_policy():
    assert recorded().find(NETWORK_POLICY) == []


def test_policy_selects_pods_in_both_directions():
    seen = recorded(network_policy={"ingress": []})
    rendered = seen.children("llama")["llama-network-policy"].inputs
    assert rendered["metadata"]["name"] == "llama"
    assert rendered["spec"]["podSelector"] == {"matchLabels": seen.deployment("llama")["spec"]["selector"]["matchLabels"]}
    assert rendered["spec"]["policyTypes"] == ["Ingress", "Egress"]


def test_policy_is_created_before_workload():
    seen = recorded(network_policy={"ingress": []})
    waits = seen.children("llama")["llama-deployment"].options.dependencies
    assert "llama-network-policy" in logical_names(waits)


WARM = {"cache": {"prewarm": {"profiles": ["a"]}}}
REFRESHED = {**LORA, "lora": {"refresh_interval": 60, "volume": {"existing_claim": "loras"}}}


class TestJobs:
    @staticmethod
    def jobs_policy(seen: Recording) -> dict[str, Any]:
        return seen.children("llama")["llama-network-policy-jobs"].inputs

    def test_no_jobs_create_one_policy(self):
        assert [each.inputs["metadata"]["name"] for each in recorded(network_policy={"ingress": [APPS]}, **LORA).find(NETWORK_POLICY)] == [
            "llama"
        ]

    @pytest.mark.parametrize("more", [WARM, REFRESHED, {**WARM, **REFRESHED}], ids=["warm", "lora", "both"])
    def test_jobs_policy_selects_jobs_of_service_only(self, more: dict[str, Any]):
        seen = recorded(network_policy={"ingress": [APPS]}, **more)
        chosen = self.jobs_policy(seen)["spec"]["podSelector"]
        jobs = seen.find(JOB)
        assert jobs
        for job in jobs:
            assert matches(chosen, job.inputs["spec"]["template"]["metadata"]["labels"])
            assert not matches(chosen, {**job.inputs["spec"]["template"]["metadata"]["labels"], "app.kubernetes.io/instance": "other"})
        assert not matches(chosen, seen.deployment("llama")["spec"]["template"]["metadata"]["labels"])

    def test_jobs_policy_allows_egress_only(self):
        seen = recorded(network_policy={"ingress": [APPS]}, **WARM)
        rendered = self.jobs_policy(seen)
        assert rendered["metadata"]["name"] == "llama.jobs"
        assert rendered["spec"]["policyTypes"] == ["Ingress", "Egress"]
        assert rendered["spec"]["ingress"] == []
        assert rendered["spec"]["egress"] == spec()["egress"]

    @pytest.mark.parametrize("more", [WARM, REFRESHED], ids=["warm", "lora"])
    def test_jobs_policy_is_created_before_job(self, more: dict[str, Any]):
        (job,) = recorded(network_policy={"ingress": []}, **more).find(JOB)
        waits = logical_names(job.options.dependencies)
        assert "llama-network-policy-jobs" in waits

    def test_service_selects_no_job(self):
        seen = recorded(**WARM, **REFRESHED)
        selector = {"matchLabels": seen.child("llama", SERVICE).inputs["spec"]["selector"]}
        for job in seen.find(JOB):
            assert not matches(selector, job.inputs["spec"]["template"]["metadata"]["labels"])


def matches(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    """Return whether a label selector matches labels, as in the API server."""
    expressions = selector.get("matchExpressions", [])
    assert all(each["operator"] == "In" for each in expressions)
    return selector["matchLabels"].items() <= labels.items() and all(labels.get(each["key"]) in each["values"] for each in expressions)


class TestIngress:
    def test_empty_ingress_allows_no_peer(self):
        assert spec(ingress=[])["ingress"] == []

    def test_ingress_ports_are_default_or_given(self):
        assert spec({"port": 9000})["ingress"][0]["ports"] == [{"port": 9000, "protocol": "TCP"}]
        ports = spec(ingress=[{**APPS, "ports": [9000, 9001]}])["ingress"][0]["ports"]
        assert ports == [{"port": 9000, "protocol": "TCP"}, {"port": 9001, "protocol": "TCP"}]

    def test_output_port_is_allowed(self):
        seen = record(lambda: serve(port=pulumi.Output.from_input(9000), network_policy={"ingress": [APPS]}))
        assert seen.child("llama", NETWORK_POLICY).inputs["spec"]["ingress"][0]["ports"] == [{"port": 9000, "protocol": "TCP"}]

    @pytest.mark.parametrize(
        ("peer", "expected"),
        [
            ({"namespace": "apps"}, {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "apps"}}}),
            ({"namespace_labels": {"team": "x"}}, {"namespaceSelector": {"matchLabels": {"team": "x"}}}),
            ({"namespace_labels": {}}, {"namespaceSelector": {}}),
            ({"pods": {"app": "chat"}}, {"podSelector": {"matchLabels": {"app": "chat"}}}),
            ({"pods": {}}, {"podSelector": {}}),
            (
                {"namespace": "apps", "pods": {"app": "chat"}},
                {
                    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "apps"}},
                    "podSelector": {"matchLabels": {"app": "chat"}},
                },
            ),
            ({"cidr": "10.0.0.0/8"}, {"ipBlock": {"cidr": "10.0.0.0/8"}}),
            ({"cidr": "10.0.0.0/8", "excluding": ["10.1.0.0/16"]}, {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}),
        ],
        ids=str,
    )
    def test_each_peer_type_is_rendered(self, peer: dict[str, Any], expected: dict[str, Any]):
        assert sources(peer) == expected


class TestEgress:
    def test_default_egress_is_dns_and_internet(self):
        def in_kube_system(app: str) -> dict[str, Any]:
            return {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
                "podSelector": {"matchLabels": {"k8s-app": app}},
            }

        assert spec()["egress"] == [
            {"to": [in_kube_system("kube-dns")], "ports": NAMES},
            # NodeLocal DNSCache is a pod with Cilium, else an address of the node. Cloud DNS for
            # GKE is on the address of the metadata server, with no other port.
            {"to": [in_kube_system("node-local-dns")], "ports": NAMES},
            {"to": [{"ipBlock": {"cidr": "169.254.20.10/32"}}], "ports": NAMES},
            {"to": [{"ipBlock": {"cidr": "169.254.169.254/32"}}], "ports": NAMES},
            PUBLIC,
        ]

    def test_internet_excludes_private_and_link_local_ranges(self):
        assert PUBLIC["to"] == [
            {
                "ipBlock": {
                    "cidr": "0.0.0.0/0",
                    "except": ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"],
                }
            },
            {"ipBlock": {"cidr": "::/0", "except": ["64:ff9b::/96", "64:ff9b:1::/48", "fc00::/7", "fe80::/10"]}},
        ]

    @pytest.mark.parametrize(
        ("fields", "open_"),
        [
            ({}, True),
            ({"internet": False}, False),
            ({"proxies": [{"cidr": "10.0.0.5/32", "ports": [3128]}]}, False),
            ({"proxies": [{"cidr": "10.0.0.5/32", "ports": [3128]}], "internet": True}, True),
        ],
        ids=str,
    )
    def test_internet_is_open_without_proxies_by_default(self, fields: dict[str, Any], open_: bool):
        assert (PUBLIC in spec(**fields)["egress"]) is open_

    def test_proxies_and_egress_are_rendered(self):
        rules = spec(proxies=[{"cidr": "10.0.0.5/32", "ports": [3128]}], egress=[{"namespace": "minio"}])["egress"]
        assert rules[4:] == [
            {"to": [{"ipBlock": {"cidr": "10.0.0.5/32"}}], "ports": [{"port": 3128, "protocol": "TCP"}]},
            {"to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "minio"}}}]},
        ]

    def test_dns_peer_replaces_default(self):
        (rule,) = spec(dns=[{"namespace": "openshift-dns", "ports": [5353]}], internet=False)["egress"]
        assert rule["ports"] == [{"port": 5353, "protocol": "UDP"}, {"port": 5353, "protocol": "TCP"}]

    def test_no_dns_and_internet_deny_egress(self):
        assert spec(dns=[], internet=False)["egress"] == []
