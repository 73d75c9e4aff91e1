"""A model hub on loopback with the endpoints of huggingface_hub and every kind of fault.

A repo maps revisions to files. `Repo.trouble` selects faults, `Hub.requests` lists the requests.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import io
import json
import pickle
import re
import struct
import threading
import time
import zipfile
from collections import OrderedDict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit


def safetensors(size: int = 4096, seed: int = 0, name: str = "w", dtype: str = "F16") -> bytes:
    """A file with one tensor of `size` bytes, an even number, in the form of the format."""
    tensor = {"dtype": dtype, "shape": [size // (2 if dtype == "F16" else 1)], "data_offsets": [0, size]}
    header = json.dumps({"__metadata__": {"format": "pt"}, name: tensor}).encode()
    block = hashlib.sha256(str(seed).encode()).digest()
    return struct.pack("<Q", len(header)) + header + (block * (size // 32 + 1))[:size]


def pickled(value: Any = None, protocol: int = 2) -> bytes:
    """Weights as `torch.save` writes them: an archive with a pickle."""
    data, archive = io.BytesIO(), ("adapter_model/data.pkl", "adapter_model/version")
    with zipfile.ZipFile(data, "w") as z:
        z.writestr(archive[0], pickle.dumps(OrderedDict() if value is None else value, protocol))
        z.writestr(archive[1], b"3\n")
    return data.getvalue()


def config(rank: int = 16, base: str = "meta-llama/Meta-Llama-3-8B-Instruct", **more: Any) -> bytes:
    return json.dumps({"r": rank, "base_model_name_or_path": base, "peft_type": "LORA", **more}).encode()


def adapter(seed: int = 0, size: int = 4096, **more: Any) -> dict[str, bytes]:
    return {
        "README.md": b"# an adapter\n",
        "adapter_config.json": config(**more),
        "adapter_model.safetensors": safetensors(size, seed),
        "optimizer.pt": b"must never be fetched",
    }


@dataclass
class Repo:
    revisions: dict[str, dict[str, bytes]]
    token: str | None = None  # the one that may read it
    gated: bool = False
    trouble: dict[str, Any] = field(default_factory=dict)

    def commit(self, revision: str) -> str | None:
        ids = {name: commit_of(tuple(files.items())) for name, files in self.revisions.items()}
        return ids.get(revision) or (revision if revision in ids.values() else None)

    def files(self, commit: str) -> dict[str, bytes]:
        return next(files for name, files in self.revisions.items() if self.commit(name) == commit)


@functools.cache
def commit_of(files: tuple[tuple[str, bytes], ...]) -> str:
    return hashlib.sha1(repr([name for name, _ in files]).encode() + b"".join(data for _, data in files)).hexdigest()


@functools.cache
def record(path: str, data: bytes) -> dict[str, Any]:
    """As the hub's API lists a file: weights by LFS, the rest as git blobs."""
    blob = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
    lfs = {"sha256": hashlib.sha256(data).hexdigest(), "oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 134}
    names = {"rfilename": path, "path": path, "type": "file", "size": len(data), "blobId": blob, "oid": blob}
    return names | ({"lfs": lfs} if path.endswith((".safetensors", ".bin", ".pt")) else {})


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Hub
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, format: str, *args: Any) -> None: ...

    def answer(self, status: int, body: bytes = b"", **headers: Any) -> None:
        (self.send_response_only if "Date" in headers else self.send_response)(status)
        for name, value in {"Content-Length": len(body), **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        with self.server.lock:
            self.server.requests.append(f"{self.command} {path}")
            self.server.authorizations.append((self.headers.get("Host", ""), self.headers.get("Authorization")))
        time.sleep(self.server.latency)
        api = re.fullmatch(r"/api/models/(.+?)/(?:revision/(?P<rev>.+)|tree/(?P<tree>[^/]+))", path)
        resolve = re.fullmatch(r"(?:/cdn)?/(.+?)/resolve/([^/]+)/(.+)", path)
        name = (api or resolve)[1] if api or resolve else ""
        repo = self.server.repos.get(name)
        if repo is not None and (renamed := repo.trouble.get("renamed")):
            return self.answer(307, Location=self.path.replace(name, renamed))
        if repo is None:
            return self.answer(404, b'{"error": "Repository not found"}', X_Error_Code="RepoNotFound")
        if self.refuse(repo, "api" if api else "file", f"{name} {path}"):
            return None
        commit = repo.commit(api["rev"] or api["tree"] if api else resolve[2])  # type: ignore[index]
        if commit is None:
            return self.answer(404, b'{"error": "Invalid rev id"}', X_Error_Code="RevisionNotFound")
        files = repo.files(commit)
        if api:
            listed = [repo.trouble.get("record", lambda each: each)(record(p, d)) for p, d in files.items()]
            if (answer := repo.trouble.get("api_body")) is not None:
                return self.answer(200, answer, Content_Type="text/html", **repo.trouble.get("api_headers", {}))
            return self.answer(200, json.dumps(listed if api["tree"] else {"id": name, "sha": commit, "siblings": listed}).encode())
        assert resolve
        if resolve[3] not in files or resolve[3] == repo.trouble.get("missing"):
            return self.answer(404, X_Error_Code="EntryNotFound", X_Repo_Commit=commit)
        if repo.trouble.get("redirect_loop"):
            return self.answer(302, Location=self.path)
        if repo.trouble.get("redirect") and not path.startswith("/cdn"):
            return self.answer(302, Location=f"{repo.trouble['redirect']}/cdn{self.path}")
        if (status := repo.trouble.get("cdn_status")) and path.startswith("/cdn"):
            return self.answer(status, b"<html>blocked</html>")
        return self.send_file(repo, commit, resolve[3], files[resolve[3]])

    def refuse(self, repo: Repo, what: str, key: str) -> bool:
        """Send an error response, always or for the first `times` requests of each resource."""
        trouble, token = repo.trouble, (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        with self.server.lock:
            requested = self.server.requested[key] = self.server.requested.get(key, 0) + 1
        if (status := trouble.get(f"{what}_status")) and requested <= trouble.get("times", 10**9):
            self.answer(status, b'{"error": "trouble"}', **trouble.get("headers", {}))
            return True
        if repo.trouble.get("open_cdn") and self.path.startswith("/cdn"):
            return False  # as a real one: the signed address is the right to read
        if repo.gated and token != repo.token:
            self.answer(403 if token else 401, b'{"error": "gated"}', X_Error_Code="GatedRepo")
            return True
        if repo.token and token != repo.token:
            self.answer(401, b'{"error": "Invalid username or password."}')
            return True
        return False

    def send_file(self, repo: Repo, commit: str, path: str, data: bytes) -> None:
        trouble, large = repo.trouble, path.endswith((".safetensors", ".bin"))
        entry = record(path, data)
        etag = entry["lfs"]["oid"] if "lfs" in entry else entry["oid"]
        requested = self.server.requested[f"{path} of {commit}"] = self.server.requested.get(f"{path} of {commit}", 0) + (
            self.command == "GET"
        )
        if trouble.get("wrong_bytes") and large and requested <= trouble.get("times", 10**9) and self.command == "GET":
            data = data[:-9] + bytes(b ^ 0xFF for b in data[-9:])
        match = None if trouble.get("no_range") else re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        start = int(match[1]) if match else 0
        end = min(int(match[2]) + 1, len(data)) if match and match[2] else len(data)
        headers = {"ETag": f'"{etag}"', "X-Repo-Commit": commit, "X-Linked-ETag": f'"{etag}"', "X-Linked-Size": len(data)}
        if start >= len(data) > 0 or (start and trouble.get("no_rest")):
            self.answer(416, Content_Range=f"bytes */{len(data)}")
            return
        if match:
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(data)}"
        if trouble.get("gzip"):  # a proxy that compresses every response
            data, start, match, headers = gzip.compress(data), 0, None, {"Content-Encoding": "gzip", "ETag": f'"{etag}"'}
            end = len(data)
        body = memoryview(data)[start:end]
        self.send_response(206 if match else 200)
        length = {"Content-Length": len(body) + trouble.get("length_off", 0) * large}
        if chunked := trouble.get("chunked") and large:  # without the last chunk, which ends the response
            length = {"Transfer-Encoding": "chunked"}
        for key, value in {**length, **headers}.items():
            self.send_header(key, str(value))
        self.end_headers()
        if chunked:
            self.wfile.write(b"%x\r\n" % len(body) + body + b"\r\n")
            self.server.bytes_sent += len(body)
            self.close_connection = True
            return
        if self.command == "HEAD":
            return
        stop_at = len(body)
        if large and requested <= trouble.get("times", 10**9):
            stop_at = min(stop_at, trouble.get("cut_after", stop_at), trouble.get("stall_after", stop_at))
        piece = trouble.get("piece", 1 << 18)
        for at in range(0, stop_at, piece):
            self.wfile.write(body[at : min(at + piece, stop_at)])
            self.server.bytes_sent += min(at + piece, stop_at) - at
            if delay := trouble.get("slow"):
                time.sleep(delay)
        self.wfile.flush()
        if stop_at < len(body):
            if "stall_after" in trouble:
                self.server.stopping.wait(trouble.get("stall", 60))
            self.close_connection = True


class Hub(ThreadingHTTPServer):
    """`with Hub({...}) as hub:` serves on `hub.url` until the block ends."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, repos: dict[str, Repo] | None = None, latency: float = 0.0) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.repos, self.latency, self.lock, self.stopping = repos or {}, latency, threading.Lock(), threading.Event()
        self.requests: list[str] = []
        self.authorizations: list[tuple[str, str | None]] = []
        self.requested: dict[str, int] = {}
        self.bytes_sent = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None: ...

    def __enter__(self) -> Hub:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self.shutdown()
        self.server_close()
