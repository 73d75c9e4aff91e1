"""Pulumi's Outputs, known without importing Pulumi: whoever hands one over has imported it. It keeps the import of `args` in a tenth of a
second."""

import sys
from typing import TYPE_CHECKING, Any, TypeGuard

if TYPE_CHECKING:
    import pulumi


def is_output(value: Any) -> "TypeGuard[pulumi.Output[Any]]":
    """Whether a value is an Output."""
    pulumi = sys.modules.get("pulumi")
    return pulumi is not None and isinstance(value, pulumi.Output)


def is_resource(value: Any) -> "TypeGuard[pulumi.Resource]":
    """Whether a value is a resource."""
    pulumi = sys.modules.get("pulumi")
    return pulumi is not None and isinstance(value, pulumi.Resource)
