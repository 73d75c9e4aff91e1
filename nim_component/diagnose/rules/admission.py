"""Pods that the API server does not let in: the ReplicaSet says so, and no pod is there to say anything."""

from collections.abc import Iterator

from ...cluster.objects import Object, condition, is_finished, message_of, name_of, number_at, text_at
from ..diagnosis import Diagnosis
from ..snapshot import Snapshot
from .patterns import MessagePattern, match_patterns

_REFUSALS = (
    MessagePattern(
        "pod-security",
        r'violates PodSecurity "(?P<level>[^"]+)"(?::\s*(?P<what>.{0,200}))?',
        "Pod Security {level} of the namespace refuses the pod: {what}",
        "The component's own pods pass `restricted`: look at extra_containers, cache.host_path and run_as_user, or use another namespace.",
    ),
    MessagePattern(
        "quota-exceeded",
        r"exceeded quota: (?P<quota>[^,]+)(?:, requested: (?P<asked>\S+), used: (?P<used>\S+), limited: (?P<limit>\S+))?",
        "The namespace's quota {quota} is used up: asked {asked}, used {used}, limit {limit}",
        "Raise the quota, free what uses it, or ask for less (gpu, cpu, mem, replicas).",
    ),
    MessagePattern(
        "quota-unlimited",
        r"failed quota: (?P<quota>[^:]+): must specify (?P<what>.{0,120})",
        "The namespace's quota {quota} wants limits that a container does not have: {what}",
        "Give the containers in extra_containers these limits (ephemeral_storage for the server).",
    ),
    MessagePattern(
        "limit-range",
        r"(?:maximum|minimum) (?P<what>\S+ usage per (?:Container|Pod) is [^,.]+)",
        "The namespace's LimitRange refuses the pod: {what}",
        "Ask for less (cpu, mem, ephemeral_storage), or change the LimitRange.",
    ),
    MessagePattern(
        "webhook-refused",
        r'admission webhook "(?P<webhook>[^"]+)" denied the request(?:: (?P<why>.{0,200}))?',
        "The cluster's policy {webhook} refuses the pod: {why}",
        "Meet the policy (pod_labels, pod_annotations, tolerations), or ask its owner for an exemption.",
    ),
    MessagePattern(
        "webhook-broken",
        r'failed calling webhook "(?P<webhook>[^"]+)"',
        "The admission webhook {webhook} does not answer, and lets nothing in",
        "Repair or restart what stands behind it: this is not the service's fault.",
    ),
    MessagePattern(
        "service-account-missing",
        r'error looking up service account (?P<account>[^:]+):|serviceaccount "(?P<name>[^"]+)" not found',
        "The service account that the pod runs as is not there yet",
        "Wait: a new namespace gets it in a moment. If it stays away, kube-controller-manager is down.",
    ),
    MessagePattern(
        "priority-class-missing",
        r"no PriorityClass with name (?P<name>\S+) was found",
        "There is no PriorityClass {name}",
        "Correct priority_class, or leave it out.",
    ),
    MessagePattern(
        "runtime-class-missing",
        r'RuntimeClass "?(?P<name>[^"\s]+)"? not found',
        "There is no RuntimeClass {name}",
        "Correct runtime_class, or leave it out where the cluster needs none.",
    ),
    MessagePattern(
        "namespace-ending",
        r"because it is being terminated",
        "The namespace is being deleted",
        "Deploy to another namespace, or wait until it is gone and make it anew.",
    ),
    MessagePattern("pod-refused", r".", "The API server refuses the pod", "Its words below say why.", "likely"),
)


def find(snapshot: Snapshot) -> Iterator[Diagnosis]:
    """Why there are no pods."""
    yield from _read_replica_set(snapshot)
    job = snapshot.job
    if job is not None and not number_at(job, "status", "active") and not is_finished(job):
        yield from _read_events(snapshot.events(job), f"job/{name_of(job)}")
    if snapshot.leader_worker_set is not None:
        yield from _read_stateful_sets(snapshot)


def _read_stateful_sets(snapshot: Snapshot) -> Iterator[Diagnosis]:
    """What makes the pods of a LeaderWorkerSet: a StatefulSet of its name the leaders, and one of each leader's name the workers."""
    of_each: dict[str, list[Object]] = {}
    for event in snapshot.events():
        if text_at(event, "involvedObject", "kind") == "StatefulSet":
            of_each.setdefault(text_at(event, "involvedObject", "name"), []).append(event)
    for name, events in of_each.items():
        yield from _read_events(events, f"statefulset/{name}")


def _read_events(events: list[Object], subject: str) -> Iterator[Diagnosis]:
    said = _last_refusal(events)
    if said:
        yield from match_patterns(_REFUSALS, said, subject)


def _last_refusal(events: list[Object]) -> str:
    """What is said of the last failure to make a pod; nothing when one was made since."""
    outcomes = [each for each in events if each.get("reason") in ("FailedCreate", "SuccessfulCreate")]
    return message_of(outcomes[-1]) if outcomes and outcomes[-1].get("reason") == "FailedCreate" else ""


def _read_replica_set(snapshot: Snapshot) -> Iterator[Diagnosis]:
    newest = sorted(snapshot.all("replicasets"), key=lambda each: text_at(each, "metadata", "creationTimestamp"))[-1:]
    for each in newest:
        wanted, there = number_at(each, "spec", "replicas"), number_at(each, "status", "replicas")
        if wanted <= there:
            continue
        failure = condition(each, "ReplicaFailure")
        said = text_at(failure, "message") if failure.get("status") == "True" else ""
        said = said or _last_refusal(snapshot.events(each))
        if said:
            yield from match_patterns(_REFUSALS, said, f"replicaset/{name_of(each)}")
