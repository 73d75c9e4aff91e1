"""Objects that a stack refers to by name and does not create itself.

Secrets with keys, pull Secrets and PVCs have checks of their own.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from ..cluster.objects import Object, at, items_at, mapping_at, text_at, texts_at
from ..diagnose.targets import service_of
from ..names import AUTHORITIES_VOLUME, CACHE_VOLUMES

_NO_POD = "so no pod can be created"
_NO_START = "so its pods cannot start"
_NO_DEVICE = "so its pods cannot be scheduled"

_PLURALS = {
    "ConfigMap": "/api/v1/configmaps",
    "Secret": "/api/v1/secrets",
    "Service": "/api/v1/services",
    "ServiceAccount": "/api/v1/serviceaccounts",
    "Gateway": "/apis/gateway.networking.k8s.io/v1/gateways",
    "ResourceClaim": "/apis/resource.k8s.io/v1/resourceclaims",
    "ResourceClaimTemplate": "/apis/resource.k8s.io/v1/resourceclaimtemplates",
    "TriggerAuthentication": "/apis/keda.sh/v1alpha1/triggerauthentications",
    "ClusterTriggerAuthentication": "/apis/keda.sh/v1alpha1/clustertriggerauthentications",
    "DeviceClass": "/apis/resource.k8s.io/v1/deviceclasses",
    "IngressClass": "/apis/networking.k8s.io/v1/ingressclasses",
    "PersistentVolume": "/api/v1/persistentvolumes",
    "PriorityClass": "/apis/scheduling.k8s.io/v1/priorityclasses",
    "RuntimeClass": "/apis/node.k8s.io/v1/runtimeclasses",
    "StorageClass": "/apis/storage.k8s.io/v1/storageclasses",
}
"""Path of the list of each kind, without the namespace."""
_CLUSTER_SCOPED = frozenset(
    ("ClusterTriggerAuthentication", "DeviceClass", "IngressClass", "PersistentVolume", "PriorityClass", "RuntimeClass", "StorageClass")
)


class ObjectReference(NamedTuple):
    """Object that must exist."""

    kind: str
    namespace: str
    """Empty for kinds without a namespace."""
    name: str
    argument: str
    """Argument that contains the name, as in a stack file."""
    effect: str
    """Consequence if the object is missing, as a part of a sentence."""

    @property
    def path(self) -> str:
        """Path of the object at the API server."""
        prefix, _, plural = _PLURALS[self.kind].rpartition("/")
        return f"{prefix}/namespaces/{self.namespace}/{plural}/{self.name}" if self.namespace else f"{prefix}/{plural}/{self.name}"

    @property
    def about(self) -> str:
        """Kind and name, for a result."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


def list_references(objects: Sequence[Object], created: Collection[tuple[str, str, str]]) -> Mapping[ObjectReference, tuple[str, ...]]:
    """Return the references of a stack's objects, each with the names of the services.

    Args:
        objects: Objects of the stack.
        created: (kind, namespace, name) of the objects that the stack creates.
    """
    users: dict[ObjectReference, set[str]] = {}
    for object_ in objects:
        service = service_of(object_)
        namespace = text_at(object_, "metadata", "namespace") or "default"
        for found in _references_of(object_) if service else ():
            reference = found._replace(namespace="" if found.kind in _CLUSTER_SCOPED else found.namespace or namespace)
            if reference.name and reference[:3] not in created:
                users.setdefault(reference, set()).add(service)
    return {reference: tuple(sorted(users[reference])) for reference in sorted(users)}


def _refer(kind: str, name: str, argument: str, effect: str, namespace: str = "") -> ObjectReference:
    """Return a reference. Without a namespace, the object is in that of the reference."""
    return ObjectReference(kind, namespace, name, argument, effect)


def _references_of(object_: Object) -> Iterator[ObjectReference]:
    """Yield the references of an object. Names may be empty."""
    spec = mapping_at(object_, "spec")
    match object_.get("kind"):
        case "Deployment" | "Job":
            yield from _references_of_pod(mapping_at(spec, "template", "spec"))
        case "LeaderWorkerSet":
            for template in ("leaderTemplate", "workerTemplate"):
                yield from _references_of_pod(mapping_at(spec, "leaderWorkerTemplate", template, "spec"))
        case "PersistentVolumeClaim":
            yield _refer("PersistentVolume", text_at(spec, "volumeName"), "cache.volume_name", "so the PVC stays pending")
        case "Ingress":
            effect = "so no controller serves the Ingress"
            yield _refer("IngressClass", text_at(spec, "ingressClassName"), "ingress.class_name", effect)
            # cert-manager creates the Secret of an Ingress with its annotations.
            if not any(key.startswith("cert-manager.io/") for key in texts_at(object_, "metadata", "annotations")):
                for each in items_at(spec, "tls"):
                    yield _refer(
                        "Secret", text_at(each, "secretName"), "ingress.tls_secret", "so its hosts have no certificate of their own"
                    )
        case "HTTPRoute" | "GRPCRoute" as kind:
            argument = f"{'http' if kind == 'HTTPRoute' else 'grpc'}_route.gateway"
            for each in items_at(spec, "parentRefs"):
                if each.get("kind") in (None, "Gateway"):
                    yield _refer("Gateway", text_at(each, "name"), argument, "so no gateway serves the route", text_at(each, "namespace"))
        case "ScaledObject":
            for each in items_at(spec, "triggers"):
                kind = text_at(each, "authenticationRef", "kind") or "TriggerAuthentication"
                argument, effect = "autoscaling.keda (authentication)", "so KEDA cannot read the trigger"
                yield _refer(kind, text_at(each, "authenticationRef", "name"), argument, effect)
        case "ResourceClaimTemplate":
            for each in items_at(spec, "spec", "devices", "requests"):
                name = text_at(each, "exactly", "deviceClassName")
                yield _refer("DeviceClass", name, "resource_claims (device_class)", _NO_DEVICE)
        case "InferencePool":
            name = text_at(spec, "endpointPickerRef", "name")
            yield _refer("Service", name, "inference_pool.endpoint_picker", "so the gateway cannot choose a pod")
        case _:
            return


def _references_of_pod(pod: Object) -> Iterator[ObjectReference]:
    yield _refer("ServiceAccount", text_at(pod, "serviceAccountName"), "service_account.name", _NO_POD)
    yield _refer("PriorityClass", text_at(pod, "priorityClassName"), "priority_class", _NO_POD)
    yield _refer("RuntimeClass", text_at(pod, "runtimeClassName"), "runtime_class", _NO_POD)
    for each in items_at(pod, "resourceClaims"):
        yield _refer("ResourceClaim", text_at(each, "resourceClaimName"), "resource_claims (claim)", _NO_DEVICE)
        yield _refer("ResourceClaimTemplate", text_at(each, "resourceClaimTemplateName"), "resource_claims (template)", _NO_DEVICE)
    for volume in items_at(pod, "volumes"):
        yield from _references_of_volume(volume)
    for container in (each for list_ in ("initContainers", "containers") for each in items_at(pod, list_)):
        yield from _references_of_variables(container)


def _references_of_volume(volume: Object) -> Iterator[ObjectReference]:
    argument = "network.ca_config_map" if volume.get("name") == AUTHORITIES_VOLUME else "extra_volumes"
    sources = [*items_at(volume, "projected", "sources"), volume]
    for source in sources:
        for kind, field, key in (("ConfigMap", "configMap", "name"), ("Secret", "secret", "secretName" if source is volume else "name")):
            if at(source, field, "optional") is not True:
                yield _refer(kind, text_at(source, field, key), argument, _NO_START)
    claim = mapping_at(volume, "ephemeral", "volumeClaimTemplate", "spec")
    argument = "cache.storage_class" if volume.get("name") in CACHE_VOLUMES else "extra_volumes"
    yield _refer("StorageClass", text_at(claim, "storageClassName"), argument, "so its volume is not created")


def _references_of_variables(container: Object) -> Iterator[ObjectReference]:
    """Yield ConfigMaps and Secrets of the environment, without single keys of Secrets."""
    for each in items_at(container, "env"):
        reference = mapping_at(each, "valueFrom", "configMapKeyRef")
        if reference.get("optional") is not True:
            yield _refer("ConfigMap", text_at(reference, "name"), "env", _NO_START)
    for each in items_at(container, "envFrom"):
        for kind, field in (("ConfigMap", "configMapRef"), ("Secret", "secretRef")):
            if at(each, field, "optional") is not True:
                yield _refer(kind, text_at(each, field, "name"), f"envFrom of {text_at(container, 'name')}", _NO_START)
