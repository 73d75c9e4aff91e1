"""`fit`: whether the models of a stack fit their GPUs."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .exit_codes import DOES_NOT_FIT
from .failure import enable_json_errors, run_or_fail
from .options import FolderOption, StackOption

if TYPE_CHECKING:
    from ..fit import Fit

_BAD = ("does not fit", "wrong number of GPUs")


def fit(
    stack: StackOption = None,
    cwd: FolderOption = Path(),
    gpu: Annotated[
        str | None, typer.Option("--gpu", help="The GPU where the arguments name none, such as NVIDIA-L40S or h100.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", callback=enable_json_errors, help="Print JSON instead of the table.")] = False,
) -> None:
    """Say whether the models of a stack fit the memory of their GPUs. Exits with 4 when one cannot."""
    from ..fit import fit_service
    from ..fit.catalogue import find_gpu, gpus
    from ..fit.record import read_record
    from ..local.project import run_project
    from ..text.nearest_names import suggest

    if gpu is not None and find_gpu(gpu) is None:
        near = suggest(gpu, gpus())
        typer.echo(f"note: --gpu {gpu} is not in the catalogue of GPUs, so nothing is said of what it holds. {near}", err=True)
    run = run_or_fail(lambda: run_project(cwd, stack), None)
    fits = {each.name: fit_service(read_record(each.inputs), gpu) for each in run.of("nim:index:NIMService")}
    if as_json:
        typer.echo(json.dumps({name: _round(asdict(each)) for name, each in fits.items()}, indent=2))
    else:
        print_fits(fits)
    if any(each.verdict in _BAD for each in fits.values()):
        raise typer.Exit(DOES_NOT_FIT)


def _round(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: round(value) if isinstance(value, float) else value for key, value in fields.items()}


def _gib(size: float) -> str:
    return f"{size / 1024**3:.1f} GiB" if size else "-"


def print_fits(fits: dict[str, Fit]) -> None:
    """A table, and the reasons below it."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("service")
    table.add_column("verdict")
    for title in ("weights", "adapters", "for the engine", "one sequence", "sequences", "mem less shm"):
        table.add_column(title, justify="right")
    for name, each in fits.items():
        table.add_row(
            name,
            each.verdict.value,
            *map(_gib, (each.weights, each.adapters, each.budget, each.kv_sequence)),
            str(each.sequences) if each.sequences else "-",
            _gib(each.host),
        )
    console = Console(width=140, highlight=False)
    console.print(table)
    for name, each in fits.items():
        if each.verdict != "fits":
            console.print(f"{name}: {each.reason}", markup=False, soft_wrap=True)
