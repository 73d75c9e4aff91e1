"""The plugin process: a server for the engine, on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import sys
import threading
from collections.abc import Sequence
from typing import Any

import grpc.aio
from pulumi.provider.server import ProviderServicer
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS  # pyright: ignore[reportPrivateUsage]
from pulumi.runtime.proto import provider_pb2_grpc

from ..diagnose.progress.run_state import belong_to_run
from .provider import NIMProvider


class Servicer(ProviderServicer):
    """Servicer that separates the state of runs, and reports problems that are found late."""

    async def _construct(self, request: Any, context: Any) -> Any:
        """Construct a component.

        An Output may resolve to a wrong value after the provider has returned. The import comes
        first, because the SDK resolves an explicit provider only if its package is imported.
        """
        from .construction import report_problems

        with belong_to_run(request.monitorEndpoint), report_problems():
            return await super()._construct(request, context)  # pyright: ignore[reportUnknownMemberType]


def _import_construction() -> None:
    """Import what the first component needs, while the engine starts the program.

    A failure is that of the component: it imports the module again.
    """
    with contextlib.suppress(Exception):
        importlib.import_module(".construction", __package__)


async def serve(engine: str) -> None:
    """Serve until the engine ends the process; print the port first, as the engine requires."""
    server = grpc.aio.server(options=_GRPC_CHANNEL_OPTIONS)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Servicer(NIMProvider(), [], engine), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    threading.Thread(target=_import_construction, name="import", daemon=True).start()
    await server.wait_for_termination()


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the plugin. The engine passes its address, and options that are ignored."""
    given = sys.argv[1:] if arguments is None else arguments
    engine = next((each for each in given if not each.startswith("-")), None)
    if engine is None:
        sys.exit("This program is a Pulumi plugin: the engine starts it with its address.")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(engine))
