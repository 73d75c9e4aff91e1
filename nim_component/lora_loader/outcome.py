"""How the loader ends and what it says: kinds of failure with their exit codes, and lines that never hold a token."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from typing import Any, NoReturn

from .redaction import redact

EXIT_CODES = {
    "unexpected": 1, "adapter-list": 2, "foreign": 3, "library": 10, "unauthorized": 11, "gated": 12, "not-found": 13, "no-match": 14,
    "disk-full": 15, "volume": 16, "damaged": 17, "rate-limited": 18, "hub": 19, "rank": 20, "lock-lost": 21,
    "time-out": 124, "interrupted": 143,
}  # fmt: skip
MAX_MESSAGE_BYTES = 4000
"""Bytes of a termination message: Kubernetes keeps 4096."""
secret_values: list[str] = []
_output_lock = threading.Lock()


class LoadError(Exception):
    """What went wrong, in one line with its cure; `kind` is a key of EXIT_CODES."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


class StopRequestedError(BaseException):
    """Raised in the main thread by a signal: the deadline or a request to stop. No library's `except Exception` may swallow it."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)


def block_stop_signals() -> None:
    """The first thing that every other thread does. The kernel gives a signal to any thread that takes it, and then the main one sleeps on
    in its read: a stopped pod would be killed after its grace, without having cleaned up."""
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)


def clean(text: object) -> str:
    """Return a text as one line without credentials, and without characters that control a terminal.

    All output passes through here. Names of files on a volume may contain anything.
    """
    line = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in " ".join(str(text).split()))
    return redact(line, secret_values)


def say(text: object, stream: Any = None) -> None:
    with _output_lock, contextlib.suppress(OSError):
        print(clean(text), file=stream or sys.stdout, flush=True)


def megabytes(count: float) -> str:
    return f"{count / 1e6:.1f} MB"


def exit_process(failure: LoadError | None, message: str = "") -> NoReturn:
    """The only way out: threads that hang in a read cannot hold the process. The termination message is the failure's line by default."""
    if failure:
        line = clean(failure)
        say(line, sys.stderr)
        message = message or line
    if message:
        with contextlib.suppress(OSError):
            log = os.open(os.environ.get("LORA_TERMINATION_LOG", "/dev/termination-log"), os.O_WRONLY | os.O_TRUNC)
            os.write(log, message.encode()[:MAX_MESSAGE_BYTES])
    os._exit(EXIT_CODES[failure.kind] if failure else 0)
