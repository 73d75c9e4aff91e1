"""`up` and `preview`, on the local engine."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from .exit_codes import CHANGED
from .failing import fail, owe_json

if TYPE_CHECKING:
    from ..local.deploy import Deployment, Target
    from ..local.resources import Run

T = TypeVar("T")

StackOption = Annotated[
    str | None, typer.Option("--stack", "-s", help="The stack; PULUMI_STACK, else the only one, else dev.", show_default=False)
]
FolderOption = Annotated[Path, typer.Option("--cwd", "-C", help="The project's folder.", metavar="DIR")]
OutOption = Annotated[
    Path | None, typer.Option("--out", help="Folder for the manifests, instead of the program's own choice.", metavar="DIR")
]
JsonOption = Annotated[bool, typer.Option("--json", callback=owe_json, help="Print JSON instead of the tree.")]
VersionOption = Annotated[
    str | None, typer.Option("--kubernetes-version", help="Check against this version, such as 1.36.", show_default=False)
]


def up(
    stack: StackOption = None,
    cwd: FolderOption = Path(),
    out: OutOption = None,
    as_json: JsonOption = False,
    kubernetes_version: VersionOption = None,
) -> None:
    """Render the manifests, write them, and remember what was written."""
    from ..local.deploy import commit

    deployment = deploy("up", stack, cwd, out, as_json, kubernetes_version)
    attempt(lambda: commit(deployment), deployment.target)
    report(deployment, "up", as_json)


def preview(
    stack: StackOption = None,
    cwd: FolderOption = Path(),
    out: OutOption = None,
    as_json: JsonOption = False,
    kubernetes_version: VersionOption = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 3 when something would change.")] = False,
) -> None:
    """Show what `up` would do; write nothing."""
    deployment = deploy("preview", stack, cwd, out, as_json, kubernetes_version)
    report(deployment, "preview", as_json)
    if exit_code and deployment.changed:
        raise typer.Exit(CHANGED)


def deploy(command: str, stack: str | None, cwd: Path, out: Path | None, as_json: bool, kubernetes_version: str | None) -> Deployment:
    """Finds, announces, runs and checks; what fails ends the command."""
    from ..local.deploy import find_target, prepare

    target = attempt(lambda: find_target(cwd, stack, out, kubernetes_version), None)
    if not as_json:
        typer.echo(f"{command} on the local engine, no cluster is contacted: project {target.project.name}, stack {target.stack.name}")
    failed: list[Run] = []
    return attempt(lambda: prepare(target, failed.append), target, failed)


def report(deployment: Deployment, command: str, as_json: bool) -> None:
    """Prints what there is to show."""
    from ..local.report import print_report, to_json

    if as_json:
        typer.echo(to_json(deployment, command))
        return
    print_report(deployment, command)
    if command == "up" and not deployment.renders_only:
        typer.echo(f"\nNothing is deployed by this: `pulumi up --stack {deployment.run.stack}` deploys.")


def attempt(action: Callable[[], T], target: Target | None, failed: Sequence[Run] = ()) -> T:
    """Calls `action`. What it raises is printed as `pulumi` prints it, and ends the command with 1."""
    import pulumi

    from ..local.engine import redact, secret_texts
    from ..local.errors import LocalError

    try:
        return action()
    except (LocalError, pulumi.RunError) as error:
        text = str(error)
    except SystemExit as error:
        text = f"the program ended itself with exit code {error.code}"
    except Exception as error:  # noqa: BLE001 (the user's program may raise anything)
        text = f"Program failed with an unhandled exception:\n{show_traceback(error, target)}"
    for run in failed:
        hidden = secret_texts(run)
        for entry in run.log:
            typer.echo(redact(f"{entry.severity}: {entry.message}", hidden), err=True)
        text = redact(text, hidden)
    project, stack = (target.project.name, target.stack.name) if target is not None else (None, None)
    return fail(text, engine="local", project=project, stack=stack)


def show_traceback(error: BaseException, target: Target | None) -> str:
    """The traceback from the program's own frames on; the engine's and the SDK's before them say nothing to the user."""
    if target is not None:
        folder = target.project.folder.resolve()
        current: BaseException | None = error
        while current is not None:
            own = program_frames(current.__traceback__, folder)
            # A syntax error names its place itself; the frames are those of who read the file.
            current.__traceback__ = None if isinstance(current, SyntaxError) and own is current.__traceback__ else own
            current = current.__cause__ or current.__context__
    return "".join(traceback.format_exception(error)).rstrip()


def program_frames(frames: TracebackType | None, folder: Path) -> TracebackType | None:
    """The frames from the first one in the program's folder on; all of them when there is none."""
    from ..local.project import is_own

    frame = frames
    while frame is not None:
        if is_own(Path(frame.tb_frame.f_code.co_filename), folder):
            return frame
        frame = frame.tb_next
    return frames
