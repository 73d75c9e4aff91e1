"""Child processes that end with this process, in whatever way it ends."""

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_GO = {"GOGC": "400", "GOMEMLIMIT": "1GiB"}
"""Garbage collection of Go, with more memory for less time.

By default it takes a fifth of the API server's processor time. Above the limit it works as by
default.
"""
_WATCHDOG = """
import os, pathlib, shutil, signal, sys, time
sys.stdin.buffer.read()
folder = pathlib.Path(sys.argv[1])
if sys.platform != "linux":
    for file in folder.glob("*.pid"):
        try:
            os.killpg(int(file.read_text()), signal.SIGKILL)
        except (OSError, ValueError):
            pass
# Rename it first: another cluster may need the path.
try:
    folder = folder.rename(folder.with_name(f".{folder.name}-{os.getpid()}"))
except OSError:
    pass
for _ in range(50):
    shutil.rmtree(folder, ignore_errors=True)
    if not folder.exists():
        break
    time.sleep(0.1)
"""


class Children:
    """Programs that run in their own folder.

    When this process ends, also by SIGKILL, the kernel ends them and a watchdog removes the folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        # The watchdog waits for the end of a pipe that only this process holds open.
        self._watchdog = subprocess.Popen(
            [sys.executable, "-c", _WATCHDOG, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
        )

    def start(self, name: str, command: list[str], variables: Mapping[str, str] | None = None) -> None:
        """Start a program with its output in `<name>.log`, and with environment variables.

        In its own session, it receives no Ctrl-C of the tests.
        """
        environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(self.folder), "TMPDIR": str(self.folder), **_GO, **(variables or {})}
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_die_with_parent(),
            )
        self._running[name] = process
        (self.folder / f"{name}.pid").write_text(str(process.pid))

    def stop(self, name: str) -> None:
        """Kill a program. Its state is in etcd or not needed again."""
        process = self._running.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        (self.folder / f"{name}.pid").unlink(missing_ok=True)

    def check(self) -> None:
        """Raise RuntimeError with the end of the log if a program has ended."""
        for name, process in self._running.items():
            if process.poll() is not None:
                raise RuntimeError(f"{name} ended with {process.returncode}:\n{self.read_log_end(name)}")

    def read_log_end(self, name: str) -> str:
        """Return the last 3000 characters of a program's log."""
        log = self.folder / f"{name}.log"
        return log.read_text(errors="replace")[-3000:] if log.exists() else ""

    def stop_all(self) -> None:
        """Stop all programs, the newest first, and remove the folder."""
        for name in reversed(list(self._running)):
            self.stop(name)
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._watchdog.stdin is not None:
            self._watchdog.stdin.close()
        self._watchdog.wait()


def _die_with_parent() -> Callable[[], None] | None:
    """Return the function that a child calls before `exec`.

    Linux only; elsewhere the watchdog kills the children.
    """
    if sys.platform != "linux":
        return None
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def request_signal() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return request_signal


def free_ports(count: int) -> list[int]:
    """Return free, distinct ports of the loopback interface."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
