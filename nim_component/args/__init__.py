"""Argument models: the fields of a service, with their validation.

Its classes are the public names of the package, apart from `NIMService`: a class that is imported
here is exported by `nim_component`. The import loads no Kubernetes SDK and, unless an error is
raised, no Pulumi.
"""

from typing import TYPE_CHECKING, Any

from .autoscaling import AutoscalingArgs as AutoscalingArgs
from .cache import CacheArgs as CacheArgs
from .devices import DeviceRequest as DeviceRequest
from .devices import ResourceClaim as ResourceClaim
from .diagnosis import DiagnosisArgs as DiagnosisArgs
from .disruption import DisruptionBudgetArgs as DisruptionBudgetArgs
from .exposure import GRPCRouteArgs as GRPCRouteArgs
from .exposure import HTTPRouteArgs as HTTPRouteArgs
from .exposure import InferencePoolArgs as InferencePoolArgs
from .exposure import IngressArgs as IngressArgs
from .keda import KedaArgs as KedaArgs
from .keda import KedaFallback as KedaFallback
from .keda import KedaTrigger as KedaTrigger
from .lora_adapter import LockedAdapter as LockedAdapter
from .lora_adapter import LockedFile as LockedFile
from .lora_adapter import LoRAAdapter as LoRAAdapter
from .lora_options import AdapterVolume as AdapterVolume
from .lora_options import LoRAArgs as LoRAArgs
from .lora_options import LoRASource as LoRASource
from .metrics import AlertsArgs as AlertsArgs
from .metrics import DashboardArgs as DashboardArgs
from .metrics import MetricsArgs as MetricsArgs
from .metrics import MonitorArgs as MonitorArgs
from .multi_node import MultiNodeArgs as MultiNodeArgs
from .network import NetworkArgs as NetworkArgs
from .network_policy import NetworkPeer as NetworkPeer
from .network_policy import NetworkPolicyArgs as NetworkPolicyArgs
from .nim import NIM as NIM
from .pod import Toleration as Toleration
from .prewarm import PrewarmArgs as PrewarmArgs
from .scaling import ExternalMetric as ExternalMetric
from .scaling import ObjectMetric as ObjectMetric
from .scaling import PodsMetric as PodsMetric
from .scaling import ResourceMetric as ResourceMetric
from .scaling import ScalingMetric as ScalingMetric
from .scaling import ScalingPreset as ScalingPreset
from .scaling import ScalingRate as ScalingRate
from .secrets import NIMSecrets as NIMSecrets
from .service import ServiceArgs as ServiceArgs
from .service_account import ServiceAccountArgs as ServiceAccountArgs
from .typed_dicts import *  # noqa: F403
from .vertical_autoscaling import VerticalAutoscalingArgs as VerticalAutoscalingArgs

if TYPE_CHECKING:
    from .error import ArgumentError as ArgumentError


def __getattr__(name: str) -> Any:
    if name == "ArgumentError":  # imports Pulumi
        from .error import ArgumentError

        return ArgumentError
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def list_exports() -> list[str]:
    """Return the public names of this module: all classes, and `ArgumentError`."""
    return sorted([*(name for name, value in globals().items() if isinstance(value, type) and value is not Any), "ArgumentError"])
