"""Conditions for a progress report.

The reporter is imported only when they hold, to keep previews fast.
"""

from typing import TYPE_CHECKING

import pulumi
from pulumi.runtime.mocks import MockMonitor

from ...cluster.kubeconfig import is_installed

if TYPE_CHECKING:
    from ...args import NIM

_FEATURES = ("RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS", "RESOURCE_MONITOR_FEATURE_ERROR_HOOKS")


def can_report_progress() -> bool:
    """Return True for an update on an engine with hooks when the Kubernetes client is installed."""
    return not pulumi.runtime.is_dry_run() and is_installed() and has_hooks()


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


def create_progress_hooks(component: pulumi.Resource, type_: str, child: str, nim: "NIM") -> "pulumi.ResourceHookBinding | None":
    """Return the hooks that report the progress of a child resource.

    Returns None when progress cannot be reported or `nim.diagnosis.enabled` is false.
    """
    if not nim.diagnosis.enabled or not can_report_progress():
        return None
    from .hooks import bind_hooks

    return bind_hooks(component, type_, child, nim)
