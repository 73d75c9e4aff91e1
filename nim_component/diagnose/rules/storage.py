"""PVCs that are not bound, and volumes that cannot be attached or mounted."""

import re
from collections.abc import Iterator

from ...cluster.objects import Object, condition, containers_of, is_terminating, message_of, name_of, text_at, time_at
from ...text.drift import describe_refresh
from ...text.sanitizing import sanitize
from ..diagnosis import Diagnosis
from ..snapshot import Snapshot
from .patterns import MessagePattern, match_patterns
from .provisioning_messages import PVC_PATTERNS
from .volume_events import check_mounts, mask_names
from .volume_fields import name_volume_fields

PROVISIONER_DELAY = 60
"""Seconds in which a provisioner normally responds."""
_WAIT_FOR_POD = f"Wait until the old pod terminates, or delete it. {describe_refresh()}"

_UNSCHEDULABLE = r"\d+/\d+ nodes are available: .*"
"""Start of the scheduler's message."""
_NOT_OWNER = r"PVC \S{1,253}/(?P<pvc>[a-z0-9.-]{1,253}) was not created for pod \S{1,510} \(pod is not owner\)"
_EPHEMERAL = "waiting for ephemeral volume controller to create the persistentvolumeclaim "

_SCHEDULER = (
    MessagePattern(
        "pvc-missing",
        r'persistentvolumeclaim "(?P<pvc>[^"]+)" not found',
        "The PVC {pvc} does not exist",
        "Correct {claim}, or remove it: the component then creates a PVC.",
        sentences=(_UNSCHEDULABLE + r'persistentvolumeclaim "(?P<pvc>[^"]+)" not found.*',),
    ),
    MessagePattern(
        "pvc-missing",
        _EPHEMERAL + r'"(?P<pvc>[^"]+)"',
        "The PVC {pvc} of the pod's ephemeral volume does not exist yet",
        "Wait: it is created automatically after a moment. If it stays missing, a ResourceQuota or an admission policy of the namespace "
        "rejects it.",
        sentences=(_UNSCHEDULABLE + _EPHEMERAL + r'"(?P<pvc>[^"]+)".*',),
    ),
    MessagePattern(
        "pvc-other-owner",
        _NOT_OWNER,
        "The PVC {pvc} has the name of the pod's ephemeral volume, and was not created for this pod",
        "Delete the pod: the next one has another name. If a workload uses the PVC, rename the PVC. If an earlier pod left it, delete it.",
        sentences=(rf"(?:{_UNSCHEDULABLE})?{_NOT_OWNER}\.?(?: preemption: [^\n]*)?",),
    ),
    MessagePattern(
        "pvc-being-deleted",
        r'persistentvolumeclaim "(?P<pvc>[^"]+)" is being deleted',
        "The PVC {pvc} is being deleted, and a pod still mounts it",
        _WAIT_FOR_POD,
        sentences=(_UNSCHEDULABLE + r'persistentvolumeclaim "(?P<pvc>[^"]+)" is being deleted.*',),
    ),
    MessagePattern(
        "volume-elsewhere",
        r"had volume node affinity conflict|didn't match PersistentVolume's node affinity|had no available volume zone",
        "The volume of the cache or of the adapters is in a zone or on a node where the pod cannot run",
        "Allow the volume's zone in node_selector and affinity. Or set {mode} to ReadWriteMany, "
        "or use a class whose volumeBindingMode is WaitForFirstConsumer ({storage_class}).",
        sentences=(_UNSCHEDULABLE + r"(?:had volume node affinity conflict|didn't match PersistentVolume's node affinity).*",),
    ),
    MessagePattern(
        "volume-attached-limit",
        r"exceed max volume count",
        "The node has the maximum number of volumes attached",
        "Add a node, or use a class of file shares ({storage_class}).",
        sentences=(_UNSCHEDULABLE + r"node\(s\) exceed max volume count.*",),
    ),
    MessagePattern(
        "volume-read-write-once-pod",
        r"PersistentVolumeClaim with (?:the same name and )?ReadWriteOncePod access mode",
        "Another pod uses the PVC, whose access mode allows one pod only",
        "Set {mode} to ReadWriteOnce or ReadWriteMany, or replicas to 1 and rollout to recreate.",
        sentences=(_UNSCHEDULABLE + r"PersistentVolumeClaim with (?:the same name and )?ReadWriteOncePod access mode.*",),
    ),
    MessagePattern(
        "volume-unavailable",
        r"didn't find available persistent volumes to bind",
        "No PersistentVolume of the PVC's class is free on a node for the pod",
        "Create a PersistentVolume of the class on such a node, or use a class with a provisioner that creates volumes ({storage_class}).",
        sentences=(_UNSCHEDULABLE + r"node\(s\) didn't find available persistent volumes to bind.*",),
    ),
    MessagePattern(
        "storage-capacity",
        r"did not have enough free storage",
        "No node has enough free storage for the PVC",
        "Lower {size}, or use another class ({storage_class}).",
        sentences=(_UNSCHEDULABLE + r"node\(s\) did not have enough free storage.*",),
    ),
    MessagePattern(
        "volume-missing",
        r"bound to non-existent (?:persistentvolume|pv\(s\))",
        "The PVC is bound to a volume that no longer exists",
        "Use another PVC ({claim}). The model is then downloaded again.",
        sentences=(_UNSCHEDULABLE + r"bound to non-existent (?:persistentvolume|pv)\(s\).*",),
    ),
)
"""Messages of the scheduler."""


def find(snapshot: Snapshot) -> Iterator[Diagnosis]:
    """Yield diagnoses of PVCs and volumes."""
    for pod in snapshot.pods:
        subject = f"pod/{name_of(pod)}"
        is_scheduled = bool(text_at(pod, "spec", "nodeName"))
        pvcs = {name: pvc for name, pvc in snapshot.pvcs_of(pod) if pvc is not None}
        message = text_at(condition(pod, "PodScheduled"), "message")
        # The message is outdated if the scheduler missed a PVC that exists now.
        if not is_scheduled and not any(_is_missing(name, message) for name in pvcs):
            yield from match_patterns(_SCHEDULER, message, subject, **name_volume_fields(snapshot, pod, _find_named_pvc(message)))
        for name, pvc in pvcs.items():
            yield from _check_pvc(snapshot, pod, pvc, f"pvc/{name}")
        # A container that has run has its volumes.
        if is_scheduled and not _has_started(pod):
            yield from check_mounts(snapshot, pod, subject)


def _is_missing(pvc: str, message: str) -> bool:
    """Return True if the scheduler's message reports that a PVC does not exist."""
    return f'persistentvolumeclaim "{pvc}" not found' in message or f'{_EPHEMERAL}"{pvc}"' in message


def _find_named_pvc(message: str) -> str:
    found = re.search(r'persistentvolumeclaim "([^"]+)"', message)
    return found[1] if found else ""


def _has_started(pod: Object) -> bool:
    return any(each.running_since or each.ended for each in containers_of(pod))


def _check_pvc(snapshot: Snapshot, pod: Object, pvc: Object, subject: str) -> Iterator[Diagnosis]:
    phase, fields = text_at(pvc, "status", "phase"), name_volume_fields(snapshot, pod, name_of(pvc))
    if phase == "Lost":
        fix = f"Restore the volume, or use another PVC ({fields['claim']}). Its content is then downloaded again."
        yield Diagnosis("pvc-lost", "The volume of the PVC no longer exists", fix, subject=subject)
    elif phase != "Bound":
        failures = snapshot.events(pvc, "ProvisioningFailed", "FailedBinding", "VolumeMismatch")
        for event in failures[-1:]:
            message = message_of(event)
            classes = _describe_classes(snapshot)
            yield from match_patterns(PVC_PATTERNS, mask_names(message), subject, original=message, classes=classes, **fields)
        if not failures:
            yield from _check_provisioner(snapshot, pvc, subject, fields["storage_class"])
    elif is_terminating(pvc):
        yield Diagnosis("pvc-being-deleted", "The PVC is being deleted, and a pod still mounts it", _WAIT_FOR_POD, subject=subject)


def _describe_classes(snapshot: Snapshot) -> str:
    names = sorted(name_of(each) for each in snapshot.all("storageclasses"))
    return f": the cluster has {', '.join(sanitize(each, 60) for each in names[:6])}" if names else ""


def _check_provisioner(snapshot: Snapshot, pvc: Object, subject: str, field: str) -> Iterator[Diagnosis]:
    waiting = snapshot.events(pvc, "ExternalProvisioning")
    created = time_at(pvc, "metadata", "creationTimestamp")
    if waiting and created and (snapshot.now - created).total_seconds() > PROVISIONER_DELAY:
        text = "The PVC's volume is not provisioned: the provisioner of its StorageClass does not respond"
        fix = f"Install the provisioner (its CSI driver), or use another class ({field})."
        yield Diagnosis("pvc-no-provisioner", text, fix, sanitize(message_of(waiting[-1])), "likely", subject)
