"""What a stack's objects need: pure, over manifests as the local engine renders them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ..cluster.objects import Object, at, items_at, mapping_at, name_of, number_at, text_at
from ..diagnose.targets import is_server, service_of

_CREATE = {"ConfigMap", "Deployment", "PersistentVolumeClaim", "Secret", "Service"}
_CLUSTER_WIDE = {"Namespace", "StorageClass", "PriorityClass", "ClusterRole", "ClusterRoleBinding"}


@dataclass(frozen=True)
class ServiceRequirements:
    """What one service needs."""

    name: str
    namespace: str
    workload: tuple[str, str, str]
    """(kind, namespace, name) of what makes its pods: a Deployment or a LeaderWorkerSet."""
    pod: Object
    """The pod of its template, as an object with a `spec`. Leader and workers of a group ask for the same."""
    replicas: int
    """How many such pods."""
    keys: frozenset[tuple[str, str]]
    """Secrets and keys that its environment, or that of its Jobs, refers to and the stack does not make."""
    pull_secrets: frozenset[str]
    """Pull Secrets that the stack does not make."""
    images: tuple[str, ...]
    claims: tuple[Object, ...]
    """Claims that it makes."""
    existing_claims: frozenset[str]


@dataclass(frozen=True)
class StackRequirements:
    """What the stack as a whole needs."""

    services: tuple[ServiceRequirements, ...]
    namespaces: tuple[str, ...]
    """Namespaces of the services that the stack does not make itself."""
    kinds: frozenset[tuple[str, str]] = field(default=frozenset())
    """(apiVersion, kind) of everything that it makes."""
    names: frozenset[tuple[str, str, str]] = field(default=frozenset())
    """(kind, namespace, name) of everything that it makes."""


def read_requirements(objects: Sequence[Object]) -> StackRequirements:
    """What these objects need of a cluster."""
    made = {(text_at(each, "kind"), text_at(each, "metadata", "namespace"), name_of(each)) for each in objects}
    services = tuple(_need_of_service(each, objects, made) for each in objects if is_server(each))
    own = {name for kind, _, name in made if kind == "Namespace"}
    namespaces = tuple(sorted({service.namespace for service in services} - own))
    kinds = frozenset((text_at(each, "apiVersion"), text_at(each, "kind")) for each in objects)
    return StackRequirements(services, namespaces, kinds, frozenset(made))


def _need_of_service(workload: Object, objects: Sequence[Object], made: set[tuple[str, str, str]]) -> ServiceRequirements:
    name, namespace = service_of(workload), _namespace_of(workload)
    template, size = mapping_at(workload, "spec", "template"), 1
    if workload.get("kind") == "LeaderWorkerSet":
        template = mapping_at(workload, "spec", "leaderWorkerTemplate", "leaderTemplate")
        size = number_at(workload, "spec", "leaderWorkerTemplate", "size") or 1
    pod: Object = {"metadata": mapping_at(template, "metadata"), "spec": mapping_at(template, "spec")}
    jobs = [each for each in objects if each.get("kind") == "Job" and service_of(each) == name and _namespace_of(each) == namespace]
    specs = [pod["spec"], *(mapping_at(each, "spec", "template", "spec") for each in jobs)]
    containers = [each for spec in specs for where in ("initContainers", "containers") for each in items_at(spec, where)]
    mounted = {text_at(volume, "persistentVolumeClaim", "claimName") for spec in specs for volume in items_at(spec, "volumes")} - {""}
    own = {name for kind, space, name in made if kind == "PersistentVolumeClaim" and space == namespace}
    own_secrets = {name for kind, space, name in made if kind == "Secret" and space == namespace}
    pulling = {text_at(each, "name") for spec in specs for each in items_at(spec, "imagePullSecrets")}
    replicas = at(workload, "spec", "replicas")
    return ServiceRequirements(
        name=name,
        namespace=namespace,
        workload=(str(workload.get("kind")), namespace, name_of(workload)),
        pod=pod,
        replicas=size * (replicas if isinstance(replicas, int) else 1),
        keys=frozenset(pair for each in containers for pair in _keys_of(each) if pair[0] not in own_secrets),
        pull_secrets=frozenset(pulling - own_secrets - {""}),
        images=tuple(dict.fromkeys(image for each in containers if (image := text_at(each, "image")))),
        claims=tuple(each for each in objects if each.get("kind") == "PersistentVolumeClaim" and name_of(each) in mounted & own),
        existing_claims=frozenset(mounted - own),
    )


def _namespace_of(object_: Object) -> str:
    return text_at(object_, "metadata", "namespace") or "default"


def _keys_of(container: Object) -> Iterator[tuple[str, str]]:
    for variable in items_at(container, "env"):
        reference = mapping_at(variable, "valueFrom", "secretKeyRef")
        name, key = reference.get("name"), reference.get("key")
        if isinstance(name, str) and isinstance(key, str) and not reference.get("optional"):
            yield name, key


def permissions_of(requirements: StackRequirements) -> list[tuple[str, str, str, str]]:
    """(verb, API group, resource, namespace) that the deployer needs. `patch` is server-side apply; awaiting reads pods and events."""
    wanted: set[tuple[str, str, str, str]] = set()
    spaces = {service.namespace for service in requirements.services}
    for version, kind in requirements.kinds:
        group = version.rpartition("/")[0]
        plural = f"{kind.lower()}es" if kind.endswith("s") else f"{kind[:-1].lower()}ies" if kind.endswith("y") else f"{kind.lower()}s"
        verbs = ("get", "list", "watch", "create", "patch", "delete") if kind in _CREATE else ("get", "create", "patch", "delete")
        for namespace in {""} if kind in _CLUSTER_WIDE else spaces:
            wanted.update((verb, group, plural, namespace) for verb in verbs)
    for namespace in spaces:
        wanted.update(("list", group, plural, namespace) for group, plural in (("", "pods"), ("", "events"), ("apps", "replicasets")))
        if any(service.keys or service.pull_secrets for service in requirements.services if service.namespace == namespace):
            wanted.add(("get", "", "secrets", namespace))
    return sorted(wanted)
