"""The local engine: runs any Pulumi Python program in this process, without the Pulumi CLI, a cluster or credentials.

It is a runner of the unmodified program, never a second implementation of it, and knows nothing of what the program deploys.
"""

from .engine import execute
from .errors import LocalError
from .resources import LogEntry, Options, Resource, Run, Timeouts
from .urns import AliasSpec
from .wire import UNKNOWN, Archive, Asset, ResourceReference, Secret, Unknown

__all__ = [
    "UNKNOWN",
    "AliasSpec",
    "Archive",
    "Asset",
    "LocalError",
    "LogEntry",
    "Options",
    "Resource",
    "ResourceReference",
    "Run",
    "Secret",
    "Timeouts",
    "Unknown",
    "execute",
]
