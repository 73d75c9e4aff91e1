"""Stub of a gRPC server behind a GRPCRoute, and calls to it."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

from .gateway import Gateway
from .loopback import ADDRESS

SERVICE = "grpc.health.v1.Health"
SERVING = b"\x08\x01"
"""Answer of the health service: the status SERVING."""
PAUSE = 5
"""Seconds between two messages of a stream."""


class StubGRPC:
    """Server with one unary call, one stream of answers, and one stream in both directions.

    `Check` answers once. `Watch` answers for as many seconds as its request has bytes. `Talk`
    answers each message.
    """

    def __init__(self) -> None:
        self._server = grpc.server(ThreadPoolExecutor(max_workers=8))
        methods = {
            "Check": grpc.unary_unary_rpc_method_handler(lambda request, context: SERVING),
            "Watch": grpc.unary_stream_rpc_method_handler(_watch),
            "Talk": grpc.stream_stream_rpc_method_handler(lambda requests, context: (SERVING for _ in requests)),
        }
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, methods),))
        self.port = self._server.add_insecure_port(f"{ADDRESS}:0")

    def __enter__(self) -> "StubGRPC":
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop(0)


def _watch(request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
    for _ in range(len(request) // PAUSE):
        time.sleep(PAUSE)
        yield SERVING


def open_channel(gateway: Gateway, host: str) -> Any:
    """Return a channel to a host behind the gateway, as a context."""
    return grpc.insecure_channel(f"{ADDRESS}:{gateway.http}", options=[("grpc.default_authority", host)])


def check(channel: Any) -> bytes | None:
    """Return the answer of the unary call, or None if it fails."""
    call: Callable[..., bytes] = channel.unary_unary(f"/{SERVICE}/Check")
    try:
        return call(b"", timeout=10)
    except grpc.RpcError:
        return None


def receive(channel: Any, seconds: int) -> int:
    """Return the number of answers to one request that arrive within the given time."""
    return _count(channel.unary_stream(f"/{SERVICE}/Watch")(b"." * seconds))


def send_and_receive(channel: Any, seconds: int) -> int:
    """Return the number of answers to messages that are sent over the given time."""

    def messages() -> Iterator[bytes]:
        for _ in range(seconds // PAUSE):
            yield b""
            time.sleep(PAUSE)

    return _count(channel.stream_stream(f"/{SERVICE}/Talk")(messages()))


def _count(answers: Iterator[bytes]) -> int:
    count = 0
    try:
        for _ in answers:
            count += 1
    except grpc.RpcError:
        pass
    return count
