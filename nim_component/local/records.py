"""Record of an output folder: the files that `up` wrote there, by stack.

Anyone can edit the record, and a removal cannot be undone. So it is trusted only for manifests
below the real folder.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from .errors import LocalError
from .paths import resolve_path
from .state import replace_text

RECORD = ".nim-component-files"
"""File in an output folder, in the format of `sha256sum -c`, with the stacks in comments.

`kubectl apply -R -f FOLDER` ignores it, because its name has no YAML or JSON suffix.
"""

HEADING = "# "
"""Start of a line that names the stack of the lines below it."""

MANIFEST_PATH = re.compile(r"(?:0-crd|1-manifest)/[^/\\]+\.yaml")
"""Paths that `up` writes, as the Kubernetes provider lays out its files."""


@dataclass(frozen=True)
class Record:
    """Files of one folder."""

    own: Mapping[str, str]
    """Digest by path of the files that the last `up` of this stack wrote."""
    others: Mapping[str, Mapping[str, str]]
    """Digest by path of the files of other stacks, by stack."""

    def find_other(self, path: str) -> str | None:
        """Return another stack that wrote a file, or None."""
        return next((stack for stack, digests in self.others.items() if path in digests), None)


def read_record(folder: Path, stack: str) -> Record:
    """Return the record of a folder.

    Lines without a stack belong to the stack that reads them: former versions wrote no stacks.
    """
    digests: defaultdict[str, dict[str, str]] = defaultdict(dict)
    owner = stack
    for line in (read_text(folder / RECORD) or "").splitlines():
        digest, _, path = line.partition("  ")
        if line.startswith(HEADING):
            owner = line.removeprefix(HEADING)
        elif MANIFEST_PATH.fullmatch(path) and is_inside(folder, path):
            digests[owner][path] = digest
    return Record(digests.pop(stack, {}), digests)


def write_record(folder: Path, stack: str, record: Record) -> None:
    """Write the record, or remove it if it lists no files."""
    listed = {name: digests for name, digests in {**record.others, stack: record.own}.items() if digests}
    lines = [
        f"{HEADING}{name}\n" + "".join(f"{digests[path]}  {path}\n" for path in sorted(digests)) for name, digests in sorted(listed.items())
    ]
    if lines:
        replace_text(folder / RECORD, "".join(lines))
    else:
        (folder / RECORD).unlink(missing_ok=True)


def is_inside(folder: Path, path: str) -> bool:
    """Return true if no link leads a path below a resolved folder out of its own folder."""
    parent = (folder / path).parent
    return resolve_path(parent) == parent


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
