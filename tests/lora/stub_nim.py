"""Stub of the model server: lists NIM_PEFT_SOURCE as NIM does, and serves the probes' endpoints.

`python stub_nim.py <port>` serves the content of $NIM_PEFT_SOURCE at each request. Port 0
selects a free port and prints it.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


def adapters(source: Path) -> list[str]:
    """Return the adapters, one level deep.

    A directory is an adapter if its config and weights can be read. Others are skipped silently.
    """
    found: list[str] = []
    for directory in sorted(source.iterdir()) if source.is_dir() else ():
        weights = [directory / f"adapter_model.{kind}" for kind in ("safetensors", "bin")]
        try:
            json.loads((directory / "adapter_config.json").read_bytes())
            if any(w.is_file() and w.stat().st_size and os.access(w, os.R_OK) for w in weights):
                found.append(directory.name)
        except (OSError, ValueError):
            continue
    return found


class Handler(BaseHTTPRequestHandler):
    server: StubNIM

    def log_message(self, format: str, *args: Any) -> None: ...

    def do_GET(self) -> None:
        models = [{"id": name, "object": "model"} for name in (self.server.model, *adapters(self.server.source))]
        body: dict[str, Any] = {"/v1/health/ready": {"message": "ready"}, "/v1/health/live": {"message": "live"}}
        body["/v1/models"] = {"object": "list", "data": models}
        data = json.dumps(body.get(self.path, {"message": "not found"})).encode()
        self.send_response(200 if self.path in body else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class StubNIM(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, source: Path, port: int = 0, model: str = "meta/llama3-8b-instruct") -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.source, self.model, self.url = source, model, f"http://127.0.0.1:{self.server_port}"

    def __enter__(self) -> StubNIM:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


if __name__ == "__main__":
    with StubNIM(Path(os.environ["NIM_PEFT_SOURCE"]), int(sys.argv[1])) as nim:
        print(nim.url, flush=True)
        threading.Event().wait()
