"""NetworkPolicy: allowed connections to and from the pods."""

import ipaddress
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from .arguments import Arguments
from .cache import CacheArgs
from .field_types import Flag, Integer, ListOf, Namespace
from .fixes import fix
from .metadata import LabelSelector
from .network import NetworkArgs
from .outputs import is_output
from .problems import Problem
from .rule import Rule
from .service import Cidr

if TYPE_CHECKING:
    PortNumber = int
else:
    PortNumber = Annotated[Integer, Field(ge=1, le=65535)]


class NetworkPeer(Arguments):
    """Peer of a connection: pods, by labels and namespace, or addresses.

    A NetworkPolicy does not support host names.
    """

    pods: LabelSelector | None = None
    """Labels of the pods; `{}` selects every pod. Without a namespace, pods in the service's own
    namespace. Unset: every pod of the selected namespaces."""

    namespace: Namespace | None = None
    """Name of a namespace."""

    namespace_labels: LabelSelector | None = None
    """Labels of namespaces; `{}` selects every namespace."""

    cidr: Cidr | None = None
    """Address range, such as `10.0.0.0/8`. Nodes and hosts outside the cluster are selected by
    address only."""

    excluding: ListOf[Cidr] | None = None
    """Address ranges inside `cidr` that are not allowed."""

    ports: ListOf[PortNumber] | None = None
    """TCP ports. Unset: the server's port for incoming, every port for outgoing connections."""

    @staticmethod
    def _validate(pods: Any, namespace: Any, namespace_labels: Any, cidr: Any, excluding: Sequence[Any] | None) -> Iterator[Problem]:
        selectors = {"pods": pods, "namespace": namespace, "namespace_labels": namespace_labels}
        selected = [name for name, value in selectors.items() if value is not None]
        if not selected and cidr is None:
            yield Problem((), "must select a peer", "Set pods, namespace, namespace_labels or cidr.")
        for name in selected if cidr is not None else ():
            yield Problem((name,), "must not be combined with cidr", "Write two items: one for pods, one for addresses.")
        if namespace is not None and namespace_labels is not None:
            yield Problem(("namespace_labels",), "must not be combined with namespace", "Remove one of the two.")
        for index, part in enumerate(excluding or ()):
            if cidr is None:
                yield Problem(("excluding",), "has no effect without cidr", "Set the cidr that contains the ranges, or remove it.")
                return
            if not (is_output(cidr) or is_output(part)) and not _within(part, cidr):
                yield Problem(("excluding", index), f"must be inside cidr ({cidr}) and smaller", "Correct or remove it.", repr(part))

    rules = (Rule(("pods", "namespace", "namespace_labels", "cidr", "excluding"), _validate.__func__, waits=False),)  # pyright: ignore


def _within(part: Any, whole: Any) -> bool:
    inner, outer = ipaddress.ip_network(part), ipaddress.ip_network(whole)
    return inner != outer and inner.version == outer.version and inner.subnet_of(outer)  # pyright: ignore


KUBE_DNS = NetworkPeer(namespace="kube-system", pods={"k8s-app": "kube-dns"})
"""DNS server of the cluster, with the labels of kubeadm and of managed clusters."""
NODE_LOCAL_PODS = NetworkPeer(namespace="kube-system", pods={"k8s-app": "node-local-dns"})
"""NodeLocal DNSCache behind Cilium (GKE Dataplane V2, AKS), where the policy applies to the pod of
the cache."""
NODE_LOCAL_DNS = NetworkPeer(cidr="169.254.20.10/32")
"""Address of NodeLocal DNSCache on each node, in clusters that have it."""
CLOUD_DNS = NetworkPeer(cidr="169.254.169.254/32")
"""Cloud DNS for GKE, at the address of the metadata server. Only the DNS ports are opened."""


class NetworkPolicyArgs(Arguments):
    """NetworkPolicy that denies all connections except the listed ones and those that a NIM needs.

    The network plugin of the cluster must enforce NetworkPolicies.
    """

    ingress: ListOf[NetworkPeer]
    """Clients of the server. List the monitoring and the ingress controller too. An empty list
    allows the node only, which runs the probes."""

    internet: Flag | None = None
    """Access by https (TCP 443) to public addresses. NGC, the Hugging Face hub and the package
    index have changing addresses, which cannot be listed. Private ranges and the metadata service
    of the cloud are excluded. Unset: true, unless `proxies` are given."""

    proxies: ListOf[NetworkPeer] | None = None
    """Proxies of `network`, each with its `ports`."""

    egress: ListOf[NetworkPeer] | None = None
    """Other servers that the pods connect to, such as a registry in the private network or another
    service."""

    dns: ListOf[NetworkPeer] = Field(default=[KUBE_DNS, NODE_LOCAL_PODS, NODE_LOCAL_DNS, CLOUD_DNS])
    """DNS servers, on UDP and TCP port 53 unless `ports` are given. The default is kube-dns, its
    cache on the node and Google's Cloud DNS; a list replaces all of them. On OpenShift:
    `{namespace: openshift-dns, ports: [5353]}`."""

    @property
    def allows_internet(self) -> bool:
        """True if https to public addresses is allowed."""
        return not self.proxies if self.internet is None else self.internet

    @staticmethod
    def _validate(proxies: Sequence[NetworkPeer] | None) -> Iterator[Problem]:
        for index, proxy in enumerate(proxies or ()):
            if not proxy.ports:
                yield Problem(("proxies", index, "ports"), "is required", fix("Set the port of the proxy, such as {}.", [3128]))

    rules = (Rule(("proxies",), _validate.__func__, waits=False),)  # pyright: ignore


def validate_download(policy: NetworkPolicyArgs | None, cache: CacheArgs, adapters: Sequence[Any] | None) -> Iterator[Problem]:
    """Require an allowed destination for downloads, which otherwise run into their timeout."""
    if policy is None or policy.allows_internet or policy.proxies or policy.egress:
        return
    filled = cache.existing_claim is not None or cache.volume_name is not None or cache.host_path is not None
    missing = {"the model": not filled, "the profiles of cache.prewarm": cache.prewarm is not None, "the adapters": bool(adapters)}
    if what := next((name for name, is_missing in missing.items() if is_missing), None):
        message = f"must not be false while {what} must be downloaded and no other connection is allowed"
        action = "Remove it, list the servers in egress or proxies, or use a filled cache.existing_claim and lora.source."
        yield Problem(("network_policy", "internet"), message, action)


def validate_proxy_egress(policy: NetworkPolicyArgs | None, network: NetworkArgs | None) -> Iterator[Problem]:
    """Require the proxy among the allowed destinations: otherwise downloads time out."""
    if policy is None or network is None or not network.has_proxy:
        return
    if not policy.proxies and policy.internet is None and not policy.egress:
        message = "is required with a proxy in network: a NetworkPolicy needs the proxy's address or pods, not its host name"
        action = fix("Set its address, such as {}.", {"network_policy": {"proxies": [{"cidr": "10.0.0.5/32", "ports": [3128]}]}})
        yield Problem(("network_policy", "proxies"), message, action)
