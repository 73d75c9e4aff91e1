"""Patterns of errors of clouds that CSI drivers and load balancer controllers pass on.

Errors of a disabled API precede those of missing permissions, which have the same HTTP status.
"""

from .patterns import MessagePattern, any_of

_GOOGLE_DISABLED = (
    r"(?P<api>[A-Z][\w ]{1,60} API) has not been used in project (?P<project>[\w.:-]{1,80}) before or it is disabled\."
    r" Enable it by visiting https://[^\s/]{1,100}/apis/api/(?P<service>[\w.-]{1,80}\.googleapis\.com)/"
)

CLOUD_PATTERNS = (
    MessagePattern(
        "cloud-api-disabled",
        _GOOGLE_DISABLED,
        "The {api} is disabled in the cloud project {project}",
        "Enable it: `gcloud services enable {service} --project={project}`. It takes some minutes to have an effect.",
        "likely",
    ),
    MessagePattern(
        "cloud-api-disabled",
        any_of(
            r"\bAPI has not been used in project \S{1,80} before or it is disabled",
            r"\bSERVICE_DISABLED\b|\baccessNotConfigured\b|Access Not Configured\. ",
            r"\bAPI (?:\[[\w.-]{1,80}\] )?(?:is )?not enabled (?:on|for|in) (?:the |your )?project",
        ),
        "An API is disabled in the cloud project of the cluster",
        "Enable the API that the evidence names (`gcloud services list --available` lists them). It takes some minutes to have an effect.",
        "likely",
    ),
    MessagePattern(
        "cloud-api-disabled",
        r"subscription \S{0,60} ?is not registered to use namespace '(?P<provider>[A-Za-z.]{1,60})'",
        "The Azure subscription is not registered for {provider}",
        "Register it: `az provider register --namespace {provider}`. It takes some minutes to have an effect.",
        "likely",
    ),
    MessagePattern(
        "cloud-api-disabled",
        r"\b(?:MissingSubscriptionRegistration|OptInRequired|SubscriptionRequiredException)\b",
        "The cloud account is not registered for the service",
        "Activate the service that the evidence names in the account of the cluster. It takes some minutes to have an effect.",
        "likely",
    ),
)
"""Errors of an API that the account of the cluster has not activated."""


def describe_permissions(action: str) -> tuple[MessagePattern, ...]:
    """Return the patterns of a CSI driver that may not create or attach a volume.

    Args:
        action: Verb for the texts, such as `create`.
    """
    return (
        MessagePattern(
            "storage-permission",
            any_of(
                r"incorrect user ?name or password|\bInvalidLogin\b|\bauthentication (?:has )?failed\b|invalid session key",
                r"code = Unauthenticated desc = |\b401 Unauthorized\b",
            ),
            "The storage system refuses the login of the CSI driver",
            "Correct the user and the password or key in the Secret of the CSI driver.",
            "likely",
        ),
        MessagePattern(
            "storage-permission",
            any_of(
                r"UnauthorizedOperation|You are not authorized to perform this operation",
                r"is not authorized to perform: ",
                r"AccessDenied(?:Exception)?\b[:,]",
                r"(?:Linked)?AuthorizationFailed\b|This request is not authorized to perform this operation",
                r"does not have (?:authorization|permission) to perform action",
                r"googleapi: Error 403: (?!.{0,200}quota)",
                r"code = PermissionDenied desc = |ensure you have the right AWS permissions",
                r"Required '[\w.]+' permission for",
                r"Permission '[\w./]+' denied",
                r"no EC2 IMDS role found|NoCredentialProviders|failed to retrieve credentials|failed to refresh cached credentials",
                r"Not authorized to perform sts:AssumeRoleWithWebIdentity",
                r"Unable to initialize aws cloud",
                r"\bNoPermission\b|RequestDisallowedByPolicy",
            ),
            f"The CSI driver has no permission to {action} the volume",
            "Grant its identity (ServiceAccount, role or key of the CSI driver's controller) the permission in the evidence.",
            "likely",
        ),
    )


EXHAUSTED_PATTERN = MessagePattern(
    "storage-capacity",
    any_of(
        r"\b(?:ZONE_)?RESOURCE_POOL_EXHAUSTED(?:_WITH_DETAILS)?\b|does not have enough resources available to fulfill the request",
        r"\b(?:InsufficientVolumeCapacity|InsufficientCapacity|InsufficientThroughputCapacity)\b|"
        r"not enough capacity to fulfill your EBS volume request",
        r"\b(?:SkuNotAvailable|OverconstrainedAllocationRequest|OverconstrainedZonalAllocationRequest|ZonalAllocationFailed|"
        r"AllocationFailed)\b",
    ),
    "The cloud has no such storage free in the zone now",
    "Wait: the volume is requested again automatically. Or use a class of another disk type or zone ({storage_class}), and allow that "
    "zone in node_selector. A smaller size does not help.",
    "likely",
)
"""Error of a zone without free disks. Its size is not the reason."""
