"""What a stack's objects need: pure, over manifests as the local engine renders them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ..objects import Object, at, items_at, mapping_at, name_of, text_at

_CREATE = {"ConfigMap", "Deployment", "PersistentVolumeClaim", "Secret", "Service"}
_CLUSTER_WIDE = {"Namespace", "StorageClass", "PriorityClass", "ClusterRole", "ClusterRoleBinding"}


@dataclass(frozen=True)
class ServiceNeed:
    """What one service needs."""

    name: str
    namespace: str
    pod: Object
    """The pod of its template, as an object with a `spec`."""
    replicas: int
    keys: frozenset[tuple[str, str]]
    """Secrets and keys that its environment refers to and the stack does not make."""
    pull_secrets: frozenset[str]
    """Pull Secrets that the stack does not make."""
    images: tuple[str, ...]
    claims: tuple[Object, ...]
    """Claims that it makes."""
    existing_claims: frozenset[str]


@dataclass(frozen=True)
class Need:
    """What the stack as a whole needs."""

    services: tuple[ServiceNeed, ...]
    namespaces: tuple[str, ...]
    """Namespaces of the services that the stack does not make itself."""
    kinds: frozenset[tuple[str, str]] = field(default=frozenset())
    """(apiVersion, kind) of everything that it makes."""
    names: frozenset[tuple[str, str, str]] = field(default=frozenset())
    """(kind, namespace, name) of everything that it makes."""


def need_of(objects: Sequence[Object]) -> Need:
    """What these objects need of a cluster."""
    made = {(text_at(each, "kind"), text_at(each, "metadata", "namespace"), name_of(each)) for each in objects}
    services = tuple(_need_of_service(each, objects, made) for each in objects if is_server(each))
    own = {name for kind, _, name in made if kind == "Namespace"}
    namespaces = tuple(sorted({service.namespace for service in services} - own))
    kinds = frozenset((text_at(each, "apiVersion"), text_at(each, "kind")) for each in objects)
    return Need(services, namespaces, kinds, frozenset(made))


def is_server(object_: Object) -> bool:
    """Whether an object is the Deployment of a service."""
    labels = mapping_at(object_, "metadata", "labels")
    return object_.get("kind") == "Deployment" and labels.get("app.kubernetes.io/name") == "nim"


def _need_of_service(deployment: Object, objects: Sequence[Object], made: set[tuple[str, str, str]]) -> ServiceNeed:
    namespace = text_at(deployment, "metadata", "namespace") or "default"
    spec = mapping_at(deployment, "spec", "template", "spec")
    pod: Object = {"metadata": mapping_at(deployment, "spec", "template", "metadata"), "spec": spec}
    containers = [*items_at(spec, "initContainers"), *items_at(spec, "containers")]
    mounted = {text_at(volume, "persistentVolumeClaim", "claimName") for volume in items_at(spec, "volumes")} - {""}
    own = {name for kind, space, name in made if kind == "PersistentVolumeClaim" and space == namespace}
    own_secrets = {name for kind, space, name in made if kind == "Secret" and space == namespace}
    replicas = at(deployment, "spec", "replicas")
    return ServiceNeed(
        name=name_of(deployment),
        namespace=namespace,
        pod=pod,
        replicas=replicas if isinstance(replicas, int) else 1,
        keys=frozenset(pair for each in containers for pair in _keys_of(each) if pair[0] not in own_secrets),
        pull_secrets=frozenset({text_at(each, "name") for each in items_at(spec, "imagePullSecrets")} - own_secrets - {""}),
        images=tuple(dict.fromkeys(image for each in containers if (image := text_at(each, "image")))),
        claims=tuple(each for each in objects if each.get("kind") == "PersistentVolumeClaim" and name_of(each) in mounted & own),
        existing_claims=frozenset(mounted - own),
    )


def _keys_of(container: Object) -> Iterator[tuple[str, str]]:
    for variable in items_at(container, "env"):
        reference = mapping_at(variable, "valueFrom", "secretKeyRef")
        name, key = reference.get("name"), reference.get("key")
        if isinstance(name, str) and isinstance(key, str) and not reference.get("optional"):
            yield name, key


def permissions_of(need: Need) -> list[tuple[str, str, str, str]]:
    """(verb, API group, resource, namespace) that the deployer needs. `patch` is server-side apply; awaiting reads pods and events."""
    wanted: set[tuple[str, str, str, str]] = set()
    spaces = {service.namespace for service in need.services}
    for version, kind in need.kinds:
        group = version.rpartition("/")[0]
        plural = f"{kind.lower()}es" if kind.endswith("s") else f"{kind[:-1].lower()}ies" if kind.endswith("y") else f"{kind.lower()}s"
        verbs = ("get", "list", "watch", "create", "patch", "delete") if kind in _CREATE else ("get", "create", "patch", "delete")
        for namespace in {""} if kind in _CLUSTER_WIDE else spaces:
            wanted.update((verb, group, plural, namespace) for verb in verbs)
    for namespace in spaces:
        wanted.update(("list", group, plural, namespace) for group, plural in (("", "pods"), ("", "events"), ("apps", "replicasets")))
        if any(service.keys or service.pull_secrets for service in need.services if service.namespace == namespace):
            wanted.add(("get", "", "secrets", namespace))
    return sorted(wanted)
