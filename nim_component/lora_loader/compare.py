"""Adapters against the lock: is each file the one that was locked? It needs no library and no network, and changes nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from .adapter import read_config
from .adapter_list import CONFIG, AdapterSpec, Record
from .outcome import MAX_MESSAGE_BYTES, LoadError, block_stop_signals, exit_process, say
from .volume import HASH_THREADS, digest, directories

MAX_LINE = 200
"""Characters of what is said of one adapter, or of one name: what lies on a volume may be called anything."""


@dataclass(frozen=True)
class Comparison:
    """What a directory holds, by the lock."""

    problems: tuple[str | None, ...]
    """What is wrong with each wanted adapter, in their order; none when it is as it was locked."""
    unlisted: tuple[str, ...] = ()
    """Directories that nobody listed, and that a server may serve."""
    left_out: int = 0
    """How many more of these there are."""

    @property
    def wrong(self) -> int:
        """How many adapters are not as they were locked."""
        return sum(problem is not None for problem in self.problems)

    @property
    def failure(self) -> LoadError | None:
        """What the process ends with."""
        text = f"{self.wrong} of {len(self.problems)} adapters are not as they were locked: bring them to the volume again"
        return LoadError("damaged", text) if self.wrong else None

    @property
    def message(self) -> str:
        """As a termination message, JSON without what is in order. Where room is short, what is wrong comes before why, and both before
        what is not listed."""
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
        said = {"adapters": len(self.problems), "wrong": self.wrong, "problems": problems, "unlisted": unlisted, "left_out": left_out}
        return json.dumps(said)


def compare(root: Path, specs: Sequence[AdapterSpec]) -> Comparison:
    """Looks at the directory that a server scans. `LoadError` when there is none, or when it may not be read."""
    try:
        if not root.is_dir():
            there = ", ".join(sorted(map(_shown, directories(root.parent)))[:10]) or "nothing"
            raise LoadError("not-found", f"{root} is no directory, beside it there is {there}: name the one that holds the adapters")
        unlisted = set(directories(root)) - {spec.name for spec in specs}
    except OSError as e:
        fix = "read it as its owner (run_as_user, fs_group)"
        raise LoadError("volume", f"{e.filename or root} cannot be read by uid {os.getuid()} ({e.strerror}): {fix}") from None
    pool = ThreadPoolExecutor(HASH_THREADS, initializer=block_stop_signals)
    try:
        problems = tuple(pool.map(_find_problem, [root] * len(specs), specs))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # a request to stop does not wait for gigabytes to be hashed
    return Comparison(problems, tuple(sorted(map(_shown, unlisted))))


def compare_and_exit(root: Path, specs: Sequence[AdapterSpec]) -> NoReturn:
    """In a pod: a line for each adapter in the log, everything in the termination message, and the verdict as exit code."""
    found = compare(root, specs)
    for spec, problem in zip(specs, found.problems, strict=True):
        say(describe(spec, problem))
    for name in found.unlisted:
        say(f"warning: {name} is not listed, and the server may serve it")
    exit_process(found.failure, found.message)


def describe(spec: AdapterSpec, problem: str | None) -> str:
    """The line of one adapter."""
    return f"{spec.name}: {problem or f'as locked, commit {spec.revision[:12]}'}"


def _find_problem(root: Path, spec: AdapterSpec) -> str | None:
    directory = root / spec.name
    try:
        if not directory.is_dir():
            return "is no directory" if os.path.lexists(directory) else "is not there"
        return next(filter(None, (_inspect(root, spec, path, record) for path, record in spec.locked or ())), None)
    except OSError as e:
        return f"{Path(e.filename or directory).name} cannot be read by uid {os.getuid()} ({e.strerror})"


def _inspect(root: Path, spec: AdapterSpec, path: str, record: Record) -> str | None:
    file = root / spec.name / path.rpartition("/")[2]
    if not file.is_file():
        return f"{file.name} is {'no file' if os.path.lexists(file) else 'not there'}"
    if not file.resolve().is_relative_to(root.resolve()):
        return f"{file.name} is a link that leads out of the directory"
    if file.stat().st_size != record.size:
        return f"{file.name} has {file.stat().st_size} bytes, and {record.size} were locked" + _rank_of(spec, file)
    if digest(file) != record.sha256:
        return f"{file.name} is another file than the one that was locked" + _rank_of(spec, file)
    return None


def _rank_of(spec: AdapterSpec, file: Path) -> str:
    """What most often differs in a configuration."""
    try:
        rank = read_config(spec, file)["rank"] if file.name == CONFIG else None
    except LoadError:
        return ""
    return "" if rank is None else f"; its rank is {rank}"


def _shown(name: str) -> str:
    return ascii(name)[1:-1][:MAX_LINE]
