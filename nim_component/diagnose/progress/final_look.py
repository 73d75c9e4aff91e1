"""Final look: one comparison of all live services with the program, at the end of `pulumi up`.

Pulumi compares a program with its state, not with the cluster. After an interrupted update, the
state can have the old spec and the cluster the new one, and the next `pulumi up` reports
"unchanged". Also, a NIM server that cannot load an adapter becomes ready without it.

All services of a run are read together, with one time limit: one list of each kind per namespace,
then the model list of each server.
"""

import asyncio
import importlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi

from ...args import NIM
from ...cluster.client import ClusterClient
from ...cluster.connection import Connection, resolve_connection
from ...cluster.kubeconfig import NoClusterError
from .child_conditions import list_child_kinds
from .expected_services import ExpectedService, ExpectedWorkload, ServiceProblem
from .hooks import has_changed, list_reported
from .live_services import LiveServices
from .run_state import run_state
from .unchanged_services import wait_if_unavailable

_NOT_COMPARED = "the live services are not compared with the program"


@dataclass
class FinalLook:
    """Services of one run that are not compared yet."""

    pending: int = 0
    """Number of services whose resources are not ready."""
    ready: list[ExpectedService] = field(default_factory=list[ExpectedService])
    logged: set[str] = field(default_factory=set[str])
    """Reasons for which something was not compared. Each is logged once."""

    async def add(self, service: ExpectedService) -> None:
        """Add a service that is ready. With the last one, compare all of them.

        Raises:
            RunError: A service is down, or is not as the program renders it.
        """
        self.pending -= 1
        self.ready.append(service)
        if self.pending <= 0:
            services, self.ready = self.ready, []
            await self._compare(services)

    async def _compare(self, services: list[ExpectedService]) -> None:
        by_cluster: dict[Connection, list[ExpectedService]] = {}
        for each in services:
            if each.connection is not None and not each.failure:
                by_cluster.setdefault(each.connection, []).append(each)
        found = await asyncio.gather(*(self._read(*each) for each in by_cluster.items()))
        problems = [problem for each in found for problem in each]
        for problem in problems:
            if problem.reaction == "warn":
                pulumi.log.warn(problem.text, problem.component)
        errors = [each.failure for each in services if each.failure]
        errors += [problem.text for problem in problems if problem.reaction == "error"]
        if errors:
            raise pulumi.RunError("\n".join(errors))

    async def _read(self, connection: Connection, services: list[ExpectedService]) -> list[ServiceProblem]:
        try:
            client = ClusterClient.connect(connection.kubeconfig, connection.context)
        except NoClusterError as error:
            self.log_once(f"{_NOT_COMPARED}: {error}", services[0].component)
            return []
        try:
            async with client:
                return await LiveServices(client, self.log_once).compare(services)
        except Exception as error:  # noqa: BLE001 (a mistake here must not fail an update)
            self.log_once(f"{_NOT_COMPARED}: unexpected {type(error).__name__}", services[0].component)
            return []

    def log_once(self, text: str, component: pulumi.Resource) -> None:
        """Log the reason for which something is not compared."""
        if text not in self.logged:
            self.logged.add(text)
            pulumi.log.info(text, component, ephemeral=True)


def schedule_final_look(
    component: pulumi.Resource,
    name: str,
    nim: NIM,
    models: "Sequence[pulumi.Input[str | None]]",
    workloads: "Sequence[pulumi.Output[ExpectedWorkload | None]]",
    ready: Sequence[pulumi.Resource],
) -> None:
    """Compare a service when it and all services of this run that are known so far are ready.

    Args:
        component: The NIMService.
        name: Name of its Service.
        nim: The arguments of the service.
        models: The requested models: the base model, None if its name is unknown, then the
            adapters.
        workloads: The workload that answers requests, then the Jobs. None for one without a
            cluster.
        ready: Resources that must be ready before.
    """
    diagnosis = nim.diagnosis
    if diagnosis.unavailable == diagnosis.missing_models == "ignore":
        return
    look = _look_of_this_run()
    connection = resolve_connection(component, diagnosis)
    if connection is None:
        look.log_once(f"{_NOT_COMPARED}: their cluster is unknown", component)
        return

    async def compare(values: dict[str, Any]) -> None:
        described = [each for each in values["workloads"] if each is not None]
        is_described = len(described) == len(values["workloads"])
        if not is_described:
            look.log_once(f"{_NOT_COMPARED}: a provider renders to files, or a workload is not readable", component)
        service = ExpectedService(
            component,
            name,
            values["namespace"],
            values["port"],
            values["connection"] if is_described else None,
            described,
            [each for each in values["models"] if each is not None],
            nim.served_model_name is None and values["models"][0] is not None,
            has_changed(component),
            nim.autoscaling is not None,
            bool(diagnosis.fail_fast),
            "",
            list_child_kinds(nim),
            list_reported(component),
            diagnosis.unavailable,
            diagnosis.missing_models,
        )
        await look.add(await wait_if_unavailable(service))

    look.pending += 1
    pulumi.Output.all(
        connection=connection,
        namespace=nim.namespace,
        port=nim.port,
        workloads=pulumi.Output.all(*workloads),
        models=pulumi.Output.all(*models),
        ready=pulumi.Output.all(*(each.urn for each in ready)),
    ).apply(compare)


def _look_of_this_run() -> FinalLook:
    state = run_state()
    if "final look" not in state:
        # The import takes half a second. It runs while the engine works.
        threading.Thread(target=importlib.import_module, args=("lightkube.config.client_adapter",), daemon=True).start()
        state["final look"] = FinalLook()
    return state["final look"]
