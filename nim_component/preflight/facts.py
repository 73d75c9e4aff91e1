"""What is read of the cluster for the checks. Nothing is changed; of a Secret only the names of its keys are kept."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..cluster.client import ClusterClient, GoneError, MissingError, RefusedError, UnreachableError
from ..cluster.kinds import ALL_PODS, NODES, STORAGE_CLASSES, slim_metadata
from ..cluster.objects import Object, at, items_at, name_of, text_at
from ..cluster.secret_facts import SecretFacts, read_secret
from ..names import JOBS, SELECTOR_LABELS
from .requirements import StackRequirements, permissions_of

_ORPHANS = (
    ("Deployment", "/apis/apps/v1", "deployments"),
    ("LeaderWorkerSet", "/apis/leaderworkerset.x-k8s.io/v1", "leaderworkersets"),
    ("Job", "/apis/batch/v1", "jobs"),
    ("Service", "/api/v1", "services"),
    ("PersistentVolumeClaim", "/api/v1", "persistentvolumeclaims"),
    ("ConfigMap", "/api/v1", "configmaps"),
    ("Secret", "/api/v1", "secrets"),
)
_OURS = {"labelSelector": f"{SELECTOR_LABELS[0]} in ({','.join(('nim', *JOBS))}),app.kubernetes.io/managed-by=pulumi"}


@dataclass(frozen=True)
class Facts:
    """What is known of the cluster. None stands for what may not be read, a missing key for what was not asked."""

    version: str = ""
    namespaces: Mapping[str, Object | None] = field(default_factory=dict[str, "Object | None"])
    """By name; None for one that is not there."""
    nodes: tuple[Object, ...] | None = None
    pods: tuple[Object, ...] | None = None
    """Every pod that holds a node's resources."""
    classes: tuple[Object, ...] | None = None
    drivers: tuple[Object, ...] | None = None
    """CSIDrivers."""
    node_drivers: Mapping[str, frozenset[str]] | None = None
    """By node, the CSI drivers that run there."""
    capacities: tuple[Object, ...] | None = None
    """CSIStorageCapacities, of every namespace."""
    volumes: tuple[Object, ...] | None = None
    """PersistentVolumes: class and access modes."""
    quotas: Mapping[str, tuple[Object, ...] | None] = field(default_factory=dict[str, "tuple[Object, ...] | None"])
    secrets: Mapping[tuple[str, str], SecretFacts | None] = field(default_factory=dict[tuple[str, str], "SecretFacts | None"])
    """By namespace and name; None for one that is not there."""
    unread_secrets: frozenset[str] = field(default=frozenset())
    """Namespaces whose Secrets may not be read."""
    claims: Mapping[tuple[str, str], Object | None] = field(default_factory=dict[tuple[str, str], "Object | None"])
    kinds: frozenset[tuple[str, str]] | None = None
    """(apiVersion, kind) that the server has, of the groups that were asked for."""
    denied: tuple[tuple[str, str, str, str], ...] | None = None
    """Permissions that the deployer lacks."""
    ours: Mapping[tuple[str, str, str], Object] = field(default_factory=dict[tuple[str, str, str], Object])
    """(kind, namespace, name) of every object with the component's labels in the stack's namespaces."""


async def read_facts(api: ClusterClient, requirements: StackRequirements) -> Facts:
    """Asks for everything that the checks of this stack need, side by side. Raises only what concerns the cluster as a whole."""
    version = text_at(await api.get("/version"), "gitVersion")
    spaces = sorted({service.namespace for service in requirements.services})
    secrets = {(each.namespace, name) for each in requirements.services for name in {*each.pull_secrets, *(name for name, _ in each.keys)}}
    claims = {(each.namespace, name) for each in requirements.services for name in each.existing_claims}
    start = asyncio.create_task
    nodes = start(_list(api, NODES.path(None), slim=NODES.slim))
    pods = start(_list(api, ALL_PODS.path(None), ALL_PODS.query, ALL_PODS.slim))
    storage = start(_storage(api, any(each.claims for each in requirements.services)))
    quotas = {name: start(_list(api, f"/api/v1/namespaces/{name}/resourcequotas")) for name in spaces}
    found_namespaces = {name: start(_get(api, f"/api/v1/namespaces/{name}")) for name in requirements.namespaces}
    found_secrets = {each: start(_secret(api, *each)) for each in sorted(secrets)}
    found_claims = {each: start(_get(api, f"/api/v1/namespaces/{each[0]}/persistentvolumeclaims/{each[1]}")) for each in sorted(claims)}
    kinds = start(_kinds(api, {version for version, _ in requirements.kinds}))
    denied = start(_denied(api, requirements))
    ours = start(_ours(api, spaces))
    dicts = (quotas, found_namespaces, found_secrets, found_claims)
    await asyncio.gather(nodes, pods, storage, kinds, denied, ours, *(task for each in dicts for task in each.values()))
    return Facts(
        version,
        {name: task.result() for name, task in found_namespaces.items() if task.result() is not UNREAD},
        nodes.result(),
        pods.result(),
        *storage.result(),
        {name: task.result() for name, task in quotas.items()},
        {name: task.result() for name, task in found_secrets.items() if task.result() is not UNREAD},
        frozenset(namespace for (namespace, _), task in found_secrets.items() if task.result() is UNREAD),
        {name: task.result() for name, task in found_claims.items() if task.result() is not UNREAD},
        kinds.result(),
        denied.result(),
        ours.result(),
    )


UNREAD: Any = object()
"""Stands for what may not be read."""


async def _get(api: ClusterClient, path: str) -> Any:
    """The object, None when it is not there, `UNREAD` when it may not be read."""
    try:
        return await api.get(path)
    except MissingError:
        return None
    except RefusedError as error:
        if error.status == 401:
            raise
        return UNREAD


async def _secret(api: ClusterClient, namespace: str, name: str) -> Any:
    try:
        return await read_secret(api, namespace, name)
    except RefusedError:
        return UNREAD


async def _list(
    api: ClusterClient, path: str, query: Mapping[str, str] | None = None, slim: Any = slim_metadata
) -> tuple[Object, ...] | None:
    try:
        items, _ = await api.list(path, **(query or {}))
    except (RefusedError, MissingError, GoneError):
        return None
    return tuple(slim(each) for each in items)


async def _storage(api: ClusterClient, makes_claims: bool) -> tuple[Any, Any, Any, Any, Any]:
    """Classes, drivers, the drivers of each node, capacities, volumes. Where no claim is made, nobody asks."""
    if not makes_claims:
        return None, None, None, None, None
    group = "/apis/storage.k8s.io/v1"
    classes, drivers, nodes, capacities, volumes = await asyncio.gather(
        _list(api, STORAGE_CLASSES.path(None), slim=dict),
        _list(api, f"{group}/csidrivers"),
        _list(api, f"{group}/csinodes"),
        _list(api, f"{group}/csistoragecapacities"),
        _list(api, "/api/v1/persistentvolumes", slim=_slim_volume),
    )
    return classes, drivers, None if nodes is None else {name_of(each): drivers_of(each) for each in nodes}, capacities, volumes


def drivers_of(node: Object) -> frozenset[str]:
    """Names of the CSI drivers that a CSINode lists."""
    return frozenset(text_at(each, "name") for each in items_at(node, "spec", "drivers"))


def _slim_volume(volume: Object) -> Object:
    return {"spec": {key: at(volume, "spec", key) for key in ("storageClassName", "accessModes")}}


async def _kinds(api: ClusterClient, versions: Iterable[str]) -> frozenset[tuple[str, str]] | None:
    found: set[tuple[str, str]] = set()
    for version in sorted(versions):
        try:
            answer = await api.get(f"/apis/{version}" if "/" in version else f"/api/{version}")
        except (MissingError, UnreachableError):  # a group that is not there, or whose server is down
            continue
        except RefusedError:
            return None
        found.update((version, text_at(each, "kind")) for each in items_at(answer, "resources"))
    return frozenset(found)


async def _denied(api: ClusterClient, requirements: StackRequirements) -> tuple[tuple[str, str, str, str], ...] | None:
    """Asks the server what the deployer may do, a permission at a time: only that is exact."""
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    limit = asyncio.Semaphore(8)

    async def is_allowed(permission: tuple[str, str, str, str]) -> bool:
        verb, group, resource, namespace = permission
        attributes = {"verb": verb, "group": group, "resource": resource, "namespace": namespace}
        body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": {"resourceAttributes": attributes}}
        async with limit:
            answer = await api.post(path, body)
        return at(answer, "status", "allowed") is True

    wanted = permissions_of(requirements)
    try:
        allowed = await asyncio.gather(*map(is_allowed, wanted))
    except (RefusedError, MissingError):
        return None
    return tuple(permission for permission, yes in zip(wanted, allowed, strict=True) if not yes)


async def _ours(api: ClusterClient, namespaces: list[str]) -> dict[tuple[str, str, str], Object]:
    found: dict[tuple[str, str, str], Object] = {}
    for namespace in namespaces:
        for kind, group, plural in _ORPHANS:
            # Of Secrets too only names are kept.
            for each in await _list(api, f"{group}/namespaces/{namespace}/{plural}", _OURS, _names_only) or ():
                found[kind, namespace, name_of(each)] = each
    return found


def _names_only(object_: Object) -> Object:
    metadata = slim_metadata(object_)["metadata"]
    return {"metadata": metadata, "spec": object_.get("spec"), "status": object_.get("status")}
