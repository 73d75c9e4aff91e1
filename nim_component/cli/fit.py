"""`nim-component fit`: memory of the models of a stack, compared with that of their GPUs."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .exit_codes import DOES_NOT_FIT
from .failure import enable_json_only, run_or_fail
from .json_output import print_json
from .options import FolderOption, StackOption

if TYPE_CHECKING:
    from ..fit import Fit

_BAD = ("does not fit", "wrong number of GPUs")


def fit(
    stack: StackOption = None,
    cwd: FolderOption = Path(),
    gpu: Annotated[
        str | None,
        typer.Option("--gpu", help="GPU for services whose arguments name none, such as NVIDIA-L40S or h100.", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", callback=enable_json_only, help="Print JSON instead of the table.")] = False,
) -> None:
    """Compare the memory of a stack's models with their GPUs. Exits with 4 if one does not fit."""
    from ..fit import fit_service
    from ..fit.catalogue import find_gpu, gpus
    from ..fit.record import read_record
    from ..local.program import run_project
    from ..text.nearest_names import suggest

    if gpu is not None and find_gpu(gpu) is None:
        near = suggest(gpu, gpus())
        typer.echo(f"note: --gpu {gpu} is not in the catalogue of GPUs, so its memory is unknown. {near}", err=True)
    run = run_or_fail(lambda: run_project(cwd, stack), None)
    fits = {each.name: fit_service(read_record(each.inputs), gpu) for each in run.of("nim:index:NIMService")}
    if as_json:
        print_json(json.dumps({name: _round(asdict(each)) for name, each in fits.items()}, indent=2))
    else:
        print_fits(fits)
    if any(each.verdict in _BAD for each in fits.values()):
        raise typer.Exit(DOES_NOT_FIT)


def _round(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: round(value) if isinstance(value, float) else value for key, value in fields.items()}


def _gib(size: float) -> str:
    return f"{size / 1024**3:.1f}" if size else "-"


_COLUMNS = ("weights", "adapters", "usable", "sequence", "count", "host")
_LEGEND = (
    "Sizes in GiB. usable: GPU memory for weights, adapters and KV cache. sequence: KV cache of one sequence of the longest length. "
    "count: such sequences at a time. host: mem without shm_size."
)


def print_fits(fits: dict[str, Fit]) -> None:
    """Print one row per service, the meaning of the columns, and the reason of each verdict.

    The verdict `fits` has no reason.
    """
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, soft_wrap=False)
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("service", overflow="fold")
    table.add_column("verdict", min_width=13)
    for title in _COLUMNS:
        table.add_column(title, justify="right", no_wrap=True)
    for name, each in fits.items():
        sizes = [_gib(size) for size in (each.weights, each.adapters, each.budget, each.kv_sequence)]
        table.add_row(name, each.verdict.value, *sizes, str(each.sequences) if each.sequences else "-", _gib(each.host))
    console.print(table)
    console.print(_LEGEND, style="dim", markup=False)
    for name, each in fits.items():
        if each.verdict != "fits":
            console.print(f"{name}: {each.reason}", markup=False)
