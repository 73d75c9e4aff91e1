"""API server with a number of unschedulable services and 10,000 events of other objects.

Prints its port.
"""

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

COUNT, EVENTS = int(sys.argv[1]), 10_000
MESSAGE = "0/1 nodes are available: 1 Insufficient nvidia.com/gpu. preemption: 0/1 nodes are available: 1 No preemption victims found."
NODE = {
    "metadata": {"name": "gpu-0"},
    "spec": {},
    "status": {"allocatable": {"nvidia.com/gpu": "8"}, "conditions": [{"type": "Ready", "status": "True"}]},
}


def named(name: str, service: int, version: int = 1, **more: Any) -> dict[str, Any]:
    labels = {"app.kubernetes.io/name": "nim", "app.kubernetes.io/instance": f"s{service}", "pod-template-hash": "abc"}
    metadata = {"name": name, "uid": name, "labels": labels, "resourceVersion": str(version), "creationTimestamp": "2026-01-01T00:00:00Z"}
    # Fields that a server adds and the client does not use.
    metadata["managedFields"] = [{"manager": "m", "fieldsV1": {f"f:field{i}": {} for i in range(60)}}]
    return {"metadata": metadata, **more}


def pod(service: int, version: int) -> dict[str, Any]:
    limits = {"nvidia.com/gpu": "9", "cpu": "8", "memory": "48Gi"}
    environment = [{"name": f"NAME_{i}", "value": "value"} for i in range(20)]
    spec = {
        "containers": [{"name": "nim", "image": "nvcr.io/nim/x:1", "resources": {"limits": limits, "requests": limits}, "env": environment}]
    }
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": MESSAGE}
    return named(f"s{service}-abc-x", service, version, spec=spec, status={"phase": "Pending", "conditions": [condition]})


def event(number: int) -> dict[str, Any]:
    about = {"kind": "Pod", "name": f"other-{number}", "uid": f"other-{number}"}
    return {
        "metadata": {"name": f"e{number}", "uid": f"e{number}"},
        "involvedObject": about,
        "reason": "Odd",
        "message": "x" * 300,
        "type": "Warning",
    }


def items(path: str) -> list[dict[str, Any]]:
    made = {
        "pods": lambda: [pod(i, 1) for i in range(COUNT)],
        "replicasets": lambda: [named(f"s{i}-abc", i, spec={"replicas": 1}, status={"replicas": 1}) for i in range(COUNT)],
        "deployments": lambda: [named(f"s{i}", i, spec={"replicas": 1}) for i in range(COUNT)],
        "services": lambda: [named(f"s{i}", i, spec={}) for i in range(COUNT)],
        "events": lambda: [event(i) for i in range(EVENTS)],
        "nodes": lambda: [NODE],
    }
    return made.get(path.rpartition("/")[2], list)()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if "watch" in query:
            self.watch(parts.path)
            return
        found, begin = items(parts.path), int(query.get("continue", 0))
        end = begin + int(query.get("limit", 500))
        metadata = {"resourceVersion": "1", **({"continue": str(end)} if end < len(found) else {})}
        body = json.dumps({"items": found[begin:end], "metadata": metadata}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def watch(self, path: str) -> None:
        """Change every pod once a second."""
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        version = 1
        try:
            while True:
                time.sleep(1)
                version += 1
                for i in range(COUNT if path.endswith("/pods") else 0):
                    line = json.dumps({"type": "MODIFIED", "object": pod(i, version)}).encode() + b"\n"
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
        except OSError:
            return

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_address[1], flush=True)
sys.stdin.read()
