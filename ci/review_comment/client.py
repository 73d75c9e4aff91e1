"""HTTP client for the API of one host. Only the standard library: the job installs nothing.

The token is sent to this host only: redirects are never followed with it.
"""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any

TIMEOUT = 30.0
"""Seconds for a connection or for the next part of an answer."""
DEADLINE = 120.0
"""Seconds for a whole answer."""
MAX_ANSWER = 20_000_000
"""Bytes of an answer of the API."""
PAUSES = (1.0, 4.0, 15.0)
"""Seconds before each retry."""
MAX_PAUSE = 60.0
"""Seconds of `Retry-After` that are waited for."""
MAX_PAGES = 100
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class RequestError(Exception):
    """A request that failed after all retries, or an answer that is not accepted."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Handler that follows no redirect: it would send the token along."""

    def _refuse(self, *_: Any) -> None:
        return None

    http_error_301 = http_error_302 = http_error_303 = http_error_307 = http_error_308 = _refuse


class Client:
    """Client for one API.

    Args:
        root: Address of the API. It must be HTTPS, except on this machine.
        headers: Headers with the token.
    """

    def __init__(self, root: str, headers: Mapping[str, str]) -> None:
        check_address(root)
        self.root = root.rstrip("/")
        self._headers = dict(headers)
        self._opener = urllib.request.build_opener(_NoRedirect)

    def request(self, method: str, path: str, content: Any = None) -> Any:
        """Send a request with the token and return the JSON of the answer."""
        raw = self._send(method, path, content, MAX_ANSWER)
        try:
            return json.loads(raw) if raw else None
        except (ValueError, RecursionError):
            raise RequestError(f"{method} {path}: the answer is not JSON") from None

    def pages(self, path: str) -> Iterator[Any]:
        """Yield the entries of all pages of a list."""
        separator = "&" if "?" in path else "?"
        for page in range(1, MAX_PAGES + 1):
            found = self.request("GET", f"{path}{separator}per_page=100&page={page}")
            if not isinstance(found, list):
                raise RequestError(f"GET {path}: the answer is not a list")
            yield from found
            if len(found) < 100:
                return
        raise RequestError(f"GET {path}: more than {MAX_PAGES} pages")

    def download(self, path: str, limit: int) -> bytes:
        """Return a file of at most `limit` bytes.

        The API may redirect to the address of a store. That request has no token.
        """
        try:
            return self._send("GET", path, None, limit)
        except _RedirectError as redirect:
            check_address(redirect.address)
            request = urllib.request.Request(redirect.address, headers={"User-Agent": "nim-component-review"})
            return self._retry("GET", "the stored file", request, limit)

    def _send(self, method: str, path: str, content: Any, limit: int) -> bytes:
        data = None if content is None else json.dumps(content).encode()
        headers = {"User-Agent": "nim-component-review", "Content-Type": "application/json", **self._headers}
        return self._retry(method, path, urllib.request.Request(self.root + path, data, headers, method=method), limit)

    def _retry(self, method: str, name: str, request: urllib.request.Request, limit: int) -> bytes:
        """Send a request, again after 429 and errors of the server or the connection.

        A POST is repeated only if the server refused it, so that no comment is written twice.
        """
        for pause in (*PAUSES, None):
            try:
                with self._opener.open(request, timeout=TIMEOUT) as response:
                    return read(response, limit, f"{method} {name}")
            except urllib.error.HTTPError as error:
                with error:
                    if error.code in (301, 302, 303, 307, 308):
                        raise _RedirectError(f"{method} {name}: the server redirects", error.headers.get("Location") or "") from None
                    problem, wait = f"HTTP {error.code}", error.headers.get("Retry-After")
                is_passing = error.code in (429, 503) or (error.code >= 500 and method != "POST")
            except (OSError, http.client.HTTPException) as error:
                # The reason may contain an address, but no header.
                problem, wait, is_passing = f"no answer ({type(error).__name__})", None, method != "POST"
            if pause is None or not is_passing:
                raise RequestError(f"{method} {name}: {problem}")
            time.sleep(min(float(wait), MAX_PAUSE) if wait and wait.isascii() and wait.isdigit() else pause)
        raise AssertionError


class _RedirectError(RequestError):
    """A redirect, with its address."""

    def __init__(self, text: str, address: str) -> None:
        super().__init__(text)
        self.address = address


def check_address(address: str) -> None:
    """Raise an error unless an address is HTTPS, or HTTP on this machine."""
    try:
        parts = urllib.parse.urlsplit(address)
    except ValueError:
        parts = urllib.parse.urlsplit("")
    if (
        not parts.hostname
        or parts.username is not None
        or not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))
    ):
        raise RequestError("an address is not HTTPS. Set the address of the API to https://…")


def read(response: Any, limit: int, name: str) -> bytes:
    """Return an answer of at most `limit` bytes that arrives before the deadline."""
    end, parts, size = time.monotonic() + DEADLINE, [], 0
    while part := response.read1(65_536):
        parts.append(part)
        size += len(part)
        if size > limit:
            raise RequestError(f"{name}: the answer is larger than {limit} bytes")
        if time.monotonic() > end:
            raise RequestError(f"{name}: the answer takes longer than {DEADLINE:.0f} s")
    return b"".join(parts)
