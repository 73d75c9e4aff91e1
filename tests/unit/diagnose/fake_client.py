"""Client of a cluster for tests without a server."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any

from nim_component.cluster.errors import MissingError

from .kubernetes_objects import NOW, node


class FakeClient:
    """Client without a server.

    It lists `objects`, and raises the errors in `refused`. A watch yields the `changes` of its
    kind, then stays open. A change may also be an error to raise, a pause in seconds, or `end`.
    """

    def __init__(self, **objects: Any) -> None:
        self.objects: dict[str, list[Any]] = {"nodes": [node(gpu=1)], **objects}
        self.changes: Callable[[str], Any] = lambda _: []
        self.refused: dict[tuple[str, str], Exception] = {}
        self.single: dict[str, Any] = {}
        """Objects by path, each of which can be read alone."""
        self.gets: list[str] = []
        self.lists: list[str] = []
        self.watches: list[str] = []
        self.started: list[str] = []
        self.log = ""
        self.texts = self.probes = 0

    def now(self) -> datetime:
        return NOW

    async def list(self, path: str, slim: Callable[[Any], Any] = lambda object_: object_, **_: str) -> tuple[list[Any], str]:
        self.lists.append(path)
        kind = path.rpartition("/")[2]
        if error := self.refused.get(("list", kind)):
            raise error
        return [slim(each) for each in self.objects.get(kind, [])], "1"

    async def watch(self, path: str, version: str, **_: str) -> AsyncIterator[tuple[str, Any]]:
        self.watches.append(path)
        kind = path.rpartition("/")[2]
        if error := self.refused.get(("watch", kind)):
            raise error
        self.started.append(kind)
        for change in self.changes(kind):
            if isinstance(change, float):
                await asyncio.sleep(change)
                continue
            if isinstance(change, Exception):
                raise change
            if change == "end":
                return
            yield change
        await asyncio.sleep(3600)

    async def get(self, path: str, seconds: float = 10, **_: str) -> Any:
        if path == "/version":
            return {}
        self.gets.append(path)
        await asyncio.sleep(0)
        if path in self.single:
            return self.single[path]
        raise MissingError(path)

    async def text(self, path: str, **_: str) -> str:
        if path == "/readyz":
            self.probes += 1
            if error := self.refused.get(("get", "readyz")):
                raise error
            return "ok"
        self.texts += 1
        return self.log

    async def close(self) -> None:
        """Do nothing: no connection is open."""
