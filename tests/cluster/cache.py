"""What is built or fetched once, below the user's cache: whole or not at all, by one process at a time."""

import contextlib
import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

Say = Callable[[str], None]
"""Takes a line for the person who waits."""


def cache_folder() -> Path:
    """Where it is kept, by the XDG convention."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "nim-component" / "cluster"


@contextlib.contextmanager
def alone(name: str) -> Iterator[None]:
    """Waits for every other process that does the same. The kernel lets go of the lock when a process ends, whichever way."""
    cache_folder().mkdir(parents=True, exist_ok=True)
    with (cache_folder() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def provide_folder(name: str, key: str, fill: Callable[[Path], None]) -> Path:
    """The folder `<name>-<key>`, filled at the first call. What a process that was ended left there is not taken for whole."""
    folder = cache_folder() / f"{name}-{key}"
    whole = folder / "whole"
    with alone(name):
        if not whole.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            fill(folder)
            whole.touch()
    return folder


@contextlib.contextmanager
def timed(say: Say, beginning: str, done: str) -> Iterator[None]:
    """Says what begins, and when it is done how long it took."""
    say(beginning)
    began = time.monotonic()
    yield
    say(f"{done} in {time.monotonic() - began:.0f} s.")


def quiet(line: str) -> None:
    """Says nothing."""
