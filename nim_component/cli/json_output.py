"""Standard output of commands that print one JSON document and run a program.

Everything else that the program, its child processes and exit handlers print goes to standard
error.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from contextvars import ContextVar

import typer

_output: ContextVar[int | None] = ContextVar("output", default=None)
"""File descriptor of standard output, while descriptor 1 is standard error."""


def reserve_output() -> None:
    """Keep standard output for `print_json`, until the process ends.

    Child processes inherit the descriptors, so exchanging `sys.stdout` is not enough.
    """
    with contextlib.suppress(OSError, ValueError, io.UnsupportedOperation):
        descriptor = sys.stdout.fileno()
        sys.stdout.flush()
        kept = os.dup(descriptor)
        try:
            os.dup2(sys.stderr.fileno(), descriptor)
        except (OSError, ValueError):  # no standard error
            os.dup2(os.open(os.devnull, os.O_WRONLY), descriptor)
        _output.set(kept)


def print_json(text: str) -> None:
    """Print a JSON document to standard output."""
    descriptor = _output.get()
    if descriptor is None:
        typer.echo(text)
        return
    content = f"{text}\n".encode()
    while content:
        content = content[os.write(descriptor, content) :]
