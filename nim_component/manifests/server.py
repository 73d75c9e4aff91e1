"""The model server's container."""

from typing import Any

import pulumi
import pulumi_kubernetes as k8s

from ..args import NIM
from ..args.managed_names import CACHE_PATH, SHM_PATH
from ..names import SERVER_CONTAINER
from .arguments import server_arguments
from .devices import server_claims
from .environment import SCRATCH_PATH, server_environment
from .inputs import lift, lift_all
from .lora import server_mount
from .network import network_mounts
from .references import References
from .security import container_context
from .timing import PROBE_PERIOD, Timing

SLEEP = 10
"""Seconds that a Service, a gateway or a cloud's load balancer may take to hear of a pod that goes."""
LIVENESS_PATH = "/v1/health/live"
PORT_NAME = "http"
HEALTH_PORT_NAME = "health"
GRPC_PORT_NAME = "grpc"


def render_server(nim: NIM, references: References, timing: Timing) -> "k8s.core.v1.ContainerArgsDict":
    """The container `nim`."""
    size = _resources(nim)
    server: k8s.core.v1.ContainerArgsDict = {
        "name": SERVER_CONTAINER,
        "image": nim.image,
        "image_pull_policy": nim.image_pull_policy,
        "env": server_environment(nim, references),
        "ports": _ports(nim),
        "resources": {"requests": size, "limits": size},
        "security_context": container_context(),
        "startup_probe": _probe(nim, _ready_path(nim), timeout=5, failures=timing.startup // PROBE_PERIOD),
        "readiness_probe": _probe(nim, _ready_path(nim), timeout=5, failures=3),
        # Slow to kill: a busy server answers late, and a restart costs the load time again.
        "liveness_probe": _probe(nim, LIVENESS_PATH, timeout=10, failures=6),
        "termination_message_policy": "FallbackToLogsOnError",
        "volume_mounts": _mounts(nim),
    }
    if (lifecycle := _lifecycle(nim)) is not None:
        server["lifecycle"] = lifecycle
    if nim.resource_claims:
        server["resources"]["claims"] = server_claims(nim)  # pyright: ignore
    if nim.command is not None:
        server["command"] = list(nim.command)
    arguments = server_arguments(nim)
    if arguments is not None:
        server["args"] = arguments
    return server


def _lifecycle(nim: NIM) -> "pulumi.Input[Any]":
    """A pod that goes is told to stop and taken out of its Services at the same time: without a sleep what is sent meanwhile is refused."""

    def stop(grace: int) -> "k8s.core.v1.LifecycleArgsDict | None":
        seconds = min(SLEEP, grace // 2) if nim.pre_stop_sleep is None else nim.pre_stop_sleep
        return {"pre_stop": {"sleep": {"seconds": seconds}}} if seconds else None

    return lift(nim.termination_grace, stop) if nim.pre_stop_sleep is None else stop(0)


def _ready_path(nim: NIM) -> "pulumi.Input[str]":
    return lift(nim.health_endpoint, lambda path: f"/{path.lstrip('/')}")


def _ports(nim: NIM) -> "list[k8s.core.v1.ContainerPortArgsDict]":
    ports: list[k8s.core.v1.ContainerPortArgsDict] = [{"name": PORT_NAME, "container_port": nim.port, "protocol": "TCP"}]
    if nim.health_port is not None:
        ports.append({"name": HEALTH_PORT_NAME, "container_port": nim.health_port, "protocol": "TCP"})
    if nim.grpc_port is not None:
        ports.append({"name": GRPC_PORT_NAME, "container_port": nim.grpc_port, "protocol": "TCP"})
    return ports


def _probe(nim: NIM, path: "pulumi.Input[str]", timeout: int, failures: int) -> "k8s.core.v1.ProbeArgsDict":
    return {
        "http_get": {"path": path, "port": PORT_NAME if nim.health_port is None else HEALTH_PORT_NAME},
        "period_seconds": PROBE_PERIOD,
        "timeout_seconds": timeout,
        "failure_threshold": failures,
    }


def _resources(nim: NIM) -> "pulumi.Input[dict[str, pulumi.Input[str]]]":
    """Requests and limits alike: the pod is Guaranteed, and a GPU is never taken away by a noisy neighbour's memory."""

    def sizes(gpu_resource: str, gpu: int | None = None) -> dict[str, Any]:
        size: dict[str, Any] = {"cpu": lift(nim.cpu, str), "memory": nim.mem}
        if gpu != 0:
            size[gpu_resource] = lift(nim.gpu, str)
        if nim.ephemeral_storage is not None:
            size["ephemeral-storage"] = nim.ephemeral_storage
        return size

    # Only claims can stand in for it: without them its number need not be known.
    return lift_all(sizes, nim.gpu_resource, nim.gpu) if nim.resource_claims else lift_all(sizes, nim.gpu_resource)


def _mounts(nim: NIM) -> "list[k8s.core.v1.VolumeMountArgsDict]":
    cache = cache_mount(nim, CACHE_PATH)
    if nim.cache.read_only:
        cache["read_only"] = True
    mounts: list[k8s.core.v1.VolumeMountArgsDict] = [{"name": "dshm", "mount_path": SHM_PATH}, cache]
    if nim.adapter_names:
        mounts.append(server_mount(nim))
    if nim.cache.read_only:
        mounts.append({"name": "cache-scratch", "mount_path": SCRATCH_PATH})
    mounts.extend(network_mounts(nim))
    mounts.extend(nim.extra_mounts or ())  # pyright: ignore
    return mounts


def cache_mount(nim: NIM, path: str) -> "k8s.core.v1.VolumeMountArgsDict":
    """Where a container has the model."""
    mount: k8s.core.v1.VolumeMountArgsDict = {"name": "cache", "mount_path": path}
    if nim.cache.sub_path is not None:
        mount["sub_path"] = nim.cache.sub_path
    return mount
