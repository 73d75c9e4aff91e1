"""NVIDIA NIM inference on Kubernetes as a Pulumi component.

The public names are `NIMService` and the classes of `nim_component.args`, where they are listed.
They are imported on first use: a program that only validates arguments does not load the
Kubernetes SDK.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .args import *  # noqa: F403
    from .component.service import NIMService as NIMService


def __getattr__(name: str) -> Any:
    if name == "NIMService":
        return import_module(".component.service", __name__).NIMService
    # Submodules have lower-case names. They are found without an import of the arguments.
    if name == "__all__" or name[:1].isupper():
        args = import_module(".args", __name__)
        exports = args.list_exports()
        if name == "__all__":
            return ["NIMService", *exports]
        if name in exports:
            return getattr(args, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__getattr__("__all__"))
