"""What a stack is to bring to a cluster: its program, run by the local engine, says so."""

from dataclasses import dataclass, field
from pathlib import Path

from ..cluster.objects import Object, text_at
from ..local.manifests import Manifest, collect_manifests
from ..local.project import run_stack
from ..local.resources import Resource, Run
from ..local.update import find_target
from ..names import SELECTOR_LABELS

SERVICE_TYPE = "nim:index:NIMService"


@dataclass(frozen=True)
class Target:
    """One `NIMService` of a stack."""

    name: str
    """Name of the service: of its Deployment and Service."""
    namespace: str


@dataclass(frozen=True)
class StackTargets:
    """A stack's services, and the cluster it names."""

    stack: str
    services: tuple[Target, ...]
    kubeconfig: str | None
    context: str | None
    renders_only: bool
    objects: tuple[Object, ...] = field(default=())
    """Every manifest of the stack, those of others than the services too."""


def read_targets(folder: Path, stack: str | None) -> StackTargets:
    """Runs a stack's program and looks at what it registers. Raises what the program raises."""
    target = find_target(folder, stack, None, None)
    run = run_stack(target.project, target.stack)
    manifests = collect_manifests(run)
    config = target.stack.config
    return StackTargets(
        target.stack.name,
        tuple(_read_service(run, resource, manifests) for resource in run.of(SERVICE_TYPE)),
        config.get("kubernetes:kubeconfig"),
        config.get("kubernetes:context"),
        "kubernetes:renderYamlToDirectory" in config,
        tuple(manifest.object for manifest in manifests),
    )


def is_server(object_: Object) -> bool:
    """Whether an object is what makes the pods of a service."""
    return object_.get("kind") in ("Deployment", "LeaderWorkerSet") and text_at(object_, "metadata", "labels", SELECTOR_LABELS[0]) == "nim"


def service_of(object_: Object) -> str:
    """Whose an object is, or what a Job's pods are for."""
    path = ("spec", "template", "metadata") if object_.get("kind") == "Job" else ("metadata",)
    return text_at(object_, *path, "labels", SELECTOR_LABELS[1])


def _read_service(run: Run, component: Resource, manifests: list[Manifest]) -> Target:
    mine = {child.urn for child in run.children(component)}
    workload = next(each.object for each in manifests if each.resource.urn in mine and is_server(each.object))
    return Target(service_of(workload), text_at(workload, "metadata", "namespace") or "default")
