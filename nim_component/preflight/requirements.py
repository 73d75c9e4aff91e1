"""Requirements of a stack's objects, from manifests that the local engine rendered."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..cluster.objects import Object, at, items_at, mapping_at, name_of, number_at, text_at
from ..cluster.volume_owners import find_volume_owner
from ..diagnose.targets import is_server, service_of
from .references import ObjectReference, list_references
from .route_timeouts import GatewayName, list_timed_gateways

Permission = tuple[str, str, str, str]
"""Verb, API group, resource, and namespace (empty for the whole cluster)."""
_LISTED_KINDS = {"ConfigMap", "Deployment", "PersistentVolumeClaim", "Secret", "Service"}
"""Kinds that Pulumi's provider also lists and watches."""
_CLUSTER_SCOPED = {"Namespace", "StorageClass", "PriorityClass", "ClusterRole", "ClusterRoleBinding"}


@dataclass(frozen=True)
class ServiceRequirements:
    """Requirements of one service."""

    name: str
    namespace: str
    workload: tuple[str, str, str]
    """(kind, namespace, name) of its Deployment or LeaderWorkerSet."""
    pod: Object
    """Pod of the template, as an object with a `spec`.

    Leader and workers have the same resources.
    """
    replicas: int
    """Number of such pods: leaders and workers together."""
    keys: frozenset[tuple[str, str]]
    """(Secret, key) in the environment of its pods and Jobs, without Secrets of the stack."""
    pull_secrets: frozenset[str]
    """Pull Secrets that the stack does not create."""
    images: tuple[str, ...]
    pvcs: tuple[Object, ...]
    """PVCs that the stack creates."""
    existing_pvcs: frozenset[str]
    """Names of PVCs that must exist."""
    pvc_owners: Mapping[str, tuple[str, ...]]
    """Name of each mounted PVC to the arguments that decide about it, such as `lora.volume`."""


@dataclass(frozen=True)
class StackRequirements:
    """Requirements of a stack."""

    services: tuple[ServiceRequirements, ...]
    namespaces: tuple[str, ...]
    """Namespaces of the services that the stack does not create."""
    kinds: frozenset[tuple[str, str]] = field(default=frozenset())
    """(apiVersion, kind) of every object that the stack creates."""
    objects: frozenset[tuple[str, str, str]] = field(default=frozenset())
    """(kind, namespace, name) of every object that the stack creates."""
    references: Mapping[ObjectReference, tuple[str, ...]] = field(default_factory=dict[ObjectReference, tuple[str, ...]])
    """Objects that must exist, each with the services that refer to it."""
    monitors: tuple[Object, ...] = ()
    """ServiceMonitors, PodMonitors and PrometheusRules that the stack creates."""
    timed_gateways: tuple[GatewayName, ...] = ()
    """Gateways of HTTPRoutes with a time-out."""


def read_requirements(objects: Sequence[Object]) -> StackRequirements:
    """Return the requirements of a stack with these objects."""
    created = {(text_at(each, "kind"), text_at(each, "metadata", "namespace"), name_of(each)) for each in objects}
    services = tuple(_read_service(each, objects, created) for each in objects if is_server(each))
    created_namespaces = {name for kind, _, name in created if kind == "Namespace"}
    namespaces = tuple(sorted({service.namespace for service in services} - created_namespaces))
    kinds = frozenset((text_at(each, "apiVersion"), text_at(each, "kind")) for each in objects)
    monitors = tuple(each for each in objects if text_at(each, "apiVersion").startswith("monitoring.coreos.com/"))
    return StackRequirements(
        services, namespaces, kinds, frozenset(created), list_references(objects, created), monitors, list_timed_gateways(objects)
    )


def _read_service(workload: Object, objects: Sequence[Object], created: set[tuple[str, str, str]]) -> ServiceRequirements:
    name, namespace = service_of(workload), _namespace_of(workload)
    template, size = mapping_at(workload, "spec", "template"), 1
    if workload.get("kind") == "LeaderWorkerSet":
        template = mapping_at(workload, "spec", "leaderWorkerTemplate", "leaderTemplate")
        size = number_at(workload, "spec", "leaderWorkerTemplate", "size") or 1
    pod: Object = {"metadata": mapping_at(template, "metadata"), "spec": mapping_at(template, "spec")}
    jobs = [each for each in objects if each.get("kind") == "Job" and service_of(each) == name and _namespace_of(each) == namespace]
    specs = [pod["spec"], *(mapping_at(each, "spec", "template", "spec") for each in jobs)]
    containers = [each for spec in specs for list_ in ("initContainers", "containers") for each in items_at(spec, list_)]
    mounted = _read_pvc_owners([volume for spec in specs for volume in items_at(spec, "volumes")])
    created_pvcs = {name for kind, space, name in created if kind == "PersistentVolumeClaim" and space == namespace}
    created_secrets = {name for kind, space, name in created if kind == "Secret" and space == namespace}
    pull_secrets = {text_at(each, "name") for spec in specs for each in items_at(spec, "imagePullSecrets")}
    replicas = at(workload, "spec", "replicas")
    return ServiceRequirements(
        name=name,
        namespace=namespace,
        workload=(str(workload.get("kind")), namespace, name_of(workload)),
        pod=pod,
        replicas=size * (replicas if isinstance(replicas, int) else 1),
        keys=frozenset(pair for each in containers for pair in _keys_of(each) if pair[0] not in created_secrets),
        pull_secrets=frozenset(pull_secrets - created_secrets - {""}),
        images=tuple(dict.fromkeys(image for each in containers if (image := text_at(each, "image")))),
        pvcs=tuple(
            each for each in objects if each.get("kind") == "PersistentVolumeClaim" and name_of(each) in mounted.keys() & created_pvcs
        ),
        existing_pvcs=frozenset(mounted.keys() - created_pvcs),
        pvc_owners=mounted,
    )


def _namespace_of(object_: Object) -> str:
    return text_at(object_, "metadata", "namespace") or "default"


def _read_pvc_owners(volumes: Sequence[Object]) -> dict[str, tuple[str, ...]]:
    """Return the PVCs of volumes, each with the arguments that decide about it."""
    owners: dict[str, set[str]] = {}
    for volume in volumes:
        if pvc := text_at(volume, "persistentVolumeClaim", "claimName"):
            owners.setdefault(pvc, set()).add(find_volume_owner(volume))
    return {pvc: tuple(sorted(found)) for pvc, found in owners.items()}


def _keys_of(container: Object) -> Iterator[tuple[str, str]]:
    for variable in items_at(container, "env"):
        reference = mapping_at(variable, "valueFrom", "secretKeyRef")
        name, key = reference.get("name"), reference.get("key")
        if isinstance(name, str) and isinstance(key, str) and not reference.get("optional"):
            yield name, key


def permissions_of(requirements: StackRequirements) -> list[Permission]:
    """Return the permissions that an update needs.

    The verb `patch` is for server-side apply. The provider reads pods, events and ReplicaSets while
    it waits for a workload.
    """
    permissions: set[Permission] = set()
    namespaces = {service.namespace for service in requirements.services}
    for version, kind in requirements.kinds:
        group = version.rpartition("/")[0]
        plural = f"{kind.lower()}es" if kind.endswith("s") else f"{kind[:-1].lower()}ies" if kind.endswith("y") else f"{kind.lower()}s"
        verbs = ("get", "list", "watch", "create", "patch", "delete") if kind in _LISTED_KINDS else ("get", "create", "patch", "delete")
        for namespace in {""} if kind in _CLUSTER_SCOPED else namespaces:
            permissions.update((verb, group, plural, namespace) for verb in verbs)
    for namespace in namespaces:
        permissions.update(("list", group, plural, namespace) for group, plural in (("", "pods"), ("", "events"), ("apps", "replicasets")))
        if any(service.keys or service.pull_secrets for service in requirements.services if service.namespace == namespace):
            permissions.add(("get", "", "secrets", namespace))
    return sorted(permissions)
