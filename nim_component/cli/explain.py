"""`explain`: phases and diagnoses of running services."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .connection import ContextOption, KubeconfigOption, require_cluster, run_on_cluster
from .exit_codes import NOT_READY
from .failure import enable_json_errors, fail, run_or_fail
from .options import FolderOption

if TYPE_CHECKING:
    from rich.console import Console

    from ..cluster.client import ClusterClient
    from ..diagnose.explain import Explanation, Name
    from ..diagnose.targets import StackTargets

STYLES = {"certain": "bold red", "likely": "bold yellow", "possible": "bold yellow"}
"""Styles of headlines by confidence."""


def explain(
    service: Annotated[str | None, typer.Argument(help="Name of a service. Default: all.", show_default=False)] = None,
    stack: Annotated[
        str | None, typer.Option("--stack", "-s", help="Explain the services of this stack, in its cluster.", show_default=False)
    ] = None,
    namespace: Annotated[
        str | None, typer.Option("--namespace", "-n", help="Explain the services of this namespace.", show_default=False)
    ] = None,
    cwd: FolderOption = Path(),
    kubeconfig: KubeconfigOption = None,
    context: ContextOption = None,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Continue, and print every change.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", callback=enable_json_errors, help="Print JSON; with --watch, one line per change.")
    ] = False,
) -> None:
    """Explain the state of deployed services: phases, causes, fixes.

    Exits with 3 if a service is not ready.
    """
    names: list[Name] = []
    kinds: set[str] | None = None  # without a stack, they are unknown
    namespaces = [namespace or "default"]
    if stack is not None:
        from ..diagnose.targets import read_targets

        targets = run_or_fail(lambda: read_targets(cwd, stack), None)
        require_cluster(targets, kubeconfig, context)
        kubeconfig, context = kubeconfig or targets.kubeconfig, context or targets.context
        names, kinds = select_services(targets, service, namespace), {str(each.get("kind")) for each in targets.objects}
        namespaces = sorted({each[0] for each in names})
    elif service is not None:
        names = [(namespaces[0], service)]

    async def run(client: ClusterClient) -> None:
        await print_explanations(client, namespaces, names, kinds, watch, as_json)

    run_on_cluster(kubeconfig, context, run)


def select_services(targets: StackTargets, service: str | None, namespace: str | None) -> list[Name]:
    """Return the stack's services of this name and namespace, by default all. Fail without any."""
    candidates = [(each.namespace, each.name) for each in targets.services if namespace in (None, each.namespace)]
    names = [each for each in candidates if service in (None, each[1])]
    if not names:
        services = ", ".join(name for _, name in candidates) or "none"
        fail(f"the stack {targets.stack} has no service{f' {service}' if service else ''}. Services: {services}")
    return names


async def print_explanations(
    client: ClusterClient, namespaces: list[str], names: list[Name], kinds: set[str] | None, watch: bool, as_json: bool
) -> None:
    """Print explanations. End the command with exit code 3 if a service is not ready.

    Of the optional children, only objects of these kinds are read; by default of all kinds.
    """
    from ..cluster.kinds import CHILD_KINDS
    from ..diagnose.explain import Explainer

    child_kinds = [kind for name, kind in CHILD_KINDS.items() if kinds is None or name in kinds]
    explainer = Explainer(client, lambda note: typer.echo(f"note: {note}", err=True), read_logs=True, child_kinds=child_kinds)
    try:
        if watch:
            async for changed in explainer.follow(namespaces, names):
                print_changes(changed, namespaces, as_json)
        explanations = await explainer.explain(namespaces, names)
    finally:
        await explainer.close()
    if as_json:
        typer.echo(json.dumps([each.to_json() for each in explanations], indent=2))
    else:
        print_text(explanations, namespaces)
    if not all(each.is_ready for each in explanations):
        raise typer.Exit(NOT_READY)


def print_changes(changed: list[Explanation], namespaces: list[str], as_json: bool) -> None:
    """Print changed explanations: each as a line of JSON, or as text and an empty line."""
    if as_json:
        for each in changed:
            typer.echo(json.dumps(each.to_json()))
    else:
        print_text(changed, namespaces)
        typer.echo()
    sys.stdout.flush()


def print_text(explanations: list[Explanation], namespaces: list[str]) -> None:
    """Print explanations, with an empty line between them and before each diagnosis."""
    from ..text.console import open_console

    console = open_console()
    if not explanations:
        console.print(f"No NIMService is deployed in {', '.join(namespaces)}. Choose another --namespace, --context or --stack.")
    with console:  # one write
        for index, each in enumerate(explanations):
            if index:
                console.print()
            _print_explanation(console, each)


def _print_explanation(console: Console, explanation: Explanation) -> None:
    from rich.text import Text

    from ..text.console import print_hanging

    for line in explanation.headlines:
        print_hanging(console, Text(), Text(line, "bold"))
    for each in explanation.diagnoses:
        console.print()
        print_hanging(console, Text(), Text(each.headline, STYLES[each.confidence]))
        for label, text in each.details:
            shown = Text(text)
            if label == "evidence" and each.match:
                shown.highlight_words([each.match], "bold")
            print_hanging(console, Text.assemble("  ", (f"{label}:", "green" if label == "fix" else "dim"), " "), shown)
