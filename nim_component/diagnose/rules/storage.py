"""PVCs that are not bound, and volumes that cannot be attached or mounted."""

from collections.abc import Iterator

from ...cluster.objects import Object, condition, containers_of, is_terminating, message_of, name_of, text_at, time_at
from ...text.sanitizing import sanitize
from ..diagnosis import Diagnosis
from ..snapshot import Snapshot
from .patterns import SEE_EVIDENCE, MessagePattern, match_patterns

PROVISIONER_DELAY = 60
"""Seconds in which a provisioner normally responds."""
_WAIT_FOR_POD = "Wait until the old pod terminates, or delete it. Then run `pulumi up` again."

_SCHEDULER = (
    MessagePattern(
        "pvc-missing",
        r'persistentvolumeclaim "(?P<pvc>[^"]+)" not found',
        "The PVC {pvc} does not exist",
        "Correct cache.existing_claim, or remove it: the component then creates a PVC.",
    ),
    MessagePattern(
        "pvc-being-deleted",
        r'persistentvolumeclaim "(?P<pvc>[^"]+)" is being deleted',
        "The PVC {pvc} is being deleted, and a pod still mounts it",
        _WAIT_FOR_POD,
    ),
    MessagePattern(
        "volume-elsewhere",
        r"had volume node affinity conflict|volume node affinity conflict",
        "The cache's volume is in a zone or on a node where the pod cannot run",
        "Allow the volume's zone in node_selector and affinity, set cache.access_mode to ReadWriteMany, "
        "or use a cache.storage_class whose volumeBindingMode is WaitForFirstConsumer.",
    ),
    MessagePattern(
        "volume-attached-limit",
        r"exceed max volume count",
        "The node has the maximum number of volumes attached",
        "Add a node, or use a StorageClass of file shares.",
    ),
    MessagePattern(
        "volume-read-write-once-pod",
        r"ReadWriteOncePod",
        "Another pod uses the PVC, whose access mode allows one pod only",
        "Set cache.access_mode to ReadWriteOnce or ReadWriteMany, or replicas to 1 and rollout to recreate.",
    ),
)
"""Messages of the scheduler."""

_PVC_EVENTS = (
    MessagePattern(
        "pvc-no-class",
        r"no persistent volumes available for this claim and no storage class is set",
        "The PVC has no StorageClass, and the cluster has no default StorageClass",
        "Set cache.storage_class or cache.empty_dir, or make a StorageClass the default.",
    ),
    MessagePattern(
        "pvc-class-missing",
        r'storageclass\.storage\.k8s\.io "(?P<name>[^"]+)" not found',
        "The StorageClass {name} does not exist",
        "Correct cache.storage_class{classes}.",
    ),
    MessagePattern(
        "pvc-access-mode",
        r"access ?mode|ReadWriteMany|multi.?node.*not supported|RWX",
        "The StorageClass cannot provide the PVC's access mode",
        "Set cache.access_mode to ReadWriteOnce and replicas to 1, or set cache.storage_class to a class of file shares for ReadWriteMany.",
        "likely",
    ),
    MessagePattern(
        "storage-quota",
        r"quota|limit exceeded|out of capacity|insufficient (?:capacity|space)",
        "The storage behind the StorageClass is full or over its quota",
        "Lower cache.size, raise the quota, or use another cache.storage_class.",
        "likely",
    ),
    MessagePattern(
        "volume-name-unavailable",
        r'volume "(?P<name>[^"]+)" already bound to a different claim',
        "The volume {name} is bound to another PVC",
        "Set cache.volume_name to another volume, or remove it.",
    ),
    MessagePattern("pvc-provisioning", r".", "The volume of the PVC could not be provisioned", SEE_EVIDENCE, "likely"),
)
"""Messages of the events of a PVC that is not bound."""

_MOUNT_EVENTS = (
    MessagePattern(
        "volume-multi-attach",
        r"Multi-Attach error",
        "The cache's volume is still attached to another node, where the old pod ran",
        "Wait until the old pod terminates; if its node is lost, delete the pod. To prevent this, set rollout to recreate "
        "or cache.access_mode to ReadWriteMany.",
    ),
    MessagePattern(
        "config-map-missing",
        r'configmap "(?P<name>[^"]+)" not found',
        "The ConfigMap {name} that the pod mounts does not exist",
        "Run `pulumi up` again if the ConfigMap is the component's own (its name ends in a content hash), or correct extra_volumes.",
    ),
    MessagePattern(
        "secret-missing",
        r'secret "(?P<name>[^"]+)" not found',
        "The Secret {name} that the pod mounts does not exist",
        "Create it in the service's namespace, or correct extra_volumes.",
    ),
    MessagePattern(
        "volume-driver-missing",
        r"driver name \S+ not found in the list of registered CSI drivers",
        "The node does not run the volume's CSI driver",
        "Install the driver on the GPU nodes too: its DaemonSet must tolerate their taint.",
    ),
    MessagePattern(
        "volume-not-writable",
        r"permission denied|access denied|read-only file system",
        "The volume's server refuses the mount",
        "Allow the nodes in its export, and set fs_group to the owner of the directory.",
        "likely",
    ),
    MessagePattern(
        "volume-mount",
        r".",
        "A volume could not be mounted",
        "See the evidence for the reason. If the storage is unreachable, check its network and firewall.",
        "likely",
    ),
)
"""Messages of failed attachments and mounts."""


def find(snapshot: Snapshot) -> Iterator[Diagnosis]:
    """Yield diagnoses of PVCs and volumes."""
    for pod in snapshot.pods:
        subject = f"pod/{name_of(pod)}"
        is_scheduled = bool(text_at(pod, "spec", "nodeName"))
        pvcs = {name: pvc for name, pvc in snapshot.pvcs_of(pod) if pvc is not None}
        message = text_at(condition(pod, "PodScheduled"), "message")
        # The message is outdated if the scheduler missed a PVC that exists now.
        if not is_scheduled and not any(f'persistentvolumeclaim "{name}" not found' in message for name in pvcs):
            yield from match_patterns(_SCHEDULER, message, subject)
        for name, pvc in pvcs.items():
            yield from _check_pvc(snapshot, pvc, f"pvc/{name}")
        # A container that has run has its volumes.
        if is_scheduled and not _has_started(pod):
            for event in snapshot.events(pod, "FailedMount", "FailedAttachVolume", "FailedMapVolume")[-1:]:
                yield from match_patterns(_MOUNT_EVENTS, message_of(event), subject)


def _has_started(pod: Object) -> bool:
    return any(each.running_since or each.ended for each in containers_of(pod))


def _check_pvc(snapshot: Snapshot, pvc: Object, subject: str) -> Iterator[Diagnosis]:
    phase = text_at(pvc, "status", "phase")
    if phase == "Lost":
        fix = "Restore the volume, or use another PVC (cache.storage_class, cache.existing_claim). The model is then downloaded again."
        yield Diagnosis("pvc-lost", "The volume of the PVC no longer exists", fix, subject=subject)
    elif phase != "Bound":
        failures = snapshot.events(pvc, "ProvisioningFailed", "FailedBinding", "VolumeMismatch")
        for event in failures[-1:]:
            yield from match_patterns(_PVC_EVENTS, message_of(event), subject, classes=_describe_classes(snapshot))
        if not failures:
            yield from _check_provisioner(snapshot, pvc, subject)
    elif is_terminating(pvc):
        yield Diagnosis("pvc-being-deleted", "The PVC is being deleted, and a pod still mounts it", _WAIT_FOR_POD, subject=subject)


def _describe_classes(snapshot: Snapshot) -> str:
    names = sorted(name_of(each) for each in snapshot.all("storageclasses"))
    return f": the cluster has {', '.join(sanitize(each, 60) for each in names[:6])}" if names else ""


def _check_provisioner(snapshot: Snapshot, pvc: Object, subject: str) -> Iterator[Diagnosis]:
    waiting = snapshot.events(pvc, "ExternalProvisioning")
    created = time_at(pvc, "metadata", "creationTimestamp")
    if waiting and created and (snapshot.now - created).total_seconds() > PROVISIONER_DELAY:
        text = "The PVC's volume is not provisioned: the provisioner of its StorageClass does not respond"
        fix = "Install the provisioner (its CSI driver), or use another cache.storage_class."
        yield Diagnosis("pvc-no-provisioner", text, fix, sanitize(message_of(waiting[-1])), "likely", subject)
