"""Changed files that can be part of the program that computes a report.

Code can be in files of any name, so files are program files unless they are known to be data.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

STACK_FILE = re.compile(r"Pulumi\.[^/]+\.ya?ml")
"""Configuration of a stack. `Pulumi.yaml` is a program file: it selects the program."""
DOCUMENTS = (".md", ".rst", ".png", ".jpg", ".jpeg", ".gif", ".svg")
PROGRAM_FOLDER = re.compile(r"(^|/)(\.[^/]*|ci)/")
"""Folders of tools, such as `.github/workflows`, which read files of any name."""


def find_program_files(files: Iterable[str]) -> list[str]:
    """Return the files that can be part of the program, sorted, known code first."""
    return sorted({each for each in files if not is_data(each)}, key=lambda name: (not name.lower().endswith(".py"), name))


def is_data(file: str) -> bool:
    """Return true for stack files and documents, except those in folders of tools."""
    if PROGRAM_FOLDER.search(file):
        return False
    name = file.rpartition("/")[2]
    return STACK_FILE.fullmatch(name) is not None or name.lower().endswith(DOCUMENTS)
