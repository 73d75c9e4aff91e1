"""Reading of HTTP responses, with limits on bytes after decompression and on time.

A response may come from a model server or from a proxy, through the API server. A compressed one
may be a thousand times as large as its transfer.
"""

import asyncio
import time
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from .errors import GoneError, OversizedError, UnreachableError
from .json_values import JsonLimitError, decode_json
from .objects import Object

MAX_BYTES = 32 << 20
"""Bytes of a response: 1,000 pods of 32 KiB."""
MAX_ERROR_BYTES = 64 << 10
"""Bytes of an error that are read. The rest is left out."""
MAX_WATCH_BYTES = 512 << 20
"""Bytes of one watch, which ends after minutes."""
REQUEST_HEADERS = {"Accept-Encoding": "gzip"}
"""Headers of every request: only this encoding is decoded."""
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Response:
    """A response that was read to its end, or an error that was read to its limit."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def text(self) -> str:
        """Body as text. Invalid bytes are replaced."""
        return self.body.decode("utf-8", "replace")

    def decode(self) -> Object:
        """Return the JSON object of the body.

        Raises:
            UnreachableError: The body is not a JSON object, or exceeds a limit.
        """
        decoded = _decode(self.body)
        if not isinstance(decoded, dict):
            raise UnreachableError("no object")
        return decoded  # pyright: ignore[reportUnknownVariableType]


async def read_response(response: Any, max_bytes: int) -> Response:
    """Read an open response of the HTTP client. The text of an error is cut.

    Raises:
        OversizedError: The response is larger than `max_bytes`.
        UnreachableError: The response cannot be decompressed.
    """
    is_error, body = response.status_code >= 400, bytearray()
    limit = MAX_ERROR_BYTES if is_error else max_bytes
    async with aclosing(_decompress(response)) as blocks:
        async for block in blocks:
            body += block
            if len(body) <= limit:
                continue
            if not is_error:
                raise OversizedError(f"the response is larger than {_show(limit)}")
            del body[limit:]
            break
    return Response(response.status_code, response.headers, bytes(body))


async def read_lines(response: Any, seconds: float, max_line_bytes: int) -> AsyncGenerator[bytes, None]:
    """Yield the lines of an open response, split at line feeds only, for a limited time.

    The text of an event may contain other characters that Python treats as line ends.

    Raises:
        GoneError: There are more lines than the limits allow. A new list is shorter.
        UnreachableError: A line is too long, or the response cannot be decompressed.
    """
    end, total, rest = time.monotonic() + seconds, 0, bytearray()
    async with aclosing(_decompress(response)) as blocks:
        while (block := await _next(blocks, end)) is not None:
            total += len(block)
            if total > MAX_WATCH_BYTES:
                raise GoneError(f"the watch is larger than {_show(MAX_WATCH_BYTES)}")
            *complete, tail = block.split(b"\n")
            if complete:
                complete[0], rest = bytes(rest) + complete[0], bytearray()
            rest += tail
            for line in complete:
                if line.strip():
                    yield line
            if len(rest) > max_line_bytes:
                raise OversizedError(f"an event is larger than {_show(max_line_bytes)}")


def decode_line(line: bytes) -> Object:
    """Return the JSON object of a line. It is empty if the line is another JSON value.

    Raises:
        UnreachableError: The line is not JSON, or exceeds a limit.
    """
    decoded = _decode(line)
    return decoded if isinstance(decoded, dict) else {}  # pyright: ignore[reportUnknownVariableType]


def _decode(text: bytes) -> Any:
    try:
        return decode_json(text)
    except JsonLimitError as error:
        raise OversizedError(f"the response has {error}") from None
    except ValueError:
        raise UnreachableError("no JSON") from None


async def _next(blocks: AsyncIterator[bytes], end: float) -> bytes | None:
    """Return the next block, or None at the end of the response or of the time."""
    try:
        async with asyncio.timeout(max(0.0, end - time.monotonic())):
            return await anext(blocks, None)
    except TimeoutError:
        return None


async def _decompress(response: Any) -> AsyncGenerator[bytes, None]:
    """Yield the body of a response in small blocks."""
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding in ("", "identity"):
        async for block in response.aiter_raw():
            yield block
        return
    if encoding not in ("gzip", "x-gzip"):
        raise UnreachableError("unknown compression")
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        async for compressed in response.aiter_raw():
            if inflater.eof:
                raise UnreachableError("data after the end of the compression")
            rest = compressed
            while rest:
                yield inflater.decompress(rest, _BLOCK)
                rest = inflater.unconsumed_tail
        yield inflater.flush(_BLOCK)
    except zlib.error:
        raise UnreachableError("broken compression") from None


def _show(number: int) -> str:
    return f"{number >> 20} MiB" if number >= 1 << 20 else f"{number >> 10} KiB"
