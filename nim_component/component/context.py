"""Context of one `NIMService`: the values from which all its children are created."""

from dataclasses import dataclass, field
from typing import Any

import pulumi

from ..args import NIM
from ..manifests.overrides import apply_override
from ..manifests.timing import Timing


@dataclass(frozen=True)
class ComponentContext:
    """Component, names, validated arguments and timing of one `NIMService`."""

    parent: pulumi.Resource
    """Component that is the parent of every child."""
    name: str
    """Name of the component; the logical names of its children begin with it."""
    service_name: str
    """Name of the Deployment and the Service; the names of most objects begin with it."""
    nim: NIM
    """Arguments after validation."""
    timing: Timing
    """Timeouts that follow from the arguments."""
    rendered: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    """Inputs of the children that were rendered so far, by suffix."""

    def child_name(self, suffix: str) -> str:
        """Return the logical name of a child, such as `llama-cache`."""
        return f"{self.name}-{suffix}"

    def inputs(self, suffix: str, rendered: dict[str, Any]) -> dict[str, Any]:
        """Return the rendered inputs of a child with the user's override for it applied."""
        self.rendered[suffix] = apply_override(self.nim, suffix, rendered)
        return self.rendered[suffix]

    def options(self, **more: Any) -> pulumi.ResourceOptions:
        """Return the options of a child: the parent and `more`."""
        return pulumi.ResourceOptions(parent=self.parent, **more)

    def rollout_timeouts(self) -> pulumi.CustomTimeouts:
        """Return the timeouts of the workload and the Service, which wait for pods.

        Pulumi's default is ten minutes, less than a large model needs to load.
        """
        return pulumi.CustomTimeouts(create=f"{self.timing.create_timeout}s", update=f"{self.timing.update_timeout}s")
