"""Download of one file: over one connection, or as ranges over several."""

from __future__ import annotations

import hashlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .adapter_list import AdapterSpec
from .outcome import LoadError, block_stop_signals, say

if TYPE_CHECKING:
    from .hub import Hub

MAX_STREAMS = 4
"""Connections for one file."""
MAX_RANGES = 256
"""Ranges of one file, whatever size the hub records."""


@dataclass
class Incoming:
    """Download of one file: its progress, and the two hashes that the hub may record for it."""

    path: str
    size: int
    sha256: str | None
    blob_id: str | None
    done: int = 0
    hashing: float = 0.0
    """Seconds of the processor for the hashes."""

    def __post_init__(self) -> None:
        self.restart()

    @property
    def name(self) -> str:
        """File name without directories."""
        return self.path.rsplit("/", 1)[-1]

    def restart(self) -> None:
        """Reset progress and hashes."""
        self.done, self.sha = 0, hashlib.sha256()
        self.blob = hashlib.sha1(b"blob %d\0" % self.size, usedforsecurity=False)  # Git's blob id of a small file

    def add(self, block: bytes | memoryview) -> None:
        """Count and hash a received block."""
        began = time.thread_time()
        self.done += len(block)
        self.sha.update(block)
        if not self.sha256:
            self.blob.update(block)
        self.hashing += time.thread_time() - began

    def matches_record(self) -> bool:
        """Return True if size and hash equal the hub's record."""
        return self.done == self.size and (self.sha.hexdigest() == self.sha256 if self.sha256 else self.blob.hexdigest() == self.blob_id)


class NoRangesError(Exception):
    """The hub sends no ranges of this file."""


def receive(hub: Hub, spec: AdapterSpec, url: str, file: Incoming, path: Path) -> None:
    """Download a file and verify it. Wrong content is downloaded once more.

    Large files are downloaded as ranges, if the hub sends them.
    """
    again = f"{spec.name}: {file.name} differs from the hub's record, downloading again from the start"
    tries = 2
    if hub.streams > 1 and file.sha256 and file.size >= 2 * hub.s.part:
        before = hub.arrived[spec.name][0]
        if receive_ranges(hub, spec, url, file, path):
            if file.matches_record():
                return
            say(again)
            tries = 1
        hub.arrived[spec.name][0] = before
        file.restart()
        path.unlink(missing_ok=True)  # a connection that still stops writes to the old file
    for left in reversed(range(tries)):
        receive_stream(hub, spec, url, file, path)
        if file.matches_record():
            return
        if left:
            say(again)
            hub.count(spec, -file.done)
            file.restart()
    raise LoadError("damaged", f"{spec}: {file.name} arrived damaged twice (size or hash differs from the hub's record). "
                             "Look for a proxy or mirror that alters files")  # fmt: skip


def receive_stream(hub: Hub, spec: AdapterSpec, url: str, file: Incoming, path: Path) -> None:
    """Download a file over one connection, and hash it while writing.

    After an interruption the download continues at the exact byte.
    """
    with path.open("wb", buffering=0) as out:

        def restart() -> None:
            hub.count(spec, -file.done)
            file.restart()
            out.seek(0)
            out.truncate()

        def attempt() -> None:
            headers = hub.headers | ({"Range": f"bytes={file.done}-"} if file.done else {})
            with hub.lib.session.stream("GET", url, headers=headers, timeout=hub.s.stall) as answer:
                if answer.status_code == 416 and file.done:
                    restart()
                    raise ConnectionError(f"{file.name}: the hub returned 416 for the rest of the file; it starts anew")
                hub.check(spec, answer)
                if file.done and not answer.headers.get("content-range", "").startswith(f"bytes {file.done}-"):
                    restart()
                try:
                    for block in answer.iter_bytes():
                        if hub.stop.is_set():
                            raise LoadError("interrupted", f"{spec}: stopped")
                        view = memoryview(block)
                        while view:
                            view = view[out.write(view) :]
                        file.add(block)
                        hub.count(spec, len(block))
                        if file.done > file.size:
                            break
                except hub.lib.broken:
                    if file.done != file.size:  # else only the end of the response is cut, and the hash decides
                        raise
            if file.done < file.size:
                raise ConnectionError(f"{file.name} ended at byte {file.done} of {file.size}")

        hub.retry(spec, attempt, lambda: file.done, file.path)


def receive_ranges(hub: Hub, spec: AdapterSpec, url: str, file: Incoming, path: Path) -> bool:
    """Download a file as ranges over several connections; return False if the hub sends none.

    This thread hashes the ranges in their order while later ones arrive.
    """
    path.open("wb").close()
    length = max(hub.s.part, -(-file.size // MAX_RANGES))
    ranges = [(start, min(start + length, file.size)) for start in range(0, file.size, length)]
    over = threading.Event()
    pool = ThreadPoolExecutor(hub.streams, initializer=block_stop_signals)
    jobs = [pool.submit(receive_range, hub, spec, url, file, path, start, end, over) for start, end in ranges]
    try:
        with path.open("rb", buffering=0) as f:
            block = memoryview(bytearray(1 << 18))
            for job, (_, end) in zip(jobs, ranges, strict=True):
                job.result()
                while file.done < end and (count := f.readinto(block[: end - file.done])):
                    file.add(block[:count])
    except NoRangesError:
        say(f"{spec.name}: the hub sends no ranges of {file.name}, so it is downloaded over one connection")
        return False
    finally:
        over.set()
        pool.shutdown(wait=False, cancel_futures=True)
    return True


def receive_range(hub: Hub, spec: AdapterSpec, url: str, file: Incoming, path: Path, start: int, end: int, over: threading.Event) -> None:
    """Write the bytes from `start` to `end` of a file to their place."""
    at = start
    with path.open("r+b", buffering=0) as out:

        def attempt() -> None:
            nonlocal at
            headers = hub.headers | {"Range": f"bytes={at}-{end - 1}"}
            with hub.lib.session.stream("GET", url, headers=headers, timeout=hub.s.stall) as answer:
                if answer.status_code in (200, 416):
                    raise NoRangesError
                hub.check(spec, answer)
                if not answer.headers.get("content-range", "").startswith(f"bytes {at}-{end - 1}/") or "content-encoding" in answer.headers:
                    raise NoRangesError
                out.seek(at)
                try:
                    for block in answer.iter_raw():
                        if hub.stop.is_set() or over.is_set():
                            raise LoadError("interrupted", f"{spec}: stopped")
                        view = memoryview(block)[: end - at]
                        while view:
                            written = out.write(view)
                            at, view = at + written, view[written:]
                            hub.count(spec, written)
                        if at == end:
                            break
                except hub.lib.broken:
                    if at != end:
                        raise
            if at < end:
                raise ConnectionError(f"{file.name} ended at byte {at} of the range to {end}")

        hub.retry(spec, attempt, lambda: at - start, file.path)
