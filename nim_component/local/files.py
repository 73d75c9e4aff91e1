"""Output folders: manifests are written all or none, and files of others are never overwritten."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

from .errors import LocalError
from .state import replace_text, stage_text

RECORD = ".nim-component-files"
"""File in an output folder that lists the files written there, in the format of `sha256sum -c`.

`kubectl apply -R -f FOLDER` ignores it, because its name has no YAML or JSON suffix.
"""

Action = Literal["write", "same", "remove"]


@dataclass(frozen=True)
class FolderPlan:
    """Changes of one output folder."""

    folder: Path
    texts: Mapping[str, str]
    """New content by path below the folder."""
    actions: Sequence[tuple[str, Action]]
    """Action for each file, in order of path."""
    recorded: Mapping[str, str]
    """Digest by path of the files that the last `up` wrote."""
    edited: Sequence[tuple[str, str]]
    """Files that were changed or removed since the last `up`, with `changed` or `removed`."""


def plan_folder(folder: Path, texts: Mapping[str, str]) -> FolderPlan:
    """Compare the content of a folder with the rendered content.

    Raises:
        LocalError: A file that `up` did not write would be overwritten.
    """
    recorded = read_record(folder)
    actions: list[tuple[str, Action]] = []
    edited: list[tuple[str, str]] = []
    for path in sorted({*texts, *recorded}):
        old, new = read_text(folder / path), texts.get(path)
        if old == new:
            actions.extend([(path, "same")] if old is not None else [])
            continue
        if new is not None and old is not None and path not in recorded:
            raise LocalError(f"{folder / path}: exists and was not written by `up`. Move it, or render to another folder with --out.")
        if path in recorded and (old is None or compute_digest(old) != recorded[path]):
            edited.append((path, "removed" if old is None else "changed"))
        actions.append((path, "remove" if new is None else "write"))
    return FolderPlan(folder, texts, actions, recorded, edited)


def read_record(folder: Path) -> dict[str, str]:
    """Return the recorded digests by path.

    Paths that leave the folder are skipped: anyone can edit the record, and a removal cannot be
    undone.
    """
    lines = (line.partition("  ") for line in (read_text(folder / RECORD) or "").splitlines())
    return {path: digest for digest, _, path in lines if path and not Path(path).is_absolute() and ".." not in Path(path).parts}


def compute_digest(text: str) -> str:
    """Return the SHA-256 of a text in hexadecimal."""
    return sha256(text.encode()).hexdigest()


def read_text(file: Path) -> str | None:
    """Return the text of a file, or None if the file does not exist."""
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise LocalError(f"{file}: cannot be read: {reason}. Move it, or render to another folder with --out.") from None


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
    known = {**plan.recorded, **wanted}
    write_record(plan.folder, known)
    for temporary, file in files:
        temporary.replace(file)
    for path, action in plan.actions:
        if action == "remove":
            (plan.folder / path).unlink(missing_ok=True)
            remove_empty_folders(plan.folder, (plan.folder / path).parent)
    if wanted != known:
        write_record(plan.folder, wanted)


def write_record(folder: Path, digests: Mapping[str, str]) -> None:
    """Write the record, or remove it and the empty folder if there are no files."""
    if digests:
        replace_text(folder / RECORD, "".join(f"{digest}  {path}\n" for path, digest in sorted(digests.items())))
    else:
        (folder / RECORD).unlink(missing_ok=True)
        remove_empty_folders(folder.parent, folder)


def remove_empty_folders(stop: Path, folder: Path) -> None:
    """Remove a folder and its parents, up to but not including `stop`, as far as they are empty."""
    while folder != stop and folder.is_relative_to(stop):
        with contextlib.suppress(OSError):
            folder.rmdir()
        if folder.exists():
            return
        folder = folder.parent
