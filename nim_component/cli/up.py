"""Commands `up` and `preview`, run by the local engine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..kubernetes.version import KUBERNETES_VERSION
from .exit_codes import CHANGED
from .failure import enable_json_only, run_or_fail
from .json_output import print_json
from .options import FolderOption, StackOption

if TYPE_CHECKING:
    from ..local.resources import Run
    from ..local.update import Update

OutOption = Annotated[
    Path | None, typer.Option("--out", help="Folder for the manifests, in place of the one that the stack names.", metavar="DIR")
]
JsonOption = Annotated[bool, typer.Option("--json", callback=enable_json_only, help="Print JSON in place of the tree.")]
VersionOption = Annotated[
    str | None,
    typer.Option(
        "--kubernetes-version", help=f"Validate against the schemas of this version, such as {KUBERNETES_VERSION}.", show_default=False
    ),
]


def up(
    stack: StackOption = None,
    cwd: FolderOption = Path(),
    out: OutOption = None,
    as_json: JsonOption = False,
    kubernetes_version: VersionOption = None,
) -> None:
    """Render the manifests of a stack to files. Nothing is deployed to a cluster."""
    from ..local.update import apply_update

    update = plan("up", stack, cwd, out, as_json, kubernetes_version)
    run_or_fail(lambda: apply_update(update), update.target)
    report(update, "up", as_json)


def preview(
    stack: StackOption = None,
    cwd: FolderOption = Path(),
    out: OutOption = None,
    as_json: JsonOption = False,
    kubernetes_version: VersionOption = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 3 if `up` would change something.")] = False,
) -> None:
    """Show what `up` would change. No file is written."""
    update = plan("preview", stack, cwd, out, as_json, kubernetes_version)
    report(update, "preview", as_json)
    if exit_code and update.changed:
        raise typer.Exit(CHANGED)


def plan(command: str, stack: str | None, cwd: Path, out: Path | None, as_json: bool, kubernetes_version: str | None) -> Update:
    """Run the program of a stack and return the changes. End the command on a failure."""
    from ..local.update import find_target, plan_update

    target = run_or_fail(lambda: find_target(cwd, stack, out, kubernetes_version), None)
    if not as_json:
        action = "rendering" if command == "up" else "previewing"
        typer.echo(f"Local engine, no cluster is contacted: {action} stack {target.stack.name} of project {target.project.name}")
    failed: list[Run] = []
    return run_or_fail(lambda: plan_update(target, failed.append), target, failed)


def report(update: Update, command: str, as_json: bool) -> None:
    """Print an update."""
    if as_json:
        from ..local.report_json import to_json

        print_json(to_json(update, command))
    else:
        from ..local.report import print_report

        print_report(update, command)
