"""Pickles: weights of PyTorch that can run code in the process that loads them.

This is a scan of opcodes and no proof: it accepts only what a saved dictionary of tensors needs,
and is stricter than `torch.load(weights_only=True)`.
"""

from __future__ import annotations

import io
import pickletools
import re
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

MAX_PICKLE_BYTES = 16 << 20
"""Largest accepted pickle without the data of its tensors. It is held in memory."""
STREAMS = 5
"""Pickles of the format before PyTorch 1.6, which has no archive."""
_TENSORS = re.compile(
    r"collections OrderedDict|torch(?:\.storage)? \w+Storage|torch\.nn\.parameter Parameter"
    r"|torch\._utils _rebuild_(?:tensor|tensor_v2|parameter)"
    r"|torch (?:Size|device|bfloat16|float16|float32|float64|half|float|double)"
)
"""Globals of a dictionary of tensors, as module and name."""
_REFUSED = ("STACK_GLOBAL", "INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "EXT1", "EXT2", "EXT4")
"""Opcodes that `torch.save` does not write, and that name or create objects."""


def find_code(path: Path) -> str | None:
    """Return the first global or opcode of a file that a dictionary of tensors does not need.

    Raises:
        ValueError: The file is not one of PyTorch, or its pickle is too large.
    """
    with path.open("rb") as f:
        # PyTorch, too, decides by the first bytes: a file can be a pickle, and end as an archive.
        pickles = _read_archive(f) if f.read(4) == b"PK\x03\x04" else _read_stream(f)
        return next((found for data in pickles for found in _find_globals(data)), None)


def _read_archive(f: io.BufferedReader) -> Iterator[io.BytesIO]:
    try:
        archive = zipfile.ZipFile(f)
        names = [name for name in archive.namelist() if name.endswith(".pkl")]
        if not any(name.rpartition("/")[2] == "data.pkl" for name in names):
            raise ValueError("no data.pkl")
        for name in names:
            with archive.open(name) as entry:
                yield _read_limited(entry)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as e:
        raise ValueError(str(e)) from None


def _read_stream(f: io.BufferedReader) -> Iterator[io.BytesIO]:
    f.seek(0)
    if tarfile.is_tarfile(f):  # a format before 2017, which PyTorch tries first
        raise ValueError("a tar archive")
    f.seek(0)
    start = f.read(MAX_PICKLE_BYTES)
    if not start.startswith(b"\x80\x02"):
        raise ValueError("no pickle")
    stream = io.BytesIO(start)
    for _ in range(STREAMS):
        yield stream  # each pickle begins where the former ended


def _read_limited(entry: IO[bytes]) -> io.BytesIO:
    data = entry.read(MAX_PICKLE_BYTES + 1)
    if len(data) > MAX_PICKLE_BYTES:
        raise ValueError(f"a pickle of more than {MAX_PICKLE_BYTES} bytes")
    return io.BytesIO(data)


def _find_globals(data: io.BytesIO) -> Iterator[str]:
    """Yield the globals and opcodes of one pickle that are not those of tensors."""
    for opcode, argument, _ in pickletools.genops(data):
        if opcode.name == "GLOBAL" and not _TENSORS.fullmatch(str(argument)):
            yield str(argument).replace(" ", ".", 1)
        elif opcode.name in _REFUSED:
            yield f"opcode {opcode.name}"
