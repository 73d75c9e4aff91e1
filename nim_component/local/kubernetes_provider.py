"""What the Kubernetes provider settles before it creates an object: its name, its namespace, its id.

The provider's names for unnamed objects end in random hex; here the hex comes from the URN, so that a rerun gives the same files.
"""

from __future__ import annotations

from hashlib import blake2s

from google.protobuf import struct_pb2

from . import markers, urns, wire

AUTONAMED = "pulumi.com/autonamed"
CRD_TYPE = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"

# Kinds without a namespace, by the provider's own table. Any other kind counts as namespaced, unless the program
# itself defines it as a cluster-scoped one: that too is the provider's rule.
CLUSTER_SCOPED = frozenset({
    "APIService", "CertificateSigningRequest", "ClusterRole", "ClusterRoleBinding", "CSIDriver", "CSINode", "CustomResourceDefinition",
    "FlowSchema", "IngressClass", "MutatingWebhookConfiguration", "Namespace", "Node", "PersistentVolume", "PodSecurityPolicy",
    "PriorityClass", "PriorityLevelConfiguration", "RuntimeClass", "StorageClass", "ValidatingWebhookConfiguration", "VolumeAttachment",
})  # fmt: skip

BUILTIN_GROUP_VERSIONS = frozenset(
    [f"{group}/{version}" for group, versions in {
        "admissionregistration.k8s.io": "v1 v1alpha1 v1beta1", "apiextensions.k8s.io": "v1 v1beta1", "apiregistration.k8s.io": "v1 v1beta1",
        "apps": "v1 v1beta1 v1beta2", "auditregistration.k8s.io": "v1alpha1", "autoscaling": "v1 v2 v2beta1 v2beta2",
        "batch": "v1 v1beta1 v2alpha1", "certificates.k8s.io": "v1 v1alpha1 v1beta1",
        "coordination.k8s.io": "v1 v1alpha1 v1alpha2 v1beta1", "core": "v1", "discovery.k8s.io": "v1 v1beta1",
        "events.k8s.io": "v1 v1beta1", "extensions": "v1beta1", "flowcontrol.apiserver.k8s.io": "v1 v1alpha1 v1beta1 v1beta2 v1beta3",
        "meta": "v1", "networking.k8s.io": "v1 v1alpha1 v1beta1", "node.k8s.io": "v1 v1alpha1 v1beta1", "policy": "v1 v1beta1",
        "rbac.authorization.k8s.io": "v1 v1alpha1 v1beta1", "resource.k8s.io": "v1 v1alpha1 v1alpha2 v1alpha3 v1beta1 v1beta2",
        "scheduling.k8s.io": "v1 v1alpha1 v1alpha2 v1beta1", "settings.k8s.io": "v1alpha1", "storage.k8s.io": "v1 v1alpha1 v1beta1",
        "storagemigration.k8s.io": "v1alpha1 v1beta1",
    }.items() for version in versions.split()] + ["v1"]
)  # fmt: skip
"""The group-versions that Kubernetes itself serves, by the provider's own table."""

BUILTIN_GROUPS = frozenset(group_version.rpartition("/")[0] for group_version in BUILTIN_GROUP_VERSIONS)
"""Their groups; the core group is empty."""


def is_object(type_: str) -> bool:
    """Whether a resource type is a Kubernetes object: not a provider, a Helm release, or a YAML, Helm or Kustomize component."""
    package, module, _ = split_type(type_)
    return package == "kubernetes" and bool(module) and module.split("/")[0] not in {"helm.sh", "yaml", "kustomize"}


def split_type(type_: str) -> tuple[str, str, str]:
    """Package, module and kind of a type token."""
    package, _, rest = type_.partition(":")
    module, _, kind = rest.partition(":")
    return package, module, kind


def group_version_kind(type_: str, properties: struct_pb2.Struct) -> tuple[str, str]:
    """`apiVersion` and `kind`: what the object says, else what its type token says."""
    _, module, kind = split_type(type_)
    stated = tuple(properties.fields[key].string_value if key in properties.fields else "" for key in ("apiVersion", "kind"))
    return stated[0] or module.removeprefix("core/"), stated[1] or kind


def identify(
    type_: str, urn: str, properties: struct_pb2.Struct, default_namespace: str, cluster_scoped: frozenset[tuple[str, str]]
) -> tuple[struct_pb2.Struct, str]:
    """The properties with a name in them and the provider's namespace if it has one, and the object's id: empty when it is not known.

    Without a kubeconfig the provider leaves a missing namespace missing, and the id is then the name alone.
    """
    api_version, kind = group_version_kind(type_, properties)
    metadata = properties.fields["metadata"] if "metadata" in properties.fields else struct_pb2.Value(struct_value=struct_pb2.Struct())
    if metadata.WhichOneof("kind") == "null_value":
        metadata = struct_pb2.Value(struct_value=struct_pb2.Struct())
    if not metadata.HasField("struct_value") or markers.SIGNATURE in metadata.struct_value.fields:
        return properties, ""  # unknown or secret as a whole: nothing to read a name from
    namespaced = kind not in CLUSTER_SCOPED and (api_version.rpartition("/")[0], kind) not in cluster_scoped
    missing_name = is_empty(metadata.struct_value, "name") and is_empty(metadata.struct_value, "generateName")
    missing_namespace = bool(default_namespace) and namespaced and is_empty(metadata.struct_value, "namespace")
    if missing_name or missing_namespace:
        properties, metadata = with_metadata(properties, metadata.struct_value)
        if missing_name:
            metadata.struct_value.fields["name"].string_value = f"{urns.parse(urn).name}-{blake2s(urn.encode()).hexdigest()[:8]}"
            annotate(metadata.struct_value, AUTONAMED, "true")
        if missing_namespace:
            metadata.struct_value.fields["namespace"].string_value = default_namespace
    name = plain_text(metadata.struct_value, "name")
    namespace = plain_text(metadata.struct_value, "namespace")
    if name is None or namespace is None:
        return properties, ""
    return properties, f"{namespace}/{name}" if namespace else name


def cluster_scoped_definition(type_: str, properties: struct_pb2.Struct) -> tuple[str, str] | None:
    """Group and kind that a custom resource definition makes cluster-scoped, if this is such a one."""
    if type_ != CRD_TYPE:
        return None
    spec = markers.reveal(wire.decode(properties).get("spec"))
    match spec:
        case {"scope": "Cluster", "group": str(group), "names": {"kind": str(kind)}}:
            return group, kind
        case _:
            return None


def is_empty(struct: struct_pb2.Struct, key: str) -> bool:
    """Whether a text is missing: absent, null or empty."""
    if key not in struct.fields:
        return True
    value = struct.fields[key]
    return value.WhichOneof("kind") in (None, "null_value") or (value.HasField("string_value") and not value.string_value)


def plain_text(struct: struct_pb2.Struct, key: str) -> str | None:
    """A text, empty when absent; None when it is there but unknown or secret."""
    if is_empty(struct, key):
        return ""
    value = struct.fields[key]
    return value.string_value if value.HasField("string_value") and value.string_value != markers.UNKNOWN_SENTINEL else None


def with_metadata(properties: struct_pb2.Struct, metadata: struct_pb2.Struct) -> tuple[struct_pb2.Struct, struct_pb2.Value]:
    """A copy of the properties with `metadata` in them, to be written to: the SDK still holds the original."""
    copy = struct_pb2.Struct()
    copy.CopyFrom(properties)
    value = copy.fields["metadata"]
    value.struct_value.CopyFrom(metadata)
    return copy, value


def annotate(metadata: struct_pb2.Struct, key: str, text: str) -> None:
    """Adds an annotation, unless the annotations are unknown or secret as a whole."""
    annotations = metadata.fields["annotations"]
    if annotations.WhichOneof("kind") in (None, "null_value") or (
        annotations.HasField("struct_value") and markers.SIGNATURE not in annotations.struct_value.fields
    ):
        annotations.struct_value.fields[key].string_value = text
