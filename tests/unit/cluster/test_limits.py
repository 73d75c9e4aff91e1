"""Limits on every response: bytes after decompression, time, depth, number of values and objects.

The server is hostile: it is a model server behind the API server's proxy, or an API server of
another owner.
"""

import base64
import functools
import gzip
import itertools
import json
import subprocess
import sys
import time
import zlib
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from nim_component.cluster import client as module
from nim_component.cluster import responses
from nim_component.cluster.client import ClusterClient
from nim_component.cluster.errors import ClusterError, GoneError, MissingError, OversizedError, RefusedError, UnreachableError
from nim_component.cluster.secret_facts import read_secret
from nim_component.diagnose.served_models import ModelListError, list_models

from .server import Answer, serving
from .test_client import call, collect, line

ESCAPE, KEY = "\x1b[2J\x1b]0;owned\x07", "nvapi-" + "Zq4" * 20
MEBIBYTE = 1 << 20


@functools.cache
def bomb(mebibytes: int) -> bytes:
    """Return gzip that is a model list of a size after decompression."""
    inflated = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    blocks = itertools.chain([b'{"object": "list", "data": "'], itertools.repeat(b"x" * MEBIBYTE, mebibytes), [b'"}'])
    return b"".join(map(inflated.compress, blocks)) + inflated.flush()


def endless(block: bytes) -> Callable[[str], tuple[int, Iterator[bytes]]]:
    return lambda _: (200, itertools.repeat(block))


async def get(client: ClusterClient) -> Any:
    return await client.get("/x")


MEASURED = """
import asyncio, resource, sys
from nim_component.cluster.client import ClusterClient
from nim_component.cluster.errors import ClusterError
from nim_component.cluster.secret_facts import read_secret
from nim_component.diagnose.served_models import ModelListError, list_models

async def run():
    async with ClusterClient.connect(sys.argv[1]) as client:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            if sys.argv[2] == "models":
                await list_models(client, "llama", "ml", 8000)
            elif sys.argv[2] == "watch":
                async for _ in client.watch("/x", "1"):
                    pass
            elif sys.argv[2] == "text":
                await client.text("/x")
            else:
                await client.list("/x")
        except (ClusterError, ModelListError) as error:
            print(type(error).__name__)
        print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) >> 10)

asyncio.run(run())
"""


def measure(answer: Answer, method: str, encoding: str = "") -> tuple[str, int]:
    """Return the error of a request, and the MiB by which it increases the memory of a process."""
    with serving(answer, encoding=encoding) as config:
        command = [sys.executable, "-c", MEASURED, config, method]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    error, mebibytes = ran.stdout.split()
    return error, int(mebibytes)


@pytest.mark.parametrize("method", ["models", "list", "text", "watch"])
def test_gzip_bomb_needs_little_memory(method: str):
    compressed = bomb(256)
    assert len(compressed) < MEBIBYTE
    error, mebibytes = measure(lambda _: (200, compressed), method, "gzip")
    assert error in ("ModelListError", "OversizedError")
    assert mebibytes < {"models": 16, "list": 128, "text": 16, "watch": 64}[method]


@pytest.mark.parametrize("method", ["models", "text"])
def test_endless_body_needs_little_memory(method: str):
    error, mebibytes = measure(endless(b"x" * 65_536), method)
    assert error in ("ModelListError", "OversizedError")
    assert mebibytes < 16


def test_dense_json_needs_little_memory():
    """A list in JSON takes 25 times the memory of its text."""
    dense = b'{"items": [' + b"[]," * (10 * MEBIBYTE) + b"0]}"
    error, mebibytes = measure(lambda _: (200, dense), "list")
    assert (error, mebibytes < 128) == ("OversizedError", True)


def test_error_text_of_any_size_is_cut():
    with serving(lambda _: (404, itertools.repeat(b"x" * 65_536))) as config, pytest.raises(MissingError) as caught:
        call(config, lambda client: client.get("/x"))
    assert str(caught.value) == "x" * 499 + "…"


@pytest.mark.parametrize("status", [401, 403, 404])
@pytest.mark.parametrize("use", [get, collect])
def test_error_text_is_cleaned(status: int, use: Callable[[ClusterClient], Awaitable[Any]]):
    body = f"{ESCAPE}no pod\n{KEY}\u202e".encode()
    with serving(lambda _: (status, body)) as config, pytest.raises((RefusedError, MissingError)) as caught:
        call(config, use)
    text = str(caught.value)
    assert text.startswith("no pod")
    assert not {"\x1b", "\n", "\u202e"} & set(text)
    assert KEY not in text


def test_error_of_watch_event_is_cleaned():
    event = line("ERROR", kind="Status", message=f"{ESCAPE}too old {KEY}")
    with serving(lambda _: (200, event)) as config, pytest.raises(GoneError) as caught:
        call(config, collect)
    assert str(caught.value).startswith("too old ")
    assert "\x1b" not in str(caught.value)
    assert KEY not in str(caught.value)


def test_endless_error_of_watch_is_cut():
    with serving(lambda _: (403, itertools.repeat(b"x" * 65_536))) as config, pytest.raises(RefusedError) as caught:
        call(config, collect)
    assert len(str(caught.value)) == 500


@pytest.mark.parametrize("depth", [101, 900, 100_000])
@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_deep_json_raises_oversized(depth: int, opening: str):
    closing = {"[": "]", '{"a":': "}"}[opening]
    body = f'{{"items": {opening * depth}1{closing * depth}}}'.encode()
    with serving(lambda _: (200, body)) as config, pytest.raises(OversizedError, match="more than 100 levels"):
        call(config, lambda client: client.get("/x"))
    with serving(lambda _: (200, line("ADDED").replace(b"{}", body) + b"\n")) as config, pytest.raises(OversizedError):
        call(config, collect)


def test_ninety_levels_are_read():
    value = json.loads("[" * 90 + "]" * 90)
    with serving(lambda _: (200, {"a": value})) as config:
        assert call(config, lambda client: client.get("/x")) == {"a": value}


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_infinite_number_is_no_json(number: str):
    with serving(lambda _: (200, f'{{"a": {number}}}'.encode())) as config, pytest.raises(UnreachableError, match="no JSON"):
        call(config, lambda client: client.get("/x"))


def test_endless_continue_ends(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "MAX_OBJECTS", 5_000)
    seen: list[str] = []

    def answer(_: str) -> tuple[int, Any]:
        return 200, {"items": [{}] * 1000, "metadata": {"continue": f"token-{len(seen)}"}}

    with serving(answer, seen) as config, pytest.raises(OversizedError, match="the list does not end"):
        call(config, lambda client: client.list("/x"))
    assert len(seen) == 5


def test_repeated_continue_token_ends_list():
    seen: list[str] = []
    page: Any = {"items": [], "metadata": {"continue": "same"}}
    with serving(lambda _: (200, page), seen) as config, pytest.raises(OversizedError, match="the list does not end"):
        call(config, lambda client: client.list("/x"))
    assert len(seen) == 2


def test_list_ends_with_its_time_limit(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "MAX_LIST_SECONDS", 1.0)
    seen: list[str] = []

    def answer(_: str) -> tuple[int, Any]:
        time.sleep(0.1)
        return 200, {"items": [], "metadata": {"continue": f"token-{len(seen)}"}}

    with serving(answer, seen) as config, pytest.raises(UnreachableError):
        call(config, lambda client: client.list("/x"))
    assert 3 <= len(seen) <= 11


def test_list_keeps_only_slim_objects():
    with serving(lambda _: (200, {"items": [{"a": 1, "b": 2}]})) as config:
        assert call(config, lambda client: client.list("/x", slim=lambda each: {"a": each["a"]})) == ([{"a": 1}], "")


@pytest.mark.parametrize("metadata", [[], "text", {"continue": 3, "resourceVersion": []}, None])
def test_list_with_wrong_metadata_ends(metadata: Any):
    with serving(lambda _: (200, {"items": 7, "metadata": metadata})) as config:
        assert call(config, lambda client: client.list("/x")) == ([], "")


def drip(part: bytes) -> Iterator[bytes]:
    """Yield a part every 50 ms, for 10 seconds."""
    for _ in range(200):
        time.sleep(0.05)
        yield part


@pytest.mark.parametrize("part", [b" ", line("BOOKMARK")], ids=["byte", "event"])
def test_watch_that_never_ends_is_ended(part: bytes, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "_LONGEST_WATCH_SECONDS", 0.5)
    started = time.monotonic()
    with serving(lambda _: (200, drip(part))) as config:
        call(config, collect)
    assert time.monotonic() - started < 5


def test_watch_with_endless_events_is_gone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "MAX_EVENTS", 100)
    with serving(endless(line("ADDED", metadata={}))) as config, pytest.raises(GoneError):
        call(config, collect)


def test_watch_of_many_bytes_is_gone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(responses, "MAX_WATCH_BYTES", MEBIBYTE)
    with serving(endless(line("ADDED", text="x" * 65_536))) as config, pytest.raises(GoneError, match="larger than 1 MiB"):
        call(config, collect)


@pytest.mark.parametrize(
    ("body", "encoding", "reason"),
    [
        (b"no gzip", "gzip", "broken compression"),
        (gzip.compress(b"{}") + b"more", "gzip", None),
        (gzip.compress(gzip.compress(b"{}")), "gzip, gzip", "unknown compression"),
        (zlib.compress(b"{}"), "deflate", "unknown compression"),
    ],
    ids=["no gzip", "data after gzip", "twice", "deflate"],
)
def test_unusable_compression_raises_unreachable(body: bytes, encoding: str, reason: str | None):
    with serving(lambda _: (200, body), encoding=encoding) as config:
        try:
            assert call(config, lambda client: client.get("/x")) == {}
        except UnreachableError as error:
            assert str(error) == (reason or "data after the end of the compression")
        else:
            assert reason is None


def test_endless_data_after_gzip_ends():
    parts = itertools.chain([gzip.compress(b"{}")], itertools.repeat(b"x" * 65_536))
    with serving(lambda _: (200, parts), encoding="gzip") as config, pytest.raises(UnreachableError, match="data after the end"):
        call(config, lambda client: client.get("/x"))


def test_compressed_page_is_read_whole():
    """The API server compresses large responses."""
    page = {"items": [{"metadata": {"name": f"pod-{number}"}} for number in range(1000)], "metadata": {"resourceVersion": "7"}}
    seen: list[str] = []
    with serving(lambda _: (200, gzip.compress(json.dumps(page).encode())), seen, encoding="gzip") as config:
        assert call(config, lambda client: client.list("/x")) == (page["items"], "7")


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (1 << 20) + 1, 3_000_000])
def test_decompression_equals_gzip(size: int):
    text = "x" * size
    with serving(lambda _: (200, gzip.compress(json.dumps({"a": text}).encode())), encoding="gzip") as config:
        assert call(config, lambda client: client.get("/x")) == {"a": text}


def test_connection_is_reused_after_responses():
    """A response that is read to its end leaves its connection open."""
    with serving(lambda _: (200, gzip.compress(b"{}")), encoding="gzip") as config:

        async def use(client: Any) -> int:
            for _ in range(3):
                await client.get("/x")
            return len(client._client._transport._pool.connections)

        assert call(config, use) == 1


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"object": "list", "data": [{"id": "m"}] * 10_001}, "it has more than 10,000 models"),
        ({"object": "list", "data": [{"id": "m" * (1 << 20)}]}, "the response is larger than 1 MiB"),
    ],
)
def test_long_model_list_is_not_read(body: Any, reason: str):
    with serving(lambda _: (200, body)) as config, pytest.raises(ModelListError) as caught:
        call(config, lambda client: list_models(client, "llama", "ml", 8000))
    assert (str(caught.value), caught.value.is_final) == (f"the list of models is not read: {reason}", True)


def test_hostile_probe_response_is_bounded():
    with serving(endless(b"x" * 65_536)) as config, pytest.raises(ClusterError):
        call(config, lambda client: client.text("/readyz"))


@pytest.mark.parametrize("text", ["[" * 100_000, '{"auths":' * 5_000, "no JSON"])
def test_unreadable_pull_secret_has_no_registries(text: str):
    secret = {"type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": base64.b64encode(text.encode()).decode()}}
    with serving(lambda _: (200, secret)) as config:
        facts = call(config, lambda client: read_secret(client, "ml", "pull"))
    assert facts.registries == ()
