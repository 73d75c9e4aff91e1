"""State that lives as long as one run of a Pulumi program."""

from typing import Any

import pulumi

_ATTRIBUTE = "_nim_component"


def run_state() -> dict[str, Any]:
    """What is kept until the run ends. It is kept with the run's own root: a second run in this process has another. Lost at once where
    there is no run."""
    root: Any = pulumi.runtime.get_root_resource()
    return {} if root is None else root.__dict__.setdefault(_ATTRIBUTE, {})
