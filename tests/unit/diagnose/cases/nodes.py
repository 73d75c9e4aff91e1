"""Nodes that were lost, and pods that a node evicted or rejected."""

from nim_component.diagnose.snapshot import Snapshot

from ..kubernetes_objects import event, node, pod, running, snapshot, waiting
from ..snapshots import Case, NearMiss, failed_mount, failed_pod

ALLOCATE = "Pod was rejected: Allocate failed due to "


def failed_sandbox(message: str) -> Snapshot:
    """Return a pod whose sandbox the node cannot create."""
    return snapshot(waiting("ContainerCreating"), events=[event("FailedCreatePodSandBox", f"Failed to create pod sandbox: {message}")])


def unprepared(message: str) -> Snapshot:
    """Return a pod for which the node cannot prepare the devices of its ResourceClaims."""
    message = f"Failed to prepare dynamic resources: prepare dynamic resources: {message}"
    return snapshot(waiting("ContainerCreating"), events=[event("FailedPrepareDynamicResources", message)])


def evicted_with_empty_dir(message: str) -> Snapshot:
    """Return an evicted pod whose cache is an emptyDir."""
    volumes = [{"name": "cache-empty-dir", "emptyDir": {"sizeLimit": "50Gi"}}]
    return snapshot(pod(node="gpu-0", spec={"volumes": volumes}, status={"phase": "Failed", "reason": "Evicted", "message": message}))


CASES: dict[str, list[Case]] = {
    "node-disk-full": [
        (failed_mount('MountVolume.SetUp failed for volume "cache" : mkdir /var/lib/kubelet/x: no space left on device'), "free its disk")
    ],
    "node-lost": [
        (snapshot(running(), nodes=[node(ready=False)]), "The pod's node gpu-0 does not respond"),
        (snapshot(running(), nodes=[node("gpu-1")]), "The pod's node gpu-0 no longer exists"),
    ],
    "evicted-disk": [
        (
            failed_pod("Evicted", "The node was low on resource: ephemeral-storage. Threshold quantity: 10Gi, available: 2Gi."),
            "Free the node's disk",
        ),
        (failed_pod("Evicted", 'Usage of EmptyDir volume "cache-empty-dir" exceeds the limit "50Gi".'), "Raise cache.size (now 50Gi)."),
        (evicted_with_empty_dir("Pod ephemeral local storage usage exceeds the total limit of containers 50Gi. "), "above cache.size"),
        (evicted_with_empty_dir("The node was low on resource: ephemeral-storage. "), "remove cache.empty_dir"),
    ],
    "evicted-memory": [(failed_pod("Evicted", "The node was low on resource: memory."), "Reserve nodes for the model")],
    "evicted": [(failed_pod("Odd", "for some reason"), "for some reason")],
    "evicted-processes": [(failed_pod("Evicted", "The node was low on resource: pids. Threshold quantity: 1k"), "process IDs")],
    "node-topology": [
        (failed_pod("TopologyAffinityError", "Resources cannot be allocated with Topology locality"), "topologyManagerPolicy")
    ],
    "pod-addresses-exhausted": [(failed_sandbox("no IP addresses available in range set: 10.244.1.1-10.244.1.254"), "larger subnet")],
    "pod-sandbox-image": [(failed_sandbox('failed to get sandbox image "registry.k8s.io/pause:3.10": i/o timeout'), "mirror")],
    "node-shutdown": [(failed_pod("Terminated", "Pod was terminated in response to imminent node shutdown."), "spot")],
    "pod-preempted": [
        (failed_pod("Preempted", "preempted by pod x"), "priority_class"),
        (snapshot(pod(), events=[event("Preempted", "Preempted by pod 1234 on node gpu-0", age=30)]), "higher priority"),
    ],
    "gpu-unhealthy": [
        (
            failed_pod(
                "UnexpectedAdmissionError",
                f"{ALLOCATE}no healthy devices present; cannot allocate unhealthy devices nvidia.com/gpu, which is unexpected",
            ),
            "The node has no healthy GPU for the pod. | Repair the GPU",
        )
    ],
    "gpu-shared": [
        (
            failed_pod(
                "UnexpectedAdmissionError", f"{ALLOCATE}rpc error: desc = x: maximum request size for shared resources is 1; found 2"
            ),
            "Set gpu to 1",
        )
    ],
    "device-plugin-failed": [
        (failed_pod("UnexpectedAdmissionError", f"{ALLOCATE}rpc error: code = Unavailable desc = EOF, which is unexpected"), "nvidia-smi")
    ],
    "sysctl-forbidden": [
        (failed_pod("SysctlForbidden", 'forbidden sysctl: "net.a" not allowlisted'), "does not allow the pod's sysctl net.a. | Remove it")
    ],
    "node-admission": [(failed_pod("OutOfnvidia.com/gpu", "Node didn't have enough resource: nvidia.com/gpu"), "device plugin")],
    "pod-network": [
        (
            snapshot(
                waiting("ContainerCreating"),
                events=[event("FailedCreatePodSandBox", 'plugin type="aws-cni" failed (add): failed to assign an IP address')],
            ),
            "network plugin",
        )
    ],
    "resource-claim-unprepared": [
        (unprepared("DRA driver gpu.nvidia.com is not registered"), "the DRA driver gpu.nvidia.com"),
        (unprepared("NodePrepareResources failed for ResourceClaim a: odd"), "the log of the DRA driver"),
    ],
    "pod-sandbox": [(snapshot(waiting("ContainerCreating"), events=[event("FailedCreatePodSandBox", "odd")]), "odd")],
}

NEAR_MISSES: dict[str, NearMiss] = {
    "node-disk-full": failed_mount('MountVolume.SetUp failed for volume "cache" : odd'),
    "node-lost": snapshot(running(), nodes=[node()]),
    "evicted-disk": failed_pod("Evicted", "The node was low on resource: memory."),
    "evicted-memory": failed_pod("Evicted", "The node was low on resource: ephemeral-storage."),
    # another pod is ready, so the evicted pod is only a record
    "evicted": snapshot(running(ready=True), pod("dead", node="gpu-0", status={"phase": "Failed", "reason": "Odd", "message": "x"})),
    "evicted-processes": failed_pod("Evicted", "The node was low on resource: memory."),
    "node-topology": failed_pod("OutOfcpu", "Node didn't have enough resource: cpu"),
    "pod-addresses-exhausted": failed_sandbox("cni plugin not initialized"),
    "pod-sandbox-image": failed_sandbox("odd"),
    "node-shutdown": failed_pod("Evicted", "The node was low on resource: memory."),
    "pod-preempted": snapshot(running(ready=True), events=[event("Preempted", "Preempted by pod 1", age=30)]),
    "gpu-unhealthy": failed_pod("Evicted", "UnexpectedAdmissionError: Allocate failed due to no healthy devices present"),
    "gpu-shared": failed_pod("UnexpectedAdmissionError", f"{ALLOCATE}rpc error: code = Unknown desc = odd, which is unexpected"),
    "device-plugin-failed": failed_pod("UnexpectedAdmissionError", f"{ALLOCATE}requested number of devices unavailable for rpc-error/gpu"),
    "sysctl-forbidden": failed_pod("Evicted", 'forbidden sysctl: "net.a" not allowlisted'),
    "node-admission": failed_pod("Evicted", "The node was low on resource: memory."),
    "resource-claim-unprepared": failed_sandbox("DRA driver gpu.nvidia.com is not registered"),
    "pod-network": snapshot(running(), events=[event("FailedCreatePodSandBox", "network", running())]),
    "pod-sandbox": snapshot(running(), events=[event("FailedCreatePodSandBox", "odd", running())]),
}
