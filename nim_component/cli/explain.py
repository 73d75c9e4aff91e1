"""`explain`: why a service is where it is, from what runs now."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Awaitable, Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from .exit_codes import INTERRUPTED, NOT_READY
from .failure import enable_json_errors, fail, run_or_fail
from .options import FolderOption

if TYPE_CHECKING:
    from ..cluster.client import ClusterClient
    from ..diagnose.explain import Explanation, Name
    from ..diagnose.targets import StackTargets

T = TypeVar("T")

KubeconfigOption = Annotated[
    str | None, typer.Option("--kubeconfig", help="A kubeconfig file; KUBECONFIG, else ~/.kube/config.", show_default=False)
]
ContextOption = Annotated[
    str | None, typer.Option("--context", help="The kubeconfig's context; the stack's, else the current one.", show_default=False)
]


def explain(
    service: Annotated[str | None, typer.Argument(help="A service's name; all by default.", show_default=False)] = None,
    stack: Annotated[
        str | None, typer.Option("--stack", "-s", help="The services of this stack, in its cluster.", show_default=False)
    ] = None,
    namespace: Annotated[str | None, typer.Option("--namespace", "-n", help="The services of this namespace.", show_default=False)] = None,
    cwd: FolderOption = Path(),
    kubeconfig: KubeconfigOption = None,
    context: ContextOption = None,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Go on, and print what changes.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", callback=enable_json_errors, help="Print JSON; with --watch, a line for each change.")
    ] = False,
) -> None:
    """Say how far each service in the cluster is, what stands in its way, and what to do. Exits with 3 when one is not ready."""
    wanted: list[Name] = []
    namespaces = [namespace or "default"]
    if stack is not None:
        from ..diagnose.targets import read_targets

        targets = run_or_fail(lambda: read_targets(cwd, stack), None)
        require_cluster(targets, kubeconfig, context)
        kubeconfig, context = kubeconfig or targets.kubeconfig, context or targets.context
        found = [(each.namespace, each.name) for each in targets.services if namespace in (None, each.namespace)]
        wanted = [each for each in found if service in (None, each[1])]
        namespaces = sorted({each[0] for each in wanted})
        if not wanted:
            there = ", ".join(name for _, name in found) or "none"
            fail(f"the stack {targets.stack} has no service {service or ''}; there are: {there}")
    elif service is not None:
        wanted = [(namespaces[0], service)]

    async def ask(api: ClusterClient) -> None:
        await print_explanations(api, namespaces, wanted, watch, as_json)

    run_on_cluster(kubeconfig, context, ask)


async def print_explanations(api: ClusterClient, namespaces: list[str], wanted: list[Name], watch: bool, as_json: bool) -> None:
    """Asks and prints; ends the command with 3 when something is not ready."""
    from ..diagnose.explain import Explainer

    explainer = Explainer(api, lambda note: typer.echo(f"note: {note}", err=True))
    try:
        if watch:
            async for changed in explainer.follow(namespaces, wanted):
                for each in changed:
                    typer.echo(json.dumps(each.to_json()) if as_json else f"{each}\n")
                if not changed and not as_json:
                    typer.echo(f"{show([], namespaces)}\n")
                sys.stdout.flush()
        explanations = await explainer.explain(namespaces, wanted)
    finally:
        await explainer.close()
    typer.echo(json.dumps([each.to_json() for each in explanations], indent=2) if as_json else show(explanations, namespaces))
    if not all(each.is_ready for each in explanations):
        raise typer.Exit(NOT_READY)


def show(explanations: list[Explanation], namespaces: list[str]) -> str:
    """What a person reads."""
    nothing = f"No NIMService is deployed in {', '.join(namespaces)}: name another --namespace, --context or --stack."
    return "\n\n".join(map(str, explanations)) or nothing


def require_cluster(targets: StackTargets, kubeconfig: str | None, context: str | None) -> None:
    """A stack that renders to files says nothing of the cluster that happens to be the current one."""
    if targets.renders_only and kubeconfig is None and context is None:
        text = f"the stack {targets.stack} renders to files and has no cluster: choose another --stack, or name a cluster with --context"
        fail(text)


def run_on_cluster(kubeconfig: str | None, context: str | None, ask: Callable[[ClusterClient], Awaitable[T]]) -> T:
    """Connects and calls `ask`. No cluster, or one that refuses or does not answer, ends the command with 1 and one line."""
    from ..cluster.client import ClusterClient

    async def run() -> T:
        async with ClusterClient.connect(kubeconfig, context) as api:
            return await ask(api)

    try:
        with cluster_errors():
            return asyncio.run(run())
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None


@contextlib.contextmanager
def cluster_errors() -> Generator[None]:
    """Whatever keeps one from a cluster ends the command, in one line with its cure."""
    from ..cluster.client import GoneError, MissingError, NoClusterError, RefusedError, UnreachableError

    try:
        yield
    except NoClusterError as error:
        fail(f"{error}; name a cluster with --kubeconfig or KUBECONFIG, and --context")
    except (UnreachableError, GoneError, MissingError) as error:
        fail(f"the cluster does not answer ({error}): check --kubeconfig, --context and the network to it")
    except RefusedError as error:
        fail(f"the cluster does not accept these credentials ({error.status}): log in again, or choose another --context")
