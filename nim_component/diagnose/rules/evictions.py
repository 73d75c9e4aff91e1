"""Reasons why a node evicted a pod, or rejected it after it was scheduled.

The reason in the pod's status stands before the message: "Evicted: The node was low on resource".
"""

from .patterns import SEE_EVIDENCE, MessagePattern, any_of

_REJECTED = r"UnexpectedAdmissionError: (?:Pod was rejected: |Pod )?Allocate failed due to "

EVICTIONS = (
    MessagePattern(
        "evicted-disk",
        any_of(
            r"\AEvicted: .{0,40}low on resource: (?:ephemeral-storage|nodefs|imagefs|containerfs|inodes)",
            r"\AEvicted: .{0,200}ephemeral.storage.{0,120}exceed",
            r"\AEvicted: Usage of EmptyDir volume",
            r"\AEvicted: .{0,40}DiskPressure",
        ),
        "The pod was evicted: {disk_problem}",
        "{disk_fix}",
        sentences=(
            r"Evicted: The node was low on resource: (?:ephemeral-storage|nodefs|imagefs|inodes)\b.*",
            r"Evicted: Pod ephemeral local storage usage exceeds the total limit of containers .+",
            r"Evicted: Container \S{1,63} exceeded its local ephemeral storage limit .+",
            r"Evicted: Usage of EmptyDir volume \"[^\"]{1,253}\" exceeds the limit .+",
            r"Evicted: The node had condition: \[DiskPressure\]\.?",
        ),
    ),
    MessagePattern(
        "evicted-memory",
        r"\AEvicted: .{0,40}(?:low on resource: memory|MemoryPressure)",
        "The pod was evicted: {memory_problem}",
        "{memory_fix}",
        sentences=(r"Evicted: The node was low on resource: memory\b.*", r"Evicted: The node had condition: \[MemoryPressure\]\.?"),
    ),
    MessagePattern(
        "evicted-processes",
        r"\AEvicted: .{0,40}(?:low on resource: pids|PIDPressure)",
        "The pod was evicted: the node ran out of process IDs",
        "Find the pod that starts too many processes on the node, or set a limit of processes for each pod in the kubelet.",
        sentences=(r"Evicted: The node was low on resource: pids\b.*", r"Evicted: The node had condition: \[PIDPressure\]\.?"),
    ),
    MessagePattern(
        "node-shutdown",
        r"\A(?:Terminated|NodeShutdown|Shutdown):",
        "The pod's node was shut down",
        "A new pod waits for another node. A spot or preemptible node can be shut down at any time.",
        sentences=(r"(?:Terminated|NodeShutdown|Shutdown): .*",),
    ),
    MessagePattern(
        "pod-preempted",
        r"\APreempt",
        "A pod of higher priority preempted this pod",
        "Set priority_class, or add GPUs.",
        sentences=(r"Preempt(?:ed|ing): .*", r"preempted Preempted by .*"),
    ),
    MessagePattern(
        "gpu-unhealthy",
        r"\AUnexpectedAdmissionError: .{0,80}no healthy devices",
        "The node has no healthy GPU for the pod",
        "Repair the GPU: see the Xid errors in the node's kernel log (`dmesg`) and in its device plugin's log. Or use another node.",
        sentences=(
            _REJECTED + r"no healthy devices present; cannot allocate unhealthy devices (?P<resource>\S{1,320}), which is unexpected\.?",
        ),
    ),
    MessagePattern(
        "gpu-shared",
        r"\AUnexpectedAdmissionError: .{0,300}(?:sharing GPU|maximum request size for shared resources)",
        "The node's GPUs are shared, and a pod can request only one share",
        "Set gpu to 1, or select nodes whose GPUs are not shared with node_selector.",
        sentences=(
            _REJECTED + r".{0,200}invalid request for sharing GPU \([\w -]{1,40}\), at most 1 \S{1,320} can be requested.*",
            _REJECTED + r".{0,200}maximum request size for shared resources is 1.*",
        ),
    ),
    MessagePattern(
        "device-plugin-failed",
        r"\AUnexpectedAdmissionError: .{0,80}rpc (?:failed|error)",
        "The node's device plugin failed to allocate the GPUs",
        "Restart the device plugin of the node, and check the GPUs there with `nvidia-smi`. Its error is in the evidence.",
        sentences=(_REJECTED + r"(?:rpc error: |device plugin \w+ rpc failed with err: ).+",),
    ),
    MessagePattern(
        "sysctl-forbidden",
        r"\ASysctlForbidden:",
        "The node does not allow the pod's sysctl {name}",
        "Remove it from overrides, or allow it on the nodes (`allowedUnsafeSysctls` of the kubelet).",
        sentences=(
            r"SysctlForbidden: (?:Pod was rejected: )?forbidden sysctl: \"?(?P<name>[^\" ]{1,253})\"? not (?:allowlisted|whitelisted)",
        ),
    ),
    MessagePattern(
        "security-profile-missing",
        r"\AAppArmor:",
        "The node does not have the AppArmor profile of the pod",
        "Install the profile on the GPU nodes, or set RuntimeDefault as the pod's profile with overrides.",
        sentences=(r"AppArmor: .*",),
    ),
    MessagePattern(
        "node-topology",
        r"\ATopologyAffinityError:",
        "The node cannot give the pod its GPUs and cores on the same NUMA node",
        "Request fewer GPUs or cores (gpu, cpu), or set the kubelet's topologyManagerPolicy to best-effort.",
        sentences=(r"TopologyAffinityError: .*",),
    ),
    MessagePattern(
        "node-admission",
        r"\AUnexpectedAdmissionError: (?:Pod was rejected: |Pod )?(?:Update plugin resources|Allocate) failed due to ",
        "The node could not allocate the devices, cores or memory of the pod",
        "The pod is created again automatically. If the node still rejects it, restart its device plugin: the evidence has the reason.",
        "likely",
    ),
    MessagePattern(
        "node-admission",
        r"\ANodeAffinity:",
        "The node no longer has the labels that the pod's node_selector or affinity requires",
        "The pod is created again automatically. If it is rejected again, correct the labels of the node, node_selector or affinity.",
        "likely",
    ),
    MessagePattern(
        "node-admission",
        r"\ANodePorts:",
        "A host port of the pod is in use on its node",
        "Remove hostPort from extra_containers.",
        "likely",
    ),
    MessagePattern(
        "node-admission",
        r"\ATaintToleration:",
        "The node has a taint that the pod does not tolerate",
        "The pod is created again automatically. To allow the node, add a toleration to tolerations.",
        "likely",
    ),
    MessagePattern(
        "node-admission",
        r"\A(?:UnexpectedAdmissionError|NodeName|NodeUnschedulable|InvalidNodeInfo|PodOS\w{1,40}|UnknownReason|"
        r"UnexpectedPredicateFailureType|\w{0,40}Topology\w{0,40}|SMTAlignmentError):",
        "The node rejected the pod after it was scheduled",
        "The pod is created again automatically. If it is rejected again, drain the node: the evidence has the reason.",
        "likely",
    ),
    MessagePattern("evicted", r".", "The pod was removed from its node", SEE_EVIDENCE, "likely"),
)
"""Messages with their reason. The last pattern matches every message."""
