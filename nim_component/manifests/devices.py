"""The ResourceClaims of a pod, and their ResourceClaimTemplates."""

from typing import Any

import pulumi_kubernetes as k8s

from ..args import NIM
from ..args.devices import DeviceRequest, ResourceClaim
from ..kubernetes.generated_names import generate_name
from ..names import make_labels
from .child_objects import name_claim_template
from .inputs import as_name, lift_within
from .overrides import find_spec_override
from .references import References


def render_resource_claim_template(nim: NIM, service_name: str, resource_claim: ResourceClaim) -> "dict[str, Any]":
    """Render metadata and spec.

    The spec is immutable, so the name contains its content hash: a changed list of devices creates
    another template and rolls the pods.
    """
    devices = resource_claim.devices or []
    suffix = name_claim_template(resource_claim.name)
    spec: k8s.resource.v1.ResourceClaimTemplateSpecArgsDict = {
        "spec": {"devices": {"requests": [_request(device) for device in devices]}},
    }
    metadata: k8s.meta.v1.ObjectMetaArgsDict = {
        "name": lift_within([spec, find_spec_override(nim, suffix)], lambda both: generate_name(service_name, suffix, {"spec": both})),
        "namespace": nim.namespace,
        "labels": make_labels(service_name),
    }
    return {"metadata": metadata, "spec": spec}


def _request(device: DeviceRequest) -> "k8s.resource.v1.DeviceRequestArgsDict":
    exactly: k8s.resource.v1.ExactDeviceRequestArgsDict = {
        "device_class_name": as_name(device.device_class),
        "allocation_mode": "ExactCount",
        "count": device.count,
    }
    if device.selectors:
        exactly["selectors"] = [{"cel": {"expression": expression}} for expression in device.selectors]
    return {"name": device.name, "exactly": exactly}


def render_pod_claims(nim: NIM, references: References) -> "list[k8s.core.v1.PodResourceClaimArgsDict]":
    """Render the ResourceClaims of the pod."""
    return [_render_pod_claim(each, references) for each in nim.resource_claims or ()]


def _render_pod_claim(resource_claim: ResourceClaim, references: References) -> "k8s.core.v1.PodResourceClaimArgsDict":
    name = resource_claim.name
    if resource_claim.claim is not None:
        return {"name": name, "resource_claim_name": resource_claim.claim}
    template = references.resource_claim_templates[name] if resource_claim.template is None else resource_claim.template
    return {"name": name, "resource_claim_template_name": template}


def render_server_claims(nim: NIM) -> "list[k8s.core.v1.ResourceClaimArgsDict]":
    """Render the ResourceClaims of the server's container."""
    return [
        {"name": each.name} if each.request is None else {"name": each.name, "request": each.request} for each in nim.resource_claims or ()
    ]
