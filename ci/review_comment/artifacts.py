"""Artifacts of the run that executed the change's code. Everything in them is untrusted."""

from __future__ import annotations

import io
import zipfile
import zlib

from .report import NotReviewedError

MAX_ZIP = 20_000_000
"""Bytes of an archive."""
MAX_FILE = 50_000_000
"""Bytes of the file in it."""


def read_single_file(archive: bytes, name: str) -> bytes:
    """Return the only member of an archive, which must have this name."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as content:
            members = content.infolist()
            if [each.filename for each in members] != [name]:
                raise NotReviewedError(f"the artifact does not contain exactly one file, {name}")
            if members[0].file_size > MAX_FILE:
                raise NotReviewedError(f"{name} is larger than {MAX_FILE} bytes")
            with content.open(members[0]) as stream:
                # The size in the header may be wrong.
                data = stream.read(MAX_FILE + 1)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError):
        raise NotReviewedError("the artifact is not a valid archive") from None
    if len(data) > MAX_FILE:
        raise NotReviewedError(f"{name} is larger than {MAX_FILE} bytes")
    return data
