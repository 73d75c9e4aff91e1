"""PVCs and volumes."""

from ..kubernetes_objects import ago, event, pod, pvc, running, snapshot, unschedulable
from ..snapshots import NO_GPU, Case, NearMiss, failed_mount, unbound_pvc

CASES: dict[str, list[Case]] = {
    "pvc-missing": [
        (snapshot(unschedulable('0/1 nodes are available: persistentvolumeclaim "models" not found.')), "The PVC models does not exist")
    ],
    "pvc-no-class": [
        (
            unbound_pvc("no persistent volumes available for this claim and no storage class is set", "FailedBinding"),
            "Set cache.storage_class",
        )
    ],
    "pvc-class-missing": [
        (
            unbound_pvc('storageclass.storage.k8s.io "fast" not found', storageclasses=[{"metadata": {"name": "gp3"}}]),
            "The StorageClass fast does not exist. | Correct cache.storage_class: the cluster has gp3.",
        )
    ],
    "pvc-access-mode": [(unbound_pvc("failed to provision volume: Volume capabilities not supported: ReadWriteMany"), "access_mode")],
    "storage-quota": [(unbound_pvc("rpc error: code = ResourceExhausted desc = quota exceeded for disks"), "Lower cache.size")],
    "pvc-provisioning": [(unbound_pvc("rpc error: code = Internal desc = boom"), "boom")],
    "volume-name-unavailable": [
        (unbound_pvc('volume "pv-1" already bound to a different claim.', "FailedBinding"), "The volume pv-1 is bound to another PVC")
    ],
    "pvc-no-provisioner": [
        (
            unbound_pvc("Waiting for a volume to be created either by the external provisioner 'x' or manually", "ExternalProvisioning"),
            "does not respond",
        )
    ],
    "pvc-lost": [(snapshot(pod(), persistentvolumeclaims=[pvc("Lost")]), "The volume of the PVC no longer exists")],
    "pvc-being-deleted": [
        (
            snapshot(unschedulable('0/1 nodes are available: persistentvolumeclaim "models" is being deleted.')),
            "The PVC models is being deleted, and a pod still mounts it",
        ),
        (snapshot(pod(), persistentvolumeclaims=[pvc("Bound", deletionTimestamp=ago(5))]), "is being deleted"),
    ],
    "volume-elsewhere": [
        (snapshot(unschedulable("0/2 nodes are available: 2 node(s) had volume node affinity conflict.")), "WaitForFirstConsumer")
    ],
    "volume-attached-limit": [(snapshot(unschedulable("1 node(s) exceed max volume count.")), "maximum number of volumes")],
    "volume-read-write-once-pod": [
        (
            snapshot(
                unschedulable(
                    "1 node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod."
                )
            ),
            "replicas to 1",
        )
    ],
    "volume-multi-attach": [
        (
            failed_mount('Multi-Attach error for volume "pvc-1" Volume is already exclusively attached to one node', "FailedAttachVolume"),
            "rollout to recreate",
        )
    ],
    "volume-driver-missing": [
        (
            failed_mount("MountVolume.MountDevice failed: driver name ebs.csi.aws.com not found in the list of registered CSI drivers"),
            "DaemonSet",
        )
    ],
    "volume-not-writable": [(failed_mount("mount.nfs: access denied by server while mounting 10.0.0.9:/models"), "export")],
    "volume-mount": [(failed_mount("MountVolume.SetUp failed: timed out waiting for the condition"), "timed out")],
}

NEAR_MISSES: dict[str, NearMiss] = {
    "pvc-missing": [
        snapshot(unschedulable('persistentvolumeclaim "models" is being deleted')),
        # the scheduler's message is from before the creation of the PVC
        snapshot(
            unschedulable('0/1 nodes are available: persistentvolumeclaim "llama-cache" not found. not found'),
            persistentvolumeclaims=[pvc("Bound")],
        ),
    ],
    "pvc-no-class": snapshot(
        pod(),
        persistentvolumeclaims=[pvc("Bound")],
        events=[event("FailedBinding", "no persistent volumes available for this claim and no storage class is set", pvc())],
    ),
    "pvc-class-missing": unbound_pvc("quota exceeded"),
    "pvc-access-mode": unbound_pvc("boom"),
    "storage-quota": unbound_pvc("boom"),
    "pvc-provisioning": unbound_pvc("waiting for first consumer to be created before binding", "WaitForFirstConsumer"),
    "volume-name-unavailable": unbound_pvc("boom"),
    "pvc-no-provisioner": snapshot(
        pod(), persistentvolumeclaims=[pvc(age=30)], events=[event("ExternalProvisioning", "Waiting for a volume", pvc())]
    ),
    "pvc-lost": snapshot(pod(), persistentvolumeclaims=[pvc("Bound")]),
    "pvc-being-deleted": snapshot(pod(), persistentvolumeclaims=[pvc("Bound")]),
    "volume-elsewhere": snapshot(unschedulable("1 node(s) didn't match Pod's node affinity/selector.")),
    "volume-attached-limit": snapshot(unschedulable("1 Too many pods.")),
    "volume-read-write-once-pod": snapshot(unschedulable(NO_GPU)),
    "volume-multi-attach": snapshot(running(), events=[event("FailedAttachVolume", "Multi-Attach error for volume", running())]),
    "volume-driver-missing": failed_mount("timed out"),
    "volume-not-writable": failed_mount("timed out"),
    "volume-mount": snapshot(running(), events=[event("FailedMount", "timed out waiting for the condition", running())]),
}
