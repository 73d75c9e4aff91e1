"""A way from the API server to what stands in for a pod: kwok's pods have addresses, and nothing listens there.

The API server sends what it would dial in the cluster (`services/proxy`, `pods/proxy`, kubelets) through an HTTP CONNECT proxy on a Unix
socket, as its `--egress-selector-config-file` says. Nobody listens on that socket until a test does, with `PodNetwork`: until then each dial
fails at once.
"""

import asyncio
import contextlib
import threading
from pathlib import Path
from typing import Any

SOCKET = "pods.sock"
"""In the control plane's folder."""


def egress_config(folder: Path) -> dict[str, Any]:
    """What the API server reads of it."""
    connection = {"proxyProtocol": "HTTPConnect", "transport": {"uds": {"udsName": str(folder / SOCKET)}}}
    return {
        "apiVersion": "apiserver.k8s.io/v1beta1",
        "kind": "EgressSelectorConfiguration",
        "egressSelections": [{"name": "cluster", "connection": connection}],
    }


class PodNetwork:
    """The proxy. `with PodNetwork(control_plane.folder) as network: network.lead("10.0.0.7", 8000, server_port)`

    Leads where it is told to, on the loopback interface; any other address is refused. It ends with the `with`, or with the process."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / SOCKET
        self._ports: dict[str, int] = {}
        self._loop = asyncio.new_event_loop()
        self.asked: list[str] = []
        """Every address that was dialled."""

    def __enter__(self) -> "PodNetwork":
        threading.Thread(target=self._loop.run_forever, name="pod-network", daemon=True).start()
        self._server = asyncio.run_coroutine_threadsafe(asyncio.start_unix_server(self._serve, self._socket), self._loop).result(5)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._socket.unlink(missing_ok=True)

    def lead(self, address: str, port: int, to: int) -> None:
        """From now on a pod's address and port lead to a port of this machine."""
        self._ports[f"{address}:{port}"] = to

    async def _stop(self) -> None:
        self._server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError), contextlib.closing(writer):
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
            method, address, *_ = head.decode().split()
            self.asked.append(address)
            port = self._ports.get(address)
            if method != "CONNECT" or port is None:
                writer.write(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
                return
            back, there = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            with contextlib.closing(there):
                await asyncio.gather(_copy(reader, there), _copy(back, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until one side has nothing more to say."""
    while block := await reader.read(65536):
        writer.write(block)
        await writer.drain()
    with contextlib.suppress(OSError):
        writer.write_eof()
