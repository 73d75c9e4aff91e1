"""Names of the services of one program: no two services may create the same object."""

from collections.abc import Iterator
from typing import Any
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime import settings

from ..args import NIM
from ..args.error import ArgumentValueError, describe_owner
from ..args.problems import Problem
from ..names import name_leader_worker_set
from .validation import service_name_of

Provider = pulumi.ProviderResource | None

_registered: "WeakKeyDictionary[Any, list[tuple[str, NIM, Provider]]]" = WeakKeyDictionary()
"""Name, arguments and provider of each service, by the monitor of the program's run."""


def register_service(name: str, nim: NIM, provider: Provider) -> None:
    """Register a service, or raise if another service of the program has the same objects.

    Services of different providers may be in different clusters, so their names may be equal.

    Raises:
        ArgumentValueError: Another service has the same name in the same namespace.
    """
    monitor: Any = settings.get_monitor()
    others = _registered.setdefault(monitor, [])
    problems = [
        problem for other, taken, of_other in others if provider is of_other for problem in find_equal_names(name, nim, other, taken)
    ]
    if problems:
        raise ArgumentValueError(describe_owner(name), problems)
    others.append((name, nim, provider))


def find_equal_names(name: str, nim: NIM, other: str, taken: NIM) -> Iterator[Problem]:
    """Find objects of two services in one namespace that would have the same name.

    Only these names can be equal. All others begin with the service's name and end in a hash, or
    contain a dot. A namespace that is an Output is not compared.
    """
    if not isinstance(nim.namespace, str) or nim.namespace != taken.namespace:
        return
    own, others = service_name_of(name, nim), service_name_of(other, taken)
    problem = None
    if own == others:
        problem = f"is also the name of service {other!r} in namespace {nim.namespace}"
    elif taken.multi_node is not None and own == name_leader_worker_set(others):
        problem = f"is also the name of the headless Service of {other!r}, which its LeaderWorkerSet creates"
    elif nim.multi_node is not None and others == name_leader_worker_set(own):
        problem = f"leads to a LeaderWorkerSet whose headless Service has the name of service {other!r}"
    if problem is not None:
        yield Problem(("service_name",), problem, "Set another service_name.", repr(own))
