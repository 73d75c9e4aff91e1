"""Pods, wherever they stand: in a Pod, in whatever makes pods, and in the groups of a LeaderWorkerSet."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

Props = Mapping[str, Any]


@dataclass(frozen=True)
class Pod:
    """A pod's spec, how many of it there are, and where it stands."""

    path: str
    spec: Props
    count: int


def find_pods(kind: str, props: Props) -> Iterator[Pod]:
    """The pods of an object; `kind` is the type token's end, such as `Deployment`. Custom kinds are looked at by their shape."""
    spec = mapping(props.get("spec"))
    if kind == "Pod":
        yield Pod("spec", spec, 1)
        return
    if kind == "CronJob":
        job = mapping(mapping(spec.get("jobTemplate")).get("spec"))
        yield Pod(
            "spec.jobTemplate.spec.template.spec", mapping(mapping(job.get("template")).get("spec")), whole(job.get("parallelism"), 1)
        )
        return
    group = mapping(spec.get("leaderWorkerTemplate"))
    if group:
        groups, size = whole(spec.get("replicas"), 1), whole(group.get("size"), 1)
        worker = mapping(mapping(group.get("workerTemplate")).get("spec"))
        leader = mapping(mapping(group.get("leaderTemplate")).get("spec")) or worker
        yield Pod("spec.leaderWorkerTemplate.leaderTemplate.spec", leader, groups)
        yield Pod("spec.leaderWorkerTemplate.workerTemplate.spec", worker, groups * (size - 1))
        return
    template = mapping(spec.get("template"))
    if mapping(template.get("spec")).get("containers"):
        count = whole(spec.get("parallelism" if kind == "Job" else "replicas"), 1)
        yield Pod("spec.template.spec", mapping(template.get("spec")), count)


def find_containers(pod: Pod) -> Iterator[tuple[str, Props]]:
    """Every container of a pod with its place: init and ephemeral ones too."""
    for field in ("initContainers", "containers", "ephemeralContainers"):
        listed = pod.spec.get(field)
        for container in map(mapping, cast("list[Any]", listed) if isinstance(listed, list | tuple) else ()):
            if container:
                yield f"{pod.path}.{field}[{container.get('name', '?')}]", container


def count_gpus(pod: Pod) -> int:
    """GPUs that all of its copies hold: any extended resource whose name says GPU, a MIG slice as one."""

    def of(container: Props) -> int:
        limits = mapping(mapping(container.get("resources")).get("limits"))
        return sum(whole(amount, 0) for name, amount in limits.items() if "/" in name and ("gpu" in name or "/mig-" in name))

    running = sum(of(container) for path, container in find_containers(pod) if ".containers[" in path)
    first = max((of(container) for path, container in find_containers(pod) if ".initContainers[" in path), default=0)
    return pod.count * max(running, first)


def mapping(value: Any) -> Props:
    """The value, when it is a mapping; what is not known at preview is none."""
    return cast(Props, value) if isinstance(value, Mapping) else {}


def whole(value: Any, otherwise: int) -> int:
    """A count as a number, from a number or from text."""
    try:
        return otherwise if value is None or isinstance(value, bool) else int(Decimal(str(value)))
    except (ArithmeticError, ValueError):
        return otherwise
