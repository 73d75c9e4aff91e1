"""Output folders: manifests are written all or none, and files of others are never overwritten."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NoReturn

from .errors import LocalError
from .paths import is_same_file
from .records import RECORD, Record, compute_digest, is_inside, read_record, read_text, write_record
from .state import stage_text

Action = Literal["write", "same", "remove"]


@dataclass(frozen=True)
class FolderPlan:
    """Changes of one output folder."""

    folder: Path
    """Resolved path."""
    stack: str
    """Project and stack, such as `demo/dev`."""
    texts: Mapping[str, str]
    """New content by path below the folder."""
    actions: Sequence[tuple[str, Action]]
    """Action for each file, in order of path."""
    record: Record
    """Files that the last `up` wrote."""
    edited: Sequence[tuple[str, str]]
    """Files that were changed or removed since the last `up`, with `changed` or `removed`."""


def plan_folder(folder: Path, stack: str, texts: Mapping[str, str]) -> FolderPlan:
    """Compare the content of a folder with the rendered content.

    Raises:
        LocalError: A file that this stack did not write would be overwritten.
    """
    record = read_record(folder, stack)
    actions: list[tuple[str, Action]] = []
    edited: list[tuple[str, str]] = []
    for path in sorted({*texts, *record.own}):
        new = texts.get(path)
        if new is not None and not is_inside(folder, path):
            parent = (folder / path).parent
            raise LocalError(f"{parent}: leads outside the output folder. Remove the link, or render to another folder with --out.")
        old = read_text(folder / path)
        if old == new:
            actions.extend([(path, "same")] if old is not None else [])
            continue
        if new is None and is_kept(folder, path, texts, record):
            continue
        if new is not None and old is not None and path not in record.own and not has_former_name(folder, path, record):
            refuse_overwriting(folder, path, record)
        if path in record.own and (old is None or compute_digest(old) != record.own[path]):
            edited.append((path, "removed" if old is None else "changed"))
        actions.append((path, "remove" if new is None else "write"))
    return FolderPlan(folder, stack, texts, actions, record, edited)


def is_kept(folder: Path, path: str, texts: Mapping[str, str], record: Record) -> bool:
    """Return true if a file is still in use: by another stack, or under a name in another case."""
    return record.find_other(path) is not None or any(is_renamed(folder, path, text) for text in texts)


def has_former_name(folder: Path, path: str, record: Record) -> bool:
    """Return true if a file is one of this stack under a name in another case."""
    return any(is_renamed(folder, former, path) for former in record.own)


def is_renamed(folder: Path, former: str, path: str) -> bool:
    """Return true if two names that differ in case are one file, as on macOS."""
    return former.casefold() == path.casefold() and is_same_file(folder / former, folder / path)


def refuse_overwriting(folder: Path, path: str, record: Record) -> NoReturn:
    """Raise LocalError for a file of another origin."""
    if other := record.find_other(path):
        text = f"was written by `up` of {other}. Render each stack to a folder of its own, or remove the file from {RECORD}."
    else:
        text = "exists and was not written by `up`. Move it, or render to another folder with --out."
    raise LocalError(f"{folder / path}: {text}")


def apply_plans(plans: Sequence[FolderPlan]) -> None:
    """Write and remove the files of all folders.

    First every new file is written next to its destination. Only when all are written, they are
    moved.
    """
    with contextlib.ExitStack() as leftovers:
        try:
            staged = [list(stage_files(plan, leftovers)) for plan in plans]
        except OSError as error:
            path = error.filename or "the output folder"
            raise LocalError(f"{path}: cannot be written: {error.strerror}. Nothing was changed.") from None
        try:
            for plan, files in zip(plans, staged, strict=True):
                apply_plan(plan, files)
        except OSError as error:
            fix = "Only some of the files were written. Fix the cause, then run `up` again."
            raise LocalError(f"{error.filename}: cannot be written: {error.strerror}. {fix}") from None


def stage_files(plan: FolderPlan, leftovers: contextlib.ExitStack) -> Iterator[tuple[Path, Path]]:
    """Write new files next to their destinations and yield the pairs.

    `leftovers` removes files that are not moved.
    """
    for path, action in plan.actions:
        if action == "write":
            file = plan.folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            temporary = stage_text(file, plan.texts[path])
            leftovers.callback(temporary.unlink, missing_ok=True)
            yield temporary, file


def apply_plan(plan: FolderPlan, files: Iterable[tuple[Path, Path]]) -> None:
    """Move and remove the files of one folder.

    The record is written first: if the process is killed, the next run still treats the files as
    its own.
    """
    wanted = {path: compute_digest(text) for path, text in plan.texts.items()}
    known = {**plan.record.own, **wanted}
    write_record(plan.folder, plan.stack, Record(known, plan.record.others))
    for temporary, file in files:
        temporary.replace(file)
    for path, action in plan.actions:
        if action == "remove":
            remove_file(plan.folder, path)
    if wanted != known:
        write_record(plan.folder, plan.stack, Record(wanted, plan.record.others))
    if not wanted:
        remove_empty_folders(plan.folder.parent, plan.folder)


def remove_file(folder: Path, path: str) -> None:
    """Remove a file and the folders that it leaves empty.

    The path is resolved again: a link may have appeared since the plan was made.
    """
    if is_inside(folder, path):
        (folder / path).unlink(missing_ok=True)
        remove_empty_folders(folder, (folder / path).parent)


def remove_empty_folders(stop: Path, folder: Path) -> None:
    """Remove a folder and its parents, up to but not including `stop`, as far as they are empty."""
    while folder != stop and folder.is_relative_to(stop):
        with contextlib.suppress(OSError):
            folder.rmdir()
        if folder.exists():
            return
        folder = folder.parent
