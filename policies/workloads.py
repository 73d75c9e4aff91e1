"""Pods in Kubernetes objects: in a Pod, in the templates of workloads, and in a LeaderWorkerSet."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

Props = Mapping[str, Any]


@dataclass(frozen=True)
class Pod:
    """Pod spec of an object."""

    path: str
    spec: Props
    count: int
    """Number of pods with this spec."""


def find_pods(kind: str, props: Props) -> Iterator[Pod]:
    """Yield the pods of an object. `kind` is the end of the type token, such as `Deployment`.

    Objects of custom kinds have pods if `spec.template` contains containers.
    """
    spec = mapping(props.get("spec"))
    if kind == "Pod":
        yield Pod("spec", spec, 1)
        return
    if kind == "CronJob":
        job = mapping(mapping(spec.get("jobTemplate")).get("spec"))
        pod = mapping(mapping(job.get("template")).get("spec"))
        yield Pod("spec.jobTemplate.spec.template.spec", pod, integer(job.get("parallelism"), 1))
        return
    node_group = mapping(spec.get("leaderWorkerTemplate"))
    if node_group:
        replicas, size = integer(spec.get("replicas"), 1), integer(node_group.get("size"), 1)
        worker = mapping(mapping(node_group.get("workerTemplate")).get("spec"))
        leader = mapping(mapping(node_group.get("leaderTemplate")).get("spec")) or worker
        yield Pod("spec.leaderWorkerTemplate.leaderTemplate.spec", leader, replicas)
        yield Pod("spec.leaderWorkerTemplate.workerTemplate.spec", worker, replicas * (size - 1))
        return
    template = mapping(spec.get("template"))
    if mapping(template.get("spec")).get("containers"):
        count = integer(spec.get("parallelism" if kind == "Job" else "replicas"), 1)
        yield Pod("spec.template.spec", mapping(template.get("spec")), count)


def find_containers(pod: Pod) -> Iterator[tuple[str, Props]]:
    """Yield path and container of all containers, init and ephemeral ones included."""
    for field in ("initContainers", "containers", "ephemeralContainers"):
        listed = pod.spec.get(field)
        for container in map(mapping, cast("list[Any]", listed) if isinstance(listed, list | tuple) else ()):
            if container:
                yield f"{pod.path}.{field}[{container.get('name', '?')}]", container


_GPU, _SHARE = re.compile(r"/.*gpu|gpu.*/|/mig-"), re.compile(r"gpu-?(mem|core|percent)")


def count_gpus(pod: Pod) -> int:
    """Return the GPUs of all copies of a pod.

    They are extended resources named after GPUs or MIG slices. The memory and the cores of a shared
    GPU, such as `nvidia.com/gpumem`, are not counted.
    """

    def gpus_of(container: Props) -> int:
        limits = mapping(mapping(container.get("resources")).get("limits"))
        return sum(integer(amount, 0) for name, amount in limits.items() if _GPU.search(name) and not _SHARE.search(name))

    running = sum(gpus_of(container) for path, container in find_containers(pod) if ".containers[" in path)
    # Init containers run one after the other, before the containers.
    starting = max((gpus_of(container) for path, container in find_containers(pod) if ".initContainers[" in path), default=0)
    return pod.count * max(running, starting)


def mapping(value: Any) -> Props:
    """Return a mapping unchanged, and an empty one for other values, such as unknown ones."""
    return cast(Props, value) if isinstance(value, Mapping) else {}


def integer(value: Any, default: int) -> int:
    """Return a number, or a text that is one, as an integer; the default for other values."""
    try:
        return default if value is None or isinstance(value, bool) else int(Decimal(str(value)))
    except (ArithmeticError, ValueError):
        return default
