"""Writes the manifests: all or none, never over a file of somebody else's, and removes its own that are no longer wanted."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .errors import LocalError
from .state import replace_text, stage_text

RECORD = ".nim-component-files"
"""In an output folder: the files that were written there, one a line. `kubectl apply -R -f` does not look at it."""

Action = Literal["write", "same", "remove"]


@dataclass(frozen=True)
class Plan:
    """What is to happen to one folder."""

    folder: Path
    texts: Mapping[str, str]
    """Content by path below the folder."""
    actions: Sequence[tuple[str, Action]]
    """What happens to each file, in order of path."""


def plan_folder(folder: Path, texts: Mapping[str, str]) -> Plan:
    """A folder's plan. LocalError where a file that this tool did not write would be overwritten."""
    record = read_text(folder / RECORD)
    recorded = frozenset(line for line in (record or "").splitlines() if is_below(line))
    actions: list[tuple[str, Action]] = []
    for path in sorted({*texts, *recorded}):
        old, new = read_text(folder / path), texts.get(path)
        if new is not None and old not in (None, new) and path not in recorded:
            raise LocalError(
                f"{folder / path} is there already and was not written by this tool; move it away, or render elsewhere with --out"
            )
        actions.append((path, "remove" if new is None else "same" if old == new else "write"))
    return Plan(folder, texts, actions)


def is_below(path: str) -> bool:
    """Whether a recorded path stays below its folder: a record can be edited, a removal not be undone."""
    parts = Path(path).parts
    return bool(path) and not Path(path).is_absolute() and ".." not in parts


def read_text(file: Path) -> str | None:
    """A file's text, or None without such a file."""
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise LocalError(f"{file}: cannot be read: {error}") from None


def write_plans(plans: Sequence[Plan]) -> None:
    """Carries the plans out. Every file is written beside its place first; only when all are, they are moved there."""
    staged: list[tuple[Path, Path]] = []
    try:
        for plan in plans:
            for path, action in plan.actions:
                if action == "write":
                    file = plan.folder / path
                    file.parent.mkdir(parents=True, exist_ok=True)
                    staged.append((stage_text(file, plan.texts[path]), file))
    except OSError as error:
        for temporary, _ in staged:
            temporary.unlink(missing_ok=True)
        raise LocalError(f"{error.filename or 'the output folder'}: cannot be written: {error.strerror}; nothing was changed") from None
    for temporary, file in staged:
        temporary.replace(file)
    for plan in plans:
        for path, action in plan.actions:
            if action == "remove":
                (plan.folder / path).unlink(missing_ok=True)
                remove_empty(plan.folder, (plan.folder / path).parent)
        if plan.texts:
            replace_text(plan.folder / RECORD, "".join(f"{path}\n" for path in sorted(plan.texts)))
        else:
            (plan.folder / RECORD).unlink(missing_ok=True)
            remove_empty(plan.folder.parent, plan.folder)


def remove_empty(stop: Path, folder: Path) -> None:
    """Removes folders that nothing is left in, up to but not including `stop`."""
    while folder != stop and folder.is_relative_to(stop):
        with contextlib.suppress(OSError):
            folder.rmdir()
        if folder.exists():
            return
        folder = folder.parent
