"""Comparison of the files on a volume with the locked records.

It needs no library and no network, and changes nothing.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from .adapter import read_config
from .adapter_list import CONFIG, AdapterSpec, LockedRecord
from .contents import HASH_THREADS, digest, find_extra
from .outcome import MAX_MESSAGE_BYTES, LoadError, block_stop_signals, exit_process, say
from .volume import MANIFEST, directories

MAX_LINE = 200
"""Characters printed of one name: names on a volume are untrusted."""


@dataclass(frozen=True)
class AdapterComparison:
    """Result of comparing a directory with the lock."""

    problems: tuple[str | None, ...]
    """Problem of each listed adapter, in their order; None if it equals its locked record."""
    unlisted: tuple[str, ...] = ()
    """Directories that are not listed and that a server may serve."""
    left_out: int = 0
    """Number of further unlisted directories, left out of the message."""

    @property
    def wrong(self) -> int:
        """Number of adapters that differ from their locked records."""
        return sum(problem is not None for problem in self.problems)

    @property
    def failure(self) -> LoadError | None:
        """The error with which the process ends, or None."""
        text = f"{self.wrong} of {len(self.problems)} adapters differ from their locked records. Copy them to the volume again"
        return LoadError("damaged", text) if self.wrong else None

    @property
    def message(self) -> str:
        """The result as a termination message: JSON without the adapters that are in order.

        If space is short, indexes of wrong adapters come first, then their problems, then the
        unlisted names.
        """
        wrong = {str(at): problem for at, problem in enumerate(self.problems) if problem is not None}
        room = MAX_MESSAGE_BYTES - 90
        problems: dict[str, str] = {}
        for at in wrong:
            if (room := room - len(f'"{at}": "", ')) > 0:
                problems[at] = ""
        for at in problems:
            if room >= (length := len(json.dumps(wrong[at]))):
                problems[at], room = wrong[at], room - length
        unlisted = [name for name in self.unlisted if (room := room - len(json.dumps(name)) - 2) > 0]
        left_out = len(self.unlisted) - len(unlisted)
        result = {"adapters": len(self.problems), "wrong": self.wrong, "problems": problems, "unlisted": unlisted, "left_out": left_out}
        return json.dumps(result)


def compare(root: Path, specs: Sequence[AdapterSpec]) -> AdapterComparison:
    """Compare the directory that a server scans with the listed adapters.

    Raises:
        LoadError: The directory is missing or may not be read.
    """
    try:
        if not root.is_dir():
            siblings = ", ".join(sorted(map(_shown, directories(root.parent)))[:10]) or "none"
            text = f"{root} is not a directory; directories beside it: {siblings}. Name the one that contains the adapters"
            raise LoadError("not-found", text)
        unlisted = set(directories(root)) - {spec.name for spec in specs}
    except OSError as e:
        fix = "Read it as its owner (run_as_user, fs_group)"
        raise LoadError("volume", f"{e.filename or root} cannot be read by uid {os.getuid()} ({e.strerror}). {fix}") from None
    pool = ThreadPoolExecutor(HASH_THREADS, initializer=block_stop_signals)
    try:
        problems = tuple(pool.map(_find_problem, [root] * len(specs), specs))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # do not wait for hashes after a stop signal
    return AdapterComparison(problems, tuple(sorted(map(_shown, unlisted))))


def compare_and_exit(root: Path, specs: Sequence[AdapterSpec]) -> NoReturn:
    """Print a line per adapter, write the termination message, and exit with the result's code."""
    found = compare(root, specs)
    for spec, problem in zip(specs, found.problems, strict=True):
        say(describe(spec, problem))
    for name in found.unlisted:
        say(f"warning: {name} is not listed, and the server may serve it")
    exit_process(found.failure, found.message)


def describe(spec: AdapterSpec, problem: str | None) -> str:
    """Return the line of one adapter."""
    return f"{spec.name}: {problem or f'as locked, commit {spec.revision[:12]}'}"


def _find_problem(root: Path, spec: AdapterSpec) -> str | None:
    directory = root / spec.name
    try:
        if not directory.is_dir():
            return "is not a directory" if os.path.lexists(directory) else "is missing"
        if (extra := find_extra(directory, spec.locked_files, MANIFEST)) is not None:
            return f"has {_shown(extra)}, which is not locked"
        return next(filter(None, (_inspect(root, spec, path, record) for path, record in spec.locked or ())), None)
    except OSError as e:
        return f"{Path(e.filename or directory).name} cannot be read by uid {os.getuid()} ({e.strerror})"


def _inspect(root: Path, spec: AdapterSpec, path: str, record: LockedRecord) -> str | None:
    file = root / spec.name / path.rpartition("/")[2]
    if not file.is_file():
        return f"{file.name} is {'not a file' if os.path.lexists(file) else 'missing'}"
    if not file.resolve().is_relative_to(root.resolve()):
        return f"{file.name} is a link that leads out of the directory"
    if file.stat().st_nlink > 1:
        return f"{file.name} has {file.stat().st_nlink} hard links: it can be changed by another name"
    if file.stat().st_size != record.size:
        return f"{file.name} has {file.stat().st_size} bytes; {record.size} are locked" + _rank_of(spec, file)
    if digest(file) != record.sha256:
        return f"{file.name} differs from the locked file" + _rank_of(spec, file)
    return None


def _rank_of(spec: AdapterSpec, file: Path) -> str:
    """Return the rank as text: the value that differs most often in a configuration."""
    try:
        rank = read_config(spec, file)["rank"] if file.name == CONFIG else None
    except LoadError:
        return ""
    return "" if rank is None else f"; its rank is {rank}"


def _shown(name: str) -> str:
    return ascii(name)[1:-1][:MAX_LINE]
