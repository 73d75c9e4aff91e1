"""The NetworkPolicies of the server's pods and of the pods of its Jobs."""

from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from ..args import NIM
from ..args.network_policy import NetworkPeer, NetworkPolicyArgs
from ..names import JOBS, make_labels, make_name_selector
from .inputs import as_name
from .workload import select_pods

NAMESPACE_NAME = "kubernetes.io/metadata.name"
"""Label that Kubernetes sets on every namespace to its name."""

PRIVATE = {
    "0.0.0.0/0": ["10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"],
    "::/0": ["64:ff9b::/96", "64:ff9b:1::/48", "fc00::/7", "fe80::/10"],
}
"""Address ranges outside the internet: private, shared, link-local, and the prefixes of NAT64.

The metadata services of clouds are link-local. A NAT64 gateway translates an address below
`64:ff9b::/96` or `64:ff9b:1::/48` to IPv4, also to a private one: RFC 6052, RFC 8215.
"""

Ports = list["k8s.networking.v1.NetworkPolicyPortArgsDict"]


def render_network_policy(nim: NIM, service_name: str, policy: NetworkPolicyArgs) -> "dict[str, Any]":
    """Render metadata and spec.

    The policy has both types, so all traffic without a rule is denied.
    """
    server_ports = [nim.port] if nim.grpc_port is None else [nim.port, nim.grpc_port]
    ingress: list[k8s.networking.v1.NetworkPolicyIngressRuleArgsDict] = [
        {"from_": [_peer(each)], "ports": _ports(each.ports or server_ports)} for each in policy.ingress
    ]
    egress = _egress(policy)
    pods = select_pods(nim, service_name)
    if nim.multi_node is not None:
        # The pods of a node group communicate by Ray and NCCL, on ports that are chosen at start.
        members: k8s.networking.v1.NetworkPolicyPeerArgsDict = {"pod_selector": pods}
        ingress.append({"from_": [members]})
        egress.append({"to": [members]})
    spec: k8s.networking.v1.NetworkPolicySpecArgsDict = {
        "pod_selector": pods,
        "policy_types": ["Ingress", "Egress"],
        "ingress": ingress,
        "egress": egress,
    }
    return {"metadata": {"name": service_name, "namespace": nim.namespace, "labels": make_labels(service_name)}, "spec": spec}


def render_jobs_policy(nim: NIM, service_name: str, policy: NetworkPolicyArgs) -> "dict[str, Any]":
    """Render the policy of the Jobs' pods: the egress of the server, and no ingress."""
    spec: k8s.networking.v1.NetworkPolicySpecArgsDict = {
        "pod_selector": make_name_selector(service_name, JOBS),
        "policy_types": ["Ingress", "Egress"],
        "ingress": [],
        "egress": _egress(policy),
    }
    # The dot keeps the name apart from the policy of another service: a Service's name has no dot.
    return {"metadata": {"name": f"{service_name}.jobs", "namespace": nim.namespace, "labels": make_labels(service_name)}, "spec": spec}


def _egress(policy: NetworkPolicyArgs) -> "list[k8s.networking.v1.NetworkPolicyEgressRuleArgsDict]":
    rules: list[k8s.networking.v1.NetworkPolicyEgressRuleArgsDict] = []
    for each in policy.dns:
        ports = each.ports or [53]
        rules.append({"to": [_peer(each)], "ports": [*_ports(ports, "UDP"), *_ports(ports)]})
    if policy.allows_internet:
        rules.append(
            {"to": [{"ip_block": {"cidr": cidr, "except_": excluded}} for cidr, excluded in PRIVATE.items()], "ports": _ports([443])}
        )
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
        rendered["namespace_selector"] = {"match_labels": {NAMESPACE_NAME: as_name(peer.namespace)}}
    if peer.namespace_labels is not None:
        rendered["namespace_selector"] = _selector(peer.namespace_labels)
    if peer.pods is not None:
        rendered["pod_selector"] = _selector(peer.pods)
    return rendered


def _selector(match_labels: Any) -> "k8s.meta.v1.LabelSelectorArgsDict":
    """Render a selector. An empty selector matches all objects."""
    return {"match_labels": dict(match_labels)} if match_labels else {}
