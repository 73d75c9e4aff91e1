"""NVIDIA NIM inference on Kubernetes as a Pulumi component."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .args import NIM as NIM
    from .args import AdapterVolume as AdapterVolume
    from .args import AlertsArgs as AlertsArgs
    from .args import ArgumentError as ArgumentError
    from .args import AutoscalingArgs as AutoscalingArgs
    from .args import CacheArgs as CacheArgs
    from .args import DashboardArgs as DashboardArgs
    from .args import DeviceRequest as DeviceRequest
    from .args import DiagnosisArgs as DiagnosisArgs
    from .args import DisruptionBudgetArgs as DisruptionBudgetArgs
    from .args import ExternalMetric as ExternalMetric
    from .args import GRPCRouteArgs as GRPCRouteArgs
    from .args import HTTPRouteArgs as HTTPRouteArgs
    from .args import InferencePoolArgs as InferencePoolArgs
    from .args import IngressArgs as IngressArgs
    from .args import KedaArgs as KedaArgs
    from .args import KedaFallback as KedaFallback
    from .args import KedaTrigger as KedaTrigger
    from .args import LockedAdapter as LockedAdapter
    from .args import LockedFile as LockedFile
    from .args import LoRAAdapter as LoRAAdapter
    from .args import LoRAArgs as LoRAArgs
    from .args import LoRASource as LoRASource
    from .args import MetricsArgs as MetricsArgs
    from .args import MonitorArgs as MonitorArgs
    from .args import MultiNodeArgs as MultiNodeArgs
    from .args import NetworkArgs as NetworkArgs
    from .args import NetworkPeer as NetworkPeer
    from .args import NetworkPolicyArgs as NetworkPolicyArgs
    from .args import NIMSecrets as NIMSecrets
    from .args import ObjectMetric as ObjectMetric
    from .args import PodsMetric as PodsMetric
    from .args import PrewarmArgs as PrewarmArgs
    from .args import ResourceClaim as ResourceClaim
    from .args import ResourceMetric as ResourceMetric
    from .args import ScalingMetric as ScalingMetric
    from .args import ScalingPreset as ScalingPreset
    from .args import ScalingRate as ScalingRate
    from .args import ServiceArgs as ServiceArgs
    from .args import Toleration as Toleration
    from .component.service import NIMService as NIMService

_HOME = {
    "NIM": "args",
    "NIMSecrets": "args",
    "LoRAAdapter": "args",
    "LoRAArgs": "args",
    "LockedAdapter": "args",
    "LockedFile": "args",
    "LoRASource": "args",
    "AdapterVolume": "args",
    "CacheArgs": "args",
    "PrewarmArgs": "args",
    "MultiNodeArgs": "args",
    "NetworkArgs": "args",
    "DiagnosisArgs": "args",
    "ServiceArgs": "args",
    "Toleration": "args",
    "AutoscalingArgs": "args",
    "ScalingPreset": "args",
    "ScalingMetric": "args",
    "ResourceMetric": "args",
    "PodsMetric": "args",
    "ObjectMetric": "args",
    "ExternalMetric": "args",
    "ScalingRate": "args",
    "KedaArgs": "args",
    "KedaTrigger": "args",
    "KedaFallback": "args",
    "ArgumentError": "args",
    "IngressArgs": "args",
    "HTTPRouteArgs": "args",
    "GRPCRouteArgs": "args",
    "InferencePoolArgs": "args",
    "DisruptionBudgetArgs": "args",
    "ResourceClaim": "args",
    "DeviceRequest": "args",
    "NetworkPolicyArgs": "args",
    "NetworkPeer": "args",
    "MetricsArgs": "args",
    "MonitorArgs": "args",
    "DashboardArgs": "args",
    "AlertsArgs": "args",
    "NIMService": "component.service",
}

__all__ = list(_HOME)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    # On demand: who only checks arguments does not wait for the Kubernetes SDK.
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
