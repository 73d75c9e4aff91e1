"""Pods that the API server rejects. Only the events of their controller show the reason."""

from collections.abc import Iterator

from ...cluster.objects import Object, condition, is_finished, message_of, name_of, number_at, text_at
from ..diagnosis import Diagnosis
from ..snapshot import Snapshot
from .patterns import SEE_EVIDENCE, MessagePattern, match_patterns

_REJECTIONS = (
    MessagePattern(
        "pod-security",
        r'violates PodSecurity "(?P<level>[^"]+)"(?::\s*(?P<violation>.{0,200}))?',
        "The namespace's Pod Security level {level} rejects the pod: {violation}",
        "Check extra_containers, cache.host_path and run_as_user, or use another namespace. "
        "The component's own pods comply with the level restricted.",
    ),
    MessagePattern(
        "quota-exceeded",
        r"exceeded quota: (?P<quota>[^,]+)"
        r"(?:, requested: (?P<requested>\S+), used: (?P<used>\S+), limited: (?P<limit>\S+))?",
        "The pod exceeds the namespace's quota {quota}: requested {requested}, used {used}, limit {limit}",
        "Raise the quota, delete objects that use it, or request less (gpu, cpu, mem, replicas).",
    ),
    MessagePattern(
        "quota-unlimited",
        r"failed quota: (?P<quota>[^:]+): must specify (?P<limits>.{0,120})",
        "The namespace's quota {quota} requires limits that a container does not have: {limits}",
        "Set these limits on the containers in extra_containers (for the server: ephemeral_storage).",
    ),
    MessagePattern(
        "limit-range",
        r"(?:maximum|minimum) (?P<bound>\S+ usage per (?:Container|Pod) is [^,.]+)",
        "The namespace's LimitRange rejects the pod: {bound}",
        "Change cpu, mem or ephemeral_storage to a value within the LimitRange, or change the LimitRange.",
    ),
    MessagePattern(
        "webhook-refused",
        r'admission webhook "(?P<webhook>[^"]+)" denied the request(?:: (?P<reason>.{0,200}))?',
        "The admission webhook {webhook} rejects the pod: {reason}",
        "Comply with its policy (pod_labels, pod_annotations, tolerations), or request an exemption from its owner.",
    ),
    MessagePattern(
        "webhook-broken",
        r'failed calling webhook "(?P<webhook>[^"]+)"',
        "The admission webhook {webhook} does not respond, and no pod is admitted without it",
        "Repair or restart the webhook's server. The service is not the cause.",
    ),
    MessagePattern(
        "service-account-missing",
        r'error looking up service account (?P<account>[^:]+):|serviceaccount "(?P<name>[^"]+)" not found',
        "The pod's ServiceAccount does not exist yet",
        "Wait: in a new namespace, `default` is created after a moment. If it stays missing, check kube-controller-manager. "
        "Create another one, or correct service_account.name.",
    ),
    MessagePattern(
        "priority-class-missing",
        r"no PriorityClass with name (?P<name>\S+) was found",
        "The PriorityClass {name} does not exist",
        "Correct priority_class, or remove it.",
    ),
    MessagePattern(
        "runtime-class-missing",
        r'RuntimeClass "?(?P<name>[^"\s]+)"? not found',
        "The RuntimeClass {name} does not exist",
        "Correct runtime_class, or remove it if the cluster requires none.",
    ),
    MessagePattern(
        "namespace-ending",
        r"because it is being terminated",
        "The namespace is being deleted",
        "Deploy to another namespace, or wait until the namespace is deleted and create it again.",
    ),
    MessagePattern("pod-refused", r".", "The API server rejects the pod", SEE_EVIDENCE, "likely"),
)


def find(snapshot: Snapshot) -> Iterator[Diagnosis]:
    """Yield the reasons why pods could not be created."""
    yield from _check_replica_set(snapshot)
    job = snapshot.job
    if job is not None and not number_at(job, "status", "active") and not is_finished(job):
        yield from _check_events(snapshot.events(job), f"job/{name_of(job)}")
    if snapshot.leader_worker_set is not None:
        yield from _check_stateful_sets(snapshot)


def _check_stateful_sets(snapshot: Snapshot) -> Iterator[Diagnosis]:
    """Check the StatefulSets of a LeaderWorkerSet.

    One, of the LeaderWorkerSet's name, creates the leaders. One for each leader, of the leader's
    name, creates its workers.
    """
    events_by_name: dict[str, list[Object]] = {}
    for event in snapshot.events():
        if text_at(event, "involvedObject", "kind") == "StatefulSet":
            events_by_name.setdefault(text_at(event, "involvedObject", "name"), []).append(event)
    for name, events in events_by_name.items():
        yield from _check_events(events, f"statefulset/{name}")


def _check_events(events: list[Object], subject: str) -> Iterator[Diagnosis]:
    message = _last_rejection(events)
    if message:
        yield from match_patterns(_REJECTIONS, message, subject)


def _last_rejection(events: list[Object]) -> str:
    """Return the message of the last failed creation of a pod; empty if a later one succeeded."""
    outcomes = [each for each in events if each.get("reason") in ("FailedCreate", "SuccessfulCreate")]
    return message_of(outcomes[-1]) if outcomes and outcomes[-1].get("reason") == "FailedCreate" else ""


def _check_replica_set(snapshot: Snapshot) -> Iterator[Diagnosis]:
    newest = sorted(snapshot.all("replicasets"), key=lambda each: text_at(each, "metadata", "creationTimestamp"))[-1:]
    for each in newest:
        if number_at(each, "spec", "replicas") <= number_at(each, "status", "replicas"):
            continue
        failure = condition(each, "ReplicaFailure")
        message = text_at(failure, "message") if failure.get("status") == "True" else ""
        message = message or _last_rejection(snapshot.events(each))
        if message:
            yield from match_patterns(_REJECTIONS, message, f"replicaset/{name_of(each)}")
