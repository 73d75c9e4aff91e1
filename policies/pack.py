"""Policies for Pulumi: names, enforcement levels and configuration of the rules."""

from collections.abc import Callable, Collection, Iterator

from fields import Props
from gpu_quota import Object, Quota, check_quota
from images import check_images
from known_values import read_known
from plain_secrets import check_secrets
from pod_security import check_restricted
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

EXEMPT = PolicyConfigSchema(
    properties={"exempt": {"type": "array", "items": {"type": "string"}, "default": []}},
)
"""`exempt`: logical names of resources that a policy skips, such as the DaemonSet of a driver."""


def kind_of(type_token: str) -> str | None:
    """Return the kind in a type token, such as `Deployment`; None outside Kubernetes."""
    return type_token.rpartition(":")[2] if type_token.startswith("kubernetes:") else None


SECURITY = ("hostNetwork", "hostPID", "hostIPC", "hostUsers", "os", "volumes", "ports", "hostPort", "host", "podSpecPatch")
NUMBERS = (
    *("count", "allocationMode", "deviceClassName", "adminAccess", "resourceClaimName", "resourceClaimTemplateName", "resourceClaims"),
    *("concurrencyPolicy", "schedule", "activeDeadlineSeconds"),
    *("replicas", "maxReplicas", "maxReplicaCount", "parallelism", "completions", "numOfHosts", "size"),
    *("limits", "requests", "resources", "restartPolicy", "enableInTreeAutoscaling"),
    *("withItems", "withParam", "withSequence", "start", "end", "matrix", "depends", "dependencies", "podSpecPatch"),
)


def validate_objects(
    check: Callable[[str, Props], Iterator[str]], required: Collection[str] = (), within: Collection[str] = ()
) -> Callable[[ResourceValidationArgs, ReportViolation], None]:
    """Return a rule for single objects as a function that Pulumi calls for each resource.

    Args:
        check: The rule.
        required: Fields without whose values the rule cannot run.
        within: Fields of which it needs everything.
    """

    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        kind = kind_of(args.resource_type)
        if kind is None or args.name in args.get_config().get("exempt", []):
            return
        known = read_known(args.props)
        known.require(required, within)
        for violation in check(kind, known.props):
            report(violation, None)  # None: the resource that is validated

    return validate


def validate_quota(args: StackValidationArgs, report: ReportViolation) -> None:
    """Report a violation if the Kubernetes objects of the stack exceed the quota."""
    listed: list[Object] = []
    for each in args.resources:
        if (kind := kind_of(each.resource_type)) is not None:
            known = read_known(each.props)
            known.require(NUMBERS, ("limits", "requests", "scaleTargetRef"))
            listed.append(Object(kind, each.name, known.props))
    config = args.get_config()
    nodes = config.get("nodes")
    quota = Quota(
        int(config["maxGpus"]),
        config.get("resources", []),
        None if nodes is None else int(nodes),
        config.get("deviceClasses", []),
        {name: int(gpus) for name, gpus in config.get("claims", {}).items()},
    )
    for violation in check_quota(listed, quota):
        report(violation, None)  # None: the stack


POLICIES: list[Policy] = [
    ResourceValidationPolicy(
        name="pods-restricted",
        description="Pods pass the Pod Security Standard `restricted` of Kubernetes.",
        enforcement_level=EnforcementLevel.MANDATORY,
        validate=validate_objects(check_restricted, SECURITY, ("securityContext",)),
        config_schema=EXEMPT,
    ),
    ResourceValidationPolicy(
        name="images-pinned",
        description="Images, also of volumes, have a fixed tag or a digest.",
        enforcement_level=EnforcementLevel.MANDATORY,
        validate=validate_objects(check_images, ("image", "reference", "volumes")),
        config_schema=EXEMPT,
    ),
    ResourceValidationPolicy(
        name="no-plain-secrets",
        description="No object but a Secret contains a key in plain text.",
        enforcement_level=EnforcementLevel.MANDATORY,
        validate=validate_objects(check_secrets),
        config_schema=EXEMPT,
    ),
    StackValidationPolicy(
        name="gpu-quota",
        description="The stack uses no more GPUs than its quota, even with all autoscalers at their maximum.",
        enforcement_level=EnforcementLevel.MANDATORY,
        validate=validate_quota,
        config_schema=PolicyConfigSchema(
            properties={
                "maxGpus": {"type": "integer", "minimum": 0, "default": 16},
                "resources": {"type": "array", "items": {"type": "string"}, "default": []},
                "nodes": {"type": "integer", "minimum": 0},
                "deviceClasses": {"type": "array", "items": {"type": "string"}, "default": []},
                "claims": {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}, "default": {}},
            }
        ),
    ),
]
