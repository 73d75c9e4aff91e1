"""Network from the API server to servers that replace pods.

kwok's pods have addresses without a listener.

The API server sends connections into the cluster (`services/proxy`, `pods/proxy`, kubelets) through
an HTTP CONNECT proxy on a Unix socket, configured by `--egress-selector-config-file`. Without
`PodNetwork`, no process listens on that socket, and each connection fails immediately.

Programs that read pods by HTTP, such as Prometheus, use the same proxy on a port (`listen`). A
gateway, which keeps connections and the name of the host, uses SOCKS 5 (`listen_socks`).
"""

import asyncio
import contextlib
import ipaddress
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
SOCKET = "pods.sock"
"""Name of the socket in the control plane's folder."""


def egress_config(folder: Path) -> dict[str, Any]:
    """Return the API server's egress configuration."""
    connection = {"proxyProtocol": "HTTPConnect", "transport": {"uds": {"udsName": str(folder / SOCKET)}}}
    return {
        "apiVersion": "apiserver.k8s.io/v1beta1",
        "kind": "EgressSelectorConfiguration",
        "egressSelections": [{"name": "cluster", "connection": connection}],
    }


class PodNetwork:
    """The proxy, until the end of the context. Addresses without a route are refused.

    Example:
        `with PodNetwork(control_plane.folder) as network: network.route("10.0.0.7", 8000,
        server_port)`
    """

    def __init__(self, folder: Path) -> None:
        self._socket = folder / SOCKET
        self._ports: dict[str, int] = {}
        self._loop = asyncio.new_event_loop()
        self._servers: list[asyncio.Server] = []
        self.dialled: list[str] = []
        """Every address that the API server connected to."""

    def __enter__(self) -> "PodNetwork":
        threading.Thread(target=self._loop.run_forever, name="pod-network", daemon=True).start()
        server = asyncio.run_coroutine_threadsafe(asyncio.start_unix_server(self._serve, self._socket), self._loop).result(5)
        self._servers.append(server)
        return self

    def listen(self) -> str:
        """Serve the proxy on a port of loopback too, and return its URL."""
        return f"http://127.0.0.1:{self._listen(self._serve)}"

    def listen_socks(self) -> str:
        """Serve SOCKS 5 (RFC 1928) on a port of loopback, and return its URL."""
        return f"socks5://127.0.0.1:{self._listen(self._serve_socks)}"

    def _listen(self, serve: Serve) -> int:
        server = asyncio.run_coroutine_threadsafe(asyncio.start_server(serve, "127.0.0.1", 0), self._loop).result(5)
        self._servers.append(server)
        return server.sockets[0].getsockname()[1]

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._socket.unlink(missing_ok=True)

    def route(self, address: str, port: int, to: int) -> None:
        """Route an address and port of a pod to a port of this machine."""
        self._ports[f"{address}:{port}"] = to

    async def _stop(self) -> None:
        for server in self._servers:
            server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError), contextlib.closing(writer):
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
            method, target_url, *_ = head.decode().split()
            address = target_url if method == "CONNECT" else urlsplit(target_url).netloc
            self.dialled.append(address)
            if (port := self._ports.get(address)) is None:
                writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            source, target = await asyncio.open_connection("127.0.0.1", port)
            if method == "CONNECT":
                writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            else:
                target.write(_to_origin(head, target_url))
            with contextlib.closing(target):
                await asyncio.gather(_copy(reader, target), _copy(source, writer))

    async def _serve_socks(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError), contextlib.closing(writer):
            _, methods = await reader.readexactly(2)
            await reader.readexactly(methods)
            writer.write(b"\x05\x00")  # no authentication
            *_, kind = await reader.readexactly(4)
            assert kind == 1, "pods have IPv4 addresses"
            address = f"{ipaddress.ip_address(await reader.readexactly(4))}:{int.from_bytes(await reader.readexactly(2))}"
            self.dialled.append(address)
            try:
                source, target = await asyncio.open_connection("127.0.0.1", self._ports[address])
            except (KeyError, OSError):
                writer.write(b"\x05\x05\x00\x01" + bytes(6))  # refused
                return
            writer.write(b"\x05\x00\x00\x01" + bytes(6))
            with contextlib.closing(target):
                await asyncio.gather(_copy(reader, target), _copy(source, writer))


def _to_origin(head: bytes, url: str) -> bytes:
    """Return the head of a request to a proxy as the server expects it.

    The connection ends with the answer: the next request may be for another pod.
    """
    path = url.partition("//")[2].partition("/")[2]
    return head.replace(url.encode(), f"/{path}".encode(), 1).replace(b"\r\n", b"\r\nConnection: close\r\n", 1)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy until the end of the input."""
    while block := await reader.read(65536):
        writer.write(block)
        await writer.drain()
    with contextlib.suppress(OSError):
        writer.write_eof()
