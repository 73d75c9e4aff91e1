"""What the user says, checked. Imports no cluster, no provider and, while nothing is wrong, no Pulumi."""

from typing import TYPE_CHECKING, Any

from .cache import CacheArgs as CacheArgs
from .lora import LoRAAdapter as LoRAAdapter
from .network import NetworkArgs as NetworkArgs
from .network import ServiceArgs as ServiceArgs
from .nim import NIM as NIM
from .pod import Toleration as Toleration
from .secrets import NIMSecrets as NIMSecrets

if TYPE_CHECKING:
    from .error import ArgumentError as ArgumentError


def __getattr__(name: str) -> Any:
    if name == "ArgumentError":
        from .error import ArgumentError

        return ArgumentError
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
