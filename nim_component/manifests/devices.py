"""The claims of the pod, and the ResourceClaimTemplates that the component makes for them."""

from typing import Any

import pulumi_kubernetes as k8s

from ..args import NIM
from ..args.devices import DeviceRequest, ResourceClaim
from ..names import labels, name_with_digest
from .child_objects import claim_template_suffix
from .inputs import lift_within
from .overrides import overridden_spec
from .references import References


def render_claim_template(nim: NIM, service_name: str, claim: ResourceClaim) -> "dict[str, Any]":
    """Metadata and spec. The spec cannot change, so the name carries its digest: another list makes a new one and rolls the pods."""
    devices = claim.devices or []
    part = claim_template_suffix(claim.name)
    spec: k8s.resource.v1.ResourceClaimTemplateSpecArgsDict = {
        "spec": {"devices": {"requests": [_request(device) for device in devices]}},
    }
    metadata: k8s.meta.v1.ObjectMetaArgsDict = {
        "name": lift_within([spec, overridden_spec(nim, part)], lambda both: name_with_digest(service_name, part, {"spec": both})),
        "namespace": nim.namespace,
        "labels": labels(service_name),
    }
    return {"metadata": metadata, "spec": spec}


def _request(device: DeviceRequest) -> "k8s.resource.v1.DeviceRequestArgsDict":
    exactly: k8s.resource.v1.ExactDeviceRequestArgsDict = {
        "device_class_name": device.device_class,
        "allocation_mode": "ExactCount",
        "count": device.count,
    }
    if device.selectors:
        exactly["selectors"] = [{"cel": {"expression": expression}} for expression in device.selectors]
    return {"name": device.name, "exactly": exactly}


def pod_claims(nim: NIM, references: References) -> "list[k8s.core.v1.PodResourceClaimArgsDict]":
    """What the pod claims."""
    return [_pod_claim(claim, references) for claim in nim.resource_claims or ()]


def _pod_claim(claim: ResourceClaim, references: References) -> "k8s.core.v1.PodResourceClaimArgsDict":
    if claim.claim is not None:
        return {"name": claim.name, "resource_claim_name": claim.claim}
    template = references.claim_templates[claim.name] if claim.template is None else claim.template
    return {"name": claim.name, "resource_claim_template_name": template}


def server_claims(nim: NIM) -> "list[k8s.core.v1.ResourceClaimArgsDict]":
    """What of it the server gets."""
    return [
        {"name": claim.name} if claim.request is None else {"name": claim.name, "request": claim.request}
        for claim in nim.resource_claims or ()
    ]
