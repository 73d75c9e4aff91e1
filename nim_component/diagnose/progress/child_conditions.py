"""False conditions of a service's routes, their Gateways and its ScaledObject, after an update.

No provider waits for these conditions: an update succeeds although no request reaches the service.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence

import pulumi

from ...args import NIM
from ...cluster.client import ClusterClient
from ...cluster.errors import ClusterError, MissingError, RefusedError
from ...cluster.gateways import read_gateway
from ...cluster.kinds import CHILD_KINDS
from ...text.sanitizing import sanitize
from ..diagnosis import Diagnosis
from ..parent_gateways import list_gateways
from ..rules import ROLLOUT_CAUSES, diagnose_children
from ..served_models import MIN_SECONDS
from ..store import Store
from .expected_services import ExpectedService, ServiceProblem
from .look_texts import describe_condition

MAX_GATEWAYS = 20
"""Number of Gateways that are read in one look, at most."""
_OMITTED = "conditions of optional children are not reported"


def list_child_kinds(nim: NIM) -> tuple[str, ...]:
    """Return the kinds of a service's optional children whose conditions are read.

    Those of a HorizontalPodAutoscaler are left out: for some minutes, new pods have no metrics.
    """
    keda = nim.autoscaling.keda if nim.autoscaling is not None else None
    given = {"HTTPRoute": nim.http_route, "GRPCRoute": nim.grpc_route, "InferencePool": nim.inference_pool, "ScaledObject": keda}
    return tuple(kind for kind, options in given.items() if options is not None)


class ChildConditions:
    """Conditions of the optional children of the services of one cluster."""

    def __init__(
        self, client: ClusterClient, log_once: Callable[[str, pulumi.Resource], None], get_remaining: Callable[[], float], recheck: float
    ) -> None:
        """Create a reader.

        Args:
            client: Client of the cluster.
            log_once: Function that logs the reason for which something is not read.
            get_remaining: Function that returns the seconds until the end of the look.
            recheck: Seconds until a problem is read again.
        """
        self._client, self._log_once, self._get_remaining, self._recheck = client, log_once, get_remaining, recheck

    async def find_problems(self, services: Iterable[ExpectedService]) -> list[ServiceProblem]:
        """Return a warning for each cause that two reads show, in the order of the services."""
        wanted = [each for each in services if each.child_kinds and each.unavailable != "ignore"]
        found = await self._diagnose(wanted) if wanted else []
        if any(found) and self._get_remaining() > self._recheck:
            await asyncio.sleep(self._recheck)
            again = await self._diagnose(wanted)
            causes = [{each.cause for each in before} for before in found]
            found = [[each for each in now if each.cause in before] for now, before in zip(again, causes, strict=True)]
        return [
            ServiceProblem(service.component, f"{service.name}: {describe_condition(diagnosis, service.reported)}", "warn")
            for service, diagnoses in zip(wanted, found, strict=True)
            for diagnosis in diagnoses
            if not (service.has_changed and diagnosis.cause in ROLLOUT_CAUSES)
        ]

    async def _diagnose(self, services: Sequence[ExpectedService]) -> list[list[Diagnosis]]:
        store, wanted = Store(), dict[tuple[str, str], ExpectedService]()
        for service in services:
            wanted |= {(kind, service.namespace): service for kind in service.child_kinds}
        await asyncio.gather(*(self._list(store, *key, service.component) for key, service in wanted.items()))
        parents: dict[tuple[str, str], ExpectedService] = {}
        for service in services:
            snapshot = store.snapshot(service.name, service.namespace, self._client.now())
            parents |= dict.fromkeys(list_gateways(snapshot), service)
        await asyncio.gather(*(self._read(store, *key, service.component) for key, service in list(parents.items())[:MAX_GATEWAYS]))
        return [diagnose_children(store.snapshot(each.name, each.namespace, self._client.now())) for each in services]

    async def _list(self, store: Store, kind: str, namespace: str, component: pulumi.Resource) -> None:
        child = CHILD_KINDS[kind]
        try:
            async with asyncio.timeout(max(MIN_SECONDS, self._get_remaining())):
                items, _ = await self._client.list(child.path(namespace), slim=child.slim, **child.query)
        except MissingError:
            return
        except (ClusterError, TimeoutError) as error:
            self._log_failure(f"list on {child.plural}", namespace, error, component)
            return
        store.replace(child, namespace, items, are_slim=True)

    async def _read(self, store: Store, namespace: str, name: str, component: pulumi.Resource) -> None:
        try:
            async with asyncio.timeout(max(MIN_SECONDS, self._get_remaining())):
                store.gateways[namespace, name] = await read_gateway(self._client, namespace, name)
        except (ClusterError, TimeoutError) as error:
            self._log_failure("get on gateways", namespace, error, component)

    def _log_failure(self, permission: str, namespace: str, error: Exception, component: pulumi.Resource) -> None:
        reason = f"requires {permission}" if isinstance(error, RefusedError) else sanitize(str(error), 60) or "no answer in time"
        self._log_once(f"{_OMITTED}: in namespace {namespace} they cannot be read ({reason})", component)
