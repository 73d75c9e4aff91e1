"""Client of the API server: error types, lists, watches, and hostile or broken responses."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from nim_component.cluster import client as module
from nim_component.cluster.client import ClusterClient
from nim_component.cluster.errors import FailedRequestError, GoneError, MissingError, RefusedError, UnreachableError

from .server import serving


def call(config: str, use: Callable[[ClusterClient], Awaitable[Any]]) -> Any:
    """Return the result of `use` with a client that is connected by a kubeconfig."""

    async def run() -> Any:
        async with ClusterClient.connect(config) as client:
            return await use(client)

    return asyncio.run(run())


async def collect(client: ClusterClient, path: str = "/api/v1/pods") -> list[Any]:
    return [each async for each in client.watch(path, "1")]


def line(change: str, **object_: Any) -> bytes:
    return json.dumps({"type": change, "object": object_}, ensure_ascii=False).encode() + b"\n"


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, RefusedError), (403, RefusedError), (404, MissingError), (410, GoneError), (500, UnreachableError), (429, UnreachableError)],
)
def test_error_status_raises_its_exception(status: int, error: type[Exception]):
    with serving(lambda _: (status, {"message": "no"})) as config:
        with pytest.raises(error):
            call(config, lambda client: client.get("/x"))
        with pytest.raises(error):
            call(config, collect)


@pytest.mark.parametrize("status", [429, 503])
def test_starting_server_is_queried_again(status: int):
    seen: list[str] = []
    with serving(lambda _: (status if len(seen) < 3 else 200, {"kind": "x"}), seen, retry_after="0") as config:
        assert call(config, lambda client: client.get("/x")) == {"kind": "x"}
    assert len(seen) == 3


@pytest.mark.parametrize(("status", "retry_after"), [(429, "60"), (429, "soon"), (429, ""), (500, "0"), (409, "0")])
def test_other_failures_are_reported_at_once(status: int, retry_after: str):
    seen: list[str] = []
    started = time.monotonic()
    with serving(lambda _: (status, {}), seen, retry_after=retry_after) as config, pytest.raises(FailedRequestError) as caught:
        call(config, lambda client: client.get("/x"))
    assert (caught.value.status, str(caught.value), len(seen)) == (status, f"status {status}", 1)
    assert time.monotonic() - started < 5


def test_retries_end_with_the_time_limit():
    seen: list[str] = []
    with serving(lambda _: (429, {}), seen, retry_after="0") as config, pytest.raises(UnreachableError):
        call(config, lambda client: client.get("/x", seconds=1))
    assert 2 <= len(seen) <= 6


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"\xff\xfe", b'"text"'])
def test_response_without_json_object_raises_unreachable(body: bytes):
    with serving(lambda _: (200, body)) as config, pytest.raises(UnreachableError):
        call(config, lambda client: client.get("/x"))


def test_list_requests_every_page():
    seen: list[str] = []

    def answer(path: str) -> tuple[int, Any]:
        if "continue=next" in path:
            return 200, {"items": [{"n": 2}, "no object"], "metadata": {"resourceVersion": "9"}}
        return 200, {"items": [{"n": 1}], "metadata": {"resourceVersion": "9", "continue": "next"}}

    with serving(answer, seen) as config:
        assert call(config, lambda client: client.list("/api/v1/pods", labelSelector="a=b")) == ([{"n": 1}, {"n": 2}], "9")
    assert len(seen) == 2
    assert all("limit=1000" in path and "labelSelector=a%3Db" in path for path in seen)


def test_watch_splits_only_at_line_feeds():
    body = line("ADDED", message="a\x85b\u2028c\x0bd") + line("BOOKMARK", metadata={"resourceVersion": "7"})
    with serving(lambda _: (200, body)) as config:
        assert call(config, collect) == [("ADDED", {"message": "a\x85b\u2028c\x0bd"}), ("BOOKMARK", {"metadata": {"resourceVersion": "7"}})]


def test_expired_watch_raises_gone():
    with serving(lambda _: (200, line("ERROR", kind="Status", code=410))) as config, pytest.raises(GoneError):
        call(config, collect)


@pytest.mark.parametrize("body", [b"no json\n", b"{\n", b'{"type": 3, "object": []}\n{'])
def test_garbage_in_watch_ends_it(body: bytes):
    """The watch ends without an event or raises UnreachableError, nothing else."""
    with serving(lambda _: (200, body)) as config:
        try:
            assert call(config, collect) == []
        except UnreachableError:
            pass


def test_endless_line_raises_unreachable(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "MAX_LINE_BYTES", 10_000)
    with serving(lambda _: (200, b"x" * 1_000_000)) as config, pytest.raises(UnreachableError):
        call(config, collect)


def test_dripping_response_times_out():
    """A response that sends a byte every 0.1 s forever ends at the request's time limit."""
    with serving(lambda _: (200, iter(lambda: time.sleep(0.1) or b" ", None))) as config:
        began = time.monotonic()
        with pytest.raises(UnreachableError, match=r"no answer within 0\.5 s"):
            call(config, lambda client: client.get("/x", 0.5))
        assert time.monotonic() - began < 2


@pytest.mark.parametrize("skew", [0, 3600, -3600])
def test_now_returns_server_time(skew: float):
    with serving(lambda _: (200, {}), skew=skew) as config:

        async def difference(client: ClusterClient) -> timedelta:
            await client.get("/x")
            return client.now() - datetime.now(UTC)

        assert abs(call(config, difference) - timedelta(seconds=skew)) < timedelta(seconds=2)
