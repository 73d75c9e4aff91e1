"""State with the lifetime of one run of a Pulumi program."""

from typing import Any

import pulumi

_ATTRIBUTE = "_nim_component"


def run_state() -> dict[str, Any]:
    """Return the state of the current run.

    It is stored on the run's root resource, so a second run in the same process has its own state.
    Without a run, the returned dict is empty and is not stored.
    """
    root: Any = pulumi.runtime.get_root_resource()
    return {} if root is None else root.__dict__.setdefault(_ATTRIBUTE, {})
