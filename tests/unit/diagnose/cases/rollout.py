"""Rollouts that are stuck, and Services without usable endpoints."""

from dataclasses import replace

from nim_component.diagnose.snapshot import Snapshot
from nim_component.names import WORKER_INDEX

from ..kubernetes_objects import ago, deployment, event, running, service, snapshot, unschedulable
from ..snapshots import NO_GPU, Case, NearMiss


def balanced(message: str, reason: str = "SyncLoadBalancerFailed") -> Snapshot:
    """Return a Service of type LoadBalancer with an event."""
    given = service(type="LoadBalancer")
    return snapshot(running(ready=True), services=[given], events=[event(reason, message, given, "Service")])


CASES: dict[str, list[Case]] = {
    "rollout-paused": [(snapshot(deployments=[deployment(paused=True)]), "rollout resume deployment/llama")],
    "progress-deadline": [
        (
            snapshot(
                deployments=[
                    deployment(
                        conditions=[
                            {
                                "type": "Progressing",
                                "status": "False",
                                "reason": "ProgressDeadlineExceeded",
                                "message": "has timed out progressing.",
                            }
                        ]
                    )
                ]
            ),
            "startup_timeout",
        )
    ],
    "no-replicas": [(snapshot(deployments=[deployment(replicas=0)]), "Raise replicas")],
    "rollout-needs-spare-gpu": [
        (
            snapshot(
                running(ready=True, name="old", template="aaa"),
                unschedulable(NO_GPU, template="bbb"),
                deployments=[deployment(strategy={"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}})],
            ),
            "only the old pod can free. | Set rollout to recreate",
        )
    ],
    "old-pod-stuck": [
        (
            snapshot(running(name="old", metadata={"deletionTimestamp": ago(300)})),
            "should have terminated 300 s ago and still holds its GPUs: its node does not confirm",
        ),
        (
            snapshot(running(name="old", metadata={"deletionTimestamp": ago(300), "finalizers": ["x.io/keep"]})),
            "its finalizers are not removed: ['x.io/keep']",
        ),
    ],
    "service-selector": [
        (snapshot(running(ready=True), services=[service(selector={"app": "else"})]), "selector matches no pod: app=else"),
        (snapshot(running(ready=True), services=[service(selector={"app": "else"})]), "live objects: `pulumi up --refresh`."),
        (
            snapshot(running(ready=True, metadata={"labels": {WORKER_INDEX: "0"}}), services=[service(selector={"app": "else"})]),
            "selector matches no pod: app=else",
        ),
    ],
    "service-port": [
        (
            snapshot(running(ready=True), services=[service(ports=[{"name": "http", "port": 8000, "targetPort": "web"}])]),
            "target port is web, and no container has a port of that name. | Correct the port's name in overrides or extra_containers.",
        ),
        # an update was killed after it had changed the Service
        (
            snapshot(running(ready=True), services=[service(ports=[{"name": "http-9000", "port": 9000, "targetPort": "http-9000"}])]),
            "| An update of port was interrupted or failed, or the Service or the workload was changed outside Pulumi (ports of the pods: "
            "http). Apply the program to the live objects: `pulumi up --refresh`.",
        ),
    ],
    "model-missing": [
        (
            replace(snapshot(running(ready=True)), served=(["base", "one"], ["base", "\x1b[31mtwo"])),
            "The server is ready but does not serve one; it lists base, two. | An adapter is missing if it has another base model",
        )
    ],
    "load-balancer-subnets": [
        (balanced("Failed build model due to unable to resolve at least one subnet (0 match)", "FailedBuildModel"), "Tag the subnets")
    ],
    "load-balancer-addresses": [
        (balanced('Failed to allocate IP for "ml/llama": no available IPs', "AllocationFailed"), "Add addresses to an IPAddressPool")
    ],
    "load-balancer-quota": [(balanced("Error syncing load balancer: TooManyLoadBalancers: x"), "set service.type to ClusterIP")],
    "load-balancer-denied": [(balanced("Error syncing load balancer: AccessDenied: x"), "lacks a permission (likely)")],
    "load-balancer-failed": [(balanced("Error syncing load balancer: odd"), "could not create the Service's load balancer (likely)")],
    "load-balancer": [(snapshot(running(ready=True), services=[service(type="LoadBalancer")]), "has no load balancer address")],
}

NEAR_MISSES: dict[str, NearMiss] = {
    "rollout-paused": snapshot(deployments=[deployment(paused=False)]),
    "progress-deadline": snapshot(
        deployments=[deployment(conditions=[{"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated"}])]
    ),
    "no-replicas": snapshot(deployments=[deployment(replicas=1)]),
    "rollout-needs-spare-gpu": [
        snapshot(
            running(ready=True, name="old", template="aaa"),
            unschedulable(NO_GPU, template="bbb"),
            deployments=[deployment(strategy={"rollingUpdate": {"maxSurge": surge, "maxUnavailable": 1}})],
        )
        for surge in (0, 1)
    ],
    "old-pod-stuck": snapshot(running(name="old", metadata={"deletionTimestamp": ago(30)})),
    # the Service selects only the leader of the node group, which is not ready, or does not exist
    "service-selector": [
        snapshot(
            running(ready=True, name="worker", metadata={"labels": {WORKER_INDEX: "1"}}),
            *leaders,
            services=[service(selector={WORKER_INDEX: "0"})],
        )
        for leaders in ([running(name="leader", metadata={"labels": {WORKER_INDEX: "0"}})], [])
    ],
    "service-port": snapshot(running(ready=True), services=[service()]),
    "model-missing": replace(snapshot(running(ready=True)), served=(["one"], ["base", "one"])),
    **{
        cause: balanced('Failed to allocate IP for "ml/quota": odd')
        for cause in ("load-balancer-subnets", "load-balancer-quota", "load-balancer-denied")
    },
    "load-balancer-addresses": balanced("Error syncing load balancer: no available IPs"),
    "load-balancer-failed": balanced("Error syncing load balancer: AccessDenied: x"),
    "load-balancer": snapshot(running(ready=True), services=[service()]),
}
