"""Proxy and certificate authorities of containers that connect to hosts outside the cluster."""

import pulumi
import pulumi_kubernetes as k8s

from ..args import NIM
from ..args.network import CA_ENV, LOCAL_HOSTS, NATIVE_TLS, PROXY_ENV
from ..kubernetes.own_programs import JOIN_FILES
from ..names import AUTHORITIES_CONTAINER, AUTHORITIES_VOLUME
from .inputs import lift, lift_all
from .security import render_read_only_context
from .variables import Environment, render_variable

OWN_PATH = "/opt/authorities/own"
BUNDLE_PATH = "/opt/authorities/bundle"
BUNDLE = f"{BUNDLE_PATH}/ca-certificates.crt"
SYSTEM_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
"""Certificate bundle of Debian, Ubuntu and Alpine."""


def render_network_variables(nim: NIM) -> Environment:
    """Render the variables that set the proxy and the trusted certificate authorities."""
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
    # The pods of a node group connect to each other as `<pod>.<service>.<namespace>`.
    return [*LOCAL_HOSTS, *([] if nim.multi_node is None else [lift(nim.namespace, lambda namespace: f".{namespace}")])]


def render_authorities_container(nim: NIM) -> "list[k8s.core.v1.ContainerArgsDict]":
    """Render the init container that joins the image's certificate authorities with the given ones.

    The variables replace the authorities that a library trusts. With the given ones alone, NVIDIA's
    registry would no longer be trusted. The container runs before all downloads, and as any user.
    """
    if nim.network is None or nim.network.ca_config_map is None:
        return []
    size = {"cpu": "100m", "memory": "64Mi"}
    return [
        {
            "name": AUTHORITIES_CONTAINER,
            "image": nim.image,
            "image_pull_policy": nim.image_pull_policy,
            "command": [*JOIN_FILES, SYSTEM_BUNDLE, OWN_PATH, BUNDLE],
            "resources": {"requests": size, "limits": size},
            "security_context": render_read_only_context(),
            "termination_message_policy": "FallbackToLogsOnError",
            "volume_mounts": [
                {"name": AUTHORITIES_VOLUME, "mount_path": OWN_PATH, "read_only": True},
                {"name": "ca-bundle", "mount_path": BUNDLE_PATH},
            ],
        }
    ]


def render_network_volumes(nim: NIM) -> "list[k8s.core.v1.VolumeArgsDict]":
    """Render the volumes of the given authorities and of the joined bundle."""
    if nim.network is None or nim.network.ca_config_map is None:
        return []
    return [{"name": AUTHORITIES_VOLUME, "config_map": {"name": nim.network.ca_config_map}}, {"name": "ca-bundle", "empty_dir": {}}]


def render_network_mounts(nim: NIM) -> "list[k8s.core.v1.VolumeMountArgsDict]":
    """Render the bundle's mount, for containers with `render_network_variables`."""
    if nim.network is None or nim.network.ca_config_map is None:
        return []
    return [{"name": "ca-bundle", "mount_path": BUNDLE_PATH, "read_only": True}]
