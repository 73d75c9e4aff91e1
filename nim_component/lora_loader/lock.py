"""Lock of a volume: one loader at a time."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from pathlib import Path

from .contents import read_plain
from .outcome import LoadError, block_stop_signals, exit_process, say
from .settings import Settings

MAX_LOCK_BYTES = 4096
"""Largest accepted content of a lock. The loader writes 200 bytes."""


class Lock:
    """Mutual exclusion by exclusive creation of a file.

    It works where flock has no effect (some NFS, Lustre, object stores). `lock/<n>` with the
    highest n is the lock. The first process that creates `<n+1>` owns it, so a take-over has one
    winner. It is free if its content is `free` or its owner process is dead. It is also free if its
    heartbeat has not changed for `stale` seconds on the clock of the waiting process.
    """

    def __init__(self, s: Settings) -> None:
        self.directory, self.stale, self.number = s.root / "lock", s.stale, 0
        self.me = f"{os.uname().nodename} {self._namespace()} {os.getpid()} {self._start_time(os.getpid())} {s.run}"
        self.released = threading.Event()

    @staticmethod
    def _namespace() -> str:
        try:
            return os.readlink("/proc/self/ns/pid")  # noqa: PTH115
        except OSError:
            return "-"

    @staticmethod
    def _start_time(pid: int | str) -> str:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
        except (OSError, IndexError):
            return "gone"

    def _is_owner_dead(self, text: str) -> bool:
        """Return True if the owner ran on this host and in this PID namespace, and has ended."""
        mine, owner = self.me.split(), text.split()
        return len(owner) >= 4 and owner[:2] == mine[:2] and self._start_time(owner[2]) != owner[3]

    def _newest(self) -> tuple[int, str]:
        number = max((int(p.name) for p in self.directory.iterdir() if p.name.isdecimal()), default=0)
        try:
            return number, read_plain(self.directory / str(number), MAX_LOCK_BYTES).decode("ascii", "replace")
        except FileNotFoundError:
            return number, "free" if number == 0 else ""
        except OSError:  # a link or a pipe that another pod put there: it is stale, as it never changes
            return number, ""

    def _write(self, text: str, flags: int = 0) -> None:
        handle = os.open(self.directory / str(self.number), os.O_WRONLY | os.O_NOFOLLOW | flags, 0o666)
        try:
            os.pwrite(handle, text.ljust(200).encode(), 0)
        finally:
            os.close(handle)

    def _create(self, number: int) -> bool:
        self.number = number
        try:
            self._write(f"{self.me} 0", os.O_CREAT | os.O_EXCL)
        except FileExistsError:
            return False
        except OSError:
            (self.directory / str(number)).unlink(missing_ok=True)
            raise
        if self._newest()[0] != number:  # this process was suspended while the number was reused
            (self.directory / str(number)).unlink(missing_ok=True)
            return False
        for path in self.directory.iterdir():
            if path.name.isdecimal() and int(path.name) < number:
                path.unlink(missing_ok=True)
        return True

    def _heartbeat(self) -> None:
        block_stop_signals()
        count = 0
        while not self.released.wait(self.stale / 10):
            count += 1
            self.confirm()
            if self.released.is_set():
                return
            with contextlib.suppress(OSError):
                self._write(f"{self.me} {count}")

    def confirm(self) -> None:
        """End the process if another loader owns the lock: this one must not change the volume."""
        with contextlib.suppress(OSError):
            number, text = self._newest()
            if not self.released.is_set() and (number != self.number or not text.startswith(self.me)):
                exit_process(
                    LoadError("lock-lost", "another loader took the lock while this one slept: it does the work, start this one again")
                )

    def __enter__(self) -> Lock:
        self.directory.mkdir(mode=0o777, parents=True, exist_ok=True)
        seen: tuple[int, str] = (0, "")
        since = told = time.monotonic()
        while True:
            newest, now = self._newest(), time.monotonic()
            if newest != seen:
                seen, since = newest, now
            if newest[1].startswith("free") or self._is_owner_dead(newest[1]) or now - since > self.stale:
                if self._create(newest[0] + 1):
                    break
                continue
            if now >= told:
                say(f"waiting for the loader on {newest[1].split(' ')[0] or 'another pod'}, which is at work on this volume")
                told = now + 30
            time.sleep(0.1)
        threading.Thread(target=self._heartbeat, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        with contextlib.suppress(OSError):
            self._write("free")
