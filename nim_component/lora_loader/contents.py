"""Content of a directory on a volume, compared with records. Links are never followed."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping
from io import FileIO
from pathlib import Path

from .adapter_list import LockedRecord

HASH_THREADS = 4
"""Files hashed at a time, also on one processor: a network volume serves several reads at once."""
_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)  # Windows lacks both


def digest(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb", buffering=0) as f:
        return hash_file(f)


def hash_file(f: FileIO) -> str:
    """Return the SHA-256 of an open file in hexadecimal."""
    # One buffer of 256 KiB stays in the cache of the processor.
    seen, block = hashlib.sha256(), memoryview(bytearray(1 << 18))
    while count := f.readinto(block):
        seen.update(block[:count])
    return seen.hexdigest()


def is_directory(path: Path) -> bool:
    """Return True for a directory that is no link."""
    return path.is_dir() and not path.is_symlink()


def find_extra(directory: Path, names: Mapping[str, object], *also: str) -> str | None:
    """Return an entry of a directory that is not in `names`; None if there is none."""
    return next(iter(sorted({entry.name for entry in directory.iterdir()} - set(names) - set(also))), None)


def find_difference(directory: Path, records: Mapping[str, LockedRecord], marker: str) -> str | None:
    """Return the first difference of a directory from records.

    It must contain exactly their files and `marker`: regular files that no other path can change.
    """
    try:
        if not records or not is_directory(directory):
            return "no records of its files" if not records else "not a directory"
        if (extra := find_extra(directory, records, marker)) is not None:
            return f"{ascii(extra)[1:-1][:100]} is not a file of the adapter"
        return next((why for name, record in records.items() if (why := _inspect(directory / name, record))), None)
    except OSError as e:
        return f"{Path(e.filename or directory).name}: {e.strerror}"


def _inspect(path: Path, record: LockedRecord) -> str | None:
    with open_plain(path) as f:
        status = os.fstat(f.fileno())
        if not stat.S_ISREG(status.st_mode):
            return f"{path.name} is not a regular file"
        if status.st_nlink > 1:
            return f"{path.name} has {status.st_nlink} hard links"
        if status.st_size != record.size:
            return f"{path.name} has {status.st_size} bytes instead of {record.size}"
        return None if hash_file(f) == record.sha256 else f"the SHA-256 of {path.name} differs"


def open_plain(path: Path) -> FileIO:
    """Open a file to read; a link is an OSError, and a pipe does not block."""
    return FileIO(os.open(path, _FLAGS), "rb")


def read_plain(path: Path, limit: int) -> bytes:
    """Return the content of a regular file that is no link; a larger one is an OSError."""
    with open_plain(path) as f:
        if not stat.S_ISREG(os.fstat(f.fileno()).st_mode):
            raise OSError(f"{path.name} is not a regular file")
        data = b""
        while block := f.read(limit + 1 - len(data)):
            data += block
        if len(data) > limit:
            raise OSError(f"{path.name} has more than {limit} bytes")
        return data
