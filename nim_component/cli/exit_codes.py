"""Exit codes of the commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

OK: Final = 0
FAILED: Final = 1
USAGE: Final = 2
CHANGED: Final = 3
"""`preview --exit-code`: an `up` would change something."""
FOUND: Final = 3
"""`diff --fail-on`: a finding matches."""
NOT_READY: Final = 3
"""`explain`: a service is not ready."""
MISSING: Final = 3
"""`check`: the cluster lacks something that the stack needs."""
UNCHECKED: Final = 4
"""`check --strict`: something could not be checked."""
DOES_NOT_FIT: Final = 4
"""`fit`: a model cannot fit its GPUs."""
INTERRUPTED: Final = 130
TERMINATED: Final = 143
"""`adapters check`: ended by SIGTERM or SIGHUP, after the Job is removed."""

SHARED: Final[Mapping[int, str]] = {
    OK: "success",
    FAILED: "invalid input or failure; the error is on standard error",
    USAGE: "wrong usage, such as an unknown option",
    INTERRUPTED: "interrupted by Ctrl-C",
}
"""Codes of every command."""

PER_COMMAND: Final[Mapping[str, Mapping[int, str]]] = {
    "preview": {CHANGED: "with `--exit-code`: `up` would change something"},
    "diff": {
        FAILED: "a render or a preview failed, or the input cannot be read",
        FOUND: "with `--fail-on`: a finding has that rule, or at least that severity",
    },
    "explain": {NOT_READY: "a service is not ready"},
    "check": {
        MISSING: "the cluster lacks something that the stack needs",
        UNCHECKED: "with `--strict`: something could not be checked",
    },
    "fit": {DOES_NOT_FIT: "a model cannot fit its GPUs, or has the wrong number of GPUs"},
    "adapters lock": {FAILED: "an adapter cannot be locked, or with `--check` the lock file would change"},
    "adapters check": {
        FAILED: "an adapter differs from the lock file, or cannot be read",
        TERMINATED: "ended by SIGTERM or SIGHUP",
    },
}
"""Codes of single commands, in addition to the shared ones or more exact than them."""
