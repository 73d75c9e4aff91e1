"""Update of a stack by the local engine: run, validate, compare, write files and state."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import kubernetes_provider
from .comparison import Comparison, compare_states
from .engine import find_secret_texts
from .errors import LocalError
from .files import Action, FolderPlan, apply_plans, plan_folder
from .held_names import ObjectKey, find_held_names, read_object_key
from .manifests import Manifest, collect_manifests, find_clashes, validate_manifests
from .paths import is_same_file, resolve_path, show_from
from .program import run_stack
from .project import Project, Stack, find_project, find_stack
from .resources import LogEntry, Resource, Run
from .schema_files import resolve_version
from .shown_values import redact_log
from .state import State, build_state, find_state_file, load_state, prepare_folder, save_state

RENDER_FOLDER = "renderYamlToDirectory"
"""Field of the Kubernetes provider.

With it, the Pulumi engine writes YAML files and contacts no cluster.
"""


@dataclass(frozen=True)
class UpdateTarget:
    """A stack of a project, and the options of the command line."""

    project: Project
    stack: Stack
    out: Path | None = None
    """Resolved folder of `--out`."""
    kubernetes_version: str | None = None

    @property
    def state_file(self) -> Path:
        """Path of the state of the stack."""
        return find_state_file(self.project.folder, self.stack.name)


@dataclass(frozen=True)
class Update:
    """A planned update: its changes, and all that is written."""

    target: UpdateTarget
    run: Run
    manifests: Sequence[Manifest]
    comparison: Comparison
    plans: Sequence[FolderPlan]
    state: State
    kubernetes_version: str
    diagnostics: Sequence[LogEntry]
    renders_only: bool
    """True if the Pulumi engine, too, would only render files for this stack."""

    @property
    def files(self) -> list[tuple[Path, Action]]:
        """Action for each file."""
        return [(plan.folder / path, action) for plan in self.plans for path, action in plan.actions]

    @property
    def changed(self) -> bool:
        """True if `up` would change a resource, an output or a file."""
        return self.comparison.changed or any(action != "same" for _, action in self.files)


def find_target(folder: Path, stack: str | None, out: Path | None, kubernetes_version: str | None) -> UpdateTarget:
    """Return the target that the options of a command name, with its files read and validated."""
    project = find_project(folder)
    return UpdateTarget(project, find_stack(project, stack), out and resolve_path(out), kubernetes_version)


def plan_update(target: UpdateTarget, on_failure: Callable[[Run], None] | None = None) -> Update:
    """Run the program, validate its manifests and compare them with the last `up`.

    Nothing is written.
    """
    project, stack = target.project, target.stack
    version = resolve_version(target.kubernetes_version or stack.config.get(f"{project.name}:kubernetesVersion"))
    run = run_stack(project, stack, on_failure=on_failure)
    manifests = collect_manifests(run)
    errors, notes = validate_manifests(manifests, version)
    if errors:
        count = "1 field does" if len(errors) == 1 else f"{len(errors)} fields do"
        raise LocalError("\n".join([f"{count} not match the schema of Kubernetes {version}:", *errors]))
    folders = assign_folders(target, run, manifests)
    before = load_state(target.state_file)
    former = find_former_folders(target, before, folders)
    owner = f"{project.name}/{stack.name}"
    plans = [plan_folder(folder, owner, render_texts(found)) for folder, found in sorted({**former, **folders}.items())]
    kept = before.folders if target.out else [show_from(project.folder, folder) for folder in sorted(folders)]
    state = build_state(run, manifests, kept)
    log = redact_log(run.log, find_secret_texts(run))
    comparison = compare_states(before, state)
    validate_protection(comparison, before)
    renders_only = f"kubernetes:{RENDER_FOLDER}" in stack.config or any(find_provider_folder(resource) for resource in run.resources)
    validate_names(comparison, before, state, renders_only)
    diagnostics = [
        *log,
        *list_retained(comparison, before),
        *(LogEntry("info", note) for note in notes),
        *list_skipped(run),
        *warn_of_clashes(folders.values()),
        *warn_of_edits(plans),
    ]
    return Update(target, run, manifests, comparison, plans, state, version, diagnostics, renders_only)


def apply_update(update: Update) -> None:
    """Write the files, then the state.

    If writing the files fails, the next run shows the same changes.
    """
    prepare_folder(update.target.state_file.parent)
    apply_plans(update.plans)
    save_state(update.target.state_file, update.state)


def validate_protection(comparison: Comparison, before: State) -> None:
    """Raise LocalError if a protected resource would be deleted, as the Pulumi engine does."""
    protected = {resource.urn for resource in before.resources if resource.protect}
    for step in comparison.steps:
        if step.status in ("delete", "replace") and (step.former_urn or step.urn) in protected:
            fix = "Remove `protect` in an update of its own first, or undo the change."
            raise LocalError(f"{step.urn}: is protected, and the update would {step.status} it. {fix}")


def validate_names(comparison: Comparison, before: State, after: State, renders_only: bool) -> None:
    """Raise LocalError if an object has the name of one that the same update deletes at its end.

    In a cluster, the creation fails. If the provider only renders files, the deletion removes the
    file that the creation has written.
    """
    keys, retained = read_object_keys(after), {each.urn for each in before.resources if each.retain}
    former_urns = {step.urn: step.former_urn for step in comparison.steps if step.former_urn}
    held = find_held_names(read_object_keys(before), keys, former_urns)
    lines = [
        f"{urn}: {keys[urn]} is created before {holder} is deleted." for urn, holder in held if not (renders_only and holder in retained)
    ]
    if lines:
        end = "remove the files of new objects" if renders_only else 'end in "already exists"'
        fix = "Give a renamed resource an alias with its old name, or free the names in an update of its own first."
        raise LocalError("\n".join([f"An update by the Pulumi engine would {end}:", *lines, fix]))


def read_object_keys(state: State) -> dict[str, ObjectKey]:
    """Return the identities of the objects that a stack manages, by URN."""
    found = {each.urn: read_object_key(each.type, each.inputs, each.provider) for each in state.resources if not each.read}
    return {urn: key for urn, key in found.items() if key is not None}


def assign_folders(target: UpdateTarget, run: Run, manifests: Sequence[Manifest]) -> dict[Path, list[Manifest]]:
    """Return the manifests by output folder.

    The folder is that of `--out`, else of the explicit provider, else of the stack, else
    `rendered/<stack>`. As in the CLI, the folder of a provider is relative to the program.
    """
    project = target.project
    given = target.stack.config.get(f"kubernetes:{RENDER_FOLDER}")
    default = resolve_path(given, project.program_folder) if given else project.folder / "rendered" / target.stack.name
    folders: defaultdict[Path, list[Manifest]] = defaultdict(list)
    for manifest in manifests:
        provider = run.by_urn.get(manifest.resource.provider)
        own = find_provider_folder(provider) if provider else ""
        folders[target.out or resolve_path(own or default, project.program_folder)].append(manifest)
    return dict(folders)


def find_former_folders(target: UpdateTarget, before: State, folders: Iterable[Path]) -> dict[Path, list[Manifest]]:
    """Return the folders of the last `up` that are no longer in use. Their files are removed.

    As in the provider, a new `renderYamlToDirectory` replaces all manifests. `--out` is for one run
    and removes nothing elsewhere.
    """
    former = [] if target.out else [resolve_path(folder, target.project.folder) for folder in before.folders]
    return {folder: [] for folder in former if not any(is_same_file(folder, used) for used in folders)}


def find_provider_folder(provider: Resource) -> str:
    """Return the output folder of a Kubernetes provider, or an empty text."""
    folder = provider.inputs.get(RENDER_FOLDER) if provider.type == "pulumi:providers:kubernetes" else None
    return folder if isinstance(folder, str) else ""


def render_texts(manifests: Sequence[Manifest]) -> dict[str, str]:
    """Return the content of the files by path."""
    return {manifest.path.as_posix(): manifest.text for manifest in manifests}


def list_retained(comparison: Comparison, before: State) -> list[LogEntry]:
    """Return a message for each object that leaves the stack and stays in the cluster."""
    retained = {resource.urn: resource for resource in before.resources if resource.retain}
    gone = [step for step in comparison.steps if step.status in ("delete", "replace") and step.urn in retained]
    names = {step.urn: retained[step.urn].inputs.get("metadata", {}).get("name", step.name) for step in gone}
    return [LogEntry("info", f"retained: {names[step.urn]} stays in the cluster", step.urn) for step in gone]


def list_skipped(run: Run) -> list[LogEntry]:
    """Return a warning for each resource that only its provider can expand or create."""
    return [
        LogEntry("warning", f"{resource.type} {reason}", resource.urn)
        for resource in run.resources
        if (reason := find_skip_reason(resource))
    ]


def find_skip_reason(resource: Resource) -> str:
    """Return the reason why a resource is incomplete here, or an empty text."""
    if not resource.custom or resource.read:
        return ""
    if resource.type.startswith("pulumi-python:dynamic"):
        return "is created by a dynamic provider, which the local engine does not run: its outputs are unknown"
    if resource.type.startswith("kubernetes:") and not kubernetes_provider.is_object(resource.type):
        return "is expanded by its provider, which the local engine does not run: no manifest is written"
    return ""


def warn_of_clashes(folders: Iterable[Sequence[Manifest]]) -> list[LogEntry]:
    """Return a warning for each file to which several resources render.

    The last one is written, as by the provider.
    """
    return [
        LogEntry("warning", f"{path}: {len(urns)} resources render to this file, the same object: {', '.join(urns)}")
        for manifests in folders
        for path, urns in find_clashes(manifests)
    ]


def warn_of_edits(plans: Iterable[FolderPlan]) -> list[LogEntry]:
    """Return a warning for each file that was edited since the last `up`.

    The next `up` restores it.
    """
    return [
        LogEntry(
            "warning", f"{plan.folder / path}: was {change} by hand since the last up, and up restores it. Change the program instead."
        )
        for plan in plans
        for path, change in plan.edited
    ]
