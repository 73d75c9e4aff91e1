"""Rollouts that are stuck, and Services without usable endpoints."""

from dataclasses import replace

from ..kubernetes_objects import ago, deployment, running, service, snapshot, unschedulable
from ..snapshots import NO_GPU, Case, NearMiss

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
        (snapshot(running(ready=True), services=[service(selector={"app": "else"})]), "selector matches no pod: app=else")
    ],
    "service-port": [
        (
            snapshot(running(ready=True), services=[service(ports=[{"name": "http", "port": 8000, "targetPort": "web"}])]),
            "target port is web, and no container has a port of that name. | Correct the port's name in overrides or extra_containers.",
        ),
        # an update was killed after it had changed the Service
        (
            snapshot(running(ready=True), services=[service(ports=[{"name": "http-9000", "port": 9000, "targetPort": "http-9000"}])]),
            "| Run `pulumi up` again: an update of port was interrupted or failed, and changed the Service or the workload only "
            "(ports of the pods: http).",
        ),
    ],
    "model-missing": [
        (
            replace(snapshot(running(ready=True)), served=(["base", "one"], ["base", "\x1b[31mtwo"])),
            "The server is ready but does not serve one; it lists base, two. | An adapter is missing if it has another base model",
        )
    ],
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
    # the Service selects only the leader of the node group, and the leader is not ready
    "service-selector": snapshot(
        running(ready=True, name="worker", metadata={"labels": {"worker-index": "1"}}),
        running(name="leader", metadata={"labels": {"worker-index": "0"}}),
        services=[service(selector={"worker-index": "0"})],
    ),
    "service-port": snapshot(running(ready=True), services=[service()]),
    "model-missing": replace(snapshot(running(ready=True)), served=(["one"], ["base", "one"])),
    "load-balancer": snapshot(running(ready=True), services=[service()]),
}
