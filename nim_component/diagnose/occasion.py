"""When there is somebody to tell. What tells is imported only then: a preview does not wait for it."""

import pulumi
from pulumi.runtime.mocks import MockMonitor

from .kubeconfig import is_installed

_FEATURES = ("RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS", "RESOURCE_MONITOR_FEATURE_ERROR_HOOKS")


def can_narrate() -> bool:
    """Whether this is an update on an engine with hooks, and the Kubernetes client is there."""
    from pulumi.runtime import settings

    if pulumi.runtime.is_dry_run() or isinstance(settings.get_monitor(), MockMonitor) or not is_installed():
        return False
    try:
        from pulumi.runtime.proto import resource_pb2

        return all(settings.monitor_supports_feature(getattr(resource_pb2, feature)) for feature in _FEATURES)
    except (ImportError, AttributeError, TypeError):  # an SDK that knows hooks by other names, or not at all
        return False
