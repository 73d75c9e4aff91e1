"""The network policy: what it allows, and that it allows nothing else."""

from typing import Any

import pulumi
import pytest

from nim_component.manifests.network_policy import PRIVATE
from nim_component.testing import NETWORK_POLICY, record

from .seed import recorded, serve

APPS = {"namespace": "apps"}
PUBLIC = {
    "to": [{"ipBlock": {"cidr": cidr, "except": out}} for cidr, out in PRIVATE.items()],
    "ports": [{"port": 443, "protocol": "TCP"}],
}
NAMES = [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]


def spec(more: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    return recorded(network_policy={"ingress": [APPS], **fields}, **(more or {})).child("llama", NETWORK_POLICY).inputs["spec"]


def sources(peer: dict[str, Any]) -> Any:
    (rule,) = spec(ingress=[peer])["ingress"]
    (rendered,) = rule["from"]
    return rendered


def test_without_it_there_is_none():
    assert recorded().find(NETWORK_POLICY) == []


def test_it_selects_the_pods_and_names_both_directions():
    seen = recorded(network_policy={"ingress": []})
    rendered = seen.children("llama")["llama-network-policy"].inputs
    assert rendered["metadata"]["name"] == "llama"
    assert rendered["spec"]["podSelector"] == {"matchLabels": seen.deployment("llama")["spec"]["selector"]["matchLabels"]}
    assert rendered["spec"]["policyTypes"] == ["Ingress", "Egress"]


def test_it_is_there_before_the_first_pod():
    seen = recorded(network_policy={"ingress": []})
    waits = seen.children("llama")["llama-deployment"].options.dependencies
    assert "llama-network-policy" in {urn.rpartition("::")[2] for urn in waits}


class TestIngress:
    def test_nobody_when_nobody_is_named(self):
        assert spec(ingress=[])["ingress"] == []

    def test_the_servers_port_or_those_that_are_said(self):
        assert spec({"port": 9000})["ingress"][0]["ports"] == [{"port": 9000, "protocol": "TCP"}]
        ports = spec(ingress=[{**APPS, "ports": [9000, 9001]}])["ingress"][0]["ports"]
        assert ports == [{"port": 9000, "protocol": "TCP"}, {"port": 9001, "protocol": "TCP"}]

    def test_a_port_that_is_an_output(self):
        seen = record(lambda: serve(port=pulumi.Output.from_input(9000), network_policy={"ingress": [APPS]}))
        assert seen.child("llama", NETWORK_POLICY).inputs["spec"]["ingress"][0]["ports"] == [{"port": 9000, "protocol": "TCP"}]

    @pytest.mark.parametrize(
        ("peer", "wanted"),
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
    def test_a_peer_of_each_kind(self, peer: dict[str, Any], wanted: dict[str, Any]):
        assert sources(peer) == wanted


class TestEgress:
    def test_names_and_downloads_and_nothing_else(self):
        kube_dns = {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
            "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
        }
        assert spec()["egress"] == [
            {"to": [kube_dns], "ports": NAMES},
            {"to": [{"ipBlock": {"cidr": "169.254.20.10/32"}}], "ports": NAMES},
            PUBLIC,
        ]

    def test_the_internet_is_no_private_address_and_no_metadata_service(self):
        assert PUBLIC["to"] == [
            {
                "ipBlock": {
                    "cidr": "0.0.0.0/0",
                    "except": ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"],
                }
            },
            {"ipBlock": {"cidr": "::/0", "except": ["fc00::/7", "fe80::/10"]}},
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
    def test_the_internet_is_open_unless_there_are_proxies_or_it_is_said(self, fields: dict[str, Any], open_: bool):
        assert (PUBLIC in spec(**fields)["egress"]) is open_

    def test_a_proxy_and_what_else_is_named(self):
        rules = spec(proxies=[{"cidr": "10.0.0.5/32", "ports": [3128]}], egress=[{"namespace": "minio"}])["egress"]
        assert rules[2:] == [
            {"to": [{"ipBlock": {"cidr": "10.0.0.5/32"}}], "ports": [{"port": 3128, "protocol": "TCP"}]},
            {"to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "minio"}}}]},
        ]

    def test_another_name_server(self):
        (rule,) = spec(dns=[{"namespace": "openshift-dns", "ports": [5353]}], internet=False)["egress"]
        assert rule["ports"] == [{"port": 5353, "protocol": "UDP"}, {"port": 5353, "protocol": "TCP"}]

    def test_no_name_server_and_no_internet_is_no_egress(self):
        assert spec(dns=[], internet=False)["egress"] == []
