"""Child processes that never outlive this one, whichever way it ends."""

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_GO = {"GOGC": "400", "GOMEMLIMIT": "1GiB"}
"""Memory for time: as Go comes, its collector takes a fifth of what the API server works. Past the limit it collects as it would."""
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
# Out of the way first: another cluster may want the place.
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
    """Programs that run in a folder of their own. When this process ends, also by SIGKILL, the kernel ends them and a watchdog removes the
    folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        # It waits for the end of a pipe that only this process holds open.
        self._watchdog = subprocess.Popen(
            [sys.executable, "-c", _WATCHDOG, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
        )

    def start(self, name: str, command: list[str]) -> None:
        """Starts a program; its output goes to `<name>.log`. A session of its own keeps a Ctrl-C meant for the tests away from it."""
        environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(self.folder), "TMPDIR": str(self.folder), **_GO}
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
        """Ends a program at once: nothing that it holds is needed again, or etcd has it."""
        process = self._running.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        (self.folder / f"{name}.pid").unlink(missing_ok=True)

    def check(self) -> None:
        """Raises what the first ended program wrote last."""
        for name, process in self._running.items():
            if process.poll() is not None:
                raise RuntimeError(f"{name} ended with {process.returncode}:\n{self.last_words(name)}")

    def last_words(self, name: str) -> str:
        """The end of a program's log."""
        log = self.folder / f"{name}.log"
        return log.read_text(errors="replace")[-3000:] if log.exists() else ""

    def stop_all(self) -> None:
        """Ends everything, newest first, and removes the folder."""
        for name in reversed(list(self._running)):
            self.stop(name)
        shutil.rmtree(self.folder, ignore_errors=True)
        if self._watchdog.stdin is not None:
            self._watchdog.stdin.close()
        self._watchdog.wait()


def _die_with_parent() -> Callable[[], None] | None:
    """What a child does before it becomes another program. Linux only; elsewhere the watchdog ends the children."""
    if sys.platform != "linux":
        return None
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def ask_for_signal() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return ask_for_signal


def free_ports(count: int) -> list[int]:
    """Ports of the loopback interface that nobody listens on. They are held together, so that no two are the same."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
