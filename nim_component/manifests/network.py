"""Proxy and certificate authorities, for every container that reaches what lies outside the cluster."""

import pulumi
import pulumi_kubernetes as k8s

from ..args import NIM
from ..args.network import CA_ENV, LOCAL_HOSTS, NATIVE_TLS, PROXY_ENV
from ..names import AUTHORITIES_CONTAINER
from .inputs import lift, lift_all
from .security import read_only_context
from .variables import Environment, render_variable

OWN_PATH = "/opt/authorities/own"
BUNDLE_PATH = "/opt/authorities/bundle"
BUNDLE = f"{BUNDLE_PATH}/ca-certificates.crt"
SYSTEM_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
"""Where Debian, Ubuntu and Alpine keep theirs."""

JOIN = 'for file in "$1" "$2"/*; do if [ -f "$file" ]; then cat "$file"; echo; fi; done > "$3"'
"""The line end between two files keeps the last line of one and the first of the next apart."""


def network_variables(nim: NIM) -> Environment:
    """What makes a container go by the proxy and trust the authorities."""
    network = nim.network
    if network is None:
        return []
    proxies = {"http_proxy": network.http_proxy, "https_proxy": network.https_proxy}
    if network.has_proxy:
        proxies["no_proxy"] = lift_all(lambda *hosts: ",".join(hosts), *_local_hosts(nim), *(network.no_proxy or ()))
    env = [render_variable(name, proxies[field]) for name, field in PROXY_ENV.items() if proxies.get(field) is not None]
    if network.ca_config_map is not None:
        env.extend(render_variable(name, BUNDLE) for name in CA_ENV)
    return [*env, render_variable(NATIVE_TLS, "1")] if env else []


def _local_hosts(nim: NIM) -> "list[pulumi.Input[str]]":
    # The members of a group call one another `<pod>.<service>.<namespace>`.
    return [*LOCAL_HOSTS, *([] if nim.multi_node is None else [lift(nim.namespace, lambda namespace: f".{namespace}")])]


def render_joiner(nim: NIM) -> "list[k8s.core.v1.ContainerArgsDict]":
    """The init container that joins the image's own authorities and the given ones. These variables replace what a library trusts: with
    the given ones alone NVIDIA's registry would no longer be trusted. It runs before whatever downloads, and as any user."""
    if nim.network is None or nim.network.ca_config_map is None:
        return []
    size = {"cpu": "100m", "memory": "64Mi"}
    return [
        {
            "name": AUTHORITIES_CONTAINER,
            "image": nim.image,
            "image_pull_policy": nim.image_pull_policy,
            "command": ["sh", "-ec", JOIN, "sh", SYSTEM_BUNDLE, OWN_PATH, BUNDLE],
            "resources": {"requests": size, "limits": size},
            "security_context": read_only_context(),
            "termination_message_policy": "FallbackToLogsOnError",
            "volume_mounts": [
                {"name": "ca-own", "mount_path": OWN_PATH, "read_only": True},
                {"name": "ca-bundle", "mount_path": BUNDLE_PATH},
            ],
        }
    ]


def network_volumes(nim: NIM) -> "list[k8s.core.v1.VolumeArgsDict]":
    """The given authorities, and the bundle that they are joined into."""
    if nim.network is None or nim.network.ca_config_map is None:
        return []
    return [{"name": "ca-own", "config_map": {"name": nim.network.ca_config_map}}, {"name": "ca-bundle", "empty_dir": {}}]


def network_mounts(nim: NIM) -> "list[k8s.core.v1.VolumeMountArgsDict]":
    """The bundle, in a container that has `network_variables`."""
    if nim.network is None or nim.network.ca_config_map is None:
        return []
    return [{"name": "ca-bundle", "mount_path": BUNDLE_PATH, "read_only": True}]
