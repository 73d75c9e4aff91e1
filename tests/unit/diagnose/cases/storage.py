"""PVCs and volumes."""

from nim_component.diagnose.snapshot import Snapshot

from ..kubernetes_objects import ago, deployment, event, pod, pvc, running, snapshot, unschedulable
from ..snapshots import NO_GPU, Case, NearMiss, failed_mount, unbound_pvc

CLASS = 'failed to provision volume with StorageClass "gp3": '
PROVISIONING = CLASS + "rpc error: code = Internal desc = "
MOUNT = 'MountVolume.SetUp failed for volume "pvc-1" : rpc error: code = Internal desc = '
ATTACH = 'AttachVolume.Attach failed for volume "pvc-1" : rpc error: code = Internal desc = '

NOT_OWNER = "PVC ml/llama-5d9-cache was not created for pod ml/llama-5d9 (pod is not owner)"

CASES: dict[str, list[Case]] = {
    "pvc-missing": [
        (snapshot(unschedulable('0/1 nodes are available: persistentvolumeclaim "models" not found.')), "The PVC models does not exist")
    ],
    "pvc-other-owner": [
        (
            snapshot(unschedulable(NOT_OWNER)),
            "The PVC llama-5d9-cache has the name of the pod's ephemeral volume, and was not created for this pod. |",
        ),
        (
            snapshot(
                unschedulable(
                    f"0/3 nodes are available: {NOT_OWNER}. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."
                )
            ),
            "Delete the pod",
        ),
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
    "storage-backend-missing": [
        (unbound_pvc(CLASS + "rpc error: code = Unknown desc = no available backends for storage class ontap"), "`tridentctl get backend`"),
        (unbound_pvc(PROVISIONING + "no GCNV storage pools found for Trident pool gcnv_pool"), "No backend of the storage system"),
    ],
    "storage-quota": [(unbound_pvc("rpc error: code = ResourceExhausted desc = quota exceeded for disks"), "Lower cache.size")],
    "storage-capacity": [
        (unbound_pvc("rpc error: code = ResourceExhausted desc = no enough space left on VG: free=1, requested=2"), "Lower cache.size"),
        (
            snapshot(unschedulable("0/2 nodes are available: 2 node(s) did not have enough free storage.")),
            "No node has enough free storage",
        ),
    ],
    "storage-size": [
        (
            unbound_pvc(PROVISIONING + "Request bytes 107374182400 is less than minimum share size bytes 109951162777600"),
            "Raise cache.size to at least 109951162777600",
        ),
        (unbound_pvc(PROVISIONING + "After round-up, volume size exceeds the limit specified"), "Set cache.size to a size of the class"),
    ],
    "storage-permission": [
        (unbound_pvc(PROVISIONING + "api error UnauthorizedOperation: You are not authorized to perform this operation."), "Grant"),
        (failed_mount(ATTACH + "LinkedAuthorizationFailed: denied", "FailedAttachVolume"), "no permission to attach"),
    ],
    "storage-secret-missing": [
        (
            unbound_pvc(CLASS + 'error getting secret csi-rbd in namespace ceph: secrets "csi-rbd" not found'),
            "The StorageClass refers to the Secret csi-rbd in the namespace ceph, which does not exist.",
        )
    ],
    "storage-throttled": [(unbound_pvc(PROVISIONING + "api error RequestLimitExceeded: Request limit exceeded."), "Wait")],
    "storage-unreachable": [
        (unbound_pvc(CLASS + "rpc error: code = DeadlineExceeded desc = context deadline exceeded"), "does not respond"),
        (failed_mount(MOUNT + "mount.nfs: Connection timed out"), "security group"),
    ],
    "pvc-topology": [
        (unbound_pvc(CLASS + "error generating accessibility requirements: no available topology found"), "allowedTopologies")
    ],
    "pvc-class-invalid": [(unbound_pvc(PROVISIONING + "Invalid parameter key foo for CreateVolume"), "Correct the StorageClass")],
    "volume-mismatch": [
        (
            unbound_pvc('Cannot bind to requested volume "pv-1": requested PV is too small', "VolumeMismatch"),
            "The volume pv-1 does not fit the PVC: requested PV is too small",
        )
    ],
    "volume-missing": [(failed_mount(ATTACH + "InvalidVolume.NotFound: The volume 'vol-1' does not exist."), "Restore it")],
    "volume-type-unsupported": [
        (failed_mount(ATTACH + "pd-balanced disk type cannot be used by a3-highgpu-8g machine type."), "hyperdisk-balanced")
    ],
    "volume-client-missing": [(failed_mount(MOUNT + "unknown filesystem type 'nfs4'"), "nfs-common")],
    "volume-credentials": [(failed_mount(MOUNT + "Output: mount error(13): Permission denied"), "Renew the key")],
    "volume-options": [(failed_mount(MOUNT + "Output: mount.nfs: an incorrect mount option was specified"), "mountOptions")],
    "volume-path-missing": [(failed_mount(MOUNT + "Output: mount error(2): No such file or directory"), "Create it on the server")],
    "volume-stale": [(failed_mount(MOUNT + "stat /var/lib/kubelet/pods/1/mount: stale NFS file handle"), "Delete the pod")],
    "volume-damaged": [(failed_mount(MOUNT + "Output: mount: wrong fs type, bad option, bad superblock on /dev/sdb"), "fsck")],
    "volume-ownership": [
        (
            failed_mount(MOUNT + "applyFSGroup failed for vol fs-1: lchown /var/lib/kubelet/x: operation not permitted"),
            "Set fs_group to the GID of the volume's root directory",
        )
    ],
    "volume-ownership-slow": [
        (
            failed_mount("Setting volume ownership for uid/volumes/csi, processed 315923 files", "VolumePermissionChangeInProgress"),
            "Wait: the kubelet sets the GID of every file",
        )
    ],
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
    "volume-unavailable": [
        (
            snapshot(unschedulable("0/2 nodes are available: 2 node(s) didn't find available persistent volumes to bind.")),
            "Create a Persist",
        )
    ],
    "volume-attaching": [
        (
            failed_mount('AttachVolume.Attach failed for volume "pvc-1" : volume attachment is being deleted', "FailedAttachVolume"),
            "still detaches the volume",
        ),
        (
            failed_mount(
                'AttachVolume.Attach failed for volume "pvc-1" : timed out waiting for external-attacher of ebs.csi.aws.com CSI driver '
                "to attach volume vol-1",
                "FailedAttachVolume",
            ),
            "has not attached the volume to the node yet",
        ),
    ],
    "volume-node-unknown": [
        (
            failed_mount(
                'AttachVolume.Attach failed for volume "pvc-1" : rpc error: code = NotFound desc = failed to get azure instance id for '
                'node "gpu-0" (instance not found)',
                "FailedAttachVolume",
            ),
            "providerID",
        )
    ],
    "volume-driver-missing": [
        (
            failed_mount("MountVolume.MountDevice failed: driver name ebs.csi.aws.com not found in the list of registered CSI drivers"),
            "DaemonSet",
        )
    ],
    "volume-not-writable": [(failed_mount("mount.nfs: access denied by server while mounting 10.0.0.9:/models"), "export")],
    "volume-mount": [
        (failed_mount(MOUNT + "odd"), "odd"),
        (failed_mount("Unable to attach or mount volumes: timed out"), "kubectl describe pod"),
    ],
}

ADAPTERS = pod(spec={"volumes": [{"name": "lora-pvc", "persistentVolumeClaim": {"claimName": "llama-loras"}}]})
CASES["pvc-access-mode"] += [
    (
        snapshot(
            ADAPTERS,
            persistentvolumeclaims=[pvc(name="llama-loras")],
            deployments=[deployment(replicas=replicas)],
            events=[
                event(
                    "ProvisioningFailed",
                    PROVISIONING + "Volume capabilities not supported",
                    pvc(name="llama-loras"),
                    "PersistentVolumeClaim",
                )
            ],
        ),
        fix,
    )
    for replicas, fix in (
        (1, "Set lora.volume.access_mode to ReadWriteOnce: the service has 1 replica."),
        (2, "Set lora.volume.storage_class to a class of file shares."),
    )
]

_EPHEMERAL = [{"name": "cache-ephemeral", "ephemeral": {"volumeClaimTemplate": {"spec": {}}}}]
_EPHEMERAL_PVC = pvc(name="llama-5d9-x-cache-ephemeral")


def ephemeral_pvc(message: str, reason: str = "ProvisioningFailed") -> Snapshot:
    """Return a pod with a pending PVC of a generic ephemeral volume, which has one event."""
    waiting_pod = unschedulable("0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims.", spec={"volumes": _EPHEMERAL})
    events = [event(reason, message, _EPHEMERAL_PVC, "PersistentVolumeClaim")]
    return snapshot(waiting_pod, persistentvolumeclaims=[_EPHEMERAL_PVC], events=events)


CASES["pvc-class-missing"] += [
    (ephemeral_pvc('storageclass.storage.k8s.io "fast" not found'), "The StorageClass fast does not exist. | Correct cache.storage_class.")
]
CASES["storage-quota"] += [
    (ephemeral_pvc("rpc error: code = ResourceExhausted desc = quota exceeded for disks"), "Lower cache.size"),
]
CASES["pvc-lost"] += [
    (
        snapshot(pod(spec={"volumes": _EPHEMERAL}), persistentvolumeclaims=[pvc("Lost", name="llama-5d9-x-cache-ephemeral")]),
        "use another PVC (cache.existing_claim in place of cache.ephemeral)",
    )
]

CASES["pvc-missing"] += [
    (
        snapshot(
            unschedulable(
                "0/1 nodes are available: waiting for ephemeral volume controller to create the persistentvolumeclaim "
                '"llama-5d9-x-cache-ephemeral". preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.'
            )
        ),
        "The PVC llama-5d9-x-cache-ephemeral of the pod's ephemeral volume does not exist yet. | Wait",
    )
]

CASES |= {
    "cloud-api-disabled": [
        (unbound_pvc(PROVISIONING + "googleapi: Error 403: SERVICE_DISABLED"), "Enable the API that the evidence names"),
        (failed_mount(ATTACH + "MissingSubscriptionRegistration", "FailedAttachVolume"), "Activate the service"),
    ],
    "storage-addresses": [
        (unbound_pvc(PROVISIONING + "all of the /29 IP ranges in the cidr 10.0.0.0/29 are reserved"), "reserved-ipv4-cidr")
    ],
    "volume-creating": [(unbound_pvc(PROVISIONING + 'Volume "v" is not yet ready, current state "CREATING"'), "Wait")],
}
CASES["storage-capacity"] += [
    (unbound_pvc(PROVISIONING + "operation failed (ZONE_RESOURCE_POOL_EXHAUSTED)"), "The cloud has no such storage free in the zone now"),
]

NEAR_MISSES: dict[str, NearMiss] = {
    "pvc-missing": [
        snapshot(unschedulable('persistentvolumeclaim "models" is being deleted')),
        # the scheduler's message is from before the creation of the PVC
        snapshot(
            unschedulable('0/1 nodes are available: persistentvolumeclaim "llama-cache" not found. not found'),
            persistentvolumeclaims=[pvc("Bound")],
        ),
    ],
    "pvc-other-owner": [
        snapshot(unschedulable("PVC ml/llama-5d9-cache was not created")),
        snapshot(unschedulable("ResourceClaim ml/gpus was not created for pod ml/llama-5d9 (pod is not owner)")),
    ],
    "pvc-no-class": snapshot(
        pod(),
        persistentvolumeclaims=[pvc("Bound")],
        events=[event("FailedBinding", "no persistent volumes available for this claim and no storage class is set", pvc())],
    ),
    "pvc-class-missing": [
        unbound_pvc("quota exceeded"),
        # the ephemeral PVC of another pod
        snapshot(
            pod("other", spec={"volumes": _EPHEMERAL}),
            persistentvolumeclaims=[_EPHEMERAL_PVC],
            events=[event("ProvisioningFailed", 'storageclass.storage.k8s.io "fast" not found', _EPHEMERAL_PVC, "PersistentVolumeClaim")],
        ),
    ],
    "pvc-access-mode": unbound_pvc("boom"),
    "storage-quota": [unbound_pvc("boom"), unbound_pvc('failed to provision volume with StorageClass "quota-exceeded": boom')],
    "storage-capacity": unbound_pvc("quota exceeded"),
    "cloud-api-disabled": [
        unbound_pvc(PROVISIONING + "googleapi: Error 403: Permission 'file.instances.create' denied on resource"),
        unbound_pvc('failed to provision volume with StorageClass "SERVICE_DISABLED": boom'),
    ],
    "storage-addresses": unbound_pvc(PROVISIONING + "dial tcp 10.0.0.0:443: i/o timeout"),
    "volume-creating": unbound_pvc(PROVISIONING + 'Volume "v" is not ready, current state "ERROR"'),
    "storage-backend-missing": [
        unbound_pvc('failed to provision volume with StorageClass "no available backends for storage class x": boom'),
        unbound_pvc(PROVISIONING + "unknown storage class: ontap"),
    ],
    "storage-size": unbound_pvc("boom"),
    "storage-permission": [unbound_pvc("quota exceeded"), failed_mount(MOUNT + "odd")],
    "storage-secret-missing": failed_mount(MOUNT + 'secret "csi-rbd" not found'),
    "storage-throttled": unbound_pvc("boom"),
    "storage-unreachable": [unbound_pvc("boom"), failed_mount("Unable to attach or mount volumes: timed out waiting for the condition")],
    "pvc-topology": unbound_pvc("boom"),
    "pvc-class-invalid": unbound_pvc("boom"),
    "volume-mismatch": unbound_pvc('volume "pv-1" already bound to a different claim.', "FailedBinding"),
    "volume-missing": failed_mount(MOUNT + 'configmap "x" not found'),
    "volume-type-unsupported": failed_mount(MOUNT + "odd"),
    "volume-client-missing": failed_mount(MOUNT + "odd"),
    "volume-credentials": failed_mount("mount.nfs: access denied by server while mounting 10.0.0.9:/models"),
    "volume-options": failed_mount(MOUNT + "wrong fs type, bad option, bad superblock on /dev/sdb"),
    "volume-path-missing": failed_mount("mount.nfs: access denied by server while mounting 10.0.0.9:/models"),
    "volume-stale": failed_mount(MOUNT + "odd"),
    "volume-damaged": failed_mount(MOUNT + "an incorrect mount option was specified"),
    "volume-ownership": failed_mount(MOUNT + "odd"),
    # the kubelet has a newer reason to wait
    "volume-ownership-slow": failed_mount(MOUNT + "odd"),
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
    "volume-unavailable": snapshot(unschedulable("0/2 nodes are available: 2 node(s) had volume node affinity conflict.")),
    "volume-attaching": failed_mount('Multi-Attach error for volume "pvc-1" Volume is already exclusively attached to one node'),
    "volume-node-unknown": failed_mount("The volume 'vol-1' does not exist", "FailedAttachVolume"),
    "volume-driver-missing": failed_mount("timed out"),
    "volume-not-writable": failed_mount("timed out"),
    "volume-mount": snapshot(running(), events=[event("FailedMount", "timed out waiting for the condition", running())]),
}
