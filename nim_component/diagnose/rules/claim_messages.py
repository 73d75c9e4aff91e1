"""Patterns of ResourceClaims whose devices a node cannot prepare: kubelet and DRA drivers."""

from .patterns import MessagePattern, any_of

CLAIM_PATTERNS = (
    MessagePattern(
        "resource-claim-unprepared",
        r"DRA driver (?P<driver>[\w.-]{1,253}) is not registered",
        "The node does not run the DRA driver {driver} of the pod's ResourceClaim",
        "Check the driver's pod on the node, and that its DaemonSet tolerates the node's taints.",
        sentences=(
            r"(?:Failed to prepare dynamic resources: )?(?:prepare dynamic resources: )?DRA driver (?P<driver>[\w.-]{1,253}) is not "
            r"registered",
        ),
    ),
    MessagePattern(
        "resource-claim-unprepared",
        r"error creating (?:MIG device|GPU instance)\b[^\n]{0,300}Insufficient Resources",
        "The GPU has no room for the MIG device of the pod's ResourceClaim",
        "Remove MIG devices that no pod uses: restart the DRA driver's pod on the node, or delete them there with nvidia-smi.",
        "likely",
    ),
    MessagePattern(
        "resource-claim-unprepared",
        any_of(r"code = DeadlineExceeded|context deadline exceeded", r"code = Unavailable|connection refused"),
        "The DRA driver of the node does not prepare the devices of the pod's ResourceClaims in time",
        "Wait: the kubelet tries again. If it lasts, check the driver's pod on the node.",
        "likely",
    ),
    MessagePattern(
        "resource-claim-unprepared",
        r"ResourceClaim (?:\S{1,253} )?not created yet",
        "The pod's ResourceClaim does not exist yet",
        "Wait: Kubernetes creates it from the template in resource_claims. If it lasts, delete the pod, so that it is created again.",
        "likely",
    ),
    MessagePattern(
        "resource-claim-unprepared",
        r".",
        "The node cannot prepare the devices of the pod's ResourceClaims",
        "See the evidence for the reason, and the log of the DRA driver's pod on the node.",
        "likely",
    ),
)
"""Messages of the event FailedPrepareDynamicResources. The last pattern matches every message."""
