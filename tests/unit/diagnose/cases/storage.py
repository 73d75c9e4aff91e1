"""Claims and volumes."""

from ..made import ago, claim, event, pod, running, snapshot, unschedulable
from ..shown import NO_GPU, Case, NearMiss, claimed, mounting

CASES: dict[str, list[Case]] = {
    "pvc-missing": [
        (snapshot(unschedulable('0/1 nodes are available: persistentvolumeclaim "models" not found.')), "The PVC models does not exist")
    ],
    "pvc-no-class": [
        (claimed("no persistent volumes available for this claim and no storage class is set", "FailedBinding"), "Set cache.storage_class")
    ],
    "pvc-class-missing": [
        (
            claimed('storageclass.storage.k8s.io "fast" not found', storageclasses=[{"metadata": {"name": "gp3"}}]),
            "The StorageClass fast does not exist. | Correct cache.storage_class: the cluster has gp3.",
        )
    ],
    "pvc-access-mode": [(claimed("failed to provision volume: Volume capabilities not supported: ReadWriteMany"), "access_mode")],
    "storage-quota": [(claimed("rpc error: code = ResourceExhausted desc = quota exceeded for disks"), "Lower cache.size")],
    "pvc-provisioning": [(claimed("rpc error: code = Internal desc = boom"), "boom")],
    "volume-name-unavailable": [
        (claimed('volume "pv-1" already bound to a different claim.', "FailedBinding"), "The volume pv-1 is bound to another PVC")
    ],
    "pvc-no-provisioner": [
        (
            claimed("Waiting for a volume to be created either by the external provisioner 'x' or manually", "ExternalProvisioning"),
            "does not respond",
        )
    ],
    "pvc-lost": [(snapshot(pod(), persistentvolumeclaims=[claim("Lost")]), "The volume of the PVC no longer exists")],
    "pvc-being-deleted": [
        (
            snapshot(unschedulable('0/1 nodes are available: persistentvolumeclaim "models" is being deleted.')),
            "The PVC models is being deleted, and a pod still mounts it",
        ),
        (snapshot(pod(), persistentvolumeclaims=[claim("Bound", deletionTimestamp=ago(5))]), "is being deleted"),
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
            mounting('Multi-Attach error for volume "pvc-1" Volume is already exclusively attached to one node', "FailedAttachVolume"),
            "rollout to recreate",
        )
    ],
    "volume-driver-missing": [
        (
            mounting("MountVolume.MountDevice failed: driver name ebs.csi.aws.com not found in the list of registered CSI drivers"),
            "DaemonSet",
        )
    ],
    "volume-not-writable": [(mounting("mount.nfs: access denied by server while mounting 10.0.0.9:/models"), "export")],
    "volume-mount": [(mounting("MountVolume.SetUp failed: timed out waiting for the condition"), "timed out")],
}

NEAR_MISSES: dict[str, NearMiss] = {
    "pvc-missing": [
        snapshot(unschedulable('persistentvolumeclaim "models" is being deleted')),
        # the scheduler looked before the claim was made, and has not looked again
        snapshot(
            unschedulable('0/1 nodes are available: persistentvolumeclaim "llama-cache" not found. not found'),
            persistentvolumeclaims=[claim("Bound")],
        ),
    ],
    "pvc-no-class": snapshot(
        pod(),
        persistentvolumeclaims=[claim("Bound")],
        events=[event("FailedBinding", "no persistent volumes available for this claim and no storage class is set", claim())],
    ),
    "pvc-class-missing": claimed("quota exceeded"),
    "pvc-access-mode": claimed("boom"),
    "storage-quota": claimed("boom"),
    "pvc-provisioning": claimed("waiting for first consumer to be created before binding", "WaitForFirstConsumer"),
    "volume-name-unavailable": claimed("boom"),
    "pvc-no-provisioner": snapshot(
        pod(), persistentvolumeclaims=[claim(age=30)], events=[event("ExternalProvisioning", "Waiting for a volume", claim())]
    ),
    "pvc-lost": snapshot(pod(), persistentvolumeclaims=[claim("Bound")]),
    "pvc-being-deleted": snapshot(pod(), persistentvolumeclaims=[claim("Bound")]),
    "volume-elsewhere": snapshot(unschedulable("1 node(s) didn't match Pod's node affinity/selector.")),
    "volume-attached-limit": snapshot(unschedulable("1 Too many pods.")),
    "volume-read-write-once-pod": snapshot(unschedulable(NO_GPU)),
    "volume-multi-attach": snapshot(running(), events=[event("FailedAttachVolume", "Multi-Attach error for volume", running())]),
    "volume-driver-missing": mounting("timed out"),
    "volume-not-writable": mounting("timed out"),
    "volume-mount": snapshot(running(), events=[event("FailedMount", "timed out waiting for the condition", running())]),
}
