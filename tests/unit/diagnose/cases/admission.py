"""Pods that the API server rejects."""

from typing import Any

from nim_component.cluster.objects import Object
from nim_component.diagnose.snapshot import Snapshot

from ..kubernetes_objects import GPU, event, leader_worker_set, pod, replica_set, snapshot, waiting
from ..snapshots import Case, NearMiss, rejected

_QUOTA = f"exceeded quota: gpus, requested: requests.{GPU}=8, used: requests.{GPU}=8, limited: requests.{GPU}=8"

SCC = 'pods "x" is forbidden: unable to validate against any security context constraint: '
FOREIGN_TEXT = 'admission webhook "quota" denied the request: exceeded quota: gpus, requested: a=1, used: a=2, limited: a=3'
"""A policy's text with the message of another cause."""


def rejected_node_group(
    *pods: Object, stateful_set: str = "llama-group", kind: str = "StatefulSet", created: bool = False, prefix: str = ""
) -> Snapshot:
    """Return a LeaderWorkerSet whose StatefulSet could not create a pod.

    With `created`, it created the pod later. `prefix` is that of combined events.
    """
    involved: Any = {"metadata": {"name": stateful_set, "uid": "uid-set"}}
    message = f'{prefix}Create Pod x in StatefulSet y failed error: pods "x" is forbidden: {_QUOTA}'
    events = [event("FailedCreate", message, involved, kind, age=20)]
    if created:
        events.append(event("SuccessfulCreate", "create Pod x in StatefulSet y successful", involved, kind, age=5))
    return snapshot(*pods, leaderworkersets=[leader_worker_set()], events=events)


CASES: dict[str, list[Case]] = {
    "pod-security": [
        (
            rejected(
                'pods "llama-x" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "p" must set ...)'
            ),
            "The namespace's Pod Security level restricted:latest rejects the pod: allowPrivilegeEscalation",
        )
    ],
    "quota-exceeded": [
        (
            rejected(
                f'pods "llama-x" is forbidden: exceeded quota: gpus, requested: requests.{GPU}=2, used: requests.{GPU}=3, limited: requests.{GPU}=4'
            ),
            "The pod exceeds the namespace's quota gpus: requested requests.nvidia.com/gpu=2, used requests.nvidia.com/gpu=3, limit requests.nvidia.com/gpu=4",
        ),
        (rejected_node_group(), "quota gpus: requested requests.nvidia.com/gpu=8"),
        (rejected_node_group(prefix="(combined from similar events): "), "quota gpus: requested requests.nvidia.com/gpu=8"),
        # the leader exists, and its worker is rejected
        (rejected_node_group(pod("llama-group-0"), stateful_set="llama-group-0"), "requested requests.nvidia.com/gpu=8"),
    ],
    "quota-unlimited": [
        (
            rejected('pods "x" is forbidden: failed quota: compute: must specify limits.ephemeral-storage for: nim'),
            "(for the server: cpu, mem, ephemeral_storage)",
        )
    ],
    "limit-range": [
        (rejected('pods "x" is forbidden: maximum memory usage per Container is 8Gi, but limit is 20Gi'), "LimitRange"),
        (
            rejected('pods "x" is forbidden: minimum cpu usage per Container is 2, but request is 1'),
            "Set cpu to at least 2 (also in extra_containers), or change the LimitRange.",
        ),
        (
            rejected('pods "x" is forbidden: cpu max limit to request ratio per Pod is 2, but provided ratio is 4.000000'),
            "to a value within",
        ),
    ],
    "scc-refused": [
        (
            rejected(
                f"{SCC}[provider restricted-v2: .containers[0].runAsUser: Invalid value: 1000: must be in the ranges: [1000760000, 1000769999]]"
            ),
            "| Set run_as_user and fs_group to 1000760000, the first id of the namespace's range. Or let an administrator grant the SCC",
        ),
        (rejected(f'{SCC}[provider restricted: .spec.volumes[2]: Invalid value: "hostPath"]'), "extra_volumes and overrides"),
    ],
    "quota-missing": [
        (
            rejected('pods "x" is forbidden: insufficient quota to consume: requests.nvidia.com/gpu'),
            "no quota of the namespace does: requests.nvidia.com/gpu. | Create a ResourceQuota",
        )
    ],
    "quota-unknown": [(rejected('pods "x" is forbidden: status unknown for quota: gpus, resources: pods'), "Wait a minute")],
    "tolerations-refused": [
        (
            rejected(
                'pods "x" is forbidden: pod tolerations (possibly merged with namespace default tolerations) conflict with its namespace whitelist'
            ),
            "tolerationsWhitelist",
        )
    ],
    "node-selector-refused": [
        (
            rejected('pods "x" is forbidden: pod node label selector conflicts with its namespace node label selector'),
            "Correct node_selector",
        )
    ],
    "api-server-overloaded": [(rejected("etcdserver: request timed out"), "The service is not the cause")],
    "pod-invalid": [
        (
            rejected('Pod "x" is invalid: spec.containers[1].image: Required value'),
            "is invalid: spec.containers[1].image: Required value. | ",
        )
    ],
    "webhook-refused": [
        (rejected('admission webhook "validate.kyverno.svc" denied the request: label team is required'), "label team is required"),
        (rejected(FOREIGN_TEXT), "The admission policy quota rejects the pod: exceeded quota: gpus"),
        (rejected('admission webhook "a.b" denied the request without explanation'), "rejects the pod: see the evidence"),
    ],
    "webhook-broken": [
        (
            rejected('Internal error occurred: failed calling webhook "mutate.istio.io": failed to call webhook: no endpoints available'),
            "mutate.istio.io cannot be called",
        )
    ],
    "service-account-missing": [
        (rejected('error looking up service account ml/default: serviceaccount "default" not found'), "Wait: in a new namespace"),
        (
            rejected('pods "x" is forbidden: error looking up service account ml/own: serviceaccount "own" not found'),
            "The ServiceAccount own does not exist in the namespace. | Create it, or correct service_account.name.",
        ),
    ],
    "priority-class-missing": [(rejected("no PriorityClass with name gold was found"), "The PriorityClass gold does not exist")],
    "runtime-class-missing": [
        (rejected('pod rejected: RuntimeClass "nvidia" not found'), "The RuntimeClass nvidia does not exist"),
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
    "namespace-ending": [(rejected("unable to create new content in namespace ml because it is being terminated"), "being deleted")],
    "pod-refused": [(rejected("pods is forbidden: odd"), "odd")],
}

NEAR_MISSES: dict[str, NearMiss] = {
    "quota-exceeded": [
        rejected("pods is forbidden: odd"),
        rejected(FOREIGN_TEXT),
        rejected_node_group(created=True),
        rejected_node_group(kind="Pod"),
    ],
    **{
        cause: [rejected("pods is forbidden: odd"), rejected(FOREIGN_TEXT)]
        for cause in (
            "pod-security",
            "scc-refused",
            "quota-missing",
            "quota-unknown",
            "tolerations-refused",
            "node-selector-refused",
            "api-server-overloaded",
            "pod-invalid",
            "quota-unlimited",
            "limit-range",
            "webhook-broken",
            "service-account-missing",
            "priority-class-missing",
            "runtime-class-missing",
            "namespace-ending",
        )
    },
    "webhook-refused": rejected("pods is forbidden: odd"),
    # the first creation failed, and a later one succeeded
    "pod-refused": snapshot(
        replicasets=[replica_set(replicas=2, created=1)],
        events=[
            event("FailedCreate", "odd", {"metadata": {"name": "llama-5d9", "uid": "uid-rs"}}, age=20),
            event("SuccessfulCreate", "made", {"metadata": {"name": "llama-5d9", "uid": "uid-rs"}}, age=5),
        ],
    ),
}
