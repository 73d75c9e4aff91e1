"""Names, namespaces and ids of objects, as the Kubernetes provider sets them before creation.

The provider ends the name of an unnamed object with random hex digits. Here the digits are a hash
of the URN, so that a second run renders the same files.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from hashlib import blake2s
from typing import Any

from google.protobuf import struct_pb2

from . import markers, urns, wire

AUTONAMED = "pulumi.com/autonamed"
CRD_TYPE = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"

MUTABLE_SETTINGS = {
    "kubernetes:core/v1:ConfigMap": ("enableConfigMapMutable", "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE"),
    "kubernetes:core/v1:Secret": ("enableSecretMutable", "PULUMI_K8S_ENABLE_SECRET_MUTABLE"),
}
"""Field of the provider, and environment variable, that let data change in place."""

CLUSTER_SCOPED = frozenset({
    "APIService", "CertificateSigningRequest", "ClusterRole", "ClusterRoleBinding", "CSIDriver", "CSINode", "CustomResourceDefinition",
    "FlowSchema", "IngressClass", "MutatingWebhookConfiguration", "Namespace", "Node", "PersistentVolume", "PodSecurityPolicy",
    "PriorityClass", "PriorityLevelConfiguration", "RuntimeClass", "StorageClass", "ValidatingWebhookConfiguration", "VolumeAttachment",
})  # fmt: skip
"""Kinds without a namespace in the table of the provider.

As in the provider, every other kind is namespaced, except kinds that the program defines as
cluster-scoped.
"""

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
"""Built-in apiVersions in the table of the provider."""

BUILTIN_GROUPS = frozenset(group_version.rpartition("/")[0] for group_version in BUILTIN_GROUP_VERSIONS)
"""API groups of the built-in apiVersions. The core API group is empty."""


def is_object(type_: str) -> bool:
    """Return true if a resource type is a Kubernetes object.

    Providers, Helm releases, and YAML, Helm and Kustomize components are not.
    """
    package, module, _ = urns.split_type(type_)
    return package == "kubernetes" and bool(module) and module.split("/")[0] not in {"helm.sh", "yaml", "kustomize"}


def read_api_version_kind(type_: str, properties: struct_pb2.Struct) -> tuple[str, str]:
    """Return `apiVersion` and `kind` of an object. Missing fields come from the type token."""
    _, module, kind = urns.split_type(type_)
    given = tuple(properties.fields[key].string_value if key in properties.fields else "" for key in ("apiVersion", "kind"))
    return given[0] or module.removeprefix("core/"), given[1] or kind


def is_mutable(type_: str, provider: Mapping[str, Any] | None, config: Mapping[str, str]) -> bool:
    """Return true for a ConfigMap or Secret whose data the provider changes in place.

    https://github.com/pulumi/pulumi-kubernetes/blob/v4.32.0/provider/pkg/provider/provider.go

    Args:
        type_: Type of the resource.
        provider: Inputs of its explicit provider.
        config: Configuration of the stack, which sets the default provider.
    """
    setting = MUTABLE_SETTINGS.get(type_)
    if setting is None:
        return False
    field, variable = setting
    given = provider.get(field) if provider is not None else config.get(f"kubernetes:{field}")
    return (os.environ.get(variable) if given is None else given) in (True, "true")


def identify(
    type_: str,
    urn: str,
    properties: struct_pb2.Struct,
    default_namespace: str,
    cluster_scoped: frozenset[tuple[str, str]],
    autoname: Callable[[], str | None],
) -> tuple[struct_pb2.Struct, str]:
    """Return the properties with name and namespace, and the id of the object.

    The id is empty if name or namespace is unknown. Without a default namespace, a missing
    namespace stays missing and the id is the name alone, as in the provider without a kubeconfig.

    `autoname` returns the name of an unnamed object, or None for the name that the provider makes.
    """
    api_version, kind = read_api_version_kind(type_, properties)
    metadata = properties.fields["metadata"] if "metadata" in properties.fields else struct_pb2.Value(struct_value=struct_pb2.Struct())
    if metadata.WhichOneof("kind") == "null_value":
        metadata = struct_pb2.Value(struct_value=struct_pb2.Struct())
    if not metadata.HasField("struct_value") or markers.SIGNATURE in metadata.struct_value.fields:
        return properties, ""  # unknown or secret as a whole: the name cannot be read
    namespaced = kind not in CLUSTER_SCOPED and (api_version.rpartition("/")[0], kind) not in cluster_scoped
    missing_name = is_empty(metadata.struct_value, "name") and is_empty(metadata.struct_value, "generateName")
    missing_namespace = bool(default_namespace) and namespaced and is_empty(metadata.struct_value, "namespace")
    if missing_name or missing_namespace:
        properties, metadata = copy_with_metadata(properties, metadata.struct_value)
        if missing_name:
            name = autoname() or f"{urns.parse(urn).name}-{blake2s(urn.encode()).hexdigest()[:8]}"
            metadata.struct_value.fields["name"].string_value = name
            annotate(metadata.struct_value, AUTONAMED, "true")
        if missing_namespace:
            metadata.struct_value.fields["namespace"].string_value = default_namespace
    name = read_plain_text(metadata.struct_value, "name")
    namespace = read_plain_text(metadata.struct_value, "namespace")
    if name is None or namespace is None:
        return properties, ""
    return properties, f"{namespace}/{name}" if namespace else name


def find_cluster_scoped_kind(type_: str, properties: struct_pb2.Struct) -> tuple[str, str] | None:
    """Return API group and kind of a cluster-scoped custom resource definition, else None."""
    if type_ != CRD_TYPE:
        return None
    spec = markers.reveal(wire.decode(properties).get("spec"))
    match spec:
        case {"scope": "Cluster", "group": str(group), "names": {"kind": str(kind)}}:
            return group, kind
        case _:
            return None


def is_empty(struct: struct_pb2.Struct, key: str) -> bool:
    """Return true if a text is absent, null or empty."""
    if key not in struct.fields:
        return True
    value = struct.fields[key]
    return value.WhichOneof("kind") in (None, "null_value") or (value.HasField("string_value") and not value.string_value)


def read_plain_text(struct: struct_pb2.Struct, key: str) -> str | None:
    """Return a text; empty if it is absent, None if it is unknown or secret."""
    if is_empty(struct, key):
        return ""
    value = struct.fields[key]
    return value.string_value if value.HasField("string_value") and value.string_value != markers.UNKNOWN_SENTINEL else None


def copy_with_metadata(properties: struct_pb2.Struct, metadata: struct_pb2.Struct) -> tuple[struct_pb2.Struct, struct_pb2.Value]:
    """Return a copy of the properties, and its `metadata` to modify.

    The SDK still uses the original.
    """
    copy = struct_pb2.Struct()
    copy.CopyFrom(properties)
    value = copy.fields["metadata"]
    value.struct_value.CopyFrom(metadata)
    return copy, value


def annotate(metadata: struct_pb2.Struct, key: str, text: str) -> None:
    """Add an annotation, unless the annotations are unknown or secret as a whole."""
    annotations = metadata.fields["annotations"]
    if annotations.WhichOneof("kind") in (None, "null_value") or (
        annotations.HasField("struct_value") and markers.SIGNATURE not in annotations.struct_value.fields
    ):
        annotations.struct_value.fields[key].string_value = text
