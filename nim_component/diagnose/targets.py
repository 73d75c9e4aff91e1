"""What a stack is to bring to a cluster: its program, run by the local engine, says so."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..local.deploy import find_target
from ..local.manifests import Manifest, collect_manifests
from ..local.project import run_stack
from ..local.resources import Resource, Run
from .objects import Object, text_at

SERVICE_TYPE = "nim:index:NIMService"
DEPLOYMENT_TYPE = "kubernetes:apps/v1:Deployment"


@dataclass(frozen=True)
class Target:
    """One `NIMService` of a stack."""

    component: str
    """Its name in the program."""
    name: str
    """Name of Deployment and Service."""
    namespace: str
    inputs: Mapping[str, Any]
    """Its arguments, as the engine records them."""
    deployment: Object
    objects: tuple[Object, ...]
    """Everything it makes, as manifests: what is secret or not known is a marker of the local engine."""


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


def _read_service(run: Run, component: Resource, manifests: list[Manifest]) -> Target:
    mine = {child.urn for child in run.children(component)}
    objects = tuple(manifest.object for manifest in manifests if manifest.resource.urn in mine)
    deployment = next(each for each in objects if each.get("kind") == "Deployment")
    name, namespace = text_at(deployment, "metadata", "name"), text_at(deployment, "metadata", "namespace")
    return Target(component.name, name, namespace or "default", component.inputs, deployment, objects)
