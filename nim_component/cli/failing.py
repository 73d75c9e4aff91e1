"""How a command fails: its error for a person on stderr, and on stdout the JSON that it owes whoever called it with --json."""

from __future__ import annotations

import json
from contextvars import ContextVar
from typing import Any, NoReturn

import typer

from .exit_codes import FAILED

_owed: ContextVar[str | None] = ContextVar("owed", default=None)


def owe_nothing() -> None:
    """A command begins, and was not called with --json as far as is known."""
    _owed.set(None)


def owe_json(context: typer.Context, value: bool) -> bool:
    """The callback of every --json: which command was called with it."""
    _owed.set(context.command_path.partition(" ")[2] if value else None)
    return value


def fail(text: str, **about: Any) -> NoReturn:
    """Prints an error and ends the command with 1; `about` stands in its JSON too."""
    typer.echo(f"error: {text}", err=True)
    if (command := _owed.get()) is not None:
        typer.echo(json.dumps({"command": command, **about, "error": text}, indent=2, ensure_ascii=False))
    raise typer.Exit(FAILED)
