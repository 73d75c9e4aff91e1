"""Folders below the user's cache, filled completely or not at all, by one process at a time."""

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

Print = Callable[[str], None]
"""Prints a line of progress."""


def cache_folder() -> Path:
    """Return the cache folder, by the XDG convention."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "nim-component" / "cluster"


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold a lock between processes. The kernel releases it when the process ends in any way."""
    cache_folder().mkdir(parents=True, exist_ok=True)
    with (cache_folder() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def provide_folder(name: str, key: str, fill: Callable[[Path], None]) -> Path:
    """Return the folder `<name>-<key>`, filled at the first call.

    A folder that an ended process left incomplete is filled again.
    """
    folder = cache_folder() / f"{name}-{key}"
    complete = folder / "whole"
    with locked(name):
        if not complete.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            fill(folder)
            complete.touch()
    return folder


@contextlib.contextmanager
def timed(print_line: Print, beginning: str, done: str) -> Iterator[None]:
    """Print `beginning`, and at the end `done` with the duration."""
    print_line(beginning)
    began = time.monotonic()
    yield
    print_line(f"{done} in {time.monotonic() - began:.0f} s.")


def silent(line: str) -> None:
    """Print nothing."""
