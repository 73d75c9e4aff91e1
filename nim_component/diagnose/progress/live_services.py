"""Comparison of the services of one cluster with the program, in one bounded look."""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import pulumi

from ...cluster.client import ClusterClient
from ...cluster.errors import ClusterError, GoneError, MissingError, RefusedError, UnreachableError
from ...cluster.kinds import WORKLOAD_KINDS
from ...cluster.objects import Object, at, name_of
from ...text.sanitizing import sanitize
from ..explain import Explainer, Explanation
from ..live_comparison import LiveDifference, find_differences
from ..rules.endpoints import MISSING_MODEL_FIX, describe_missing
from ..served_models import MIN_SECONDS, ModelListError, find_missing
from ..workload_state import AVAILABLE, WorkloadState, is_scaled_to_zero, read_state
from .autoscaler_hold import HOLD_ERRORS, find_held_replicas
from .child_conditions import ChildConditions
from .expected_services import ExpectedService, ExpectedWorkload, ServiceProblem
from .look_texts import describe_degraded, describe_hold, describe_missing_job, describe_unavailable

LOOK_SECONDS = 4.0
"""Time limit for the lists and for the first response of every server, together."""
RECHECK_SECONDS = 1.0
"""Seconds until a problem is read again, because a controller may need a moment."""
EXPLAIN_SECONDS = 5.0
"""Time limit for the diagnosis of services that are not available."""
Kinds = dict[tuple[str, str], dict[str, Object] | None]
"""Live objects by kind and namespace, then by name; None for a kind that cannot be read."""


@dataclass(frozen=True)
class WorkloadComparison:
    """A workload beside its live object."""

    expected: ExpectedWorkload
    live: Object | None
    """None if it does not exist."""
    differences: list[LiveDifference] = field(default_factory=list[LiveDifference])
    state: WorkloadState = AVAILABLE

    @property
    def is_missing_job(self) -> bool:
        """True for a Job that was deleted. Its work is done, and nothing is down."""
        return self.live is None and self.expected.kind == "Job"

    @property
    def is_failed(self) -> bool:
        """True if the workload is missing, different or not available."""
        is_missing = self.live is None and not self.is_missing_job
        return is_missing or bool(self.differences) or self.state.level == "unavailable"


class LiveServices:
    """Live services of one cluster."""

    def __init__(self, client: ClusterClient, log_once: Callable[[str, pulumi.Resource], None]) -> None:
        """Create a reader.

        Args:
            client: Client of the cluster.
            log_once: Function that logs the reason for which something is not compared.
        """
        self._client, self._log_once = client, log_once
        self._deadline = time.monotonic() + LOOK_SECONDS

    async def compare(self, services: Sequence[ExpectedService]) -> list[ServiceProblem]:
        """Return the problems of the services, in their order."""
        kinds = await self._list(services)
        compared = [_compare(each, kinds) for each in services]
        failed = [service for service, found in zip(services, compared, strict=True) if _is_failed(found)]
        if failed and self._remaining() > RECHECK_SECONDS:
            await asyncio.sleep(RECHECK_SECONDS)
            kinds |= await self._list(failed)
            compared = [_compare(each, kinds) for each in services]
        failed = [service for service, found in zip(services, compared, strict=True) if _is_failed(found)]
        children = ChildConditions(self._client, self._log_once, self._remaining, RECHECK_SECONDS)
        explained, held, missing, warnings = await asyncio.gather(
            self._explain(failed),
            self._find_holds(each for each in services if each.is_autoscaled and each.unavailable != "ignore"),
            asyncio.gather(*(self._compare_models(*each) for each in zip(services, compared, strict=True))),
            children.find_problems(services),
        )
        problems: list[ServiceProblem] = []
        for service, found, models in zip(services, compared, missing, strict=True):
            name = service.namespace, service.name
            problems += _describe(service, found, explained.get(name))
            if service.is_autoscaled and name in held:
                problems.append(
                    ServiceProblem(service.component, describe_hold(service, held[name], pulumi.get_stack()), service.unavailable)
                )
            problems += [models] if models is not None else []
        return problems + warnings

    async def _list(self, services: Iterable[ExpectedService]) -> Kinds:
        wanted: dict[tuple[str, str], ExpectedService] = {}
        for service in services:
            if service.unavailable != "ignore":
                wanted |= {(each.kind, service.namespace): service for each in service.workloads}
            elif service.missing_models != "ignore":
                wanted[service.workloads[0].kind, service.namespace] = service
        lists = await asyncio.gather(*(self._list_kind(*key, service.component) for key, service in wanted.items()))
        return dict(zip(wanted, lists, strict=True))

    async def _list_kind(self, kind: str, namespace: str, component: pulumi.Resource) -> dict[str, Object] | None:
        resource = WORKLOAD_KINDS[kind]
        try:
            async with asyncio.timeout(max(MIN_SECONDS, self._remaining())):
                items, _ = await self._client.list(resource.path(namespace), slim=dict, **resource.query)
            return {name_of(each): {**each, "kind": kind} for each in items}
        except MissingError:  # the cluster does not have the kind, and so no such object
            return {}
        except RefusedError as error:
            reason = "the credentials are not accepted" if error.status == 401 else f"requires list on {resource.plural}"
        except TimeoutError:
            reason = f"no answer within {LOOK_SECONDS:g} s"
        except (UnreachableError, GoneError) as error:
            reason = sanitize(str(error), 60)
        text = f"the live {resource.plural} of namespace {namespace} are not compared with the program: they cannot be read ({reason})"
        self._log_once(text, component)
        return None

    async def _find_holds(self, services: Iterable[ExpectedService]) -> dict[tuple[str, str], str]:
        """Return the numbers at which autoscalers are held, by namespace and name of service."""
        namespaces = sorted({each.namespace for each in services})
        found = await asyncio.gather(*map(self._list_holds, namespaces))
        return {(namespace, name): number for namespace, held in zip(namespaces, found, strict=True) for name, number in held.items()}

    async def _list_holds(self, namespace: str) -> dict[str, str]:
        try:
            async with asyncio.timeout(max(MIN_SECONDS, self._remaining())):
                return await find_held_replicas(self._client, namespace)
        except HOLD_ERRORS:
            return {}

    async def _compare_models(self, service: ExpectedService, found: Sequence[WorkloadComparison]) -> ServiceProblem | None:
        if service.missing_models == "ignore" or not service.models or not _answers_requests(service, found):
            return None
        remaining = max(MIN_SECONDS, self._remaining())
        try:
            missing, listed = await find_missing(
                self._client,
                service.name,
                service.namespace,
                service.port,
                service.models,
                None if service.has_changed else remaining,
                remaining,
                retries_errors=service.has_changed,
            )
        except ModelListError as error:
            prefix = "" if error.denied else f"{service.name}: "
            self._log_once(f"{prefix}the models that it serves are not compared: {error}", service.component)
            return None
        if not missing:
            return None
        text = f"{service.name}: {describe_missing(missing, listed)}. {MISSING_MODEL_FIX}"
        if service.missing_models == "warn" or (service.base_name_is_derived and missing == list(service.models[:1])):
            return ServiceProblem(service.component, text, "warn")
        return ServiceProblem(service.component, f"{text} With diagnosis.missing_models: warn this is a warning.", "error")

    async def _explain(self, services: Sequence[ExpectedService]) -> dict[tuple[str, str], Explanation]:
        if not services:
            return {}
        names = [(each.namespace, each.name) for each in services]
        explainer = Explainer(self._client, lambda note: self._log_once(note, services[0].component))
        try:
            async with asyncio.timeout(EXPLAIN_SECONDS):
                found = await explainer.explain(sorted({namespace for namespace, _ in names}), names)
        except (TimeoutError, ClusterError):
            return {}
        return {(each.namespace, each.name): each for each in found}

    def _remaining(self) -> float:
        return self._deadline - time.monotonic()


def _compare(service: ExpectedService, kinds: Kinds) -> list[WorkloadComparison]:
    """Compare the workloads of a service that could be read."""
    found: list[WorkloadComparison] = []
    for expected in service.workloads:
        objects = kinds.get((expected.kind, service.namespace))
        if objects is None:
            continue
        live = objects.get(expected.name)
        if live is None:
            found.append(WorkloadComparison(expected, None))
            continue
        differences = find_differences(expected.rendered, live, expected.recorded, expected.ignored)
        found.append(WorkloadComparison(expected, live, differences, read_state(live) if expected.is_awaited else AVAILABLE))
    return found


def _is_failed(found: Iterable[WorkloadComparison]) -> bool:
    return any(each.is_failed for each in found)


def _answers_requests(service: ExpectedService, found: Sequence[WorkloadComparison]) -> bool:
    """Return True if the server is up, or if its state is unknown and pods are requested.

    A service that already fails the update is not queried.
    """
    if service.unavailable != "ignore" and _is_failed(found):
        return False
    expected = service.workloads[0]
    server = next((each for each in found if each.expected is expected), None)
    if server is None:
        return not is_scaled_to_zero(expected.rendered)
    return server.live is not None and server.state.level != "unavailable" and not is_scaled_to_zero(server.live)


def _describe(service: ExpectedService, found: Sequence[WorkloadComparison], explanation: Explanation | None) -> list[ServiceProblem]:
    if service.unavailable == "ignore":
        return []
    stack = pulumi.get_stack()
    failed = [each for each in found if each.is_failed]
    if failed:
        text = describe_unavailable(service, failed, explanation, stack)
        return [ServiceProblem(service.component, text, service.unavailable)]
    problems = [describe_degraded(service, each, stack) for each in found if each.state.level == "degraded"]
    problems += [describe_missing_job(service, each, stack) for each in found if each.is_missing_job and not _expires(each.expected)]
    return [ServiceProblem(service.component, each, "warn") for each in problems]


def _expires(job: ExpectedWorkload) -> bool:
    """Return True if the cluster deletes the Job after its end."""
    return any(at(each, "spec", "ttlSecondsAfterFinished") is not None for each in (job.rendered, job.recorded))
