"""From a project's folder to everything `up` and `preview` show: run, check, compare, and (for `up`) write and remember."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from . import kubernetes_provider
from .comparison import Comparison, compare_states
from .engine import find_secret_texts, redact_secrets
from .errors import LocalError
from .files import Action, Plan, plan_folder, write_plans
from .manifests import Manifest, collect_manifests, find_clashes, validate_manifests
from .project import Project, Stack, choose_stack, find_project, load_stack, run_stack
from .resources import LogEntry, Resource, Run
from .schema import resolve_version
from .state import State, load_state, prepare_folder, save_state, state_file, take_state

RENDER = "renderYamlToDirectory"


@dataclass(frozen=True)
class Target:
    """What is to be run: a project, one of its stacks, and the choices of the command line."""

    project: Project
    stack: Stack
    out: Path | None = None
    kubernetes_version: str | None = None


@dataclass(frozen=True)
class Update:
    """Everything there is to show, and to write."""

    target: Target
    run: Run
    manifests: Sequence[Manifest]
    comparison: Comparison
    plans: Sequence[Plan]
    state: State
    kubernetes_version: str
    diagnostics: Sequence[LogEntry]
    renders_only: bool
    """Whether the real engine, too, would only render this stack: no cluster is its target."""

    @property
    def files(self) -> list[tuple[Path, Action]]:
        """What happens to each file."""
        return [(plan.folder / path, action) for plan in self.plans for path, action in plan.actions]

    @property
    def changed(self) -> bool:
        """Whether an `up` would change anything: a resource, an output or a file."""
        return self.comparison.changed or any(action != "same" for _, action in self.files)


def find_target(folder: Path, stack: str | None, out: Path | None, kubernetes_version: str | None) -> Target:
    """The target that the command line names, its files read and checked."""
    project = find_project(folder)
    return Target(project, load_stack(project, choose_stack(project, stack)), out and out.absolute(), kubernetes_version)


def plan_update(target: Target, on_failure: Callable[[Run], None] | None = None) -> Update:
    """Runs the program and checks everything; writes nothing."""
    project, stack = target.project, target.stack
    version = resolve_version(target.kubernetes_version or stack.config.get(f"{project.name}:kubernetesVersion"))
    run = run_stack(project, stack, on_failure=on_failure)
    manifests = collect_manifests(run)
    errors, notes = validate_manifests(manifests, version)
    if errors:
        count = "1 field breaks" if len(errors) == 1 else f"{len(errors)} fields break"
        raise LocalError("\n".join([f"{count} the schema of Kubernetes {version}:", *errors]))
    folders = assign_folders(target, run, manifests)
    before = load_state(state_file(project.folder, stack.name))
    gone = {project.folder / folder for folder in before.folders} - set(folders)
    plans = [plan_folder(folder, render(group)) for folder, group in sorted({**folders, **{folder: [] for folder in gone}}.items())]
    state = take_state(run, manifests, [os.path.relpath(folder, project.folder) for folder in sorted(folders)])
    hidden = find_secret_texts(run)
    log = [replace(entry, message=redact_secrets(entry.message, hidden)) for entry in run.log]
    comparison = compare_states(before, state)
    refuse_protected(comparison, before)
    diagnostics = [
        *log,
        *retained(comparison, before),
        *(LogEntry("info", note) for note in notes),
        *skipped(run),
        *warn_of_clashes(folders.values()),
        *warn_of_edits(plans),
    ]
    renders_only = f"kubernetes:{RENDER}" in stack.config or any(provider_folder(resource) for resource in run.resources)
    return Update(target, run, manifests, comparison, plans, state, version, diagnostics, renders_only)


def refuse_protected(comparison: Comparison, before: State) -> None:
    """The engine deletes nothing that is protected, and stops."""
    protected = {resource.urn for resource in before.resources if resource.protect}
    for step in comparison.steps:
        if step.status in ("delete", "replace") and (step.former_urn or step.urn) in protected:
            remedy = "take `protect` away in a step of its own, or leave the resource as it was"
            raise LocalError(f"{step.urn}: is protected and would be {step.status}d; {remedy}")


def retained(comparison: Comparison, before: State) -> list[LogEntry]:
    """What leaves the stack and stays in the cluster."""
    kept = {resource.urn: resource for resource in before.resources if resource.retain}
    gone = [step for step in comparison.steps if step.status in ("delete", "replace") and step.urn in kept]
    names = {step.urn: kept[step.urn].inputs.get("metadata", {}).get("name", step.name) for step in gone}
    return [LogEntry("info", f"retained: {names[step.urn]} stays in the cluster", step.urn) for step in gone]


def apply_update(update: Update) -> None:
    """Writes the files, then remembers the state: a failure in between shows the same changes again."""
    prepare_folder(state_file(update.target.project.folder, update.target.stack.name).parent)
    write_plans(update.plans)
    save_state(state_file(update.target.project.folder, update.target.stack.name), update.state)


def assign_folders(target: Target, run: Run, manifests: Sequence[Manifest]) -> dict[Path, list[Manifest]]:
    """Which manifests go where: `--out`, else the explicit provider's folder, else the stack's, else `rendered/<stack>`."""
    project = target.project.folder
    default = project / (target.stack.config.get(f"kubernetes:{RENDER}") or Path("rendered") / target.stack.name)
    groups: defaultdict[Path, list[Manifest]] = defaultdict(list)
    for manifest in manifests:
        provider = run.by_urn.get(manifest.resource.provider)
        own = provider_folder(provider) if provider else ""
        groups[Path(os.path.normpath(target.out or (project / own if own else default)))].append(manifest)
    return dict(groups)


def provider_folder(provider: Resource) -> str:
    """The folder that a Kubernetes provider renders to, if it does."""
    folder = provider.inputs.get(RENDER) if provider.type == "pulumi:providers:kubernetes" else None
    return folder if isinstance(folder, str) else ""


def render(manifests: Sequence[Manifest]) -> dict[str, str]:
    """Content by path."""
    return {manifest.path.as_posix(): manifest.text for manifest in manifests}


def warn_of_clashes(groups: Iterable[Sequence[Manifest]]) -> list[LogEntry]:
    """A warning for each file that two resources claim; the last one's content stands in it, as with the provider."""
    found = [clash for group in groups for clash in find_clashes(group)]
    return [
        LogEntry("warning", f"{path}: {len(claimants)} resources render to this one file, the same object: {', '.join(claimants)}")
        for path, claimants in found
    ]


def warn_of_edits(plans: Iterable[Plan]) -> list[LogEntry]:
    """What somebody else did to the files since the last `up`, which undoes it."""
    return [
        LogEntry("warning", f"{plan.folder / path}: was {what} by hand since the last up, which is not kept: change the program instead")
        for plan in plans
        for path, what in plan.strayed
    ]


def skipped(run: Run) -> list[LogEntry]:
    """Resources whose provider does more than the engine sees: it does not run here."""
    return [
        LogEntry("warning", f"{resource.type} {reason}", resource.urn) for resource in run.resources if (reason := reason_to_skip(resource))
    ]


def reason_to_skip(resource: Resource) -> str:
    """Why a resource is not all there; empty when it is."""
    if not resource.custom or resource.read:
        return ""
    if resource.type.startswith("pulumi-python:dynamic"):
        return "is made by a provider of the program's own, which does not run here: its outputs are unknown"
    if resource.type.startswith("kubernetes:") and not kubernetes_provider.is_object(resource.type):
        return "is expanded by its provider, which does not run here: no manifest is written"
    return ""
