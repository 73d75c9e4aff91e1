"""Patterns of failed attachments: attach controller, CSI drivers and clouds.

Each pattern contains several words or an error code, so that no name of an object can match it.
"""

from .cloud_messages import CLOUD_PATTERNS, describe_permissions
from .patterns import MessagePattern, any_of

_WAIT_FOR_DETACH = (
    "The volume is still attached to another node, where the old pod ran",
    "Wait until the old pod terminates; if its node is lost, delete the pod. To prevent this, set rollout to recreate "
    "or {mode} to ReadWriteMany.",
)

ATTACH_PATTERNS = (
    MessagePattern(
        "volume-multi-attach",
        any_of(
            r"Multi-Attach error for volume|^Multi-Attach error",
            r"VolumeInUse\b|is already attached to an instance|IncorrectState: \S+ is not 'available'",
            r"RESOURCE_IN_USE_BY_ANOTHER_RESOURCE|is already being used by '",
            r"rbd image \S+ is still being used|image is still being used|volume \S+ is (?:already )?attached to node",
            r"already has other clients added to it, and the access mode is SINGLE_NODE",
            r"AttachDiskWhileBeingDetached|because the disk is currently being detached|AcquireDiskLeaseFailed|"
            r"[Vv]olume is already attached to a (?:server|droplet|node)",
            r"disk\(\S+\) already attached to node",
            r"(?:already|currently|is) attached to (?:another|a different) (?:node|VM|instance|server|machine)",
            r"status must be '?available\b[^\n]{0,60}\b(?:in-use|detaching)\b|isn't in available state[^\n]{0,160}\b(?:in-use|detaching)\b",
        ),
        *_WAIT_FOR_DETACH,
        sentences=(r'Multi-Attach error for volume "[^"]*" Volume is already (?:exclusively attached to one node|used by)[^\n]*',),
    ),
    MessagePattern(
        "volume-elsewhere",
        any_of(
            r"MountVolume\.NodeAffinity check failed for volume",
            r"ZoneMismatch|is not in the same availability zone as instance",
            r"cannot be attached to the VM because it is not in (?:zone|the same zone)",
            r"is not in the same (?:zone|region|location) as|Cannot attach disk [^\n]{0,160} zone|No matching NodeSelectorTerms",
            r"volume is owned by (?:a )?different node",
        ),
        "The volume is in a zone or on a node where the pod cannot use it",
        "Allow the volume's zone in node_selector and affinity, or use a class whose volumeBindingMode is "
        "WaitForFirstConsumer ({storage_class}).",
        "likely",
    ),
    MessagePattern(
        "volume-attached-limit",
        any_of(
            r"Attach(?:ment)?(?: ?volume)? ?limit exceeded|AttachmentLimitExceeded|MaximumDataDisksExceeded",
            r"maximum number of (?:data disks|disks|volumes|attachments)[^\n]{0,60}(?:attached|reached|exceeded)|exceed max volume count",
            r"(?:data )?disks? (?:allowed to be )?attached to (?:a|the) VM of this size|max number of volumes \(\d+\) already attached",
        ),
        "The node has the maximum number of volumes attached",
        "Add a node, or use a class of file shares ({storage_class}).",
        "likely",
    ),
    MessagePattern(
        "volume-type-unsupported",
        r"(?<![\w-])(?P<type>[\w-]{1,63}) disk type cannot be used by (?P<machine>\S{1,100}) machine type|"
        r"features are not compatible for creating instance|"
        r"'[\w-]+' is not a compatible disk type with the machine type|managed disk to a VM with blob based disks|"
        r"not supported (?:by|for|on) (?:the )?(?:VM|instance|machine) (?:size|type)",
        "The node's machine type cannot use the disk type of the volume",
        "Use a class with a disk type of the GPU nodes, such as hyperdisk-balanced on newer machines ({storage_class}).",
        "likely",
    ),
    MessagePattern(
        "volume-node-unknown",
        any_of(
            r"failed to get azure instance id for node \"?(?P<node>[\w.-]{1,253})|\(?instance not found\)?",
            r"InvalidInstanceID\.(?:NotFound|Malformed)",
            r"The resource 'projects/[^']{1,300}/instances/[^']{1,80}' was not found",
            r"[Cc]ould not (?:find|get) instance \S{1,300}|(?:[Ff]ailed|[Uu]nable) to find (?:VirtualMachine|VM|server|instance)\b",
            r"(?:VM|virtual ?machine|instance|server) (?:with \S+ \S+ )?(?:was |is )?(?:not found|wasn't found|does not exist)\b",
            r"no VM(?: was)? found",
        ),
        "The CSI driver does not find the machine of the pod's node in the cloud",
        "If the machine was deleted, delete the pod: the next one starts on another node. If it exists, correct the driver's settings "
        "(project, region, kind of machines), and see the node's providerID.",
        "likely",
    ),
    MessagePattern(
        "volume-missing",
        any_of(
            r"rbd: map failed: \(2\) No such file|rbd: error opening image \S{1,200}: \(2\)",
            r"InvalidVolume\.NotFound|The volume '[^']*' does not exist",
            r"(?:RBD|rbd) image not found|image not found|volume \S+ not found|Volume not found|[Vv]olume ID \S+ not found",
            r"Failed to find (?:volume|device path(?!: \[\], last error))|disk \S+ (?:could not be |was )?not found|"
            r"Could not find (?:disk|volume)\b|"
            r"special device (?!/var/lib/kubelet/)\S+ does not exist",
            r"The resource 'projects/[^']+' was not found",
            r"Failed to retrieve datastore for vol|(?:[Pp]ool ?(?:ID ?)?|fscID |fsName )\([^)\s]{1,120}\) not found in Ceph cluster",
            r"is not registered as (?:a )?CNS volume",
            r"bound to non-existent pv|persistentvolumes? \"[^\"]*\" not found",
        ),
        "The storage behind the PVC's volume no longer exists",
        "Restore it, or use another PVC ({claim}). The model is then downloaded again.",
        "likely",
    ),
    MessagePattern(
        "storage-capacity",
        r"unable to attach volume \S{1,253} to \S{1,253}: volume \S{1,253} not scheduled|replica scheduling failed|insufficient storage;",
        "Longhorn has no disk with room for the replicas of the volume",
        "Add disks or nodes to Longhorn, free storage, or use a class with fewer replicas ({storage_class}).",
        "likely",
    ),
    MessagePattern(
        "volume-attaching",
        r"volume attachment is being deleted",
        "The node still detaches the volume after its last use",
        "Wait: the volume is attached again afterwards. If it lasts more than 6 minutes, check that the old pod is gone, and see the log "
        "of the CSI driver's controller for the failed detachment.",
        "likely",
        sentences=(r'(?:AttachVolume\.Attach|MountVolume\.WaitForAttach) failed for volume "[^"]*" : volume attachment is being deleted',),
    ),
    MessagePattern(
        "volume-attaching",
        any_of(
            r"stuck in attaching state|attachment timeout for volume|expected device to be attached but was attaching",
            r"volume \S{1,253} is (?:still |currently )?(?:attaching|being attached|in the attaching)|no block device frontend for volume",
            r"volume (?:is )?not (?:yet )?attached according to node status|volume \S{1,253} failed to attach to node",
            r"attached within the allott?ed time|timed out waiting for external-attacher",
            r"volume \S{1,253} (?:is )?not ready for workloads|volume \S{1,253} hasn't been attached",
            r"not been added to the list of VolumesInUse",
            r"waiting for \S{1,253} (?:\S{1,40} ){0,3}to be (?:bound|ready|attached|available|healthy)\b",
        ),
        "The storage system has not attached the volume to the node yet",
        "Wait some minutes: the attachment is repeated automatically. If it lasts, see the state of the volume in the storage system, and "
        "the log of the CSI driver's controller. If the node has failed, delete the pod.",
        "likely",
    ),
    MessagePattern(
        "volume-creating",
        r"status must be '?available\b[^\n]{0,60}\b(?:creating|downloading)\b",
        "The storage system is still creating the volume",
        "Wait: the volume is attached again automatically.",
        "likely",
    ),
    MessagePattern(
        "volume-path-missing",
        r"failed to get GCS bucket [^\n]{0,200}(?:bucket doesn't exist|bucket does not exist)|NoSuchBucket\b",
        "The bucket of the volume does not exist",
        "Create it, or correct the volume.",
        "likely",
    ),
    MessagePattern(
        "volume-credentials",
        any_of(
            r"failed to get GCS bucket [^\n]{0,300}\b(?:401|403|Forbidden|Permission denied|invalid_grant)\b",
            r"failed to prepare storage service|Workload Identity Federation is not enabled on node",
            r"Permission 'iam\.serviceAccounts\.getAccessToken' denied",
            r"the sidecar container failed with error[^\n]{0,900}\b40[13]\b",
            r"No signing credentials available|initial ListObjectsV2 failed[^\n]{0,300}(?:Forbidden|Access ?Denied)",
        ),
        "The identity that mounts the bucket has no access to it",
        "Grant it: for Google Cloud the pod's ServiceAccount (service_account, by Workload Identity), for S3 that of the CSI driver, or "
        "with authenticationSource pod the pod's.",
        "likely",
    ),
    *CLOUD_PATTERNS,
    *describe_permissions("attach"),
)
"""Messages of failed attachments."""
