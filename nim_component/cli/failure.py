"""Failures of commands: text on standard error and, with `--json`, JSON on standard output."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import typer

from .exit_codes import FAILED
from .json_output import print_json, reserve_output

if TYPE_CHECKING:
    from ..local.resources import Run
    from ..local.update import UpdateTarget

T = TypeVar("T")
_json_command: ContextVar[str | None] = ContextVar("json_command", default=None)
"""Command that was called with `--json`."""


def reset_json_errors() -> None:
    """Print no JSON on failure. Every command begins with this."""
    _json_command.set(None)


def enable_json_errors(context: typer.Context, value: bool) -> bool:
    """Record the command that was called with `--json`. Callback of every `--json` option."""
    _json_command.set(context.command_path.partition(" ")[2] if value else None)
    return value


def enable_json_only(context: typer.Context, value: bool) -> bool:
    """Keep standard output for JSON. Callback of `--json` in commands that run a program."""
    if value:
        reserve_output()
    return enable_json_errors(context, value)


def fail(text: str, **fields: Any) -> NoReturn:
    """Print an error and end the command with exit code 1. `fields` are added to its JSON."""
    typer.echo(f"error: {text}", err=True)
    if (command := _json_command.get()) is not None:
        print_json(json.dumps({"command": command, **fields, "error": text}, indent=2, ensure_ascii=False))
    raise typer.Exit(FAILED)


def run_or_fail(action: Callable[[], T], target: UpdateTarget | None, failed: Sequence[Run] = ()) -> T:
    """Call `action`. Print its exception as `pulumi` does and end the command with exit code 1.

    Args:
        action: Function that runs the program of a project.
        target: Project and stack, for the traceback and the JSON.
        failed: Runs that ended early. Their log is printed, and their secrets are redacted.
    """
    import pulumi

    from ..local.engine import find_secret_texts, redact_secrets
    from ..local.errors import LocalError
    from ..local.shown_values import redact_log

    try:
        return action()
    except (LocalError, pulumi.RunError) as error:
        text = str(error)
    except SystemExit as error:
        text = f"the program called sys.exit({error.code!r})"
    except Exception as error:  # noqa: BLE001 (the program may raise anything)
        text = f"Program failed with an unhandled exception:\n{show_traceback(error, target)}"
    for run in failed:
        secrets = find_secret_texts(run)
        for entry in redact_log(run.log, secrets):
            typer.echo(f"{entry.severity}: {entry.message}", err=True)
        text = redact_secrets(text, secrets)
    text = redact_secrets(text, set())
    project, stack = (target.project.name, target.stack.name) if target is not None else (None, None)
    return fail(text, engine="local", project=project, stack=stack)


def show_traceback(error: BaseException, target: UpdateTarget | None) -> str:
    """Return a traceback without the frames of the engine and the SDK before the program."""
    if target is not None:
        folder = target.project.folder
        current: BaseException | None = error
        while current is not None:
            frames = _skip_foreign_frames(current.__traceback__, folder)
            # A syntax error contains its own location; its frames are those of the importer.
            current.__traceback__ = None if isinstance(current, SyntaxError) and frames is current.__traceback__ else frames
            current = current.__cause__ or current.__context__
    return "".join(traceback.format_exception(error)).rstrip()


def _skip_foreign_frames(frames: TracebackType | None, folder: Path) -> TracebackType | None:
    """Return the frames from the first one in the program's folder on, or all if there is none."""
    from ..local.program import is_program_file

    frame = frames
    while frame is not None:
        if is_program_file(Path(frame.tb_frame.f_code.co_filename), folder):
            return frame
        frame = frame.tb_next
    return frames
