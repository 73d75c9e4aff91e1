"""Facts of the cluster that the preflight checks need.

Reading them changes nothing. Of a Secret, only the names of its keys are kept.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..cluster.client import ClusterClient
from ..cluster.errors import MissingError, RefusedError, UnreachableError
from ..cluster.kinds import ALL_PODS, NODES, STORAGE_CLASSES, slim_metadata
from ..cluster.objects import Object, at, items_at, name_of, text_at
from ..cluster.secret_facts import SecretFacts
from ..names import JOBS, SELECTOR_LABELS, SERVER
from .reads import UNREAD, get_object, get_secret, list_objects
from .references import ObjectReference
from .requirements import Permission, StackRequirements, permissions_of
from .route_timeouts import GatewayName, read_features

_OWN_KINDS = (
    ("Deployment", "/apis/apps/v1", "deployments"),
    ("LeaderWorkerSet", "/apis/leaderworkerset.x-k8s.io/v1", "leaderworkersets"),
    ("Job", "/apis/batch/v1", "jobs"),
    ("Service", "/api/v1", "services"),
    ("PersistentVolumeClaim", "/api/v1", "persistentvolumeclaims"),
    ("ConfigMap", "/api/v1", "configmaps"),
    ("Secret", "/api/v1", "secrets"),
)
_OWN_OBJECTS = {"labelSelector": f"{SELECTOR_LABELS[0]} in ({','.join((SERVER, *JOBS))}),app.kubernetes.io/managed-by=pulumi"}
_PARALLEL_REVIEWS = 8


@dataclass(frozen=True)
class Facts:
    """Facts of a cluster.

    A field is None if it may not be read; a missing key was not requested.
    """

    version: str = ""
    namespaces: Mapping[str, Object | None] = field(default_factory=dict[str, "Object | None"])
    """By name; None if it does not exist."""
    nodes: tuple[Object, ...] | None = None
    pods: tuple[Object, ...] | None = None
    """Every pod that occupies a node's resources."""
    classes: tuple[Object, ...] | None = None
    """StorageClasses."""
    drivers: tuple[Object, ...] | None = None
    """CSIDrivers."""
    node_drivers: Mapping[str, frozenset[str]] | None = None
    """Name of a node to the CSI drivers that run on it."""
    capacities: tuple[Object, ...] | None = None
    """CSIStorageCapacities of all namespaces."""
    volumes: tuple[Object, ...] | None = None
    """PersistentVolumes: class and access modes."""
    quotas: Mapping[str, tuple[Object, ...] | None] = field(default_factory=dict[str, "tuple[Object, ...] | None"])
    """By namespace."""
    secrets: Mapping[tuple[str, str], SecretFacts | None] = field(default_factory=dict[tuple[str, str], "SecretFacts | None"])
    """By namespace and name; None if it does not exist."""
    unread_secrets: frozenset[str] = field(default=frozenset())
    """Namespaces whose Secrets may not be read."""
    pvcs: Mapping[tuple[str, str], Object | None] = field(default_factory=dict[tuple[str, str], "Object | None"])
    """By namespace and name; None if it does not exist."""
    references: Mapping[ObjectReference, bool] = field(default_factory=dict[ObjectReference, bool])
    """True for an object that exists, False for one that does not."""
    prometheus: tuple[Object, ...] | None = None
    """Prometheus, PrometheusAgent and ThanosRuler objects of all namespaces."""
    features: Mapping[GatewayName, frozenset[str]] = field(default_factory=dict[GatewayName, frozenset[str]])
    """Features of the GatewayClass of each Gateway, if they are known."""
    kinds: frozenset[tuple[str, str]] | None = None
    """(apiVersion, kind) that the server supports, of the requested API groups."""
    denied: tuple[Permission, ...] | None = None
    """Permissions that the user does not have."""
    own_objects: Mapping[tuple[str, str, str], Object] = field(default_factory=dict[tuple[str, str, str], Object])
    """(kind, namespace, name) of objects with the component's labels in the stack's namespaces."""
    own_kinds: frozenset[tuple[str, str]] = frozenset()
    """(kind, namespace) of the objects in `own_objects` that could be read."""


async def read_facts(client: ClusterClient, requirements: StackRequirements) -> Facts:
    """Read the facts for a stack, with parallel requests.

    Raise only errors of the whole cluster.
    """
    version = text_at(await client.get("/version"), "gitVersion")
    services = requirements.services
    namespaces = sorted({service.namespace for service in services})
    secret_names = {(each.namespace, name) for each in services for name in {*each.pull_secrets, *(name for name, _ in each.keys)}}
    pvc_names = {(each.namespace, name) for each in services for name in each.existing_pvcs}
    start = asyncio.create_task
    nodes = start(list_objects(client, NODES.path(None), slim=NODES.slim))
    pods = start(list_objects(client, ALL_PODS.path(None), ALL_PODS.query, ALL_PODS.slim))
    storage = start(_storage(client, any(each.pvcs for each in services)))
    quotas = {name: start(list_objects(client, f"/api/v1/namespaces/{name}/resourcequotas")) for name in namespaces}
    found_namespaces = {name: start(get_object(client, f"/api/v1/namespaces/{name}")) for name in requirements.namespaces}
    secrets = {each: start(get_secret(client, *each)) for each in sorted(secret_names)}
    pvcs = {each: start(get_object(client, f"/api/v1/namespaces/{each[0]}/persistentvolumeclaims/{each[1]}")) for each in sorted(pvc_names)}
    references = {each: start(get_object(client, each.path)) for each in requirements.references}
    prometheus = start(_prometheus(client, requirements))
    features = start(read_features(client, requirements.timed_gateways))
    kinds = start(_kinds(client, {version for version, _ in requirements.kinds}))
    denied = start(_denied(client, requirements))
    own_objects = start(_own_objects(client, namespaces))
    by_name = (quotas, found_namespaces, secrets, pvcs, references)
    tasks: list[asyncio.Task[Any]] = [nodes, pods, storage, kinds, denied, own_objects, prometheus, features]
    await asyncio.gather(*tasks, *(task for each in by_name for task in each.values()))
    return Facts(
        version,
        {name: task.result() for name, task in found_namespaces.items() if task.result() is not UNREAD},
        nodes.result(),
        pods.result(),
        *storage.result(),
        {name: task.result() for name, task in quotas.items()},
        {name: task.result() for name, task in secrets.items() if task.result() is not UNREAD},
        frozenset(namespace for (namespace, _), task in secrets.items() if task.result() is UNREAD),
        {name: task.result() for name, task in pvcs.items() if task.result() is not UNREAD},
        {each: task.result() is not None for each, task in references.items() if task.result() is not UNREAD},
        prometheus.result(),
        features.result(),
        kinds.result(),
        denied.result(),
        *own_objects.result(),
    )


async def _storage(client: ClusterClient, creates_pvcs: bool) -> tuple[Any, Any, Any, Any, Any]:
    """Return classes, drivers, the drivers of each node, capacities and volumes.

    Each is None if no PVC is created.
    """
    if not creates_pvcs:
        return None, None, None, None, None
    group = "/apis/storage.k8s.io/v1"
    classes, drivers, nodes, capacities, volumes = await asyncio.gather(
        list_objects(client, STORAGE_CLASSES.path(None), slim=dict),
        list_objects(client, f"{group}/csidrivers"),
        list_objects(client, f"{group}/csinodes"),
        list_objects(client, f"{group}/csistoragecapacities"),
        list_objects(client, "/api/v1/persistentvolumes", slim=_slim_volume),
    )
    return classes, drivers, None if nodes is None else {name_of(each): drivers_of(each) for each in nodes}, capacities, volumes


def drivers_of(node: Object) -> frozenset[str]:
    """Return the names of the CSI drivers in a CSINode."""
    return frozenset(text_at(each, "name") for each in items_at(node, "spec", "drivers"))


def _slim_volume(volume: Object) -> Object:
    return {"spec": {key: at(volume, "spec", key) for key in ("storageClassName", "accessModes")}}


async def _prometheus(client: ClusterClient, requirements: StackRequirements) -> tuple[Object, ...] | None:
    """Return the objects that select monitors and rules; None if unknown, or if not required."""
    if not any(version.startswith("monitoring.coreos.com/") for version, _ in requirements.kinds):
        return None
    group = "/apis/monitoring.coreos.com"
    plurals = ("v1/prometheuses", "v1alpha1/prometheusagents", "v1/thanosrulers")
    servers, *others = await asyncio.gather(*(list_objects(client, f"{group}/{each}", slim=dict) for each in plurals))
    return None if servers is None else (*servers, *(each for found in others for each in found or ()))


async def _kinds(client: ClusterClient, versions: Iterable[str]) -> frozenset[tuple[str, str]] | None:
    found: set[tuple[str, str]] = set()
    for version in sorted(versions):
        try:
            answer = await client.get(f"/apis/{version}" if "/" in version else f"/api/{version}")
        except (MissingError, UnreachableError):  # the API group does not exist, or its extension server is down
            continue
        except RefusedError:
            return None
        found.update((version, text_at(each, "kind")) for each in items_at(answer, "resources"))
    return frozenset(found)


async def _denied(client: ClusterClient, requirements: StackRequirements) -> tuple[Permission, ...] | None:
    """Return the missing permissions, by one access review each: other APIs are not exact."""
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    limit = asyncio.Semaphore(_PARALLEL_REVIEWS)

    async def is_allowed(permission: Permission) -> bool:
        verb, group, resource, namespace = permission
        attributes = {"verb": verb, "group": group, "resource": resource, "namespace": namespace}
        body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": {"resourceAttributes": attributes}}
        async with limit:
            answer = await client.post(path, body)
        return at(answer, "status", "allowed") is True

    permissions = permissions_of(requirements)
    try:
        allowed = await asyncio.gather(*map(is_allowed, permissions))
    except (RefusedError, MissingError):
        return None
    return tuple(permission for permission, yes in zip(permissions, allowed, strict=True) if not yes)


async def _own_objects(
    client: ClusterClient, namespaces: list[str]
) -> tuple[dict[tuple[str, str, str], Object], frozenset[tuple[str, str]]]:
    """Return the component's objects, and the kinds and namespaces that could be read."""
    found: dict[tuple[str, str, str], Object] = {}
    readable: set[tuple[str, str]] = set()
    for namespace in namespaces:
        for kind, group, plural in _OWN_KINDS:
            items = await list_objects(client, f"{group}/namespaces/{namespace}/{plural}", _OWN_OBJECTS, _slim_data)
            if items is not None:
                readable.add((kind, namespace))
            found |= {(kind, namespace, name_of(each)): each for each in items or ()}
    return found, frozenset(readable)


def _slim_data(object_: Object) -> Object:
    """Remove everything but metadata, spec and status, such as the data of a Secret."""
    # The comparison with the state needs the owners of the fields.
    metadata = {**slim_metadata(object_)["metadata"], "managedFields": at(object_, "metadata", "managedFields")}
    return {"metadata": metadata, "spec": object_.get("spec"), "status": object_.get("status")}
