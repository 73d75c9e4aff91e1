"""Wait for a service that Pulumi did not change, after an update that ended early.

The engine then records the workload as applied. If only the cluster was corrected, such as a Secret
that was created, the next update has nothing to change, and no hook waits.
"""

from dataclasses import replace

from ...cluster.client import ClusterClient
from ...cluster.errors import ClusterError
from ...cluster.kinds import WORKLOAD_KINDS
from ...cluster.kubeconfig import NoClusterError
from ...cluster.objects import Object
from ..live_comparison import find_differences
from ..workload_state import read_state
from .early_end import RolloutError
from .expected_services import ExpectedService
from .hooks import ProgressHooks, has_failed
from .run_state import run_state


async def wait_if_unavailable(service: ExpectedService) -> ExpectedService:
    """Wait for an unavailable service with `diagnosis.fail_fast`, unless a hook has waited for it.

    Returns the service, with its failure if it did not become ready.
    """
    if not service.fails_fast:
        return service
    if has_failed(service.component):
        return replace(service, failure=f"{service.name} is not ready. Another error of this update contains the cause.")
    hooks: ProgressHooks | None = run_state().get("progress hooks")
    if hooks is None or service.has_changed or not service.workloads or not await _is_unavailable(service):
        return service
    try:
        workload = service.workloads[0]
        await hooks.wait_for_unchanged(service.component, workload.kind, workload.rendered)
    except RolloutError as error:
        return replace(service, failure=f"{service.name}: {error}")
    return service


async def _is_unavailable(service: ExpectedService) -> bool:
    """Return True if no pod of the workload is available, and its live spec is the program's."""
    expected, connection = service.workloads[0], service.connection
    if connection is None or not expected.is_awaited:
        return False
    path = f"{WORKLOAD_KINDS[expected.kind].path(service.namespace)}/{expected.name}"
    try:
        async with ClusterClient.connect(connection.kubeconfig, connection.context) as client:
            live: Object = {**await client.get(path), "kind": expected.kind}
    except (NoClusterError, ClusterError):
        return False  # the comparison reports it
    is_different = bool(find_differences(expected.rendered, live, expected.recorded, expected.ignored))
    return not is_different and read_state(live).level == "unavailable"
