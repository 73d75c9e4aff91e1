"""Command line. `app` lists the commands; each has its own module.

The exit codes are in `exit_codes`. Each command imports slow packages itself, so that the others
start fast.
"""

from __future__ import annotations

import errno
import gc
import os
from typing import Annotated

import typer

from .adapters import app as adapters
from .diff import diff
from .exit_codes import FAILED, INTERRUPTED
from .explain import explain
from .failure import reset_json_errors
from .fit import fit
from .preflight import check
from .up import preview, up

app = typer.Typer(
    name="nim-component",
    help="Render the manifests of a Pulumi program, review its changes, and diagnose its services.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(up)
app.command()(preview)
app.command()(fit)
app.command()(explain)
app.command()(check)
app.command()(diff)
app.add_typer(adapters)


def main() -> None:
    """Run the command line."""
    # Fewer collections: the process is short and begins with the import of the SDK (100,000 lines),
    # which creates no garbage.
    gc.set_threshold(200_000, 20, 20)
    try:
        app(prog_name="nim-component")
    except SystemExit as end:
        if end.code == INTERRUPTED:
            typer.echo("error: interrupted", err=True)
        raise
    except OSError as error:
        # Only a full standard output: errors of files have a name, and typer handles a closed pipe.
        if error.errno != errno.ENOSPC or error.filename is not None:
            raise
        typer.echo(f"error: standard output: {error.strerror}", err=True)
        # Python writes the rest of the buffer at exit, which would fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        raise SystemExit(FAILED) from None
    finally:
        # Without this, the last collections of the interpreter search all objects of the SDK, which
        # takes a fifth of the time of a command.
        gc.freeze()


def show_version(wanted: bool) -> None:
    """Print the version and exit. Callback of `--version`."""
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            typer.echo(version("nim-component"))
        except PackageNotFoundError:
            typer.echo("unknown: not installed")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[bool, typer.Option("--version", callback=show_version, is_eager=True, help="Show the version.")] = False,
) -> None:
    """Render the manifests of a Pulumi program, review its changes, and diagnose its services."""
    del version
    reset_json_errors()
