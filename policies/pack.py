"""The rules as policies of Pulumi: names, enforcement, configuration."""

from collections.abc import Callable, Iterator

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from rules import Object, check_images, check_quota, check_restricted, check_secrets
from workloads import Props

EXEMPT = PolicyConfigSchema(
    properties={"exempt": {"type": "array", "items": {"type": "string"}, "default": []}},
)
"""`exempt`: logical names of resources that a policy passes over, such as a driver's DaemonSet."""


def kind_of(type_token: str) -> str | None:
    """`Deployment` of `kubernetes:apps/v1:Deployment`; none for what is no object of Kubernetes."""
    return type_token.rpartition(":")[2] if type_token.startswith("kubernetes:") else None


def per_object(check: Callable[[str, Props], Iterator[str]]) -> Callable[[ResourceValidationArgs, ReportViolation], None]:
    """A rule over one object, as Pulumi calls it."""

    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        kind = kind_of(args.resource_type)
        if kind is None or args.name in args.get_config().get("exempt", []):
            return
        for violation in check(kind, args.props):
            report(violation, None)  # of this resource

    return validate


def validate_quota(args: StackValidationArgs, report: ReportViolation) -> None:
    """The quota, over what is a Kubernetes object."""
    objects = ((kind_of(each.resource_type), each) for each in args.resources)
    listed = [Object(kind, each.name, each.props) for kind, each in objects if kind is not None]
    for violation in check_quota(listed, int(args.get_config()["maxGpus"])):
        report(violation, None)  # of the stack as a whole


POLICIES: list[Policy] = [
    ResourceValidationPolicy(
        name="pods-restricted",
        description="Pods pass Kubernetes' Pod Security Standard `restricted`.",
        enforcement_level=EnforcementLevel.MANDATORY,
        validate=per_object(check_restricted),
        config_schema=EXEMPT,
    ),
    ResourceValidationPolicy(
        name="images-pinned",
        description="Images have a fixed tag or a digest.",
        enforcement_level=EnforcementLevel.MANDATORY,
        validate=per_object(check_images),
        config_schema=EXEMPT,
    ),
    ResourceValidationPolicy(
        name="no-plain-secrets",
        description="No key stands in the clear in a pod, a ConfigMap or an annotation.",
        enforcement_level=EnforcementLevel.MANDATORY,
        validate=per_object(check_secrets),
        config_schema=EXEMPT,
    ),
    StackValidationPolicy(
        name="gpu-quota",
        description="A stack holds no more GPUs than its quota, also when every autoscaler is at its most.",
        enforcement_level=EnforcementLevel.MANDATORY,
        validate=validate_quota,
        config_schema=PolicyConfigSchema(properties={"maxGpus": {"type": "integer", "minimum": 0, "default": 16}}),
    ),
]
