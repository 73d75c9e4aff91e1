"""Services of type LoadBalancer without an address, by the events of their controllers."""

from collections.abc import Iterator
from datetime import timedelta

from ...cluster.objects import Object, at, message_of, time_at
from ...text.sanitizing import sanitize
from ..diagnosis import Diagnosis
from ..snapshot import Snapshot
from .cloud_messages import CLOUD_PATTERNS
from .patterns import MessagePattern, match_patterns

LOAD_BALANCER_DELAY = timedelta(seconds=60)
"""Time in which a load balancer normally receives its address."""
_REASONS = (
    "SyncLoadBalancerFailed",  # cloud providers
    "FailedBuildModel",  # AWS Load Balancer Controller
    "FailedDeployModel",
    "AllocationFailed",  # MetalLB
    "CreatingLoadBalancerFailed",
)

_SYNC = r"(?:Error syncing load balancer: failed to ensure load balancer: |Failed deploy model due to )"
_FAILURES = (
    MessagePattern(
        "load-balancer-subnets",
        r"\b(?:unable to (?:resolve|discover) at least one subnet|could not find any suitable subnets|no matching subnets)",
        "The load balancer's controller finds no subnet for it",
        "Tag the subnets (kubernetes.io/role/elb or kubernetes.io/role/internal-elb), or name them in service.annotations.",
        sentences=(
            r"Failed build model due to (?:couldn't auto-discover subnets: )?unable to (?:resolve|discover) at least one subnet.*",
            r"Error syncing load balancer: failed to ensure load balancer: could not find any suitable subnets for creating the ELB",
        ),
    ),
    MessagePattern(
        "load-balancer-subnets",
        r"\bno subnet-id for service\b|\bsubnet-id not set in cloud provider config\b",
        "The load balancer's controller finds no subnet for it",
        "Set subnet-id in the configuration of the cloud provider, or name the subnet in service.annotations.",
        "likely",
    ),
    MessagePattern(
        "load-balancer-addresses",
        r"\AFailed to allocate IP for .{1,500}: ",
        "MetalLB has no address for the Service",
        "Add addresses to an IPAddressPool that allows this namespace, or free some. Check the address in service.annotations.",
        sentences=(r"Failed to allocate IP for \"[^\"]{1,500}\": (?:no available IPs|cannot assign .+|can't change .+)",),
    ),
    MessagePattern(
        "load-balancer-quota",
        r"\b(?:TooManyLoadBalancers|QUOTA_EXCEEDED|PublicIPCountLimitReached)\b|[Qq]uota '[A-Z_]+' exceeded"
        r"|[Qq]uota exceeded for resources",
        "The cloud account's quota for load balancers or addresses is used up",
        "Raise the quota, delete unused load balancers, or set service.type to ClusterIP with ingress or http_route.",
        sentences=(
            rf"{_SYNC}.{{0,300}}googleapi: Error 403: (?:QUOTA_EXCEEDED - )?Quota '[A-Z_]{{1,60}}' exceeded\. {{1,2}}"
            r"Limit: [\d.]+ .{1,80}",
            rf"{_SYNC}.{{0,300}}TooManyLoadBalancers(?:Exception)?: (?:Exceeded|The maximum number of load balancers) .{{1,300}}",
        ),
    ),
    *CLOUD_PATTERNS,
    MessagePattern(
        "load-balancer-denied",
        r"\b(?:AccessDenied|UnauthorizedOperation|AuthorizationFailed)\b|is not authorized to perform|Unable to get access token|"
        r"address is not permitted",
        "The cloud refuses the load balancer: its controller lacks a permission",
        "Grant the permission in the evidence to the identity of the load balancer's controller.",
        "likely",
    ),
    MessagePattern(
        "load-balancer-failed",
        r" is busy: |\bcreate_pending\b|\bPENDING_(?:CREATE|UPDATE)\b|immutable and cannot be updated",
        "The cloud is still changing the load balancer",
        "Wait: the controller tries again. If it lasts longer than 15 minutes, look at the load balancer in the cloud.",
        "likely",
    ),
    MessagePattern(
        "load-balancer-failed",
        r"\bno such host\b|\bdial tcp\b|i/o timeout|context deadline exceeded|connection refused|RequestError: send request failed",
        "The load balancer's controller cannot reach the API of the cloud",
        "Check the controller's region, its access to the network and DNS. The service is not the cause.",
        "likely",
    ),
    MessagePattern(
        "load-balancer-failed",
        r".",
        "The controller could not create the Service's load balancer",
        "See the evidence for the reason. Check service.annotations.",
        "likely",
    ),
)


def check_load_balancer(snapshot: Snapshot, service: Object, subject: str) -> Iterator[Diagnosis]:
    """Yield the reason why a Service of type LoadBalancer has no address."""
    created = time_at(service, "metadata", "creationTimestamp")
    if at(service, "status", "loadBalancer", "ingress") or created is None or snapshot.now - created < LOAD_BALANCER_DELAY:
        return
    events = snapshot.events(service, *_REASONS)
    if events:
        message = message_of(events[-1]).strip()
        yield from match_patterns(_FAILURES, message, subject, sanitize(message))
        return
    text = "The Service has no load balancer address, and no controller reports a reason"
    fix = "Install a load balancer controller (of the cloud, or MetalLB), or set service.type to ClusterIP."
    yield Diagnosis("load-balancer", text, fix, "", "likely", subject)
