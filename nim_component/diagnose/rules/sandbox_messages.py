"""Patterns of pod sandboxes that a node cannot create: container runtime and CNI plugins."""

from .patterns import SEE_EVIDENCE, MessagePattern, any_of
from .toolkit_messages import TOOLKIT_PATTERNS

_START = r"Failed to create pod sandbox: (?:rpc error: code = \w+ desc = )?"

SANDBOX_PATTERNS = (
    MessagePattern(
        "runtime-class-missing",
        any_of(
            r'no runtime for "(?P<name>[^"]+)" is configured|RuntimeHandler "(?P<handler>[^"]+)" not supported',
            r"failed to find runtime handler \S+ from runtime list",
        ),
        "The node does not support the pod's RuntimeClass",
        "Correct runtime_class, or install the NVIDIA Container Toolkit on the node.",
        "likely",
        sentences=(
            r"(?:Failed to create pod sandbox: )?(?:rpc error: code = \w+ desc = )?(?:failed to get sandbox runtime: |"
            r"unable to get OCI runtime for "
            r'sandbox "[^"]*": )?no runtime for "[^"]+" is configured',
            _START + r"failed to find runtime handler \S+ from runtime list [^\n]*",
        ),
    ),
    MessagePattern(
        "pod-addresses-exhausted",
        any_of(
            r"no IP addresses available in range set|failed to assign an IP address to container|no more IPs available|range is full",
            r"(?:IP|address) pool (?:is )?(?:exhausted|full)|No free IPs?|no addresses? available|failed to allocate all requested IPs",
            r"InsufficientFreeAddressesInSubnet|not enough free (?:IP )?addresses|Failed to allocate address: |AllocateIPConfig failed",
            r"no configured Calico pools|Unable to assign (?:IPv4|IPv6|an IP) address|could not find (?:a )?free IP",
        ),
        "The node's network has no free address for the pod",
        "Add addresses: a larger subnet or range for the pods of the GPU nodes. Until then, remove pods from the node.",
        "likely",
    ),
    MessagePattern(
        "pod-network",
        any_of(
            r"(?:cni|network) plugin (?:is )?not (?:initialized|ready)|cni config uninitialized|failed to find plugin \"[^\"]*\" in path",
            r"failed to set ?up (?:sandbox|pod) [^\n]{0,40}(?:network|container)|failed to setup network for (?:sandbox|pod)|"
            r"NetworkPlugin cni failed",
            r"error adding (?:container|pod|\S+) to (?:CNI )?network|plugin type=\"[^\"]*\"(?: name=\"[^\"]*\")? failed \(add\)|"
            r"error getting ClusterInformation",
            r"/var/lib/calico/nodename|/run/flannel/subnet\.env|cilium\.sock|add cmd: |Multus: |failed to create network namespace",
            r"[Ff]ailed to (?:configure|create) (?:pod )?(?:interface|network)|CNI request failed|ovn-kubernetes|"
            r"error waiting for pod: [^\n]{0,80}network",
        ),
        "The node's network plugin cannot connect the pod",
        "Check the cluster's network plugin on that node: its pod must be ready. The service is not the cause.",
        "likely",
    ),
    MessagePattern(
        "pod-sandbox-image",
        r"failed to (?:get|pull) (?:sandbox|pause) image|[Ff]ailed to pull image \"[^\"]*pause[^\"]*\"|failed to get sandbox image",
        "The node cannot pull the image of the pod's sandbox (pause)",
        "Allow access from the GPU nodes to the registry in the evidence, or configure a mirror for it.",
        "likely",
    ),
    *TOOLKIT_PATTERNS,
    MessagePattern(
        "runtime-cgroup",
        r"expected cgroupsPath to be of format|unable to apply cgroup configuration|cgroups?: cannot find cgroup mount|"
        r"Unit \S+\.slice not found|"
        r"error setting cgroup config|failed to write [^\n]{0,120}(?:cgroup|cpuset|memory\.max|cpu\.max|pids\.max)",
        "The container runtime cannot set the cgroup of the pod",
        "Set the same cgroup driver (systemd) for the kubelet and the container runtime of the node, and restart both. "
        "Drain the node until then.",
        "likely",
    ),
    MessagePattern(
        "security-profile-missing",
        r"(?:failed to|cannot) (?:load|read|generate) (?:seccomp|apparmor)|apparmor profile not found|"
        r"seccomp profile [^\n]{0,160}no such file",
        "The node does not have the seccomp or AppArmor profile of the pod",
        "Install the profile on the GPU nodes, or set RuntimeDefault as the pod's profile with overrides.",
        "likely",
    ),
    MessagePattern(
        "user-namespace-unsupported",
        r"user namespaces? (?:is|are)(?: not|n't) (?:enabled|supported)|can't set spec\.HostUsers|"
        r"userns[^\n]{0,60}(?:not supported|invalid)|MOUNT_ATTR_IDMAP",
        "The node does not support the user namespace of the pod",
        "Remove hostUsers: false from overrides, or use a kernel and a container runtime that support user namespaces.",
        "likely",
    ),
    MessagePattern(
        "node-disk-full",
        r"no space left on device|too many open files|resource temporarily unavailable|cannot allocate memory",
        "The node has no room left to start the pod: disk, inodes, memory, processes or open files",
        "Drain the node and free its disk, or give the GPU nodes a larger one.",
        "likely",
    ),
    MessagePattern(
        "runtime-overloaded",
        r"dial unix \S{0,120}/(?:containerd|crio|cri-dockerd|docker)\.sock: connect: (?:connection refused|no such file)",
        "The container runtime of the node does not run or does not answer",
        "Wait: the kubelet tries again. After 10 minutes, drain the node and restart its container runtime.",
        "likely",
    ),
    MessagePattern(
        "runtime-overloaded",
        r"failed to reserve sandbox name|context deadline exceeded|code = DeadlineExceeded|connection error: desc|"
        r"code = Unavailable|ttrpc: closed|"
        r"pod sandbox with name \S+ already exists|name is reserved|error reading container \(probably exited\)",
        "The container runtime of the node does not create the pod's sandbox in time",
        "Wait: the kubelet tries again. After 10 minutes, drain the node and restart its container runtime; check its disk for overload.",
        "likely",
    ),
    MessagePattern(
        "pod-sandbox",
        r"failed to create TTRPC connection|failed to start shim",
        "The container runtime of the node cannot start its process for the pod (shim)",
        "Drain the node and restart its container runtime. If runtime_class is set, check that its runtime works on the node.",
        "likely",
    ),
    MessagePattern(
        "pod-sandbox",
        r"open \S{1,200}resolv\.conf: no such file",
        "The node lacks the resolv.conf that its kubelet is configured with",
        "Correct resolvConf of the kubelet on the node: with systemd-resolved, the file is /run/systemd/resolve/resolv.conf.",
        "likely",
    ),
    MessagePattern("pod-sandbox", r".", "The node cannot create the pod's sandbox", SEE_EVIDENCE, "likely"),
)
"""Messages of the event FailedCreatePodSandBox. The last pattern matches every message."""
