"""`check`: preflight checks of a stack's cluster."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..text.amounts import count_of
from .connection import ContextOption, KubeconfigOption, require_cluster, run_on_cluster
from .exit_codes import MISSING, UNCHECKED
from .failure import enable_json_errors, fail, run_or_fail
from .options import FolderOption, StackOption

if TYPE_CHECKING:
    from ..cluster.client import ClusterClient
    from ..preflight import CheckResult, Facts, StackState

MARKS = {"ok": "✓", "warn": "!", "fail": "✗", "skip": "·"}
STYLES = {"ok": "green", "warn": "yellow", "fail": "red", "skip": "dim"}


def check(
    stack: StackOption = None,
    cwd: FolderOption = Path(),
    kubeconfig: KubeconfigOption = None,
    context: ContextOption = None,
    state: Annotated[
        Path | None,
        typer.Option("--state", help="The stack's exported state, to compare it without the Pulumi CLI.", metavar="FILE"),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 4 if something could not be checked.")] = False,
    as_json: Annotated[bool, typer.Option("--json", callback=enable_json_errors, help="Print JSON instead of text.")] = False,
) -> None:
    """Check that the cluster has what the stack requires.

    Changes nothing. Exits with 3 if something is missing.
    """
    from ..diagnose.targets import read_targets
    from ..preflight import read_facts, read_requirements, run_checks

    targets = run_or_fail(lambda: read_targets(cwd, stack), None)
    require_cluster(targets, kubeconfig, context)
    requirements = read_requirements(targets.objects)
    recorded = read_state(cwd, targets.stack, state)

    async def read(client: ClusterClient) -> Facts:
        return await read_facts(client, requirements)

    facts = run_on_cluster(kubeconfig or targets.kubeconfig, context or targets.context, read)
    results = run_checks(requirements, facts, recorded)
    if recorded is None:
        results.append(unknown_state())
    counts = Counter(result.mark for result in results)
    if as_json:
        checks = [result.to_json() for result in results]
        typer.echo(json.dumps({"stack": targets.stack, "ok": not counts["fail"], "checks": checks}, indent=2))
    else:
        print_results(results)
    if counts["fail"]:
        raise typer.Exit(MISSING)
    if strict and counts["warn"]:
        raise typer.Exit(UNCHECKED)


def unknown_state() -> CheckResult:
    """Return the result for a stack whose state cannot be read."""
    from ..preflight import CheckResult

    text = "not checked: the stack's state cannot be read, because pulumi is not on PATH or not logged in"
    fix = "Export the state, and pass it with --state state.json:"
    return CheckResult("warn", "State", text, fix, "pulumi stack export --file state.json")


def print_results(results: list[CheckResult]) -> None:
    """Print each result with its fix, then the numbers of failures and warnings."""
    from rich.text import Text

    from ..text.console import open_console, print_hanging, print_whole

    console = open_console()
    for result in results:
        mark = Text(f"{MARKS[result.mark]} ", STYLES[result.mark])
        print_hanging(console, mark, Text.assemble((result.about, "bold"), f": {result.text}"))
        if result.mark != "ok" and result.fix:
            print_hanging(console, Text("  fix: "), Text(result.fix))
        if result.snippet:
            print_whole(console, Text(f"    {result.snippet}"))
        if result.link:
            print_hanging(console, Text("  see: "), Text(result.link))
    counts = Counter(result.mark for result in results)
    summary = [f"{counts['fail']} failed", count_of(counts["warn"], "warning"), f"{counts['ok']} passed"]
    if counts["skip"]:
        summary.append(f"{counts['skip']} not checked")
    print_whole(console, Text(f"\n{', '.join(summary)}"))


def read_state(cwd: Path, stack: str, file: Path | None) -> StackState | None:
    """Return the Kubernetes objects in a stack's state.

    Returns None if no file is given and the Pulumi CLI cannot export the state.
    """
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
    from ..preflight import read_stack_state

    try:
        return read_stack_state(json.loads(text))
    except ValueError:
        fail(f"--state {file or stack}: is not an exported state. Create one with: pulumi stack export --file state.json")
