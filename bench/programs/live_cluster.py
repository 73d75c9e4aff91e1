"""API server with a number of available services, and their model servers behind its proxy.

Prints its port. The servers answer, stay silent, or are scaled to zero: the second argument.
"""

import json
import sys
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from nim_component.local.manifests import collect_manifests
from nim_component.testing import record

from .many_services import REPLICAS, program

COUNT, MODE = int(sys.argv[1]), sys.argv[2]
MODEL = "meta/llama3-8b-instruct"


def deployments() -> list[dict[str, Any]]:
    """Return the Deployments as a cluster has them after a successful update."""
    replicas = REPLICAS[MODE]
    status = {"observedGeneration": 1, "replicas": replicas, "availableReplicas": replicas, "updatedReplicas": replicas}
    manifests = collect_manifests(record(program(1, MODE, compared=False)).run)
    (first,) = [manifest.object for manifest in manifests if manifest.object["kind"] == "Deployment"]
    text = json.dumps(first)
    found: list[dict[str, Any]] = []
    for index in range(COUNT):
        live = json.loads(text.replace("service-0", f"service-{index}"))
        live["metadata"]["generation"] = 1
        found.append({**live, "status": status})
    return found


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path.endswith("/v1/models"):
            if MODE == "silent":
                threading.Event().wait(60)
            answer: Any = {"object": "list", "data": [{"id": MODEL, "object": "model"}]}
        else:
            items = LIVE if self.path.partition("?")[0].endswith("/deployments") else []
            answer = {"items": items, "metadata": {"resourceVersion": "1"}}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(BrokenPipeError):  # a client that does not wait
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    """Connections that wait for `accept`. With the default of 5, some clients wait for a second and
    try again."""


if __name__ == "__main__":
    LIVE = deployments()
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()
