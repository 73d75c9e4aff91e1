"""Devices from Dynamic Resource Allocation (Kubernetes 1.34).

ResourceClaims replace the extended resource that `gpu` counts, or are added to it.
https://kubernetes.io/docs/concepts/scheduling-eviction/dynamic-resource-allocation/
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, Strict

from .arguments import Arguments
from .field_types import AnyText, Integer, ListOf, ObjectName
from .fixes import fix
from .problems import Problem
from .rule import Rule
from .scaling import require_one
from .validators import match_pattern

if TYPE_CHECKING:
    Label = str
else:
    Label = Annotated[
        str,
        Strict(),
        Field(min_length=1),
        match_pattern(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", "must be a DNS label", "Use at most 63 lower-case letters, digits and '-'.", 63),
    ]


class DeviceRequest(Arguments):
    """Request of a ResourceClaim: devices of one class."""

    name: Label
    """Name of the request within its ResourceClaim."""

    device_class: ObjectName = "gpu.nvidia.com"
    """DeviceClass. The default is the class of NVIDIA's driver; `mig.nvidia.com` are its MIG
    slices."""

    count: Annotated[Integer, Field(ge=1)] = 1
    """Number of devices."""

    selectors: ListOf[AnyText] | None = None
    """CEL expressions that each device must satisfy, such as
    `device.attributes['gpu.nvidia.com'].productName.lowerAscii().matches('^.*h100.*$')`. Unset: any
    device of the class."""


class ResourceClaim(Arguments):
    """ResourceClaim of the pod: an existing one, or one from a template.

    The template exists already, or the component creates it. Exactly one of `claim`, `template`
    and `devices` is required.
    """

    name: Label
    """Name of the ResourceClaim within the pod."""

    claim: ObjectName | None = None
    """Name of an existing ResourceClaim, which all pods share."""

    template: ObjectName | None = None
    """Name of an existing ResourceClaimTemplate. Each pod gets its own ResourceClaim."""

    devices: ListOf[DeviceRequest] | None = None
    """Requests of a ResourceClaimTemplate that the component creates. Each pod gets its own
    ResourceClaim; a change rolls the pods."""

    request: Label | None = None
    """Name of the only request whose devices the server gets. Unset: all requests."""

    @staticmethod
    def _validate(claim: Any, template: Any, devices: Any, request: Any) -> Iterator[Problem]:
        yield from require_one({"claim": claim, "template": template, "devices": devices}, "Set one origin of the devices.")
        names: list[str] = [device.name for device in devices or ()]
        for index, name in enumerate(names):
            if name in names[:index]:
                yield Problem(("devices", index, "name"), "must be unique", "Use another name.", repr(name))
        if devices is not None and request is not None and request not in names:
            action = f"Use the name of a request: {', '.join(names)}."
            yield Problem(("request",), "must be the name of a request in devices", action, repr(request))

    rules = (Rule(("claim", "template", "devices", "request"), _validate.__func__, waits=False),)  # pyright: ignore


GpuSource = Literal["resource", "scheduler"]


def validate_devices(
    gpu: int, claims: Sequence[ResourceClaim] | None, resources: Mapping[str, Any] | None, source: str
) -> Iterator[Problem]:
    """Require a GPU: without one the pod runs on any node, and the server does not start."""
    if gpu == 0 and not claims and not resources and source == "resource":
        action = fix(
            "Set {}, or request GPUs in resource_claims or extra_resources, or set {} if a scheduler reads annotations.",
            {"gpu": 1},
            {"gpu_source": "scheduler"},
        )
        yield Problem(("gpu",), "must be at least 1 without another source of a GPU", action, "0")
    if gpu and source == "scheduler":
        message = f"has no effect with gpu: {gpu}, which requests whole GPUs"
        yield Problem(("gpu_source",), message, fix("Set {}, or remove gpu_source.", {"gpu": 0}), "'scheduler'")


def validate_extra_resources(resources: Mapping[str, Any] | None, gpu_resource: str, gpu: int) -> Iterator[Problem]:
    """Refuse a second number of the resource that `gpu` counts."""
    if gpu and gpu_resource in (resources or {}):
        yield Problem(("extra_resources", gpu_resource), "is the resource that gpu counts", "Remove it, and set gpu.")


def validate_resource_claim_names(claims: Sequence[ResourceClaim] | None) -> Iterator[Problem]:
    """Require unique names of the pod's ResourceClaims."""
    names = [claim.name for claim in claims or ()]
    for index, name in enumerate(names):
        if name in names[:index]:
            yield Problem(("resource_claims", index, "name"), "must be unique", "Use another name.", repr(name))
