"""The API server, read only: which one, as whom, and what it may answer. lightkube reads the kubeconfig and logs in."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self, cast

from .kubeconfig import NoClusterError, is_installed, read_kubeconfig
from .objects import Object

PAGE = 1000
"""Objects of one answer: a list of ten thousand never stands in memory as one text."""
LONGEST_LINE = 8 << 20
STREAMS = 50
"""Watches of one HTTP client. Over HTTP/2, where they would share a connection, requests beside them were seen to wait for ever."""
_WATCH_SECONDS = 270


class RefusedError(Exception):
    """The server does not allow it; `status` is 401 or 403."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class UnreachableError(Exception):
    """The server does not answer, or not with what it is asked for."""


class MissingError(Exception):
    """There is no such object, or no such kind."""


class GoneError(Exception):
    """A watch cannot go on from where it was: the server has forgotten."""


class ClusterClient:
    """A connection. `async with ClusterClient.connect(...) as api: await api.get("/version")`"""

    def __init__(self, connect: Callable[[], Any]) -> None:
        """`connect` makes an HTTP client that knows the server and logs in."""
        self._connect = connect
        self._client = connect()
        self._streams: list[Any] = []
        self._open = 0
        self._skew = timedelta(0)
        self.requests = 0
        """How many requests were sent."""

    @classmethod
    def connect(cls, kubeconfig: str | None = None, context: str | None = None) -> Self:
        """By a kubeconfig: its text, its path, or none for the ambient one (`KUBECONFIG`, `~/.kube/config`, a pod's own). Nothing is
        sent yet. `NoClusterError`."""
        if not is_installed():
            raise NoClusterError("the Kubernetes client is not installed: install this package with its extra `diagnose`")
        from lightkube import KubeConfig
        from lightkube.config.client_adapter import AsyncClient, ConnectionParams

        try:
            data, path = read_kubeconfig(kubeconfig)
            config = KubeConfig.from_service_account() if data is None else KubeConfig.from_dict(data, fname=path)  # pyright: ignore (untyped there)
            if context is not None and context not in config.contexts:
                raise NoClusterError(f"the kubeconfig has no context {context!r}; it has: {', '.join(map(str, config.contexts)) or 'none'}")
            chosen = config.get(context)
            if chosen is None:
                raise NoClusterError("the kubeconfig has no current context")
            # Many watches at a time on one connection.
            return cls(lambda: AsyncClient(chosen, ConnectionParams()))
        except NoClusterError:
            raise
        except Exception as error:  # noqa: BLE001 (whatever is wrong with somebody's kubeconfig, it is one thing to a caller)
            # Only the kind of error: its text may quote the file.
            raise NoClusterError(f"the kubeconfig cannot be used ({type(error).__name__})") from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends the connection."""
        for client in (self._client, *self._streams):
            await client.aclose()

    def now(self) -> datetime:
        """The server's clock, from what its answers say."""
        return datetime.now(UTC) - self._skew

    async def get(self, path: str, seconds: float = 10, **params: str) -> Any:
        """One object, or what else there is at a path, as JSON has it."""
        return self._decode(await self._send("GET", path, params, seconds))

    async def text(self, path: str, **params: str) -> str:
        """What is no JSON: a log."""
        answer = await self._send("GET", path, params, 10)
        return str(answer.text)

    async def post(self, path: str, body: Object) -> Any:
        """Asks by a POST: access reviews, which change nothing."""
        return self._decode(await self._send("POST", path, {}, 10, body))

    async def list(self, path: str, **params: str) -> tuple[list[Object], str]:
        """Every object at a path, and the version from which a watch goes on."""
        items: list[Object] = []
        page: dict[str, str] = {**params, "limit": str(PAGE)}
        while True:
            answer = await self.get(path, 30, **page)
            items += [each for each in answer.get("items") or () if isinstance(each, dict)]
            metadata: Mapping[str, Any] = answer.get("metadata") or {}
            if not metadata.get("continue"):
                return items, str(metadata.get("resourceVersion", ""))
            page["continue"] = metadata["continue"]

    async def watch(self, path: str, version: str, **params: str) -> AsyncIterator[tuple[str, Object]]:
        """Changes from a version on, bookmarks among them, until the server ends it."""
        query = {
            **params,
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "timeoutSeconds": str(_WATCH_SECONDS),
        }
        self.requests += 1
        errors, client = self._errors(), self._stream_client()
        try:
            async with client.stream("GET", path, params=query, timeout=self._patience(_WATCH_SECONDS + 30)) as answer:
                if answer.status_code >= 400:
                    await answer.aread()
                self._raise_for_status(answer)
                async with aclosing(_lines(answer)) as lines:
                    async for line in lines:
                        event = json.loads(line)
                        kind, object_ = event.get("type"), event.get("object")
                        if kind == "ERROR":
                            raise GoneError(str(object_)[:200])
                        if isinstance(kind, str) and isinstance(object_, dict):
                            yield kind, cast(Object, object_)
        except errors as error:
            raise UnreachableError(type(error).__name__) from None
        finally:
            self._open -= 1

    def _stream_client(self) -> Any:
        """A client's pool has a hundred places, and a watch takes one for minutes: they never take those of the requests."""
        while self._open >= STREAMS * len(self._streams):
            self._streams.append(self._connect())
        self._open += 1
        return self._streams[(self._open - 1) // STREAMS]

    async def _send(self, method: str, path: str, params: Mapping[str, str], seconds: float, body: Object | None = None) -> Any:
        self.requests += 1
        try:
            # Not the client's own time-out, which is of silence: an answer that drips would never end.
            async with asyncio.timeout(seconds):
                answer = await self._client.request(method, path, params=params, json=body, timeout=None)
        except TimeoutError:
            raise UnreachableError(f"no answer within {seconds:g} s") from None
        except self._errors() as error:
            raise UnreachableError(type(error).__name__) from None
        self._raise_for_status(answer)
        return answer

    def _raise_for_status(self, answer: Any) -> None:
        status = answer.status_code
        if date := answer.headers.get("date"):
            try:
                self._skew = datetime.now(UTC) - parsedate_to_datetime(date)
            except (ValueError, TypeError):
                self._skew = timedelta(0)
        if status in (401, 403):
            raise RefusedError(status, answer.text[:500])
        if status == 404:
            raise MissingError(answer.text[:500])
        if status == 410:
            raise GoneError("410")
        if status >= 400:
            raise UnreachableError(f"status {status}")

    @staticmethod
    def _decode(answer: Any) -> Any:
        try:
            decoded: Any = answer.json()
        except ValueError:
            raise UnreachableError("no JSON") from None
        if not isinstance(decoded, dict):
            raise UnreachableError("no object")
        return cast(Object, decoded)

    @staticmethod
    def _errors() -> tuple[type[Exception], ...]:
        """What a request may end in: the network, TLS, a log-in program that fails."""
        from httpx2 import HTTPError, InvalidURL, StreamError
        from lightkube.core.exceptions import ConfigError

        return HTTPError, InvalidURL, StreamError, ConfigError, OSError, ValueError, KeyError

    @staticmethod
    def _patience(seconds: float) -> Any:
        from httpx2 import Timeout

        return Timeout(10, read=seconds)


async def _lines(answer: Any) -> AsyncGenerator[bytes, None]:
    """The lines of an answer, at line feeds only: what else some take for a line's end may stand in an event's text."""
    rest = b""
    async for block in answer.aiter_bytes():
        *whole, rest = (rest + block).split(b"\n")
        for line in whole:
            if line.strip():
                yield line
        if len(rest) > LONGEST_LINE:
            raise ValueError("a line without an end")
