"""Volume: published adapters with their manifests, staging, and the steps between the two."""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path
from typing import Any

from .adapter_list import AdapterSpec
from .settings import Settings

HASH_THREADS = 4
"""Files hashed at a time, also on one processor: a network volume serves several reads at once."""
MANIFEST = ".nim-lora.json"
"""File in each published directory. A directory without it is foreign and is never changed."""


def digest(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    # One buffer of 256 KiB stays in the cache of the processor.
    seen, block = hashlib.sha256(), memoryview(bytearray(1 << 18))
    with path.open("rb", buffering=0) as f:
        while count := f.readinto(block):
            seen.update(block[:count])
    return seen.hexdigest()


def read_manifest(directory: Path) -> dict[str, Any]:
    """Return the manifest of a published adapter; empty if it is missing or unreadable."""
    try:
        data: Any = json.loads((directory / MANIFEST).read_text("utf-8"))
        return dict(data)
    except (OSError, ValueError, TypeError, RecursionError):
        return {}


def directories(adapters: Path) -> list[str]:
    """Return the names of the directories that a server scans."""
    return [entry.name for entry in adapters.iterdir() if entry.is_dir() and entry.name != "lost+found"] if adapters.is_dir() else []


def is_published(directory: Path) -> bool:
    """Return True if a loader created the directory."""
    return not directory.is_symlink() and (directory / MANIFEST).is_file()


def matches_spec(manifest: dict[str, Any], spec: AdapterSpec) -> bool:
    """Return True if a manifest is that of the listed adapter.

    A branch that was resolved once stays resolved: only a change of the list downloads again.
    """
    files = None if spec.files is None else list(spec.files)
    return (manifest.get("repo_id"), manifest.get("wanted")) == (spec.repo_id, files) and spec.revision in (
        manifest.get("revision"), manifest.get("commit"))  # fmt: skip


def is_intact(directory: Path, manifest: dict[str, Any]) -> bool:
    """Return True if every file of the manifest is a regular file of its size and SHA-256."""
    try:
        for name, record in manifest["files"].items():
            path = directory / name
            if path.is_symlink() or path.stat().st_size != record["size"] or digest(path) != record["sha256"]:
                return False
        return bool(manifest["files"])
    except (OSError, KeyError, TypeError, AttributeError):
        return False


def read_valid_manifest(directory: Path, spec: AdapterSpec) -> dict[str, Any] | None:
    """Return the manifest if it is that of the listed adapter and all files are intact."""
    manifest = read_manifest(directory)
    return manifest if matches_spec(manifest, spec) and is_intact(directory, manifest) else None


def discard(path: Path) -> None:
    """Remove a directory that may be incomplete and that a stopping thread may still write to."""
    import shutil

    shutil.rmtree(path, ignore_errors=True)


def unpublish(s: Settings, name: str) -> None:
    """Move an adapter out of the scanned directory in one step, then delete it."""
    aside = s.work / ".old" / name
    aside.parent.mkdir(exist_ok=True)
    (s.adapters / name).rename(aside)
    discard(aside)


def recover(s: Settings, spec: AdapterSpec) -> dict[str, Any] | None:
    """Take over an adapter that a killed run left complete, and return its manifest.

    It lies in staging, or it was moved aside between the two renames of `publish`.
    """
    for found in (*s.staging.glob(f"*/{spec.name}"), *s.staging.glob(f"*/.old/{spec.name}")):
        if found.parent != s.work and (manifest := read_valid_manifest(found, spec)):
            found.rename(s.work / spec.name)
            return manifest
    return None


def publish(s: Settings, spec: AdapterSpec) -> None:
    """Publish an adapter by two renames on one file system.

    The version moved aside is complete, so a crash between the renames loses nothing: `recover`
    finds it. If the second rename fails, for example on a full volume, the old version returns.
    """
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
    """Empty staging.

    With `keep_complete`, adapters that are complete stay: the next start needs no request for them.
    """
    for run in s.staging.iterdir():
        for entry in run.iterdir() if run.is_dir() and keep_complete else ():
            if not (run == s.work and is_published(entry)):
                discard(entry)
        if not keep_complete:
            discard(run)
        with contextlib.suppress(OSError):
            run.rmdir()
