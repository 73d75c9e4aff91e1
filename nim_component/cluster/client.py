"""Read-only client of a Kubernetes API server. lightkube reads the kubeconfig and authenticates."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self, cast

from ..extras import describe_missing_extra
from .errors import FailedRequestError, GoneError, MissingError, RefusedError, UnreachableError
from .kubeconfig import NoClusterError, is_installed, read_kubeconfig
from .objects import Object

PAGE_SIZE = 1000
"""Objects per page of a list, so that a list of 10,000 objects is never in memory as one text."""
MAX_LINE_BYTES = 8 << 20
"""Largest event of a watch."""
WATCHES_PER_CLIENT = 50
"""Watches per HTTP client.

A watch occupies one of the 100 connections of a client's pool for minutes. Watches have clients of
their own, so that other requests always find a free connection. HTTP/2 is not used: requests beside
many watches on one connection were seen to wait forever.
"""
_WATCH_SECONDS = 270
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

    async def get(self, path: str, seconds: float = 10, **params: str) -> Any:
        """Return the JSON object at a path."""
        return self._decode(await self._send("GET", path, params, seconds))

    async def text(self, path: str, **params: str) -> str:
        """Return a response that is not JSON, such as a log."""
        response = await self._send("GET", path, params, 10)
        return str(response.text)

    async def post(self, path: str, body: Object) -> Any:
        """Send an access review by POST. It changes nothing."""
        return self._decode(await self._send("POST", path, {}, 10, body))

    async def list(self, path: str, **params: str) -> tuple[list[Object], str]:
        """Return every object at a path, and the resource version to start a watch from."""
        items: list[Object] = []
        page: dict[str, str] = {**params, "limit": str(PAGE_SIZE)}
        while True:
            response = await self.get(path, 30, **page)
            items += [each for each in response.get("items") or () if isinstance(each, dict)]
            metadata: Mapping[str, Any] = response.get("metadata") or {}
            if not metadata.get("continue"):
                return items, str(metadata.get("resourceVersion", ""))
            page["continue"] = metadata["continue"]

    async def watch(self, path: str, version: str, **params: str) -> AsyncIterator[tuple[str, Object]]:
        """Yield changes since a resource version, with bookmarks, until the watch ends."""
        query = {
            **params,
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "timeoutSeconds": str(_WATCH_SECONDS),
        }
        self.requests += 1
        errors, client = self._errors(), self._acquire_watch_client()
        try:
            async with client.stream("GET", path, params=query, timeout=self._watch_timeout()) as response:
                if response.status_code >= 400:
                    await response.aread()
                self._raise_for_status(response)
                async with aclosing(_lines(response)) as lines:
                    async for line in lines:
                        event = json.loads(line)
                        change, object_ = event.get("type"), event.get("object")
                        if change == "ERROR":
                            raise GoneError(str(object_)[:200])
                        if isinstance(change, str) and isinstance(object_, dict):
                            yield change, cast(Object, object_)
        except errors as error:
            raise UnreachableError(type(error).__name__) from None
        finally:
            self._open_watches -= 1

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
    ) -> Any:
        deadline = time.monotonic() + seconds
        try:
            # The HTTP client's time-out is per read: it would never end a response that arrives
            # byte by byte.
            async with asyncio.timeout(seconds):
                while True:
                    self.requests += 1
                    response = await self._client.request(method, path, params=params, json=body, headers=headers, timeout=None)
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

    def _raise_for_status(self, response: Any) -> None:
        status = response.status_code
        if date := response.headers.get("date"):
            try:
                self._clock_skew = datetime.now(UTC) - parsedate_to_datetime(date)
            except (ValueError, TypeError):
                self._clock_skew = timedelta(0)
        if status in (401, 403):
            raise RefusedError(status, response.text[:500])
        if status == 404:
            raise MissingError(response.text[:500])
        if status == 410:
            raise GoneError("410")
        if status >= 400:
            raise FailedRequestError(status)

    @staticmethod
    def _decode(response: Any) -> Any:
        try:
            decoded: Any = response.json()
        except ValueError:
            raise UnreachableError("no JSON") from None
        if not isinstance(decoded, dict):
            raise UnreachableError("no object")
        return cast(Object, decoded)

    @staticmethod
    def _errors() -> tuple[type[Exception], ...]:
        """Return the exceptions of a request: network, TLS, or a failed exec credential plugin."""
        from httpx2 import HTTPError, InvalidURL, StreamError
        from lightkube.core.exceptions import ConfigError

        return HTTPError, InvalidURL, StreamError, ConfigError, OSError, ValueError, KeyError

    @staticmethod
    def _watch_timeout() -> Any:
        from httpx2 import Timeout

        return Timeout(10, read=_WATCH_SECONDS + 30)


def _retry_after(response: Any) -> float | None:
    """Return the seconds after which a server that starts or is overloaded requests a retry."""
    value = str(response.headers.get("retry-after", ""))
    if response.status_code not in (429, 503) or not value.isdecimal():
        return None
    return max(_LEAST_PAUSE, int(value))


async def _lines(response: Any) -> AsyncGenerator[bytes, None]:
    """Yield the lines of a response, split at line feeds only.

    The text of an event may contain other characters that Python treats as line ends.
    """
    rest = b""
    async for block in response.aiter_bytes():
        *complete, rest = (rest + block).split(b"\n")
        for line in complete:
            if line.strip():
                yield line
        if len(rest) > MAX_LINE_BYTES:
            raise ValueError("the line is too long")
