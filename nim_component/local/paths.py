"""Paths, each in one spelling, so that equal paths are one folder or file.

Every comparison of paths in this package compares results of `resolve_path`.
"""

from __future__ import annotations

import os
from pathlib import Path

from .errors import LocalError


def resolve_path(path: Path | str, base: Path | None = None) -> Path:
    """Return the only spelling of a path: absolute, without links and `..`, in the case on disk.

    `..` after a link leads to the parent of its target, as in the operating system. The path need
    not exist.

    Args:
        path: Path as written.
        base: Folder of a relative path. Default: the working directory.

    Raises:
        LocalError: The text cannot be a path.
    """
    try:
        real = os.path.realpath(base / path if base else path)
    except ValueError:  # a null character
        raise LocalError(f"{str(path)!r}: cannot be a path. Remove the null character.") from None
    found = Path(Path(real).anchor)
    for part in Path(real).parts[1:]:
        found /= find_stored_name(found, part)
    return found


def find_stored_name(folder: Path, name: str) -> str:
    """Return a name as it is stored, in a folder that ignores case; else the name itself.

    On macOS and Windows, `Out` and `out` are one folder.
    """
    if name == name.swapcase() or not is_same_file(folder / name, folder / name.swapcase()):
        return name
    try:
        names = [entry.name for entry in os.scandir(folder) if not entry.is_symlink() and entry.name.casefold() == name.casefold()]
    except OSError:  # a folder that cannot be listed
        return name
    return names[0] if len(names) == 1 else name


def is_same_file(one: Path, other: Path) -> bool:
    """Return true if two paths are one existing file or folder, also through another mount."""
    try:
        return one.samefile(other)
    except OSError:
        return False


def show_from(folder: Path, path: Path) -> str:
    """Return a path relative to a folder if it is below it, so that both can be moved together."""
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)
