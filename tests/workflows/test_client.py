"""The client of `ci/comment.py`: its token stays at the API, and every answer has a limit."""

import importlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from .hosts import ROOT, Host, redirect, serve


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(ROOT / "ci"))
    module = importlib.import_module("review_comment.client")
    monkeypatch.setattr(module, "PAUSES", (0.0, 0.0, 0.0))
    yield module
    for name in [each for each in sys.modules if each.startswith("review_comment")]:
        del sys.modules[name]


def connect(client: ModuleType, url: str):
    return client.Client(url, {"Authorization": "Bearer secret"})


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_token_follows_no_redirect(client: ModuleType, code: int, method: str):
    """Another port of the same machine is another host."""
    with serve() as (other, stranger), serve(**{f"{method} /x": redirect(f"{other}/y", code)}) as (url, host):
        with pytest.raises(client.RequestError, match="the server redirects"):
            connect(client, url).request(method, "/x", None if method == "GET" else {})
        assert (host.tokens, stranger.tokens) == (["Bearer secret"], [])


def test_redirect_to_same_host_is_refused(client: ModuleType):
    with serve(**{"GET /x": redirect("/y")}) as (url, host):
        with pytest.raises(client.RequestError, match="the server redirects"):
            connect(client, url).request("GET", "/x")
        assert host.tokens == ["Bearer secret"]


def test_download_redirect_has_no_token(client: ModuleType):
    with serve(**{"GET /file": b"data"}) as (other, stranger), serve(**{"GET /x": redirect(f"{other}/file")}) as (url, _):
        assert connect(client, url).download("/x", 10) == b"data"
        assert stranger.tokens == [""]


def test_download_follows_one_redirect(client: ModuleType):
    with serve(**{"GET /file": redirect("/again")}) as (other, stranger), serve(**{"GET /x": redirect(f"{other}/file")}) as (url, _):
        with pytest.raises(client.RequestError, match="the server redirects"):
            connect(client, url).download("/x", 10)
        assert stranger.tokens == [""]


@pytest.mark.parametrize(
    "address", ["http://example.com/x", "ftp://127.0.0.1/x", "file:///etc/passwd", "//x", "", "https://a@b/", "http://[x"]
)
def test_download_requires_https(client: ModuleType, address: str):
    with serve(**{"GET /x": redirect(address)}) as (url, _), pytest.raises(client.RequestError, match="an address is not HTTPS"):
        connect(client, url).download("/x", 10)


@pytest.mark.parametrize(
    "address", ["http://api.example.com", "https://user@api.example.com", "file:///x", "api.example.com", "http://127.0.0.1.x"]
)
def test_api_requires_https(client: ModuleType, address: str):
    with pytest.raises(client.RequestError, match="an address is not HTTPS"):
        connect(client, address)


def test_large_answer_is_refused(client: ModuleType, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(client, "MAX_ANSWER", 1000)
    with serve(**{"GET /x": b'"' + b"x" * 1000 + b'"'}) as (url, _), pytest.raises(client.RequestError, match="larger than 1000 bytes"):
        connect(client, url).request("GET", "/x")


def test_endless_answer_is_refused(client: ModuleType):
    def endless(host: Host) -> None:
        host.send_response(200)
        host.end_headers()
        try:
            while True:
                host.wfile.write(b"x" * 65_536)
        except OSError:
            pass

    with serve(**{"GET /x": endless}) as (url, _), pytest.raises(client.RequestError, match="larger than 100000 bytes"):
        connect(client, url).download("/x", 100_000)


def test_slow_answer_is_refused(client: ModuleType, monkeypatch: pytest.MonkeyPatch):
    def slow(host: Host) -> None:
        host.send_response(200)
        host.end_headers()
        try:
            for _ in range(100):
                host.wfile.write(b"x")
                host.wfile.flush()
                time.sleep(0.05)
        except OSError:
            pass

    monkeypatch.setattr(client, "DEADLINE", 0.3)
    with serve(**{"GET /x": slow}) as (url, _), pytest.raises(client.RequestError, match="takes longer than"):
        connect(client, url).request("GET", "/x")


def test_silent_server_is_refused(client: ModuleType, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(client, "TIMEOUT", 0.2)
    with serve(**{"GET /x": lambda _: time.sleep(1)}) as (url, _), pytest.raises(client.RequestError, match="no answer"):
        connect(client, url).request("GET", "/x")


def failing(*codes: int):
    """Return an answer with these codes, then 200."""
    left = list(codes)
    return lambda host: host.send(left.pop(0) if left else 200, b"{}", Retry_After="0")


@pytest.mark.parametrize(
    ("method", "codes", "requests"),
    [("GET", (500, 502, 429), 4), ("PATCH", (503, 500), 3), ("POST", (429, 503), 3)],
)
def test_passing_errors_are_retried(client: ModuleType, method: str, codes: tuple[int, ...], requests: int):
    with serve(**{f"{method} /x": failing(*codes)}) as (url, host):
        assert connect(client, url).request(method, "/x") == {}
        assert len(host.tokens) == requests


@pytest.mark.parametrize(
    ("method", "codes", "requests"),
    [("GET", (404,), 1), ("GET", (500,) * 9, 4), ("POST", (500,), 1), ("POST", (502,), 1), ("GET", (403,), 1)],
)
def test_lasting_errors_are_reported(client: ModuleType, method: str, codes: tuple[int, ...], requests: int):
    """A POST may have succeeded before a 502, and a second one would write a second comment."""
    with serve(**{f"{method} /x": failing(*codes)}) as (url, host):
        with pytest.raises(client.RequestError, match=f"{method} /x: HTTP {codes[0]}"):
            connect(client, url).request(method, "/x")
        assert len(host.tokens) == requests


@pytest.mark.parametrize("answer", [b"<html>", b"[" * 200_000, b"\xff"])
def test_other_content_is_refused(client: ModuleType, answer: bytes):
    with serve(**{"GET /x": answer}) as (url, _), pytest.raises(client.RequestError, match="the answer is not JSON"):
        connect(client, url).request("GET", "/x")


def test_pages_are_read_to_the_end(client: ModuleType):
    def page(host: Host) -> None:
        number = int(host.path.partition("&page=")[2])
        host.send(200, b"[" + b",".join([b"1"] * (100 if number < 3 else 7)) + b"]")

    with serve(**{"GET /x": page}) as (url, _):
        assert len(list(connect(client, url).pages("/x?state=open"))) == 207


def test_endless_pages_are_refused(client: ModuleType, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(client, "MAX_PAGES", 3)
    with serve(**{"GET /x": [1] * 100}) as (url, _), pytest.raises(client.RequestError, match="more than 3 pages"):
        list(connect(client, url).pages("/x"))


def test_error_contains_no_token(client: ModuleType, tmp_path: Path):
    with serve(**{"GET /x": 403}) as (url, _), pytest.raises(client.RequestError) as error:
        connect(client, url).request("GET", "/x")
    assert "secret" not in str(error.value)
