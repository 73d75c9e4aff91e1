"""Volumes: claims that are not bound, volumes that cannot be attached or mounted."""

from collections.abc import Iterator

from ...cluster.objects import Object, condition, containers_of, is_terminating, message_of, name_of, text_at, time_at
from ...text.sanitizing import sanitize
from ..diagnosis import Diagnosis
from ..snapshot import Snapshot
from .patterns import MessagePattern, match_patterns

PATIENCE = 60
"""Seconds that a provisioner may take before its silence is worth a word."""

_SCHEDULER = (
    MessagePattern(
        "pvc-missing",
        r'persistentvolumeclaim "(?P<claim>[^"]+)" not found',
        "The claim {claim} is not there",
        "Correct cache.existing_claim, or leave it out: the component then makes a claim of its own.",
    ),
    MessagePattern(
        "pvc-being-deleted",
        r'persistentvolumeclaim "(?P<claim>[^"]+)" is being deleted',
        "The claim {claim} is being deleted, and waits for a pod that still mounts it",
        "Wait for the old pod to end, or delete it; then run pulumi up again.",
    ),
    MessagePattern(
        "volume-elsewhere",
        r"had volume node affinity conflict|volume node affinity conflict",
        "The cache's volume lies in a zone or on a node where the pod cannot run",
        "Let node_selector and affinity allow the volume's zone, use cache.access_mode ReadWriteMany, "
        "or give the cache a storage_class with volumeBindingMode: WaitForFirstConsumer.",
    ),
    MessagePattern(
        "volume-attached-limit",
        r"exceed max volume count",
        "The node has as many volumes as it can attach",
        "Add a node, or use a storage class of file shares.",
    ),
    MessagePattern(
        "volume-read-write-once-pod",
        r"ReadWriteOncePod",
        "Another pod uses the claim, which allows one pod only",
        "Use cache.access_mode ReadWriteOnce or ReadWriteMany, or replicas: 1 with rollout: recreate.",
    ),
)

_CLAIM_EVENTS = (
    MessagePattern(
        "pvc-no-class",
        r"no persistent volumes available for this claim and no storage class is set",
        "The claim names no StorageClass, and the cluster has no default class",
        "Set cache.storage_class, or cache.empty_dir, or make a class the default.",
    ),
    MessagePattern(
        "pvc-class-missing",
        r'storageclass\.storage\.k8s\.io "(?P<name>[^"]+)" not found',
        "There is no StorageClass {name}",
        "Correct cache.storage_class{there}.",
    ),
    MessagePattern(
        "pvc-access-mode",
        r"access ?mode|ReadWriteMany|multi.?node.*not supported|RWX",
        "The StorageClass cannot provide the claim's access mode",
        "Use cache.access_mode ReadWriteOnce with replicas: 1, or a storage_class of file shares for ReadWriteMany.",
        "likely",
    ),
    MessagePattern(
        "storage-quota",
        r"quota|limit exceeded|out of capacity|insufficient (?:capacity|space)",
        "The storage behind the class is full or over its quota",
        "Lower cache.size, raise the quota, or use another storage_class.",
        "likely",
    ),
    MessagePattern(
        "volume-name-unavailable",
        r'volume "(?P<name>[^"]+)" already bound to a different claim',
        "The volume {name} belongs to another claim",
        "Choose another cache.volume_name, or leave it out.",
    ),
    MessagePattern(
        "pvc-provisioning",
        r".",
        "The claim's volume could not be provisioned",
        "The provisioner's words below say why.",
        "likely",
    ),
)

_MOUNT_EVENTS = (
    MessagePattern(
        "volume-multi-attach",
        r"Multi-Attach error",
        "The cache's volume is still attached to another node, where the old pod ran",
        "Wait for the old pod to end (its node may be lost: then delete the pod), keep rollout: recreate, "
        "or use cache.access_mode ReadWriteMany.",
    ),
    MessagePattern(
        "config-map-missing",
        r'configmap "(?P<name>[^"]+)" not found',
        "The ConfigMap {name} that the pod mounts is not there",
        "Run pulumi up again if it is the component's own (its name ends in a digest), or correct extra_volumes.",
    ),
    MessagePattern(
        "secret-missing",
        r'secret "(?P<name>[^"]+)" not found',
        "The Secret {name} that the pod mounts is not there",
        "Make it in the service's namespace, or correct extra_volumes.",
    ),
    MessagePattern(
        "volume-driver-missing",
        r"driver name \S+ not found in the list of registered CSI drivers",
        "The node does not run the volume's CSI driver",
        "Install the driver on the GPU nodes too (its DaemonSet needs their toleration).",
    ),
    MessagePattern(
        "volume-not-writable",
        r"permission denied|access denied|read-only file system",
        "The server of the volume refuses the mount",
        "Allow the nodes in its export, and set fs_group to the owner of the directory.",
        "likely",
    ),
    MessagePattern(
        "volume-mount",
        r".",
        "A volume could not be mounted",
        "The words below say why; storage that is unreachable needs its network or its firewall.",
        "likely",
    ),
)


def find(snapshot: Snapshot) -> Iterator[Diagnosis]:
    """What is wrong with volumes."""
    for pod in snapshot.pods:
        subject = f"pod/{name_of(pod)}"
        waits = not text_at(pod, "spec", "nodeName")
        claims = {name: claim for name, claim in snapshot.pvcs_of(pod) if claim is not None}
        said = text_at(condition(pod, "PodScheduled"), "message")
        # A scheduler that missed a claim which is there by now looked before it was made.
        if waits and not any(f'persistentvolumeclaim "{name}" not found' in said for name in claims):
            yield from match_patterns(_SCHEDULER, said, subject)
        for name, claim in claims.items():
            yield from _read_claim(snapshot, claim, f"claim/{name}")
        # Once a container has run, what a mount waited for has come.
        if not waits and not _has_started(pod):
            for event in snapshot.events(pod, "FailedMount", "FailedAttachVolume", "FailedMapVolume")[-1:]:
                yield from match_patterns(_MOUNT_EVENTS, message_of(event), subject)


def _has_started(pod: Object) -> bool:
    return any(each.running_since or each.ended for each in containers_of(pod))


def _read_claim(snapshot: Snapshot, claim: Object, subject: str) -> Iterator[Diagnosis]:
    phase = text_at(claim, "status", "phase")
    if phase == "Lost":
        fix = "Restore the volume, or take another claim (cache.storage_class, cache.existing_claim): the model is then downloaded again."
        yield Diagnosis("pvc-lost", "The claim's volume is gone", fix, subject=subject)
    elif phase != "Bound":
        failed = snapshot.events(claim, "ProvisioningFailed", "FailedBinding", "VolumeMismatch")
        for event in failed[-1:]:
            yield from match_patterns(_CLAIM_EVENTS, message_of(event), subject, there=_classes(snapshot))
        if not failed:
            yield from _find_silence(snapshot, claim, subject)
    elif is_terminating(claim):
        fix = "Wait for the old pod to end, or delete it; then run pulumi up again."
        yield Diagnosis("pvc-being-deleted", "The claim is being deleted, and waits for a pod that still mounts it", fix, subject=subject)


def _classes(snapshot: Snapshot) -> str:
    names = sorted(name_of(each) for each in snapshot.all("storageclasses"))
    return f": the cluster has {', '.join(sanitize(each, 60) for each in names[:6])}" if names else ""


def _find_silence(snapshot: Snapshot, claim: Object, subject: str) -> Iterator[Diagnosis]:
    waiting = snapshot.events(claim, "ExternalProvisioning")
    began = time_at(claim, "metadata", "creationTimestamp")
    if waiting and began and (snapshot.now - began).total_seconds() > PATIENCE:
        text = "Nobody provisions the claim's volume: the provisioner of its StorageClass does not answer"
        fix = "Install the provisioner (its CSI driver), or choose another cache.storage_class."
        yield Diagnosis("pvc-no-provisioner", text, fix, sanitize(message_of(waiting[-1])), "likely", subject)
