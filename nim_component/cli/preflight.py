"""`check`: before `up`, whether the cluster has what a stack needs."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .exit_codes import MISSING, UNCHECKED
from .explain import ContextOption, KubeconfigOption, require_cluster, run_on_cluster
from .failure import enable_json_errors, fail, run_or_fail
from .options import FolderOption

if TYPE_CHECKING:
    from ..cluster.client import ClusterClient
    from ..preflight import CheckResult, Facts

MARKS = {"ok": "✓", "warn": "!", "fail": "✗"}
STYLES = {"ok": "green", "warn": "yellow", "fail": "red"}


def check(
    stack: Annotated[
        str | None, typer.Option("--stack", "-s", help="The stack; PULUMI_STACK, else the only one, else dev.", show_default=False)
    ] = None,
    cwd: FolderOption = Path(),
    kubeconfig: KubeconfigOption = None,
    context: ContextOption = None,
    state: Annotated[
        Path | None,
        typer.Option("--state", help="An exported state (pulumi stack export), to look for orphans without the CLI.", metavar="FILE"),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 4 when something could not be checked.")] = False,
    as_json: Annotated[bool, typer.Option("--json", callback=enable_json_errors, help="Print JSON instead of the table.")] = False,
) -> None:
    """Ask the cluster, changing nothing, whether it has what the stack needs. Exits with 3 when something is missing."""
    from ..diagnose.targets import read_targets
    from ..preflight import CheckResult, read_facts, read_requirements, run_checks

    targets = run_or_fail(lambda: read_targets(cwd, stack), None)
    require_cluster(targets, kubeconfig, context)
    requirements = read_requirements(targets.objects)
    known = read_state(cwd, targets.stack, state)

    async def ask(api: ClusterClient) -> Facts:
        return await read_facts(api, requirements)

    results = run_checks(requirements, run_on_cluster(kubeconfig or targets.kubeconfig, context or targets.context, ask), known)
    if known is None:
        fix = "Give it: pulumi stack export --file state.json, then --state state.json."
        results.append(CheckResult("warn", "Orphans", "the stack's state cannot be read: no pulumi on PATH, or not logged in", fix))
    marks = {result.mark for result in results}
    if as_json:
        typer.echo(
            json.dumps({"stack": targets.stack, "ok": "fail" not in marks, "checks": [result.to_json() for result in results]}, indent=2)
        )
    else:
        print_table(results)
    if "fail" in marks:
        raise typer.Exit(MISSING)
    if strict and "warn" in marks:
        raise typer.Exit(UNCHECKED)


def print_table(results: list[CheckResult]) -> None:
    """A row for each result, and below the table what to do, in full."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(soft_wrap=False)
    table = Table("", "what", "found", box=None, pad_edge=False)
    for result in results:
        table.add_row(Text(MARKS[result.mark], style=STYLES[result.mark]), Text(result.about), Text(result.text))
    console.print(table)
    for result in results:
        if result.mark != "ok" and result.fix:
            typer.echo(f"\n{MARKS[result.mark]} {result.about} {result.text}\n  fix: {result.fix}")


def read_state(cwd: Path, stack: str, file: Path | None) -> set[tuple[str, str, str]] | None:
    """(kind, namespace, name) of the Kubernetes objects in a stack's state; None when there is no way to it."""
    if file is not None:
        try:
            text = file.read_text(encoding="utf-8")
        except OSError as error:
            fail(f"--state {file}: {error.strerror}")
    else:
        program = shutil.which("pulumi")
        if program is None:
            return None
        command = [program, "stack", "export", "--stack", stack, "--non-interactive"]
        try:
            done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return None
        if done.returncode:
            return None
        text = done.stdout
    from ..preflight import objects_of_state

    try:
        return objects_of_state(json.loads(text))
    except ValueError:
        fail(f"--state {file or stack}: is no exported state; make it with: pulumi stack export --file state.json")
