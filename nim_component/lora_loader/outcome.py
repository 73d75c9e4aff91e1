"""Output and end of the process: kinds of failure, exit codes, and redacted log lines."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from typing import Any, NoReturn

EXIT_CODES = {
    "unexpected": 1, "adapter-list": 2, "foreign": 3, "library": 10, "unauthorized": 11, "gated": 12, "not-found": 13, "no-match": 14,
    "disk-full": 15, "volume": 16, "damaged": 17, "rate-limited": 18, "hub": 19, "rank": 20, "lock-lost": 21,
    "unsupported": 22, "pickle": 23, "disabled": 24, "certificate": 25, "not-listed": 26, "time-out": 124, "interrupted": 143,
}  # fmt: skip
MAX_MESSAGE_BYTES = 4000
"""Bytes of a termination message. Kubernetes keeps 4096."""
secret_values: list[str] = []
_output_lock = threading.Lock()


class LoadError(Exception):
    """A failure in one line with its fix. `kind` is a key of `EXIT_CODES`."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


class StopRequestedError(BaseException):
    """A stop by signal or deadline, raised in the main thread.

    It derives from BaseException, so that no library's `except Exception` suppresses it.
    """

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)


def block_stop_signals() -> None:
    """Block the stop signals in this thread; every thread but the main one calls it first.

    The kernel delivers a signal to any thread that accepts it. The main thread would then stay in
    its read, and the pod would be killed after its grace period without a clean-up.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)


def clean(text: object) -> str:
    """Return a text as one line without credentials and without control characters of a terminal.

    All output passes through here. Names of files on a volume may contain anything.
    """
    from .redaction import redact  # late: `find_local` imports it while it hashes

    # Twice: a private key or a block of YAML has lines, and control characters can split a key.
    words = redact(str(text), secret_values).split()
    return redact("".join(each if each.isprintable() else ascii(each)[1:-1] for each in " ".join(words)), secret_values)


def say(text: object, stream: Any = None) -> None:
    """Print one redacted line."""
    with _output_lock, contextlib.suppress(OSError):
        print(clean(text), file=stream or sys.stdout, flush=True)


def megabytes(count: float) -> str:
    """Return a number of bytes as text in megabytes."""
    return f"{count / 1e6:.1f} MB"


def exit_process(failure: LoadError | None, message: str = "") -> NoReturn:
    """End the process at once; threads that hang in a read cannot delay it.

    The termination message is the line of the failure unless `message` is given.
    """
    if failure:
        line = clean(failure)
        say(line, sys.stderr)
        message = message or line
    if message:
        with contextlib.suppress(OSError):
            log = os.open(os.environ.get("LORA_TERMINATION_LOG", "/dev/termination-log"), os.O_WRONLY | os.O_TRUNC)
            os.write(log, message.encode()[:MAX_MESSAGE_BYTES])
    os._exit(EXIT_CODES[failure.kind] if failure else 0)
