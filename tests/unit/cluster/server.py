"""An API server with canned responses, on the loopback interface."""

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import yaml

Answer = Callable[[str], tuple[int, Any]]
"""Maps a path with its query to a status and a body.

The body is JSON, bytes that are sent unchanged, or an iterator of bytes, which may be slow.
"""


@contextlib.contextmanager
def serving(answer: Answer, seen: list[str] | None = None, skew: float = 0, retry_after: str = "", encoding: str = "") -> Iterator[str]:
    """Yield the text of a kubeconfig for the server. Its clock is `skew` seconds ahead.

    Failures have the header `Retry-After`, if it is given. Every body is sent with the
    `encoding`, which is only a header.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if seen is not None:
                seen.append(self.path)
            status, body = answer(self.path)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            if encoding:
                self.send_header("Content-Encoding", encoding)
            if retry_after and status >= 400:
                self.send_header("Retry-After", retry_after)
            if isinstance(body, Iterator):
                self.close_connection = True
                self.send_header("Connection", "close")
                self.end_headers()
                with contextlib.suppress(OSError):
                    for part in body:
                        self.wfile.write(part)
                return
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string((time.time() if timestamp is None else timestamp) + skew)

        def log_message(self, format: str, *args: Any) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield kubeconfig(f"http://127.0.0.1:{server.server_address[1]}")
    finally:
        server.shutdown()
        server.server_close()


def kubeconfig(url: str, user: dict[str, Any] | None = None) -> str:
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "c",
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": {"server": url}}],
            "users": [{"name": "u", "user": user or {"token": "token-of-nobody"}}],
        }
    )
