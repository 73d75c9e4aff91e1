"""State with the lifetime of one run of a Pulumi program."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import pulumi

_ATTRIBUTE = "_nim_component"
_run: ContextVar[str] = ContextVar("nim_component_run", default="")
_states: dict[str, dict[str, Any]] = {}
"""States of the runs of a plugin process, which has no root resource."""


@contextmanager
def belong_to_run(name: str) -> Generator[None]:
    """Give the components that are constructed inside the block the state of one run.

    A plugin process constructs the components of a preview, and then those of the update.

    Args:
        name: Name of the run, such as the address of its resource monitor.
    """
    token = _run.set(name)
    try:
        yield
    finally:
        _run.reset(token)


def run_state() -> dict[str, Any]:
    """Return the state of the current run.

    It is stored on the run's root resource, so a second run in the same process has its own state.
    A plugin process has no root resource, and stores it by the name of the run. Without a run, the
    returned dict is empty and is not stored.
    """
    root: Any = pulumi.runtime.get_root_resource()
    if root is not None:
        return root.__dict__.setdefault(_ATTRIBUTE, {})
    return _states.setdefault(_run.get(), {}) if _run.get() else {}
