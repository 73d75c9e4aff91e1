"""Command line. `app` lists the commands; each has its own module.

Exit codes: 0 fine, 1 invalid or failed, 2 wrong usage, 3 when something would change (`preview --exit-code`)
or was found (`diff --fail-on`), 4 when a model cannot fit (`fit`), 130 when interrupted.
What is heavy is imported by the command that needs it.
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
    help="Runs a Pulumi program in this process and renders its Kubernetes manifests: no Pulumi CLI, no cluster, no credentials.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.callback()(reset_json_errors)
app.command()(up)
app.command()(preview)
app.command()(fit)
app.command()(explain)
app.command()(check)
app.command()(diff)
app.add_typer(adapters)


def main() -> None:
    """The console script."""
    # A short life that begins with importing 100,000 lines of SDK: the collector would look through them a hundred times and find nothing.
    gc.set_threshold(200_000, 20, 20)
    try:
        app(prog_name="nim-component")
    except SystemExit as end:
        if end.code == INTERRUPTED:
            typer.echo("error: interrupted", err=True)
        raise
    except OSError as error:
        # Of a file it would say which. A closed pipe is typer's, which ends quietly.
        if error.errno != errno.ENOSPC or error.filename is not None:
            raise
        typer.echo(f"error: standard output: {error.strerror}", err=True)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is still in the buffer fails again when Python ends
        raise SystemExit(FAILED) from None
    finally:
        # The interpreter's last collections would walk all of the SDK's objects, a fifth of the command's time, to free what ends anyway.
        gc.freeze()


def show_version(wanted: bool) -> None:
    """`--version`."""
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
    """Runs a Pulumi program in this process and renders its Kubernetes manifests: no Pulumi CLI, no cluster, no credentials."""
    del version
