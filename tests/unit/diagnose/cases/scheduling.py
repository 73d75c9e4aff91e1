"""Pods that the scheduler cannot place."""

from typing import Any

from nim_component.diagnose.snapshot import Snapshot

from ..kubernetes_objects import GPU, event, node, pod, snapshot, unschedulable
from ..snapshots import NO_GPU, OTHER_POD, Case, NearMiss

WITH_RDMA = {"name": "nim", "resources": {"limits": {"rdma/hca": "2", GPU: "1"}}}

REFUSED = "pod didn't trigger scale-up: "
FAILED = "Node scale up in zones us-central1-a associated with this pod failed: {}. Pod is at risk of not being scheduled."
KARPENTER = "Failed to schedule pod, "


def autoscaled(reason: str, message: str, age: float = 10, scheduler: str = NO_GPU, **more: Any) -> Snapshot:
    """Return an unschedulable pod with an event of a node autoscaler."""
    waiting_pod = unschedulable(scheduler)
    return snapshot(waiting_pod, nodes=more.pop("nodes", [node(gpu=0)]), events=[event(reason, message, waiting_pod, age=age)], **more)


def held(message: str) -> Snapshot:
    """Return a pod that Kueue holds, with an event of its Workload."""
    conditions = [{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}]
    gated = pod(conditions=conditions, spec={"schedulingGates": [{"name": "kueue.x-k8s.io/admission"}]})
    return snapshot(gated, events=[event("Pending", message, {"metadata": {"name": "pod-llama-5d9-x-1"}}, "Workload")])


CASES: dict[str, list[Case]] = {
    "gpu-insufficient": [
        (
            snapshot(
                unschedulable(NO_GPU, gpu=2),
                nodes=[node(), node("gpu-1", 4)],
                cluster_pods=[OTHER_POD, pod("b", gpu=3, node="gpu-1", status={"phase": "Running"})],
            ),
            f"No node has 2 free {GPU}: 1 of 12 are free, gpu-1 1 of 4, gpu-0 0 of 8. | Free GPUs (used by train/other 8, ml/b 3)",
        ),
        (snapshot(unschedulable(NO_GPU)), "Free GPUs, add a node, or lower gpu (now 1)."),
        (snapshot(unschedulable(NO_GPU), nodes=[node()]), "the pods that use them are unknown"),
    ],
    "gpu-absent": [
        (snapshot(unschedulable(NO_GPU), nodes=[node(gpu=0)]), f"No node offers {GPU}"),
        (
            snapshot(unschedulable(NO_GPU), nodes=[{**node(gpu=0), "status": {"allocatable": {"nvidia.com/mig-1g.10gb": "7"}}}]),
            "set gpu_resource to one of them",
        ),
    ],
    "gpu-too-many": [(snapshot(unschedulable(NO_GPU, gpu=9), nodes=[node()]), "Set gpu to at most 8")],
    "gpu-unhealthy": [
        (
            snapshot(unschedulable(NO_GPU, gpu=8), nodes=[node("a", 7, capacity=8), node("b", 4)]),
            "The node a has 8 nvidia.com/gpu, of which 1 is unhealthy. | Repair the GPU: see the Xid errors in the kernel log of a",
        ),
        (
            snapshot(
                unschedulable(NO_GPU, gpu=4),
                nodes=[node(gpu=6, capacity=8)],
                cluster_pods=[pod("b", gpu=4, node="gpu-0", status={"phase": "Running"})],
            ),
            "of which 2 are unhealthy (likely)",
        ),
    ],
    "device-plugin-not-ready": [
        (
            snapshot(unschedulable(NO_GPU), nodes=[node(gpu=0, capacity=8)]),
            "The node gpu-0 reports 8 nvidia.com/gpu as its capacity, but offers none: its device plugin or its driver is not ready or not installed.",
        ),
        (
            snapshot(unschedulable(NO_GPU), nodes=[node(gpu=0, labels={"nvidia.com/gpu.present": "true"})]),
            "`kubectl get pods -A -o wide --field-selector spec.nodeName=gpu-0`",
        ),
    ],
    "node-scaling-up": [
        (
            autoscaled("TriggeredScaleUp", "pod triggered scale-up: [{gpu 0->1 (max: 2)}]", age=65),
            "The autoscaler is adding a node for the pod, since 65 s. | Wait up to 13 min",
        ),
        (autoscaled("Nominated", "Pod should schedule on: nodeclaim/gpu-a"), "Wait up to 14 min"),
    ],
    "node-scale-up-late": [
        (
            autoscaled("TriggeredScaleUp", "pod triggered scale-up: [{gpu 0->1 (max: 2)}]", age=1200),
            "The autoscaler began to add a node 20 min ago, and the pod still has none (likely)",
        )
    ],
    "node-pool-full": [
        (autoscaled("NotTriggerScaleUp", f"{REFUSED}1 max node group size reached"), "Raise the maximum of the node pool"),
        (autoscaled("NotTriggerScaleUp", f"{REFUSED}1 Insufficient cpu, 2 max cluster cpu limit reached"), "is reached (likely)"),
        (
            autoscaled("FailedScheduling", f"{KARPENTER}all available instance types exceed limits for nodepool (NodePool=gpu)"),
            "Raise the limits of the NodePool",
        ),
    ],
    "node-pool-unsuitable": [
        (
            autoscaled("NotTriggerScaleUp", f"{REFUSED}2 Insufficient {GPU}, 1 node(s) had untolerated taint {{sku: gpu}}"),
            "| Add a node pool whose nodes have 1 nvidia.com/gpu. A pool of 0 nodes must declare its GPUs to the autoscaler: on AWS by "
            "the tag k8s.io/cluster-autoscaler/node-template/resources/nvidia.com/gpu. Or: If the node pool with the GPUs has this "
            "taint, add to tolerations: key=sku, operator=Equal, value=gpu.",
        ),
        (
            autoscaled("NotTriggerScaleUp", f"{REFUSED}1 Insufficient memory"),
            "Lower mem (now 20Gi), or add a node pool with larger nodes.",
        ),
        (autoscaled("NotTriggerScaleUp", f"{REFUSED}1 node(s) didn't match Pod's node affinity/selector"), "labels of node_selector"),
        (autoscaled("NotTriggerScaleUp", f"{REFUSED}1 new reason"), "fits the pod (likely). | Add a node pool that the pod fits."),
        (autoscaled("NotTriggerScaleUp", REFUSED), "and gives no reason"),
        (
            autoscaled("FailedScheduling", f"{KARPENTER}no instance type has enough resources, requirements=a In [b], resources={{}}"),
            "NodePools",
        ),
    ],
    "cloud-quota": [
        (autoscaled("FailedScaleUp", FAILED.format("GCE quota exceeded")), "quota is used up. | Raise the quota of the account")
    ],
    "cloud-capacity": [
        (autoscaled("FailedScaleUp", FAILED.format("GCE out of resources")), "none of these machines free. | Wait, or allow more zones"),
        (
            autoscaled("FailedScheduling", f"{KARPENTER}no instance type has the required offering, requirements=a"),
            "or are sold out (likely)",
        ),
    ],
    "cloud-addresses": [(autoscaled("FailedScaleUp", FAILED.format("IP space exhausted")), "no free IP addresses")],
    "scale-up-failed": [
        (autoscaled("FailedScaleUp", FAILED.format("Internal error")), "cluster-autoscaler-status"),
        (autoscaled("NotTriggerScaleUp", f"{REFUSED}1 in backoff after failed scale-up"), "and waits. | See its status"),
    ],
    "device-class-missing": [
        (
            snapshot(unschedulable("0/1 nodes are available: request gpu: device class gpu.nvidia.com does not exist.")),
            "DeviceClass gpu.nvidia.com",
        )
    ],
    "resource-claim-missing": [
        (
            snapshot(unschedulable('0/1 nodes are available: resourceclaim.resource.k8s.io "team" not found.')),
            "The ResourceClaim team of the pod",
        )
    ],
    "resource-claim-unallocated": [
        (
            snapshot(unschedulable("0/1 nodes are available: 1 cannot allocate all claims. still not schedulable, preemption: x")),
            "resource_claims",
        )
    ],
    "unschedulable": [
        (
            snapshot(
                unschedulable("0/3 nodes are available: 1 Too many pods, 2 node(s) failed a new check. preemption: 0/3 nodes are available")
            ),
            "The scheduler cannot place the pod: 2 node(s) failed a new check (likely)",
        ),
        # the GPUs of the node are free, so there is another reason that the message does not show
        (
            snapshot(unschedulable(NO_GPU), nodes=[node()], cluster_pods=[]),
            "cannot place the pod: 2 Insufficient nvidia.com/gpu (possible)",
        ),
    ],
    "node-too-small": [
        (
            snapshot(unschedulable("0/1 nodes are available: 1 Insufficient memory."), nodes=[node()]),
            "No suitable node has 20Gi of memory free. | Lower mem",
        ),
        (
            snapshot(unschedulable("0/1 nodes are available: 1 Insufficient rdma/hca.", spec={"containers": [WITH_RDMA]}), nodes=[node()]),
            "No suitable node has 2 of rdma/hca free. | Lower it in extra_resources",
        ),
    ],
    "taint": [
        (
            snapshot(
                unschedulable("0/1 nodes are available: 1 node(s) had untolerated taint {team: research}."),
                nodes=[node(taints=[{"key": "team", "value": "research", "effect": "NoSchedule"}])],
            ),
            "Add to the present tolerations: key=team, operator=Equal, value=research, effect=NoSchedule.",
        ),
        (snapshot(unschedulable("0/1 nodes are available: 1 node(s) had untolerated taint {team: research}.")), "value=research"),
        (snapshot(unschedulable("0/1 nodes are available: 1 node(s) had untolerated taint(s).")), "Add the taint to tolerations"),
    ],
    "node-not-ready": [
        (
            snapshot(
                unschedulable("0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }."),
                nodes=[node(ready=False, taints=[{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}])],
            ),
            "Suitable nodes have the state not-ready (0 of 1 nodes are ready)",
        )
    ],
    "node-cordoned": [
        (snapshot(unschedulable("0/1 nodes are available: 1 node(s) were unschedulable.")), "Uncordon them"),
        (
            snapshot(
                unschedulable("0/1 nodes are available: 1 node(s) were unschedulable."),
                nodes=[node(taints=[{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}])],
            ),
            "Suitable nodes are cordoned. | Uncordon them",
        ),
    ],
    "node-selector": [
        (
            snapshot(
                unschedulable(
                    "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.", spec={"nodeSelector": {"gpu": "h100"}}
                ),
                nodes=[node(labels={"gpu": "a100"})],
            ),
            "No node has the label gpu=h100. | Correct node_selector (nodes have: a100)",
        ),
        (
            snapshot(
                unschedulable("1 node(s) didn't match Pod's node affinity/selector.", spec={"nodeSelector": {"gpu": "h100", "zone": "a"}}),
                nodes=[node(labels={"gpu": "h100"}), node("b", labels={"zone": "a"})],
            ),
            "each label exists, but not on one node",
        ),
    ],
    "node-affinity": [
        (
            snapshot(unschedulable("0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."), nodes=[node()]),
            "Relax affinity",
        )
    ],
    "anti-affinity": [
        (snapshot(unschedulable("0/1 nodes are available: 1 node(s) didn't match pod anti-affinity rules.")), "Relax affinity")
    ],
    "topology-spread": [(snapshot(unschedulable("1 node(s) didn't match pod topology spread constraints.")), "ScheduleAnyway")],
    "node-full-of-pods": [(snapshot(unschedulable("0/1 nodes are available: 1 Too many pods.")), "maxPods")],
    "host-port-taken": [(snapshot(unschedulable("1 node(s) didn't have free ports for the requested pod ports.")), "hostPort")],
    "queue-full": [
        (
            held("couldn't assign flavors to pod set main: insufficient unused quota for cpu in flavor a, 1 more needed"),
            "for cpu in the flavor a",
        )
    ],
    "queue-too-small": [
        (
            held("couldn't assign flavors to pod set main: insufficient quota for cpu in flavor a, request > maximum capacity (2 > 1)"),
            "it requests more of cpu than the flavor a has in total",
        )
    ],
    "queue-missing": [(held("LocalQueue team doesn't exist"), "The LocalQueue team of Kueue does not exist, or admits nothing")],
    "queue-unsuitable": [
        (held("couldn't assign flavors to pod set main: flavor a doesn't match node affinity"), "Compare gpu_resource"),
        (held("couldn't assign flavors to pod set main: odd"), "(likely)"),
    ],
    "no-nodes": [(snapshot(unschedulable("no nodes available to schedule pods")), "The cluster has no node")],
    "no-scheduler": [(snapshot(pod(age=90)), "No scheduler has processed the pod for 90 s")],
    "scheduling-gated": [
        (
            snapshot(
                pod(
                    conditions=[{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}],
                    spec={"schedulingGates": [{"name": "kueue.x-k8s.io/admission"}]},
                )
            ),
            "kueue.x-k8s.io/admission",
        )
    ],
}

NEAR_MISSES: dict[str, NearMiss] = {
    "gpu-insufficient": snapshot(unschedulable("0/1 nodes are available: 1 Insufficient memory."), nodes=[node()]),
    "gpu-absent": snapshot(unschedulable(NO_GPU), nodes=[node(gpu=0), node("b", 1)]),
    "gpu-too-many": snapshot(unschedulable(NO_GPU, gpu=8), nodes=[node()]),
    "gpu-unhealthy": [
        snapshot(unschedulable(NO_GPU, gpu=9), nodes=[node(gpu=7, capacity=8)]),
        snapshot(unschedulable(NO_GPU), nodes=[node(capacity=8)]),
    ],
    # the node is divided into MIG slices
    "device-plugin-not-ready": snapshot(
        unschedulable(NO_GPU),
        nodes=[
            {
                **node(gpu=0, labels={"nvidia.com/gpu.present": "true"}),
                "status": {"allocatable": {"nvidia.com/mig-1g.10gb": "7"}, "conditions": [{"type": "Ready", "status": "True"}]},
            }
        ],
    ),
    # the last decision counts, and only for a time
    "node-scaling-up": [
        autoscaled("TriggeredScaleUp", "pod triggered scale-up", age=901),
        autoscaled("NotTriggerScaleUp", f"{REFUSED}1 max node group size reached"),
    ],
    "node-scale-up-late": autoscaled("TriggeredScaleUp", "pod triggered scale-up", age=899),
    "node-pool-full": [
        autoscaled("NotTriggerScaleUp", f"{REFUSED}1 node(s) had untolerated taint {{max node group size reached: x}}"),
        snapshot(unschedulable(NO_GPU), nodes=[node(gpu=0)]),
    ],
    "node-pool-unsuitable": autoscaled("FailedScheduling", "0/1 nodes are available: no instance type has enough resources"),
    "cloud-quota": autoscaled("FailedScaleUp", FAILED.format("GCE out of resources").replace("us-central1-a", "quota-exceeded")),
    "cloud-capacity": autoscaled("FailedScaleUp", FAILED.format("GCE quota exceeded")),
    "cloud-addresses": autoscaled("FailedScaleUp", FAILED.format("Internal error")),
    "scale-up-failed": autoscaled("FailedScaleUp", FAILED.format("GCE quota exceeded")),
    "device-class-missing": snapshot(unschedulable("0/1 nodes are available: 1 cannot allocate all claims.")),
    "resource-claim-missing": snapshot(unschedulable('persistentvolumeclaim "resourceclaim" not found')),
    "resource-claim-unallocated": snapshot(unschedulable("0/1 nodes are available: request a: device class b does not exist.")),
    "unschedulable": [
        snapshot(unschedulable('0/1 nodes are available: persistentvolumeclaim "a" not found. preemption: x')),
        autoscaled("TriggeredScaleUp", "pod triggered scale-up", scheduler="0/1 nodes are available: 1 new reason."),
    ],
    "queue-full": held("odd: insufficient unused quota for cpu in flavor a, 1 more needed"),
    "queue-too-small": held("couldn't assign flavors to pod set main: insufficient unused quota for cpu in flavor a, 1 more needed"),
    "queue-missing": held("odd: LocalQueue team doesn't exist"),
    "queue-unsuitable": held("LocalQueue couldn't is stopped"),
    "node-too-small": snapshot(unschedulable(NO_GPU), nodes=[node()]),
    # the tainted node has no GPU, so it is not suitable without the taint
    "taint": [
        snapshot(
            unschedulable(f"0/2 nodes are available: 1 Insufficient {GPU}, 1 node(s) had untolerated taint {{team: a}}."),
            nodes=[node("cpu", 0, taints=[{"key": "team", "value": "a", "effect": "NoSchedule"}]), node()],
        ),
        snapshot(unschedulable("0/1 nodes are available: 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }.")),
    ],
    "node-not-ready": snapshot(
        unschedulable("0/1 nodes are available: 1 node(s) had untolerated taint {a: }."),
        nodes=[node(taints=[{"key": "a", "effect": "NoSchedule"}])],
    ),
    # the cordoned node has no GPU
    "node-cordoned": [
        snapshot(unschedulable(NO_GPU), nodes=[node()]),
        snapshot(
            unschedulable("0/2 nodes are available: 1 node(s) were unschedulable, 1 Insufficient nvidia.com/gpu."),
            nodes=[node("cpu", 0, taints=[{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}]), node()],
        ),
    ],
    "node-selector": snapshot(
        unschedulable(
            "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.", spec={"nodeSelector": {"gpu": "h100"}}
        ),
        nodes=[node(labels={"gpu": "h100"})],
    ),
    "node-affinity": snapshot(unschedulable(NO_GPU), nodes=[node()]),
    "anti-affinity": snapshot(unschedulable("didn't match pod topology spread constraints")),
    "topology-spread": snapshot(unschedulable("didn't match pod anti-affinity rules")),
    "node-full-of-pods": snapshot(unschedulable("Too many volumes")),
    "host-port-taken": snapshot(unschedulable(NO_GPU)),
    "no-nodes": snapshot(unschedulable(NO_GPU)),
    "no-scheduler": snapshot(pod(age=20)),
    # the queue reports a reason
    "scheduling-gated": [snapshot(unschedulable(NO_GPU)), held("LocalQueue team doesn't exist")],
}
