"""The NetworkPolicies: of the server's pods, and of the Jobs' that download for it."""

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from ..args import NIM
from ..args.network_policy import NetworkPeer, NetworkPolicyArgs
from ..names import JOBS, SERVER, WORKER, labels, named_selector, selector

NAMESPACE_NAME = "kubernetes.io/metadata.name"
"""Label that every namespace has."""

PRIVATE = {
    "0.0.0.0/0": ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"],
    "::/0": ["fc00::/7", "fe80::/10"],
}
"""What is not the internet: private and shared ranges, and link-local addresses, where clouds keep their metadata service."""

Ports = list["k8s.networking.v1.NetworkPolicyPortArgsDict"]


def render_network_policy(nim: NIM, service_name: str, policy: NetworkPolicyArgs) -> "dict[str, Any]":
    """Metadata and spec. Both directions are named, so that what no rule allows is denied."""
    served = [nim.port] if nim.grpc_port is None else [nim.port, nim.grpc_port]
    ingress: list[k8s.networking.v1.NetworkPolicyIngressRuleArgsDict] = [
        {"from_": [_peer(each)], "ports": _ports(each.ports or served)} for each in policy.ingress
    ]
    egress = _egress(policy)
    pods: k8s.meta.v1.LabelSelectorArgsDict = {"match_labels": selector(service_name)}
    if nim.multi_node is not None:
        pods = named_selector(service_name, (SERVER, WORKER))
        # The members of a group talk by Ray and NCCL, whose ports are chosen as they start.
        members: k8s.networking.v1.NetworkPolicyPeerArgsDict = {"pod_selector": pods}
        ingress.append({"from_": [members]})
        egress.append({"to": [members]})
    spec: k8s.networking.v1.NetworkPolicySpecArgsDict = {
        "pod_selector": pods,
        "policy_types": ["Ingress", "Egress"],
        "ingress": ingress,
        "egress": egress,
    }
    return {"metadata": {"name": service_name, "namespace": nim.namespace, "labels": labels(service_name)}, "spec": spec}


def render_jobs_policy(nim: NIM, service_name: str, policy: NetworkPolicyArgs) -> "dict[str, Any]":
    """Metadata and spec of a policy of the Jobs' own: they reach what the server does, which downloads too, and nobody reaches them."""
    spec: k8s.networking.v1.NetworkPolicySpecArgsDict = {
        "pod_selector": named_selector(service_name, JOBS),
        "policy_types": ["Ingress", "Egress"],
        "ingress": [],
        "egress": _egress(policy),
    }
    # No service can be of this name, and have its own policy by it: a Service's holds no dot.
    return {"metadata": {"name": f"{service_name}.jobs", "namespace": nim.namespace, "labels": labels(service_name)}, "spec": spec}


def _egress(policy: NetworkPolicyArgs) -> "list[k8s.networking.v1.NetworkPolicyEgressRuleArgsDict]":
    rules: list[k8s.networking.v1.NetworkPolicyEgressRuleArgsDict] = []
    for each in policy.dns:
        ports = each.ports or [53]
        rules.append({"to": [_peer(each)], "ports": [*_ports(ports, "UDP"), *_ports(ports)]})
    if policy.reaches_internet:
        rules.append({"to": [{"ip_block": {"cidr": cidr, "except_": out}} for cidr, out in PRIVATE.items()], "ports": _ports([443])})
    for each in (*(policy.proxies or ()), *(policy.egress or ())):
        rule: k8s.networking.v1.NetworkPolicyEgressRuleArgsDict = {"to": [_peer(each)]}
        if each.ports:
            rule["ports"] = _ports(each.ports)
        rules.append(rule)
    return rules


def _ports(ports: "Sequence[pulumi.Input[int]]", protocol: str = "TCP") -> Ports:
    return [{"port": port, "protocol": protocol} for port in ports]


def _peer(peer: NetworkPeer) -> "k8s.networking.v1.NetworkPolicyPeerArgsDict":
    if peer.cidr is not None:
        block: k8s.networking.v1.IPBlockArgsDict = {"cidr": peer.cidr}
        if peer.excluding:
            block["except_"] = list(peer.excluding)
        return {"ip_block": block}
    rendered: k8s.networking.v1.NetworkPolicyPeerArgsDict = {}
    if peer.namespace is not None:
        rendered["namespace_selector"] = {"match_labels": {NAMESPACE_NAME: peer.namespace}}
    if peer.namespace_labels is not None:
        rendered["namespace_selector"] = _selector(peer.namespace_labels)
    if peer.pods is not None:
        rendered["pod_selector"] = _selector(peer.pods)
    return rendered


def _selector(wanted: Any) -> "k8s.meta.v1.LabelSelectorArgsDict":
    """The empty selector takes everything."""
    return {"match_labels": dict(wanted)} if wanted else {}
