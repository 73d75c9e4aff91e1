"""Pods that the scheduler cannot place."""

from ..kubernetes_objects import GPU, node, pod, snapshot, unschedulable
from ..snapshots import NO_GPU, OTHER_POD, Case, NearMiss

WITH_RDMA = {"name": "nim", "resources": {"limits": {"rdma/hca": "2", GPU: "1"}}}

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
            "Suitable nodes are not-ready (0 of 1 nodes are ready)",
        )
    ],
    "node-cordoned": [
        (snapshot(unschedulable("0/1 nodes are available: 1 node(s) were unschedulable.")), "Uncordon them"),
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
    "node-too-small": snapshot(unschedulable(NO_GPU), nodes=[node()]),
    # the tainted node has no GPU, so it is not suitable without the taint
    "taint": snapshot(
        unschedulable(f"0/2 nodes are available: 1 Insufficient {GPU}, 1 node(s) had untolerated taint {{team: a}}."),
        nodes=[node("cpu", 0, taints=[{"key": "team", "value": "a", "effect": "NoSchedule"}]), node()],
    ),
    "node-not-ready": snapshot(
        unschedulable("0/1 nodes are available: 1 node(s) had untolerated taint {a: }."),
        nodes=[node(taints=[{"key": "a", "effect": "NoSchedule"}])],
    ),
    "node-cordoned": snapshot(unschedulable(NO_GPU), nodes=[node()]),
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
    "scheduling-gated": snapshot(unschedulable(NO_GPU)),
}
