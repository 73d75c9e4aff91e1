"""Environment variables of a container."""

from typing import Any

import pulumi_kubernetes as k8s

from ..args.outputs import is_output

Environment = list["k8s.core.v1.EnvVarArgsDict"]


def render_variable(name: str, value: Any) -> "k8s.core.v1.EnvVarArgsDict":
    """Render a variable from a string, an Output or a mapping with `valueFrom`."""
    if isinstance(value, str) or is_output(value):
        return {"name": name, "value": value}  # pyright: ignore[reportUnknownVariableType]
    (source,) = value.values()
    return {"name": name, "value_from": source}
