"""Writes the manifests: all or none, never over a file of somebody else's, and removes its own that are no longer wanted."""

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
"""In an output folder: the files that were written there, in the form of `sha256sum -c`. `kubectl apply -R -f` does not look at it."""

Action = Literal["write", "same", "remove"]


@dataclass(frozen=True)
class Plan:
    """What is to happen to one folder."""

    folder: Path
    texts: Mapping[str, str]
    """Content by path below the folder."""
    actions: Sequence[tuple[str, Action]]
    """What happens to each file, in order of path."""
    recorded: Mapping[str, str]
    """Digest by path of what was written there before."""
    strayed: Sequence[tuple[str, str]]
    """Files that are not as they were written, and what became of them."""


def plan_folder(folder: Path, texts: Mapping[str, str]) -> Plan:
    """A folder's plan. LocalError where a file that this tool did not write would be overwritten."""
    recorded = read_record(folder)
    actions: list[tuple[str, Action]] = []
    strayed: list[tuple[str, str]] = []
    for path in sorted({*texts, *recorded}):
        old, new = read_text(folder / path), texts.get(path)
        if old == new:
            actions.extend([(path, "same")] if old is not None else [])
            continue
        if new is not None and old is not None and path not in recorded:
            raise LocalError(
                f"{folder / path} is there already and was not written by this tool; move it away, or render elsewhere with --out"
            )
        if path in recorded and (old is None or digest(old) != recorded[path]):
            strayed.append((path, "removed" if old is None else "changed"))
        actions.append((path, "remove" if new is None else "write"))
    return Plan(folder, texts, actions, recorded, strayed)


def read_record(folder: Path) -> dict[str, str]:
    """Digest by path. A record can be edited and a removal not be undone: what does not stay below the folder is left out."""
    lines = (line.partition("  ") for line in (read_text(folder / RECORD) or "").splitlines())
    return {path: digest for digest, _, path in lines if path and not Path(path).is_absolute() and ".." not in Path(path).parts}


def digest(text: str) -> str:
    """As `sha256sum` prints it."""
    return sha256(text.encode()).hexdigest()


def read_text(file: Path) -> str | None:
    """A file's text, or None without such a file."""
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise LocalError(f"{file}: cannot be read: {reason}; move away what stands there, or render elsewhere with --out") from None


def write_plans(plans: Sequence[Plan]) -> None:
    """Carries the plans out. Every file is written beside its place first; only when all are, they are moved there."""
    with contextlib.ExitStack() as leftovers:
        try:
            staged = [list(stage(plan, leftovers)) for plan in plans]
        except OSError as error:
            raise LocalError(f"{error.filename or 'the output folder'}: cannot be written: {error.strerror}; nothing was changed") from None
        try:
            for plan, files in zip(plans, staged, strict=True):
                carry_out(plan, files)
        except OSError as error:
            remedy = "some files are written and others are not: mend that and run `up` again"
            raise LocalError(f"{error.filename}: cannot be written: {error.strerror}; {remedy}") from None


def stage(plan: Plan, leftovers: contextlib.ExitStack) -> Iterator[tuple[Path, Path]]:
    """Each new file beside its place, and the place; `leftovers` removes what never gets there."""
    for path, action in plan.actions:
        if action == "write":
            file = plan.folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            temporary = stage_text(file, plan.texts[path])
            leftovers.callback(temporary.unlink, missing_ok=True)
            yield temporary, file


def carry_out(plan: Plan, files: Iterable[tuple[Path, Path]]) -> None:
    """Moves and removes. The record comes first: after a killed run, the next one still knows the files as its own."""
    wanted = {path: digest(text) for path, text in plan.texts.items()}
    known = {**plan.recorded, **wanted}
    write_record(plan.folder, known)
    for temporary, file in files:
        temporary.replace(file)
    for path, action in plan.actions:
        if action == "remove":
            (plan.folder / path).unlink(missing_ok=True)
            remove_empty(plan.folder, (plan.folder / path).parent)
    if wanted != known:
        write_record(plan.folder, wanted)


def write_record(folder: Path, digests: Mapping[str, str]) -> None:
    """The record; none, and no empty folder, when there is nothing to record."""
    if digests:
        replace_text(folder / RECORD, "".join(f"{digest}  {path}\n" for path, digest in sorted(digests.items())))
    else:
        (folder / RECORD).unlink(missing_ok=True)
        remove_empty(folder.parent, folder)


def remove_empty(stop: Path, folder: Path) -> None:
    """Removes folders that nothing is left in, up to but not including `stop`."""
    while folder != stop and folder.is_relative_to(stop):
        with contextlib.suppress(OSError):
            folder.rmdir()
        if folder.exists():
            return
        folder = folder.parent
