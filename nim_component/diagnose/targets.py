"""Services and manifests of a stack, and its cluster. The local engine runs the program."""

from dataclasses import dataclass, field
from pathlib import Path

from ..cluster.objects import Object, text_at
from ..local.manifests import Manifest, collect_manifests
from ..local.program import run_stack
from ..local.resources import Resource, Run
from ..local.update import find_target
from ..names import SELECTOR_LABELS, SERVER

SERVICE_TYPE = "nim:index:NIMService"


@dataclass(frozen=True)
class Target:
    """One `NIMService` of a stack."""

    name: str
    """Name of the service, of its Deployment and of its Service."""
    namespace: str


@dataclass(frozen=True)
class StackTargets:
    """Services of a stack, and the cluster in its configuration."""

    stack: str
    services: tuple[Target, ...]
    kubeconfig: str | None
    context: str | None
    renders_only: bool
    """True if the stack renders manifests to files and has no cluster."""
    objects: tuple[Object, ...] = field(default=())
    """Every manifest of the stack, including those that belong to no service."""


def read_targets(folder: Path, stack: str | None) -> StackTargets:
    """Run the program of a stack and return its services. Exceptions of the program propagate."""
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
    """Return True if an object is the Deployment or LeaderWorkerSet of a service."""
    return object_.get("kind") in ("Deployment", "LeaderWorkerSet") and text_at(object_, "metadata", "labels", SELECTOR_LABELS[0]) == SERVER


def service_of(object_: Object) -> str:
    """Return the service that an object belongs to; of a Job, by the labels of its pods."""
    path = ("spec", "template", "metadata") if object_.get("kind") == "Job" else ("metadata",)
    return text_at(object_, *path, "labels", SELECTOR_LABELS[1])


def _read_service(run: Run, component: Resource, manifests: list[Manifest]) -> Target:
    children = {child.urn for child in run.children(component)}
    workload = next(each.object for each in manifests if each.resource.urn in children and is_server(each.object))
    return Target(service_of(workload), text_at(workload, "metadata", "namespace") or "default")
