"""Servers with the parts of the APIs of GitHub and GitLab that `ci/comment.py` uses."""

import http.server
import io
import json
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
MARKER = "<!-- nim-component diff -->"
HEAD, BASE, OTHER = "a" * 40, "b" * 40, "c" * 40


class Host(http.server.BaseHTTPRequestHandler):
    """Server of an API. Tests set the class attributes."""

    answers: dict[str, Any]
    """JSON, bytes, a code, or a function of the handler, by method and path without query."""
    calls: list[tuple[str, str, Any]]
    """Requests that change something."""
    tokens: list[str]
    """Tokens of all requests."""

    def respond(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        content = json.loads(self.rfile.read(length)) if length else None
        type(self).tokens.append(self.headers.get("Authorization") or self.headers.get("PRIVATE-TOKEN") or "")
        if self.command != "GET":
            type(self).calls.append((self.command, self.path, content))
        path = self.path.partition("?")[0]
        answer = self.answers.get(f"{self.command} {path}", [] if self.command == "GET" else {})
        if callable(answer):
            answer(self)
        elif isinstance(answer, int):
            self.send(answer, b"{}")
        else:
            self.send(200, answer if isinstance(answer, bytes) else json.dumps(answer).encode())

    def send(self, code: int, body: bytes, **headers: str) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = respond

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def serve(**answers: Any) -> Iterator[tuple[str, type[Host]]]:
    """Start a server and return its address and its class."""
    handler: type[Host] = type("Fresh", (Host,), {"answers": {**answers}, "calls": [], "tokens": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", handler
    finally:
        server.shutdown()
        server.server_close()


def redirect(address: str, code: int = 302) -> Callable[[Host], None]:
    """Return an answer that redirects."""
    return lambda host: host.send(code, b"", Location=address)


def pull(number: int, head: str = HEAD, base: str = "main", **fields: Any) -> dict[str, Any]:
    """Return a pull request as GitHub describes it."""
    return {"number": number, "state": "open", "head": {"sha": head}, "base": {"ref": base}, "changed_files": 0, **fields}


def own(text: str, login: str = "github-actions[bot]", number: int = 5) -> dict[str, Any]:
    """Return a comment as GitHub and GitLab describe it."""
    return {"id": number, "body": text, "user": {"login": login}, "author": {"id": 7}}


def archive(**files: str | bytes) -> bytes:
    """Return a ZIP file. Double underscores in names are dots."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as content:
        for name, text in files.items():
            content.writestr(name.replace("__", "."), text)
    return stream.getvalue()


def run(command: str, url: str, *arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run one command of `ci/comment.py` as a workflow on GitHub does."""
    environment = {
        "GITHUB_API_URL": url, "GITHUB_REPOSITORY": "o/r", "GITHUB_TOKEN": "t", "GITHUB_SERVER_URL": "https://github.example", "RUN": "77",
        "HEAD_COMMIT": HEAD, "PATH": os.environ["PATH"], **variables,
    }  # fmt: skip
    return execute(command, arguments, {name: value for name, value in environment.items() if value})


def run_gitlab(command: str, url: str, *arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run one command of `ci/comment.py` as a pipeline on GitLab does."""
    environment = {
        "CI_API_V4_URL": url, "CI_MERGE_REQUEST_IID": "3", "CI_MERGE_REQUEST_PROJECT_ID": "9", "REVIEW_TOKEN": "t", "HEAD_COMMIT": HEAD,
        "PATH": os.environ["PATH"], **variables,
    }  # fmt: skip
    return execute(command, arguments, environment)


def execute(command: str, arguments: tuple[object, ...], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run `ci/comment.py`."""
    line = [sys.executable, "-I", str(ROOT / "ci/comment.py"), command, *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, env={**environment}, timeout=120)
