"""Patterns of errors of clouds that CSI drivers and load balancer controllers pass on.

They precede the patterns of missing permissions: a disabled API has the same HTTP status.
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
