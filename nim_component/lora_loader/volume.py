"""What is on the volume: published adapters and their manifests, staging, and the steps between the two."""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path
from typing import Any

from .adapter_list import AdapterSpec
from .settings import Settings

HASH_THREADS = 4  # files that are hashed at a time, on one processor too: a volume on the network answers several as fast as one
MANIFEST = ".nim-lora.json"  # in each published directory; a directory without it was not made here and is never touched


def digest(path: Path) -> str:
    seen, block = hashlib.sha256(), memoryview(bytearray(1 << 18))  # one buffer that stays in the processor's cache
    with path.open("rb", buffering=0) as f:
        while count := f.readinto(block):
            seen.update(block[:count])
    return seen.hexdigest()


def read_manifest(directory: Path) -> dict[str, Any]:
    try:
        data: Any = json.loads((directory / MANIFEST).read_text("utf-8"))
        return dict(data)
    except (OSError, ValueError, TypeError, RecursionError):
        return {}


def directories(adapters: Path) -> list[str]:
    """What a server would look at."""
    return [entry.name for entry in adapters.iterdir() if entry.is_dir() and entry.name != "lost+found"] if adapters.is_dir() else []


def is_published(directory: Path) -> bool:
    return not directory.is_symlink() and (directory / MANIFEST).is_file()


def matches_spec(manifest: dict[str, Any], spec: AdapterSpec) -> bool:
    """A branch that was resolved once stays resolved: the adapter list is what changes, not what it meant on the day."""
    files = None if spec.files is None else list(spec.files)
    return (manifest.get("repo_id"), manifest.get("wanted")) == (spec.repo_id, files) and spec.revision in (
        manifest.get("revision"), manifest.get("commit"))  # fmt: skip


def is_intact(directory: Path, manifest: dict[str, Any]) -> bool:
    """Every file of the manifest is there, a plain file, of its size and sha256."""
    try:
        for name, record in manifest["files"].items():
            path = directory / name
            if path.is_symlink() or path.stat().st_size != record["size"] or digest(path) != record["sha256"]:
                return False
        return bool(manifest["files"])
    except (OSError, KeyError, TypeError, AttributeError):
        return False


def read_valid_manifest(directory: Path, spec: AdapterSpec) -> dict[str, Any] | None:
    manifest = read_manifest(directory)
    return manifest if matches_spec(manifest, spec) and is_intact(directory, manifest) else None


def discard(path: Path) -> None:
    """Remove a tree that may be half gone, and may still be written to by a thread that is about to die."""
    import shutil

    shutil.rmtree(path, ignore_errors=True)


def unpublish(s: Settings, name: str) -> None:
    """Out of what NIM scans in one step, and only then delete."""
    aside = s.work / ".old" / name
    aside.parent.mkdir(exist_ok=True)
    (s.adapters / name).rename(aside)
    discard(aside)


def recover(s: Settings, spec: AdapterSpec) -> dict[str, Any] | None:
    """A killed run may have left this adapter complete in staging, or moved aside between the two renames of `publish`."""
    for found in (*s.staging.glob(f"*/{spec.name}"), *s.staging.glob(f"*/.old/{spec.name}")):
        if found.parent != s.work and (manifest := read_valid_manifest(found, spec)):
            found.rename(s.work / spec.name)
            return manifest
    return None


def publish(s: Settings, spec: AdapterSpec) -> None:
    """Two renames on one file system; what is moved aside is whole, so a crash between them loses nothing (see `recover`). Where the
    volume has no room even for the second, the old one goes back."""
    target, aside = s.adapters / spec.name, s.work / ".old" / spec.name
    replaced = target.exists()
    if replaced:
        aside.parent.mkdir(exist_ok=True)
        target.rename(aside)
    try:
        (s.work / spec.name).rename(target)
    except OSError:
        if replaced:
            aside.rename(target)
        raise


def sweep(s: Settings, keep_complete: bool) -> None:
    """Empty staging. After a failure, adapters that arrived whole stay for the next start, which then needs no request for them."""
    for run in s.staging.iterdir():
        for entry in run.iterdir() if run.is_dir() and keep_complete else ():
            if not (run == s.work and is_published(entry)):
                discard(entry)
        if not keep_complete:
            discard(run)
        with contextlib.suppress(OSError):
            run.rmdir()
