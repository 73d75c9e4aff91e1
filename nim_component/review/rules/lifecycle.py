"""What comes, what goes, and in which order."""

from __future__ import annotations

from collections.abc import Iterator

from ..change import COMPONENT, Change, ServiceChange
from ..findings import CRITICAL, NOTICE, WARNING, Finding, Sentence, Severity, finding, listed, named, noun, sentence
from ..objects import WORKLOADS, count_of, duration, get, gpus, replicas, startup_budget

SERVERS = ("Deployment", "StatefulSet", "LeaderWorkerSet")
"""What runs servers, of which one can stand in for another."""
# What these lose or gain is another rule's to say.
ELSEWHERE = (
    "PersistentVolumeClaim", "Secret", "HorizontalPodAutoscaler", "ScaledObject", "PodDisruptionBudget", "NetworkPolicy", "Ingress",
    "HTTPRoute", "GRPCRoute", "Service",
)  # fmt: skip


def services(service: ServiceChange) -> Iterator[Finding]:
    """A whole service comes or goes: one finding, not one for each of its objects."""
    component = service.component()
    if component is None or component.operation not in ("create", "delete"):
        return
    workloads = service.of(*WORKLOADS)
    if component.operation == "delete":
        what = [change for change in service.changes if change.operation == "delete" and change is not component]
        objects = listed(f"{change.subject.kind} {change.subject.object_name}" for change in what)
        total = sum(replicas(change.before) or 0 for change in workloads)
        deleted = sentence("Deleted: {objects}. ", objects=objects) if objects else ()
        stops = sentence("{replicas} and clients get no answer.", replicas=(count_of(total, "replica stops", "replicas stop"),))
        yield finding("service-removed", CRITICAL, component, service.name, sentence("The service is removed."), (*deleted, *stops))
        return
    images = {get(pod, "image"): None for change in workloads for pod in _servers(change)}
    size = _size(workloads)
    text = sentence("New service, {size}", size=(size,)) + (sentence(": {images}.", images=listed(images)) if images else sentence("."))
    yield finding(
        "service-added", NOTICE, component, service.name, text, sentence("Needs nodes with that many free GPUs.") if "GPU" in size else ()
    )


def _servers(change: Change) -> list[object]:
    found = get(change.subject.inputs, "spec", "template", "spec", "containers")
    return found[:1] if isinstance(found, list) else []  # pyright: ignore[reportUnknownVariableType]


def _size(workloads: list[Change]) -> str:
    counts = [(replicas(change.after) or 0, sum(gpus(change.after).values())) for change in workloads]
    pods, total = sum(count for count, _ in counts), sum(count * each for count, each in counts)
    return f"{count_of(pods, 'replica')} with {count_of(total, 'GPU')} in all"


def replacements(service: ServiceChange) -> Iterator[Finding]:
    """Objects that are replaced: loud when the old one goes first."""
    for change in service.changes:
        if change.operation != "replace" or change.subject.kind == "Secret":
            continue
        subject = change.subject
        if change.order == "delete-before-create" and subject.kind != "PersistentVolumeClaim":  # a claim's loss is the cache's to say
            yield _deleted_first(service, change)
        elif subject.kind == "Job":
            text = sentence("{what} is created anew, then the old one is deleted{why}.", what=named(change), why=_why(change))
            yield finding("replaced", NOTICE, change, service.name, text, _runs(change), *change.reasons)
        elif subject.kind in WORKLOADS:
            needed = (replicas(change.after) or 0) * sum(gpus(change.after).values())
            also = sentence(" For a while both hold their GPUs: without {gpus} to spare the new pods wait, and the update with them.",
                       gpus=(count_of(needed, "GPU"),)) if needed else ()  # fmt: skip
            text = sentence("{what} is created anew, then the old one is deleted{why}.", what=named(change),
                       why=_why(change))  # fmt: skip
            yield finding("replaced", WARNING, change, service.name, text, sentence("All pods are new.") + also, *change.reasons)
        elif subject.kind not in (*ELSEWHERE, "ConfigMap"):
            text = sentence("{what} is created anew, then the old one is deleted{why}.", what=named(change),
                       why=_why(change))  # fmt: skip
            yield finding("replaced", NOTICE, change, service.name, text, (), *change.reasons)


def _runs(change: Change) -> Sentence:
    """Pulumi waits until a Job is complete, and with it what depends on the Job: a rollout, of what fills the cache."""
    if get(change.subject.inputs, "metadata", "annotations", "pulumi.com/skipAwait") == "true":
        return ()
    limit = get(change.subject.inputs, "spec", "activeDeadlineSeconds")
    most = sentence(", {time} at most", time=(duration(limit),)) if isinstance(limit, int) else ()
    return sentence("The update waits until it is done{most}, and so does a rollout that depends on it.", most=most)


def _deleted_first(service: ServiceChange, change: Change) -> Finding:
    subject = change.subject
    text = sentence("{what} is deleted, and only then created again{why}.", what=named(change), why=_why(change))
    severity: Severity = WARNING
    match subject.kind:
        case "Job":
            consequence: Sentence = sentence("What it is doing is cut off, and it runs again from the beginning.")
        case kind if kind in WORKLOADS:
            count, budget = replicas(change.before), startup_budget(change.after)
            severity = NOTICE if count == 0 else CRITICAL
            pods = (count_of(count, "replica stops", "replicas stop") if count is not None else "Every replica stops",)
            until = (
                sentence("about {time}, what a start-up may take", time=(duration(budget),))
                if budget
                else sentence("as long as a start-up takes")
            )
            consequence = (
                sentence("No replica runs now.")
                if count == 0
                else sentence("{pods}, and nothing answers until the new ones are up: {until}.", pods=pods, until=until)
            )
        case "Service":
            severity, consequence = CRITICAL, sentence("Clients reach nothing in between, and the cluster IP is another one afterwards.")
        case _ if any(each.order == change.order for each in service.of(*WORKLOADS)):
            severity, consequence = NOTICE, sentence("Its pods are gone by then.")
        case _:
            consequence = sentence("Pods that start in between do not find it.")
    return finding("deleted-first", severity, change, service.name, text, consequence, *change.reasons)


def _why(change: Change) -> Sentence:
    if change.cause:
        kind, _, name = change.cause.partition(" ")
        return sentence(", with the {kind} {name} it depends on", kind=noun(kind), name=name)
    return sentence(", forced by {reasons}", reasons=listed(change.reasons)) if change.reasons else ()


def deletions(service: ServiceChange) -> Iterator[Finding]:
    """Single objects that go; with a service that goes as a whole they are in its own finding."""
    component = service.component()
    if component is not None and component.operation == "delete":
        return
    successor = _successor(service)
    for change in service.changes:
        if change.operation != "delete" or change.subject.kind in (*ELSEWHERE, "ConfigMap"):
            continue
        subject = change.subject
        if successor is not None and subject.kind in SERVERS and not subject.retain:
            yield _succeeded(service, change, successor)
            continue
        if subject.retain:
            stays = sentence("It stays in the cluster, and the stack no longer knows it.")
            yield finding("deleted", NOTICE, change, service.name, _goes(change, "leaves the stack"), stays)
        elif subject.kind in WORKLOADS:
            pods = replicas(change.before)
            stop = (count_of(pods, "replica stops", "replicas stop") if pods is not None else "Every replica stops",)
            yield finding("deleted", CRITICAL, change, service.name, _goes(change, "is deleted"), sentence("{stop} for good.", stop=stop))
        else:
            yield finding("deleted", WARNING, change, service.name, _goes(change, "is deleted"))


def _successor(service: ServiceChange) -> Change | None:
    """The workload that takes the place of one of another kind, as a LeaderWorkerSet that of a Deployment."""
    gone, come = ([change for change in service.of(*SERVERS) if change.operation == each] for each in ("delete", "create"))
    return come[0] if len(gone) == len(come) == 1 and gone[0].subject.kind != come[0].subject.kind else None


def _succeeded(service: ServiceChange, old: Change, new: Change) -> Finding:
    text = sentence("{old} becomes {new}: that is made first, and the old one deleted when it is up.", old=named(old), new=named(new))
    needed = (replicas(new.after) or 0) * sum(gpus(new.after).values())
    spare = sentence(" For a while both hold their GPUs: without {gpus} to spare the new pods wait, and the update with them.",
                gpus=(count_of(needed, "GPU"),)) if needed else ()  # fmt: skip
    return finding("replaced", WARNING, old, service.name, text, sentence("All pods are new.") + spare)


def _goes(change: Change, verb: str) -> Sentence:
    return sentence("{what} {verb}.", what=named(change), verb=(verb,))


def protected(service: ServiceChange) -> Iterator[Finding]:
    """The engine deletes nothing that is protected, and stops there."""
    for change in service.changes:
        if change.before is not None and change.before.protect and change.operation in ("delete", "replace") and not change.before.external:
            text = sentence("{what} is protected and would be {verb}.", what=named(change),
                       verb=("deleted" if change.operation == "delete" else "replaced",))  # fmt: skip
            remedy = sentence(
                "The update stops before it does anything. Take `protect` away in a step of its own, or leave the object as it is."
            )
            yield finding("protected", CRITICAL, change, service.name, text, remedy, *change.reasons)


def creations(service: ServiceChange) -> Iterator[Finding]:
    """Single objects that come to a service that is there."""
    component = service.component()
    if component is not None and component.operation == "create":
        return
    successor = _successor(service)
    for change in service.changes:
        if change is successor:
            continue
        if change.operation == "create" and change.subject.kind not in (*ELSEWHERE, "ConfigMap", COMPONENT):
            text = sentence("{what} is new.", what=named(change))
            yield finding("created", NOTICE, change, service.name, text, _runs(change) if change.subject.kind == "Job" else ())


RULES = (services, replacements, deletions, protected, creations)
