"""Read-only client of a Kubernetes API server. lightkube reads the kubeconfig and authenticates."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self, cast

from ..extras import describe_missing_extra
from ..text.sanitizing import sanitize
from .errors import FailedRequestError, GoneError, MissingError, OversizedError, RefusedError, UnreachableError
from .kubeconfig import NoClusterError, is_installed, read_kubeconfig
from .objects import Object, items_at, text_at
from .responses import MAX_BYTES, REQUEST_HEADERS, Response, decode_line, read_lines, read_response

PAGE_SIZE = 1000
"""Objects per page of a list, so that a list of 10,000 objects is never in memory as one text."""
MAX_OBJECTS = 100_000
"""Objects of a list."""
MAX_LIST_BYTES = 512 << 20
"""Bytes of a list: 100,000 pods of 5 KiB, or 25,000 of 20 KiB."""
MAX_LIST_SECONDS = 120.0
MAX_TEXT_BYTES = 1 << 20
"""Bytes of a response that is not JSON."""
MAX_LINE_BYTES = 8 << 20
"""Bytes of one event of a watch."""
MAX_EVENTS = 100_000
"""Events of a watch, which ends after minutes."""
WATCHES_PER_CLIENT = 50
"""Watches per HTTP client.

A watch occupies one of the 100 connections of a client's pool for minutes. Watches have clients of
their own, so that other requests always find a free connection. HTTP/2 is not used: requests beside
many watches on one connection were seen to wait forever.
"""
_WATCH_SECONDS = 270
_SILENT_SECONDS, _LONGEST_WATCH_SECONDS = _WATCH_SECONDS + 30, _WATCH_SECONDS + 60
"""Seconds without an event after which a watch fails, and after which any watch ends."""
_ERROR_LENGTH = 500
_LEAST_PAUSE = 0.2
"""Seconds between a refused request and its retry, at least."""


class ClusterClient:
    """A connection to an API server.

    Example:
        `async with ClusterClient.connect(kubeconfig) as client: await client.get("/version")`
    """

    def __init__(self, connect: Callable[[], Any]) -> None:
        """Create a client; `connect` returns an HTTP client with server URL and authentication."""
        self._connect = connect
        self._client = connect()
        self._watch_clients: list[Any] = []
        self._open_watches = 0
        self._clock_skew = timedelta(0)
        self.requests = 0
        """Number of requests sent."""

    @classmethod
    def connect(cls, kubeconfig: str | None = None, context: str | None = None) -> Self:
        """Return a client. No request is sent yet.

        Args:
            kubeconfig: Text or path of a kubeconfig. By default `KUBECONFIG`, `~/.kube/config` or
            the
                pod's service account.
            context: Context of the kubeconfig; by default its current context.

        Raises:
            NoClusterError: The kubeconfig is missing or cannot be used.
        """
        if not is_installed():
            raise NoClusterError(describe_missing_extra("diagnose", "lightkube"))
        from lightkube import KubeConfig
        from lightkube.config.client_adapter import AsyncClient, ConnectionParams

        try:
            data, path = read_kubeconfig(kubeconfig)
            config = KubeConfig.from_service_account() if data is None else KubeConfig.from_dict(data, fname=path)  # pyright: ignore (untyped there)
            if context is not None and context not in config.contexts:
                names = ", ".join(map(str, config.contexts)) or "none"
                raise NoClusterError(f"the kubeconfig has no context {context!r}; its contexts: {names}")
            chosen = config.get(context)
            if chosen is None:
                raise NoClusterError("the kubeconfig has no current context")
            return cls(lambda: AsyncClient(chosen, ConnectionParams()))
        except NoClusterError:
            raise
        except Exception as error:  # noqa: BLE001 (lightkube and YAML raise many types for an invalid kubeconfig)
            # The error's text may quote the file, with its keys. Only its type is printed.
            raise NoClusterError(f"the kubeconfig cannot be used ({type(error).__name__})") from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        for client in (self._client, *self._watch_clients):
            await client.aclose()

    def now(self) -> datetime:
        """Return the server's time, from the `Date` header of its last response."""
        return datetime.now(UTC) - self._clock_skew

    async def get(self, path: str, seconds: float = 10, max_bytes: int = MAX_BYTES, **params: str) -> Any:
        """Return the JSON object at a path, of at most `max_bytes`."""
        return (await self._send("GET", path, params, seconds, max_bytes=max_bytes)).decode()

    async def text(self, path: str, **params: str) -> str:
        """Return a response that is not JSON, such as a log."""
        return (await self._send("GET", path, params, 10, max_bytes=MAX_TEXT_BYTES)).text

    async def post(self, path: str, body: Object) -> Any:
        """Send an access review by POST. It changes nothing."""
        return (await self._send("POST", path, {}, 10, body)).decode()

    async def list(self, path: str, slim: Callable[[Object], Object] = lambda object_: object_, **params: str) -> tuple[list[Object], str]:
        """Return every object at a path, and the resource version to start a watch from.

        Args:
            path: Path of the kind.
            slim: Function that returns an object with only the fields that are kept.
            params: Query of the request.

        Raises:
            OversizedError: The list exceeds a limit.
        """
        items: list[Object] = []
        end, size = time.monotonic() + MAX_LIST_SECONDS, 0
        page: dict[str, str] = {**params, "limit": str(PAGE_SIZE)}
        while True:
            seconds = min(30.0, end - time.monotonic())
            if seconds <= 0:
                raise OversizedError(f"the list takes longer than {MAX_LIST_SECONDS:g} s")
            answer = await self._send("GET", path, page, seconds)
            response = answer.decode()
            items += map(slim, items_at(response, "items"))
            size += len(answer.body)
            token = text_at(response, "metadata", "continue")
            if not token:
                return items, text_at(response, "metadata", "resourceVersion")
            if len(items) >= MAX_OBJECTS or size >= MAX_LIST_BYTES or token == page.get("continue"):
                raise OversizedError("the list does not end")
            page["continue"] = token

    async def watch(self, path: str, version: str, **params: str) -> AsyncIterator[tuple[str, Object]]:
        """Yield changes since a resource version, with bookmarks, until the watch ends.

        Raises:
            GoneError: The resource version is too old, or the watch exceeds a limit. A new list
                contains the changes.
        """
        query = {
            **params,
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "timeoutSeconds": str(_WATCH_SECONDS),
        }
        self.requests += 1
        errors, client, events = self._errors(), self._acquire_watch_client(), 0
        try:
            async with client.stream("GET", path, params=query, headers=REQUEST_HEADERS, timeout=self._watch_timeout()) as response:
                self._raise_for_status(await self._read_status(response))
                async with aclosing(read_lines(response, _LONGEST_WATCH_SECONDS, MAX_LINE_BYTES)) as lines:
                    async for line in lines:
                        event = decode_line(line)
                        change, object_ = event.get("type"), event.get("object")
                        events += 1
                        if change == "ERROR" or events > MAX_EVENTS:
                            raise GoneError(sanitize(text_at(object_, "message"), _ERROR_LENGTH))
                        if isinstance(change, str) and isinstance(object_, dict):
                            yield change, cast(Object, object_)
        except errors as error:
            raise UnreachableError(type(error).__name__) from None
        finally:
            self._open_watches -= 1

    async def _read_status(self, response: Any) -> Response:
        """Return the response to a watch, without its events unless it is an error."""
        if response.status_code < 400:
            return Response(response.status_code, response.headers)
        try:
            async with asyncio.timeout(10):
                return await read_response(response, 0)
        except TimeoutError:
            return Response(response.status_code, response.headers)

    def _acquire_watch_client(self) -> Any:
        while self._open_watches >= WATCHES_PER_CLIENT * len(self._watch_clients):
            self._watch_clients.append(self._connect())
        self._open_watches += 1
        return self._watch_clients[(self._open_watches - 1) // WATCHES_PER_CLIENT]

    async def _send(
        self,
        method: str,
        path: str,
        params: Mapping[str, str],
        seconds: float,
        body: Object | None = None,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = MAX_BYTES,
    ) -> Response:
        deadline = time.monotonic() + seconds
        try:
            # The HTTP client's time-out is per read: it would never end a response that arrives
            # byte by byte.
            async with asyncio.timeout(seconds):
                while True:
                    self.requests += 1
                    sent = {**REQUEST_HEADERS, **(headers or {})}
                    async with self._client.stream(method, path, params=params, json=body, headers=sent, timeout=None) as opened:
                        response = await read_response(opened, max_bytes)
                    pause = _retry_after(response)
                    if pause is None or time.monotonic() + pause >= deadline:
                        break
                    await asyncio.sleep(pause)
        except TimeoutError:
            raise UnreachableError(f"no answer within {round(seconds, 1):g} s") from None
        except self._errors() as error:
            raise UnreachableError(type(error).__name__) from None
        self._raise_for_status(response)
        return response

    def _raise_for_status(self, response: Response) -> None:
        status = response.status
        if date := response.headers.get("date"):
            try:
                self._clock_skew = datetime.now(UTC) - parsedate_to_datetime(date)
            except (ValueError, TypeError, OverflowError):
                self._clock_skew = timedelta(0)
        if status in (401, 403):
            raise RefusedError(status, sanitize(response.text, _ERROR_LENGTH))
        if status == 404:
            raise MissingError(sanitize(response.text, _ERROR_LENGTH))
        if status == 410:
            raise GoneError("410")
        if status >= 400:
            raise FailedRequestError(status)

    @staticmethod
    def _errors() -> tuple[type[Exception], ...]:
        """Return the exceptions of a request: network, TLS, or a failed exec credential plugin."""
        from httpx2 import HTTPError, InvalidURL, StreamError
        from lightkube.core.exceptions import ConfigError

        return HTTPError, InvalidURL, StreamError, ConfigError, OSError, ValueError, KeyError

    @staticmethod
    def _watch_timeout() -> Any:
        from httpx2 import Timeout

        return Timeout(10, read=_SILENT_SECONDS)


def _retry_after(response: Response) -> float | None:
    """Return the seconds after which a server that starts or is overloaded requests a retry."""
    value = str(response.headers.get("retry-after", ""))
    if response.status not in (429, 503) or not value.isdecimal():
        return None
    return max(_LEAST_PAUSE, int(value))
