"""Volume: published adapters with their manifests, staging, and the steps between the two.

A volume is input: another pod may write to it. Links are never followed, and a manifest only marks
a directory as published; with a lock file, the lock decides which content is intact.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from .adapter import read_facts
from .adapter_list import AdapterSpec, LockedRecord
from .contents import find_difference, is_directory, read_plain
from .outcome import LoadError
from .settings import Settings

MANIFEST = ".nim-lora.json"
"""File in each published directory. A directory without it is foreign and is never changed."""
MAX_MANIFEST_BYTES = 1 << 20
"""Largest accepted manifest. It is held in memory."""


def read_manifest(directory: Path) -> dict[str, Any]:
    """Return the manifest of a published adapter; empty if it is missing, a link or unreadable."""
    try:
        data: Any = json.loads(read_plain(directory / MANIFEST, MAX_MANIFEST_BYTES))
        return dict(data)
    except (OSError, ValueError, TypeError, RecursionError):
        return {}


def directories(adapters: Path) -> list[str]:
    """Return the names of the directories that a server scans."""
    return [entry.name for entry in adapters.iterdir() if entry.is_dir() and entry.name != "lost+found"] if adapters.is_dir() else []


def is_published(directory: Path) -> bool:
    """Return True if a loader created the directory."""
    return is_directory(directory) and (directory / MANIFEST).is_file()


def matches_spec(manifest: dict[str, Any], spec: AdapterSpec) -> bool:
    """Return True if a manifest is that of the listed adapter.

    A branch that was resolved once stays resolved: only a change of the list downloads again.
    """
    files = None if spec.files is None else list(spec.files)
    origin = (manifest.get("repo_id"), manifest.get("subfolder", ""), manifest.get("wanted"))
    return origin == (spec.repo_id, spec.subfolder, files) and spec.revision in (
        manifest.get("revision"), manifest.get("commit"))  # fmt: skip


def read_records(manifest: dict[str, Any]) -> dict[str, LockedRecord]:
    """Return size and SHA-256 of each file of a manifest; empty if it has none."""
    try:
        return {name: LockedRecord(each["size"], each["sha256"]) for name, each in manifest["files"].items()}
    except (KeyError, TypeError, AttributeError):
        return {}


def find_damage(directory: Path, manifest: dict[str, Any], spec: AdapterSpec | None = None) -> str | None:
    """Return the first difference of a directory from its lock, or without a lock its manifest."""
    records = read_records(manifest) if spec is None or spec.locked is None else spec.locked_files
    return find_difference(directory, records, MANIFEST)


def read_published(directory: Path, spec: AdapterSpec) -> tuple[dict[str, Any] | None, str]:
    """Return the manifest of the listed adapter if all files are intact; else None and the reason.

    Rank, base model and features are those of the files: the manifest is not trusted.
    """
    manifest = read_manifest(directory)
    if not matches_spec(manifest, spec):
        return None, "another adapter, or no manifest"
    if (damage := find_damage(directory, manifest, spec)) is not None:
        return None, damage
    try:
        files = manifest["files"] if spec.locked is None else {name: vars(each) for name, each in spec.locked_files.items()}
        commit = manifest["commit"] if spec.locked is None else spec.revision
        return {**manifest, **read_facts(spec, directory, list(files)), "commit": commit, "files": files}, ""
    except (LoadError, OSError, KeyError) as e:
        return None, str(e)


def find_free(root: Path) -> int | None:
    """Return the free bytes of a volume; None if its file system does not report them."""
    try:
        volume = os.statvfs(root)
    except OSError:
        return None
    return volume.f_bavail * volume.f_frsize if volume.f_blocks else None


def discard(path: Path) -> None:
    """Remove a directory that may be incomplete and that a stopping thread may still write to."""
    import shutil

    if is_directory(path):
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()


def unpublish(s: Settings, name: str) -> None:
    """Move an adapter out of the scanned directory in one step, then delete it."""
    aside = s.work / ".old" / name
    aside.parent.mkdir(exist_ok=True)
    (s.adapters / name).rename(aside)
    discard(aside)


def set_aside(s: Settings, name: str) -> Path:
    """Move an entry out of the scanned directory that no loader created; return its new path."""
    s.foreign.mkdir(mode=0o777, exist_ok=True)
    target = s.foreign / name
    if os.path.lexists(target):
        target = s.foreign / f"{name}.{s.run}"
    (s.adapters / name).rename(target)
    return target


def recover(s: Settings, spec: AdapterSpec) -> dict[str, Any] | None:
    """Take over an adapter that a killed run left complete, and return its manifest.

    It lies in staging, or it was moved aside between the two renames of `publish`.
    """
    runs = [run for run in s.staging.iterdir() if run != s.work and is_directory(run)]
    for parent in (*runs, *(run / ".old" for run in runs)):
        if is_directory(parent) and (manifest := read_published(parent / spec.name, spec)[0]):
            (parent / spec.name).rename(s.work / spec.name)
            return manifest
    return None


def publish(s: Settings, spec: AdapterSpec) -> None:
    """Publish an adapter by two renames on one file system.

    The version moved aside is complete, so a crash between the renames loses nothing: `recover`
    finds it. If the second rename fails, for example on a full volume, the old version returns.
    """
    target, aside = s.adapters / spec.name, s.work / ".old" / spec.name
    replaced = os.path.lexists(target)
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
        for entry in run.iterdir() if is_directory(run) and keep_complete else ():
            if not (run == s.work and is_published(entry)):
                discard(entry)
        if not (keep_complete and is_directory(run)):
            discard(run)
        with contextlib.suppress(OSError):
            run.rmdir()
