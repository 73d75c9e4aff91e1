"""A git server on loopback with HTTPS: the CLI installs plugins only from https, on port 443."""

import gzip
import os
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

CERTIFICATE = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
IDENTITY = ["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"]


class GitHandler(BaseHTTPRequestHandler):
    """The smart HTTP protocol of git, to read: https://git-scm.com/docs/http-protocol."""

    repository: Path

    def do_GET(self) -> None:
        self._answer("advertisement", b"001e# service=git-upload-pack\n0000" + self._upload_pack("--http-backend-info-refs"))

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length")
        body = self.rfile.read(int(length)) if length is not None else b"".join(self._chunks())
        body = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
        self._answer("result", self._upload_pack(body=body))

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _upload_pack(self, *options: str, body: bytes = b"") -> bytes:
        environment = {**os.environ, "GIT_PROTOCOL": self.headers.get("Git-Protocol") or ""}
        command = ["git", "upload-pack", "--stateless-rpc", *options, str(self.repository)]
        return subprocess.run(command, input=body, capture_output=True, check=True, env=environment).stdout

    def _answer(self, kind: str, data: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", f"application/x-git-upload-pack-{kind}")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def commit_tree(source: Path, repository: Path, tag: str) -> None:
    """Commit the files of a working tree to a new repository, with a tag."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=source, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        path = repository / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((source / name).read_bytes())
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "release"], ["tag", tag]):
        subprocess.run(["git", *IDENTITY, *command], cwd=repository, check=True)


@contextmanager
def serve_repository(repository: Path, folder: Path) -> Iterator[Path]:
    """Serve a repository at every path of `https://localhost`.

    Yields:
        Certificates for clients: those of the machine, and that of the server.

    Raises:
        PermissionError: This user must not listen on port 443.
    """
    with ThreadingHTTPServer(("127.0.0.1", 443), type("Handler", (GitHandler,), {"repository": repository})) as server:
        certificate, key = folder / "certificate.pem", folder / "key.pem"
        written = [*CERTIFICATE, "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
        subprocess.run(written, check=True, capture_output=True)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        system = ssl.get_default_verify_paths().cafile
        bundle = folder / "bundle.pem"
        bundle.write_text((Path(system).read_text("utf-8") if system else "") + certificate.read_text("utf-8"), "utf-8")
        Thread(target=server.serve_forever).start()
        try:
            yield bundle
        finally:
            server.shutdown()
