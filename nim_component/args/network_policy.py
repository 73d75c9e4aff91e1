"""Who may talk to the pods, and to whom they may talk."""

import ipaddress
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from .arguments import Arguments, Rule
from .cache import CacheArgs
from .field_types import Flag, Namespace, WholeNumber
from .metadata import LabelSelector
from .network import NetworkArgs
from .outputs import is_output
from .problems import Problem
from .service import Cidr

if TYPE_CHECKING:
    PortNumber = int
else:
    PortNumber = Annotated[WholeNumber, Field(ge=1, le=65535)]


class NetworkPeer(Arguments):
    """Pods, by labels and namespace, or addresses. A NetworkPolicy knows no host names."""

    pods: LabelSelector | None = None
    """Labels of the pods; `{}` is every pod. Without a namespace, those of the service's own. Default: every pod of the namespaces."""

    namespace: Namespace | None = None
    """Name of a namespace."""

    namespace_labels: LabelSelector | None = None
    """Labels of the namespaces; `{}` is every namespace."""

    cidr: Cidr | None = None
    """Range of addresses, such as `10.0.0.0/8`. Nodes and what lies outside the cluster have only these."""

    excluding: list[Cidr] | None = None
    """Ranges within `cidr` that are left out. Default: none."""

    ports: list[PortNumber] | None = None
    """TCP ports. Default: the server's where they come from, every one where they go to."""

    @staticmethod
    def _validate(pods: Any, namespace: Any, namespace_labels: Any, cidr: Any, excluding: Sequence[Any] | None) -> Iterator[Problem]:
        selectors = {"pods": pods, "namespace": namespace, "namespace_labels": namespace_labels}
        said = [name for name, value in selectors.items() if value is not None]
        if not said and cidr is None:
            yield Problem((), "must say who", "Give pods, namespace, namespace_labels or cidr.")
        for name in said if cidr is not None else ():
            yield Problem((name,), "must not be given together with cidr", "Make two of it: one of pods, one of addresses.")
        if namespace is not None and namespace_labels is not None:
            yield Problem(("namespace_labels",), "must not be given together with namespace", "Give one of them.")
        for index, part in enumerate(excluding or ()):
            if cidr is None:
                yield Problem(("excluding",), "has no meaning without cidr", "Give the range that it is taken from.")
                return
            if not (is_output(cidr) or is_output(part)) and not _within(part, cidr):
                yield Problem(("excluding", index), f"must lie within cidr ({cidr}) and be smaller", "Leave it out.", repr(part))

    rules = (Rule(("pods", "namespace", "namespace_labels", "cidr", "excluding"), _validate.__func__, waits=False),)  # pyright: ignore


def _within(part: Any, whole: Any) -> bool:
    inner, outer = ipaddress.ip_network(part), ipaddress.ip_network(whole)
    return inner != outer and inner.version == outer.version and inner.subnet_of(outer)  # pyright: ignore


KUBE_DNS = NetworkPeer(namespace="kube-system", pods={"k8s-app": "kube-dns"})
"""The cluster's name server, as every kubeadm-like and managed cluster labels it."""
NODE_LOCAL_PODS = NetworkPeer(namespace="kube-system", pods={"k8s-app": "node-local-dns"})
"""NodeLocal DNSCache where Cilium leads to it (GKE Dataplane V2, AKS): the policy sees the cache's pod."""
NODE_LOCAL_DNS = NetworkPeer(cidr="169.254.20.10/32")
"""Its cache on each node, where there is one."""
CLOUD_DNS = NetworkPeer(cidr="169.254.169.254/32")
"""Cloud DNS for GKE, which every pod asks at the node's metadata server. By the ports of names alone: what else is there stays closed."""


class NetworkPolicyArgs(Arguments):
    """A NetworkPolicy that denies everything but what is said here and what a NIM needs. The cluster's network plugin must enforce it."""

    ingress: list[NetworkPeer]
    """Who may reach the server. Required: an empty list is nobody but the node itself, which probes. Name the monitoring and the ingress
    controller too."""

    internet: Flag | None = None
    """Whether public addresses are reached by https (TCP 443): NGC, the Hugging Face hub, the package index, whose addresses change and
    cannot be named here. Private ranges and the cloud's metadata service are left out. Default: yes, unless there are `proxies`."""

    proxies: list[NetworkPeer] | None = None
    """Where the proxies of `network` are, each with its `ports`. Default: none."""

    egress: list[NetworkPeer] | None = None
    """What else is reached: a registry in the company's own network, another service. Default: none."""

    dns: list[NetworkPeer] = Field(default=[KUBE_DNS, NODE_LOCAL_PODS, NODE_LOCAL_DNS, CLOUD_DNS])
    """Who answers for names, by UDP and TCP 53 unless `ports` say otherwise. Default: kube-dns, its cache on the node and Google's Cloud
    DNS; a list replaces them all. On OpenShift: `{namespace: openshift-dns, ports: [5353]}`."""

    @property
    def reaches_internet(self) -> bool:
        """Whether public addresses are reached."""
        return not self.proxies if self.internet is None else self.internet

    @staticmethod
    def _validate(proxies: Sequence[NetworkPeer] | None) -> Iterator[Problem]:
        for index, proxy in enumerate(proxies or ()):
            if not proxy.ports:
                yield Problem(("proxies", index, "ports"), "is required", "Give the proxy's port, such as [3128].")

    rules = (Rule(("proxies",), _validate.__func__, waits=False),)  # pyright: ignore


def validate_download(policy: NetworkPolicyArgs | None, cache: CacheArgs, adapters: Sequence[Any] | None) -> Iterator[Problem]:
    """What has something to download and reaches nobody waits until its time is spent."""
    if policy is None or policy.reaches_internet or policy.proxies or policy.egress:
        return
    filled = cache.existing_claim is not None or cache.volume_name is not None or cache.host_path is not None
    missing = {"the model": not filled, "what prewarm names": cache.prewarm is not None, "hf_repo_ids": bool(adapters)}
    if what := next((name for name, is_missing in missing.items() if is_missing), None):
        rule = f"must not be false while {what} is to be downloaded, and nothing else is let out"
        remedy = "Leave it out, say in egress or proxies what is reached, or bring all of it in: existing_claim, lora.source."
        yield Problem(("network_policy", "internet"), rule, remedy)


def validate_way_out(policy: NetworkPolicyArgs | None, network: NetworkArgs | None) -> Iterator[Problem]:
    """A proxy behind a closed door: the download would wait until it times out."""
    if policy is None or network is None or not network.has_proxy:
        return
    if not policy.proxies and policy.internet is None and not policy.egress:
        rule = "is required with network.https_proxy: a policy knows addresses and pods, and not the proxy's name"
        yield Problem(("network_policy", "proxies"), rule, "Say where it is: proxies: [{cidr: 10.0.0.5/32, ports: [3128]}].")
