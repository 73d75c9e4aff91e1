"""Update of the digest of the LoRA loader's default image.

Usage: `make loader-image`. It reads the digest that the tag has in Docker Hub now, which is that of
the image index of all platforms, and writes it to the arguments.
"""

import hashlib
import json
import re
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
SOURCE = "nim_component/args/lora_options.py"
REGISTRY, LOGIN = "https://registry-1.docker.io", "https://auth.docker.io"
INDEXES = "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json"
"""Media types of an image of several platforms."""
PLATFORMS = {"linux/amd64", "linux/arm64"}
"""Platforms that the image must have: those of GPU nodes."""
_PIN = re.compile(r'^(LOADER_IMAGE = "(?P<name>[a-z]+):(?P<tag>[\w.-]+)@)(?P<digest>sha256:[0-9a-f]{64})"$', re.MULTILINE)
_MAX_BYTES = 1 << 20


class Image(NamedTuple):
    """An official image of Docker Hub."""

    name: str
    tag: str
    digest: str


def read_pin(root: Path) -> Image:
    """Return the pinned image."""
    match = _PIN.search((root / SOURCE).read_text(encoding="utf-8"))
    if match is None:
        sys.exit(f"{SOURCE}: has no LOADER_IMAGE with a tag and a digest. Restore the line.")
    return Image(match["name"], match["tag"], match["digest"])


def write_pin(root: Path, digest: str) -> None:
    """Replace the digest of the pinned image."""
    file = root / SOURCE
    file.write_text(_PIN.sub(lambda match: f'{match[1]}{digest}"', file.read_text(encoding="utf-8")), encoding="utf-8")


def fetch_digest(name: str, tag: str, registry: str = REGISTRY, login: str = LOGIN) -> str:
    """Return the digest of the image index that a tag has now.

    Raises:
        ValueError: The response is no image index, or a platform is missing.
    """
    token = json.loads(_read(f"{login}/token?service=registry.docker.io&scope=repository:library/{name}:pull", {})).get("token", "")
    headers = {"Accept": INDEXES, "Authorization": f"Bearer {token}"}
    body = _read(f"{registry}/v2/library/{name}/manifests/{tag}", headers)
    found = {f"{each['platform']['os']}/{each['platform']['architecture']}" for each in json.loads(body).get("manifests", ())}
    if missing := PLATFORMS - found:
        raise ValueError(f"{name}:{tag} has no image for {', '.join(sorted(missing))}")
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def _read(url: str, headers: dict[str, str]) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30) as response:
        return response.read(_MAX_BYTES)


def main() -> None:
    """Write the newest digest."""
    pinned = read_pin(ROOT)
    try:
        digest = fetch_digest(pinned.name, pinned.tag)
    except (OSError, ValueError, KeyError, urllib.error.URLError) as error:
        sys.exit(f"{pinned.name}:{pinned.tag}: the digest cannot be read ({error}). Check the network, and run it again.")
    write_pin(ROOT, digest)
    print(f"{pinned.name}:{pinned.tag}: {'unchanged' if digest == pinned.digest else digest}")


if __name__ == "__main__":
    main()
