"""Digest of the default image of the LoRA loader."""

import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from nim_component.args.lora_options import LOADER_IMAGE
from tools.loader_image import ROOT, SOURCE, Image, fetch_digest, read_pin, write_pin


@contextlib.contextmanager
def registry(index: Any, seen: list[tuple[str, str]]) -> Iterator[str]:
    """Yield the URL of a registry with one image."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append((self.path, self.headers.get("Authorization", "")))
            body = json.dumps({"token": "t"} if "/token" in self.path else index).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Log nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def index_of(*platforms: str) -> Any:
    return {"manifests": [{"platform": dict(zip(("os", "architecture"), each.split("/"), strict=True))} for each in platforms]}


def test_default_image_has_tag_and_digest():
    pinned = read_pin(ROOT)
    assert f"{pinned.name}:{pinned.tag}@{pinned.digest}" == LOADER_IMAGE
    assert (pinned.name, pinned.tag, len(pinned.digest)) == ("python", "3.12-alpine", 71)


def test_digest_is_that_of_the_index():
    index, seen = index_of("linux/amd64", "linux/arm64"), list[tuple[str, str]]()
    with registry(index, seen) as url:
        assert fetch_digest("python", "3.12-alpine", url, url) == f"sha256:{hashlib.sha256(json.dumps(index).encode()).hexdigest()}"
    assert seen[1] == ("/v2/library/python/manifests/3.12-alpine", "Bearer t")


@pytest.mark.parametrize("index", [index_of("linux/amd64"), {"config": {}}])
def test_image_of_one_platform_is_refused(index: Any):
    with registry(index, []) as url, pytest.raises(ValueError, match="has no image for linux/a"):
        fetch_digest("python", "3.12-alpine", url, url)


def test_new_digest_replaces_the_old_one(tmp_path: Path):
    file = tmp_path / SOURCE
    file.parent.mkdir(parents=True)
    file.write_text((ROOT / SOURCE).read_text())
    write_pin(tmp_path, "sha256:" + "a" * 64)
    assert read_pin(tmp_path) == Image("python", "3.12-alpine", "sha256:" + "a" * 64)
    assert len(file.read_text().splitlines()) == len((ROOT / SOURCE).read_text().splitlines())
