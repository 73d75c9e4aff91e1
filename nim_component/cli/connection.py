"""Connection of a command to a cluster: its options, and the cluster's errors as failures."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Generator
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from .exit_codes import INTERRUPTED
from .failure import fail

if TYPE_CHECKING:
    from ..cluster.client import ClusterClient
    from ..diagnose.targets import StackTargets

T = TypeVar("T")

KubeconfigOption = Annotated[
    str | None,
    typer.Option("--kubeconfig", help="Kubeconfig file. Default: the stack's, else KUBECONFIG, else ~/.kube/config.", show_default=False),
]
ContextOption = Annotated[
    str | None,
    typer.Option("--context", help="Context of the kubeconfig. Default: the stack's, else the current context.", show_default=False),
]


def require_cluster(targets: StackTargets, kubeconfig: str | None, context: str | None) -> None:
    """Fail if a stack renders to files and no cluster is given.

    The current context may be any other cluster.
    """
    if targets.renders_only and kubeconfig is None and context is None:
        fail(f"the stack {targets.stack} renders to files and has no cluster. Choose another --stack, or a cluster with --context")


def run_on_cluster(kubeconfig: str | None, context: str | None, action: Callable[[ClusterClient], Awaitable[T]]) -> T:
    """Connect to the cluster and run an action. Errors of the cluster end it with code 1."""
    from ..cluster.client import ClusterClient

    async def run() -> T:
        async with ClusterClient.connect(kubeconfig, context) as client:
            return await action(client)

    try:
        with fail_on_cluster_errors():
            return asyncio.run(run())
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None


@contextlib.contextmanager
def fail_on_cluster_errors() -> Generator[None]:
    """Print an error of the cluster with its fix, and end the command with exit code 1."""
    from ..cluster.errors import FailedRequestError, GoneError, MissingError, OversizedError, RefusedError, UnreachableError
    from ..cluster.kubeconfig import NoClusterError, is_installed

    try:
        yield
    except NoClusterError as error:
        fail(f"{error}. Choose a cluster with --kubeconfig or KUBECONFIG, and --context" if is_installed() else str(error))
    except FailedRequestError as error:
        reason = "it starts or is overloaded" if error.status in (429, 503) else "see its log"
        fail(f"the API server answered with status {error.status}: {reason}. Run the command again")
    except OversizedError as error:
        fail(f"the API server's response is not read: {error}. Check that --kubeconfig and --context name a Kubernetes API server")
    except (UnreachableError, GoneError, MissingError) as error:
        fail(f"the cluster does not respond ({error}). Check --kubeconfig, --context and the network to the cluster")
    except RefusedError as error:
        fail(f"the cluster does not accept these credentials (status {error.status}). Log in again, or choose another --context")
