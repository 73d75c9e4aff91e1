"""Pods that the API server does not let in."""

from typing import Any

from nim_component.cluster.objects import Object
from nim_component.diagnose.snapshot import Snapshot

from ..made import GPU, event, group, pod, replica_set, snapshot, waiting
from ..shown import Case, NearMiss, refused

_QUOTA = f"exceeded quota: gpus, requested: requests.{GPU}=8, used: requests.{GPU}=8, limited: requests.{GPU}=8"


def of_a_group(*pods: Object, said_of: str = "llama-group", kind: str = "StatefulSet", made: bool = False) -> Snapshot:
    """A group of nodes, whose StatefulSet could not make its pod; unless it was made since."""
    about: Any = {"metadata": {"name": said_of, "uid": "uid-set"}}
    events = [event("FailedCreate", f'create Pod x in StatefulSet y failed error: pods "x" is forbidden: {_QUOTA}', about, kind, age=20)]
    if made:
        events.append(event("SuccessfulCreate", "create Pod x in StatefulSet y successful", about, kind, age=5))
    return snapshot(*pods, leaderworkersets=[group()], events=events)


CASES: dict[str, list[Case]] = {
    "pod-security": [
        (
            refused(
                'pods "llama-x" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "p" must set ...)'
            ),
            "The namespace's Pod Security level restricted:latest rejects the pod: allowPrivilegeEscalation",
        )
    ],
    "quota-exceeded": [
        (
            refused(
                f'pods "llama-x" is forbidden: exceeded quota: gpus, requested: requests.{GPU}=2, used: requests.{GPU}=3, limited: requests.{GPU}=4'
            ),
            "The pod exceeds the namespace's quota gpus: requested requests.nvidia.com/gpu=2, used requests.nvidia.com/gpu=3, limit requests.nvidia.com/gpu=4",
        ),
        (of_a_group(), "quota gpus: requested requests.nvidia.com/gpu=8"),
        # the leader is there, and its worker is refused
        (of_a_group(pod("llama-group-0"), said_of="llama-group-0"), "requested requests.nvidia.com/gpu=8"),
    ],
    "quota-unlimited": [
        (
            refused('pods "x" is forbidden: failed quota: compute: must specify limits.ephemeral-storage for: nim'),
            "must have".replace("must have", "ephemeral_storage"),
        )
    ],
    "limit-range": [(refused('pods "x" is forbidden: maximum memory usage per Container is 8Gi, but limit is 20Gi'), "LimitRange")],
    "webhook-refused": [
        (refused('admission webhook "validate.kyverno.svc" denied the request: label team is required'), "label team is required")
    ],
    "webhook-broken": [
        (
            refused('Internal error occurred: failed calling webhook "mutate.istio.io": failed to call webhook: no endpoints available'),
            "mutate.istio.io does not respond",
        )
    ],
    "service-account-missing": [
        (refused('error looking up service account ml/default: serviceaccount "default" not found'), "ServiceAccount")
    ],
    "priority-class-missing": [(refused("no PriorityClass with name gold was found"), "The PriorityClass gold does not exist")],
    "runtime-class-missing": [
        (refused('pod rejected: RuntimeClass "nvidia" not found'), "The RuntimeClass nvidia does not exist"),
        (
            snapshot(
                waiting("ContainerCreating"),
                events=[
                    event(
                        "FailedCreatePodSandBox",
                        'rpc error: code = Unknown desc = failed to get sandbox runtime: no runtime for "nvidia" is configured',
                    )
                ],
            ),
            "Container Toolkit",
        ),
    ],
    "namespace-ending": [(refused("unable to create new content in namespace ml because it is being terminated"), "being deleted")],
    "pod-refused": [(refused("pods is forbidden: odd"), "odd")],
}

NEAR_MISSES: dict[str, NearMiss] = {
    "quota-exceeded": [refused("pods is forbidden: odd"), of_a_group(made=True), of_a_group(kind="Pod")],
    **dict.fromkeys(
        (
            "pod-security",
            "quota-unlimited",
            "limit-range",
            "webhook-refused",
            "webhook-broken",
            "service-account-missing",
            "priority-class-missing",
            "runtime-class-missing",
            "namespace-ending",
        ),
        refused("pods is forbidden: odd"),
    ),
    # it failed once, and the pod was made since
    "pod-refused": snapshot(
        replicasets=[replica_set(wanted=2, there=1)],
        events=[
            event("FailedCreate", "odd", {"metadata": {"name": "llama-5d9", "uid": "uid-rs"}}, age=20),
            event("SuccessfulCreate", "made", {"metadata": {"name": "llama-5d9", "uid": "uid-rs"}}, age=5),
        ],
    ),
}
