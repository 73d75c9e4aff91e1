"""Devices by Dynamic Resource Allocation (Kubernetes 1.34): claims in place of, or beside, the extended resource that `gpu` counts."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, Strict

from .arguments import Arguments, Rule
from .field_types import ObjectName, WholeNumber, Words, match_pattern
from .problems import Problem
from .scaling import one_of

if TYPE_CHECKING:
    Label = str
else:
    Label = Annotated[
        str,
        Strict(),
        Field(min_length=1),
        match_pattern(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", "must be a DNS label", "Use lower-case letters, digits and '-', at most 63.", 63),
    ]


class DeviceRequest(Arguments):
    """Devices of one class that a claim asks for."""

    name: Label
    """Name of the request within its claim."""

    device_class: ObjectName = "gpu.nvidia.com"
    """DeviceClass. Default `gpu.nvidia.com`, of NVIDIA's driver; `mig.nvidia.com` are its MIG slices."""

    count: Annotated[WholeNumber, Field(ge=1)] = 1
    """How many. Default 1."""

    selectors: list[Words] | None = None
    """CEL expressions that each device must meet, such as
    `device.attributes['gpu.nvidia.com'].productName.lowerAscii().matches('^.*h100.*$')`. Default: any."""


class ResourceClaim(Arguments):
    """A claim of the pod: of an existing ResourceClaim, of an existing template, or of a template that the component makes."""

    name: Label
    """Name of the claim within the pod."""

    claim: ObjectName | None = None
    """Name of a ResourceClaim that is there. All pods share it."""

    template: ObjectName | None = None
    """Name of a ResourceClaimTemplate that is there. Each pod gets a claim of its own."""

    devices: list[DeviceRequest] | None = None
    """What a ResourceClaimTemplate of the component's own asks for. Each pod gets a claim of its own; another list rolls the pods."""

    request: Label | None = None
    """The one request of the claim that the server gets. Default: all."""

    @staticmethod
    def _validate(claim: Any, template: Any, devices: Any, request: Any) -> Iterator[Problem]:
        yield from one_of({"claim": claim, "template": template, "devices": devices}, "Say where the devices come from once.")
        names: list[str] = [device.name for device in devices or ()]
        for index, name in enumerate(names):
            if name in names[:index]:
                yield Problem(("devices", index, "name"), "must be used once", "Choose another name.", repr(name))
        if devices is not None and request is not None and request not in names:
            yield Problem(("request",), "must be the name of one of devices", f"Known: {', '.join(names)}.", repr(request))

    rules = (Rule(("claim", "template", "devices", "request"), _validate.__func__, waits=False),)  # pyright: ignore


def validate_devices(gpu: int, claims: Sequence[ResourceClaim] | None) -> Iterator[Problem]:
    """A server without any GPU would be placed anywhere, and not start."""
    if gpu == 0 and not claims:
        yield Problem(("gpu",), "must be at least 1 without resource_claims", "Raise it, or let resource_claims bring the GPUs.", "0")


def validate_claim_names(claims: Sequence[ResourceClaim] | None) -> Iterator[Problem]:
    """The pod tells its claims by name."""
    names = [claim.name for claim in claims or ()]
    for index, name in enumerate(names):
        if name in names[:index]:
            yield Problem(("resource_claims", index, "name"), "must be used once", "Choose another name.", repr(name))
