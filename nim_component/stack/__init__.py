"""The Pulumi program of a stack file: namespaces and services from its configuration."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .program import deploy_stack as deploy_stack

__all__ = ["deploy_stack"]


def __getattr__(name: str) -> Any:
    # On demand: commands that read only `stack.fields` do not import the Kubernetes SDK.
    if name in __all__:
        from .program import deploy_stack

        return deploy_stack
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
