"""Lock file of a stack's adapters: the commit and the files of each revision.

The file is `adapters.<stack>.lock.json` beside the stack file. With a lock file, a listed adapter
that is not locked is an error, as with `npm ci` or `uv sync --locked`: a deployment never resolves
a branch. Entries that no service lists are ignored. Pure functions: no hub, no cluster.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from ..args import NIM, LockedAdapter, LoRAAdapter
from ..args.arguments import copy_unvalidated
from ..args.problems import Problem

VERSION = 1


class LockError(Exception):
    """A lock file that cannot be used. The text names the file, the problem and the fix."""


@dataclass(frozen=True)
class AdapterLock:
    """The locked adapters of a stack, by `key_of`."""

    adapters: Mapping[str, LockedAdapter] = field(default_factory=dict[str, LockedAdapter])


def lock_path(stack_folder: Path, stack: str) -> Path:
    """Return the path of a stack's lock file."""
    return stack_folder / f"adapters.{stack}.lock.json"


def key_of(adapter: LoRAAdapter) -> str:
    """Return the key of an adapter in the lock file.

    It contains everything that decides which files are downloaded, and not the adapter's name.
    """
    files = " " + ",".join(adapter.files) if adapter.files is not None else ""
    subfolder = f" {adapter.subfolder}/" if adapter.subfolder is not None else ""
    return f"{adapter.repo_id}@{adapter.revision}{subfolder}{files}"


def read_lock(path: Path) -> AdapterLock | None:
    """Read a lock file.

    Returns:
        The lock, or None if the file does not exist.

    Raises:
        LockError: The file is not a lock file of this version.
    """
    if not path.is_file():
        return None
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
        version, entries = data["version"], cast("dict[str, Any]", data["adapters"])
        if version != VERSION:
            raise LockError(
                f"{path}: has version {version!r}, and this release supports {VERSION}. Lock with the release that you deploy with."
            )
        return AdapterLock({key: LockedAdapter.read(entry, f"{path}: {key}") for key, entry in entries.items()})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LockError(f"{path}: is not a lock file ({error}). Restore it, or delete it and run nim-component adapters lock.") from None


def write_lock(lock: AdapterLock) -> str:
    """Return the text of a lock file, sorted, so that a diff shows only changes."""
    entries = {key: entry.model_dump(mode="json", exclude=_unset(entry)) for key, entry in lock.adapters.items()}
    return json.dumps({"version": VERSION, "adapters": entries}, indent=2, sort_keys=True) + "\n"


def _unset(entry: LockedAdapter) -> set[str]:
    """Return the fields to leave out, so that a lock file of an earlier release stays as it is."""
    return {name for name in ("features", "target_modules", "modules", "weights_only") if not getattr(entry, name)}


def apply_lock(nim: NIM, lock: AdapterLock) -> tuple[NIM, list[Problem]]:
    """Return a service with its locked adapters, and a problem for each adapter not locked."""
    adapters = [each for each in nim.hf_repo_ids or () if isinstance(each, LoRAAdapter)]
    missing = [
        Problem(
            ("hf_repo_ids", index),
            "is not in the lock file",
            "Run nim-component adapters lock, and commit what it writes.",
            repr(key_of(adapter)),
        )
        for index, adapter in enumerate(adapters)
        if adapter.locked is None and key_of(adapter) not in lock.adapters
    ]
    if not adapters or missing:
        return nim, missing
    locked = [copy_unvalidated(adapter, {"locked": adapter.locked or lock.adapters[key_of(adapter)]}) for adapter in adapters]
    return copy_unvalidated(nim, {"hf_repo_ids": locked}), []


def unused(lock: AdapterLock, services: Iterable[NIM]) -> list[str]:
    """Return the keys of locked adapters that no service lists."""
    listed = {key_of(each) for nim in services for each in nim.hf_repo_ids or () if isinstance(each, LoRAAdapter)}
    return sorted(set(lock.adapters) - listed)


def find_split(lock: AdapterLock) -> list[str]:
    """Return a sentence for each branch or tag that is locked at several commits.

    That happens when an entry is added after the branch moved.
    """
    commits: dict[str, set[str]] = {}
    for key, entry in lock.adapters.items():
        commits.setdefault(key.partition(" ")[0], set()).add(entry.commit[:12])
    return [
        f"{revision} is locked at several commits: {', '.join(sorted(found))}. To move all its adapters to one, use --upgrade."
        for revision, found in sorted(commits.items())
        if len(found) > 1
    ]
