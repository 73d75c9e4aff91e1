"""Conditions for a progress report.

The reporter is imported only when they hold, to keep previews fast.
"""

from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.runtime.mocks import MockMonitor

from ...cluster.connection import resolve_connection
from ...cluster.kubeconfig import is_installed

if TYPE_CHECKING:
    from ...args import NIM

_FEATURES = ("RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS", "RESOURCE_MONITOR_FEATURE_ERROR_HOOKS")


def can_report_progress() -> bool:
    """Return True for an update on an engine with hooks when the Kubernetes client is installed."""
    return not pulumi.runtime.is_dry_run() and is_installed() and has_hooks()


def is_engine() -> bool:
    """Return True in a run of the Pulumi engine, not with mocks or the local engine."""
    from pulumi.runtime import settings

    features: Any = getattr(settings.SETTINGS, "monitor_features", ())
    return not isinstance(settings.get_monitor(), MockMonitor) and bool(features)


def has_hooks() -> bool:
    """Return True if the engine has hooks. Mocks and the local engine have none."""
    from pulumi.runtime import settings

    if isinstance(settings.get_monitor(), MockMonitor):
        return False
    try:
        from pulumi.runtime.proto import resource_pb2

        return all(settings.monitor_supports_feature(getattr(resource_pb2, feature)) for feature in _FEATURES)
    except (ImportError, AttributeError, TypeError):  # an SDK without hooks, or with other names for them
        return False


def find_missing_condition(component: pulumi.Resource, nim: "NIM") -> tuple[str, str] | None:
    """Return the problem and the fix if `diagnosis.fail_fast` cannot wait for the pods.

    Nothing would wait for them, and an update would succeed too early.
    """
    if not nim.diagnosis.fail_fast or not is_engine():
        return None
    if not has_hooks():
        return "requires an engine with resource hooks", "Update the Pulumi CLI, or remove the field."
    if not is_installed():
        return "requires the extra diagnose", "Run `pip install 'nim-component[diagnose]'`, or remove the field."
    if resolve_connection(component, nim.diagnosis) is None:
        return "requires a known cluster, and the provider was only looked up", "Set diagnosis.kubeconfig, or remove the field."
    return None


def create_progress_hooks(
    component: pulumi.Resource, type_: str, child: str, nim: "NIM", limits: tuple[int, int] = (0, 0)
) -> "pulumi.ResourceHookBinding | None":
    """Return the hooks that report the progress of a child resource.

    Returns None when progress cannot be reported or `nim.diagnosis.enabled` is false.

    Args:
        component: The NIMService.
        type_: The child's Pulumi type.
        child: The child's logical name.
        nim: The arguments of the service.
        limits: Seconds that `diagnosis.fail_fast` waits for a workload after a creation, and after
            an update.
    """
    if not nim.diagnosis.enabled or not can_report_progress():
        return None
    from .hooks import bind_hooks

    return bind_hooks(component, type_, child, nim, limits)
