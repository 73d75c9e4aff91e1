"""When there is somebody to tell. What tells is imported only then: a preview does not wait for it."""

from typing import TYPE_CHECKING

import pulumi
from pulumi.runtime.mocks import MockMonitor

from ...cluster.kubeconfig import is_installed

if TYPE_CHECKING:
    from ...args import NIM

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


def hooks_of(component: pulumi.Resource, type_: str, child: str, nim: "NIM") -> "pulumi.ResourceHookBinding | None":
    """The hooks that tell of a child while it is waited for; none where nobody is told, or the service turns it off."""
    if not nim.diagnosis.enabled or not can_narrate():
        return None
    from .hooks import narrate

    return narrate(component, type_, child, nim)
