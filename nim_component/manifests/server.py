"""The container of the model server."""

from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from ..args import NIM
from ..args.managed_names import CACHE_PATH, DEFAULT_PORT, SHM_PATH
from ..names import SERVER_CONTAINER, SHM_VOLUME
from .arguments import render_server_arguments
from .devices import render_server_claims
from .environment import SCRATCH_PATH, render_server_environment
from .inputs import lift, lift_all
from .lora import render_server_mount
from .network import render_network_mounts
from .references import References
from .security import render_container_context
from .timing import PROBE_PERIOD, Timing

SLEEP = 10
"""Seconds until a Service, a gateway or a load balancer stops sending requests to a terminating
pod."""
LIVENESS_PATH = "/v1/health/live"


def render_server(nim: NIM, references: References, timing: Timing) -> "k8s.core.v1.ContainerArgsDict":
    """Render the container `nim`."""
    size = _resources(nim)
    server: k8s.core.v1.ContainerArgsDict = {
        "name": SERVER_CONTAINER,
        "image": nim.image,
        "image_pull_policy": nim.image_pull_policy,
        "env": render_server_environment(nim, references),
        "ports": _ports(nim),
        "resources": {"requests": size, "limits": size},
        "security_context": render_container_context(),
        "startup_probe": _probe(nim, _ready_path(nim), timeout=5, failures=timing.startup // PROBE_PERIOD),
        "readiness_probe": _probe(nim, _ready_path(nim), timeout=5, failures=3),
        # The limits are generous: a busy server answers late, and a restart loads the model again.
        "liveness_probe": _probe(nim, LIVENESS_PATH, timeout=10, failures=6),
        "termination_message_policy": "FallbackToLogsOnError",
        "volume_mounts": _mounts(nim),
    }
    if (lifecycle := _lifecycle(nim)) is not None:
        server["lifecycle"] = lifecycle
    if nim.resource_claims:
        server["resources"]["claims"] = render_server_claims(nim)  # pyright: ignore
    if nim.command:
        server["command"] = list(nim.command)
    arguments = render_server_arguments(nim)
    if arguments is not None:
        server["args"] = arguments
    return server


def _lifecycle(nim: NIM) -> "pulumi.Input[Any]":
    """Render the sleep before the stop of the server.

    Kubernetes stops the container and removes the pod from its Services at the same time. Without
    the sleep, requests in between are refused.
    """

    def stop(grace: int) -> "k8s.core.v1.LifecycleArgsDict | None":
        seconds = min(SLEEP, grace // 2) if nim.pre_stop_sleep is None else nim.pre_stop_sleep
        return {"pre_stop": {"sleep": {"seconds": seconds}}} if seconds else None

    return lift(nim.termination_grace, stop) if nim.pre_stop_sleep is None else stop(0)


def _ready_path(nim: NIM) -> "pulumi.Input[str]":
    return lift(nim.health_endpoint, lambda path: f"/{path.lstrip('/')}")


def name_port(protocol: str, port: "pulumi.Input[int]") -> "pulumi.Input[str]":
    """Return the name of a port of the container and the Service.

    It contains the number, except for the default port. The API server merges ports by number. In
    the preview of the first update of an object, the provider merges the old fields with the new
    ones. Two ports of one name are then invalid.
    """
    return lift(port, lambda number: protocol if (protocol, number) == ("http", DEFAULT_PORT) else f"{protocol}-{number}")


def _ports(nim: NIM) -> "list[k8s.core.v1.ContainerPortArgsDict]":
    ports: list[k8s.core.v1.ContainerPortArgsDict] = [{"name": name_port("http", nim.port), "container_port": nim.port, "protocol": "TCP"}]
    if nim.health_port is not None:
        ports.append({"name": name_port("health", nim.health_port), "container_port": nim.health_port, "protocol": "TCP"})
    if nim.grpc_port is not None:
        ports.append({"name": name_port("grpc", nim.grpc_port), "container_port": nim.grpc_port, "protocol": "TCP"})
    return ports


def _probe(nim: NIM, path: "pulumi.Input[str]", timeout: int, failures: int) -> "k8s.core.v1.ProbeArgsDict":
    return {
        "http_get": {
            "path": path,
            "port": name_port("http", nim.port) if nim.health_port is None else name_port("health", nim.health_port),
        },
        "period_seconds": PROBE_PERIOD,
        "timeout_seconds": timeout,
        "failure_threshold": failures,
    }


def _resources(nim: NIM) -> "pulumi.Input[dict[str, pulumi.Input[str]]]":
    """Render the resources. Requests equal limits, so the pod has the QoS class Guaranteed.

    Memory pressure of another pod then does not evict a pod with GPUs.
    """

    def sizes(gpu_resource: str, gpu: int | None = None) -> dict[str, Any]:
        size: dict[str, Any] = {"cpu": lift(nim.cpu, str), "memory": nim.mem}
        if gpu != 0:
            size[gpu_resource] = lift(nim.gpu, str)
        if nim.ephemeral_storage is not None:
            size["ephemeral-storage"] = nim.ephemeral_storage
        return size | {name: lift(number, str) for name, number in sorted((nim.extra_resources or {}).items())}

    # `gpu: 0` is possible only with another source of a GPU. Without one, the number may be an
    # unknown Output.
    may_be_zero = nim.resource_claims or nim.extra_resources or nim.gpu_source == "scheduler"
    return lift_all(sizes, nim.gpu_resource, nim.gpu) if may_be_zero else lift_all(sizes, nim.gpu_resource)


def _mounts(nim: NIM) -> "list[k8s.core.v1.VolumeMountArgsDict]":
    cache = render_cache_mount(nim, CACHE_PATH)
    if nim.cache.read_only:
        cache["read_only"] = True
    mounts: list[k8s.core.v1.VolumeMountArgsDict] = [{"name": SHM_VOLUME, "mount_path": SHM_PATH}, cache]
    if nim.adapter_names:
        mounts.append(render_server_mount(nim))
    if nim.cache.read_only:
        mounts.append({"name": "cache-scratch", "mount_path": SCRATCH_PATH})
    mounts.extend(render_network_mounts(nim))
    mounts.extend(nim.extra_mounts or ())  # pyright: ignore
    return mounts


def render_cache_mount(nim: NIM, path: str) -> "k8s.core.v1.VolumeMountArgsDict":
    """Render the mount of the model cache."""
    mount: k8s.core.v1.VolumeMountArgsDict = {"name": nim.cache.volume, "mount_path": path}
    if nim.cache.sub_path is not None:
        mount["sub_path"] = nim.cache.sub_path
    return mount
