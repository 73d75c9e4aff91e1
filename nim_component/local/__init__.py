"""Local engine: runs a Pulumi Python program without the Pulumi CLI, a cluster or credentials.

The engine runs the unmodified program. It contains no code for `NIMService` or any other component.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .engine import execute as execute
    from .errors import LocalError as LocalError
    from .markers import UNKNOWN as UNKNOWN
    from .markers import Archive as Archive
    from .markers import Asset as Asset
    from .markers import ResourceReference as ResourceReference
    from .markers import Secret as Secret
    from .markers import Unknown as Unknown
    from .resources import LogEntry as LogEntry
    from .resources import Options as Options
    from .resources import Resource as Resource
    from .resources import Run as Run
    from .resources import Timeouts as Timeouts
    from .urns import AliasSpec as AliasSpec

_MODULES = {
    "UNKNOWN": "markers",
    "AliasSpec": "urns",
    "Archive": "markers",
    "Asset": "markers",
    "LocalError": "errors",
    "LogEntry": "resources",
    "Options": "resources",
    "Resource": "resources",
    "ResourceReference": "markers",
    "Run": "resources",
    "Secret": "markers",
    "Timeouts": "resources",
    "Unknown": "markers",
    "execute": "engine",
}

__all__ = list(_MODULES)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    # Imported on demand: a comparison of two renders does not import the SDK.
    if name in _MODULES:
        return getattr(import_module(f".{_MODULES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
