"""Patterns of messages of a container runtime that cannot create or start a container."""

from .patterns import SEE_EVIDENCE, MessagePattern
from .server_messages.gpus import DRIVER_TOO_OLD

RUNTIME_PATTERNS = (
    MessagePattern("driver-too-old", r"unsatisfied condition: (?:cuda|driver)", *DRIVER_TOO_OLD),
    MessagePattern(
        "gpu-not-visible",
        r"nvidia-container-cli|could not select device driver|no runtime for \"?nvidia",
        "The node cannot provide the container's GPU",
        "Check the driver and the NVIDIA Container Toolkit on the node. Set runtime_class to nvidia if the cluster requires it.",
    ),
    MessagePattern(
        "command-not-found",
        r"executable file not found|no such file or directory|exec: .*: permission denied",
        "The container's command is not an executable of its image",
        "Correct command, or remove it: the image then runs its own command.",
    ),
    MessagePattern("container-start", r".", "The container cannot be started", SEE_EVIDENCE, "likely"),
)
"""Messages of the container runtime. The last pattern matches every message."""
