"""Detection of Pulumi's Outputs and resources without an import of Pulumi.

A caller that passes one has imported Pulumi. So the import of `args` takes a tenth of a second.
"""

import sys
from typing import TYPE_CHECKING, Any, TypeGuard

if TYPE_CHECKING:
    import pulumi


def is_output(value: Any) -> "TypeGuard[pulumi.Output[Any]]":
    """Return whether a value is an Output."""
    pulumi = sys.modules.get("pulumi")
    return pulumi is not None and isinstance(value, pulumi.Output)


def is_resource(value: Any) -> "TypeGuard[pulumi.Resource]":
    """Return whether a value is a resource."""
    pulumi = sys.modules.get("pulumi")
    return pulumi is not None and isinstance(value, pulumi.Resource)
