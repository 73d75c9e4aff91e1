"""Patterns of failed mounts: kubelet, CSI drivers, and the clients of NFS, SMB and Ceph.

Each pattern contains several words or an error code, so that no name of an object can match it.
"""

from ...text.drift import describe_refresh
from .backend_messages import BUSY_DRIVER
from .ceph_messages import CEPH_PATTERNS
from .device_messages import CODE_PATTERNS, DEVICE_PATTERNS
from .patterns import MessagePattern, any_of

FAILED = r'(?:Mount|Map|Attach|Unmap)Volume\.\w+ failed for volume "[^"]*" ?: (?:rpc error: code = \w+ desc = )?'
"""Start of the kubelet's and the attach controller's message."""
_REFUSED = r"(?:operation not permitted|permission denied|read-only file system|invalid argument|operation not supported)"
"""Errors of a file system that refuses a new GID of a file."""
_DRIVER_MISSING = (
    "The node does not run the volume's CSI driver",
    "Install the driver on the GPU nodes too: its DaemonSet must tolerate their taint.",
)

MOUNT_PATTERNS = (
    BUSY_DRIVER,
    MessagePattern(
        "volume-mount",
        r"^(?:Unable to attach or mount volumes|unmounted volumes=)",
        "The node does not have the volumes of the pod in time",
        "Wait for the next event of the pod, which names the reason: `kubectl describe pod`. If none follows, check the CSI driver's "
        "pod on the node.",
        "likely",
    ),
    MessagePattern(
        "volume-mount",
        r"not permitted on node [^\n]{1,300} due to backoff condition",
        "The CSI driver waits before its next attempt to attach the volume",
        "See the earlier events of the pod for the reason of the failed attempt: `kubectl describe pod`.",
        "likely",
    ),
    MessagePattern(
        "volume-mount",
        r'failed to sync (?:secret|configmap) cache|object "[^"]*"/"[^"]*" not registered',
        "The kubelet has not read the Secrets or ConfigMaps of the pod's volumes yet",
        "Wait: the mount is repeated automatically. If it lasts, check the connection of the node to the API server.",
        "likely",
    ),
    MessagePattern(
        "service-account-missing",
        r'failed to fetch token: serviceaccounts "(?P<name>[^"]+)" not found',
        "The ServiceAccount {name} of the pod does not exist",
        "Create it, or correct service_account.",
        sentences=(FAILED + r'failed to fetch token: serviceaccounts "(?P<name>[^"]+)" not found',),
    ),
    MessagePattern(
        "config-map-missing",
        r'configmaps? "(?P<name>[^"]+)" not found',
        "The ConfigMap {name} that the pod mounts does not exist",
        f"Correct extra_volumes. If the ConfigMap is the component's own (its name ends in a content hash): {describe_refresh()}",
        sentences=(FAILED + r'configmaps? "(?P<name>[^"]+)" not found',),
    ),
    MessagePattern(
        "secret-missing",
        r'secrets? "(?P<name>[^"]+)" not found',
        "The Secret {name} that the pod mounts does not exist",
        "Create it in the service's namespace, or correct extra_volumes.",
        sentences=(FAILED + r'secrets? "(?P<name>[^"]+)" not found',),
    ),
    MessagePattern(
        "secret-key-missing",
        r"references non-existent secret key: (?P<key>\S+)",
        "A mounted Secret has no key {key}",
        "Add the key to the Secret, or correct the items in extra_volumes.",
        sentences=(FAILED + r"references non-existent secret key: (?P<key>\S+)",),
    ),
    MessagePattern(
        "config-map-key-missing",
        r"references non-existent config key: (?P<key>\S+)",
        "A mounted ConfigMap has no key {key}",
        "Add the key to the ConfigMap, or correct the items in extra_volumes.",
        sentences=(FAILED + r"references non-existent config key: (?P<key>\S+)",),
    ),
    MessagePattern(
        "volume-driver-missing",
        any_of(
            r"driver name \S+ not found in the list of registered CSI drivers",
            r"CSINode \S+ does not contain driver \S+",
            r"no volume plugin matched|CSI driver \S+ not found",
            r'node "[^"]*" has no NodeID annotation|cannot find NodeID for driver|csinodes?(?:info)?\.\S{1,40} "[^"]*" not found',
        ),
        *_DRIVER_MISSING,
        sentences=(
            FAILED + r"(?:kubernetes\.io/csi: )?.{0,80}driver name \S+ not found in the list of registered CSI drivers",
            FAILED + r"CSINode \S+ does not contain driver \S+",
            FAILED + r'node "[^"]+" has no NodeID annotation',
        ),
    ),
    MessagePattern(
        "volume-driver-missing",
        any_of(
            r"dial unix /var/lib/kubelet/plugins\S{1,200}: connect: (?:connection refused|no such file or directory)",
            r"error reading server preface: read unix @->\S{1,200}\.sock: ",
        ),
        "The volume's CSI driver on the node does not run",
        "Check the driver's pod on the pod's node, and its earlier log (`kubectl logs --previous`).",
        "likely",
    ),
    MessagePattern(
        "volume-mount",
        r"failed to (?:find|inject) the sidecar container in(?:to the)? Pod spec",
        "The pod does not have the sidecar of the GCS FUSE CSI driver",
        'Set pod_annotations to gke-gcsfuse/volumes: "true". If it is set, check the webhook of the driver.',
        "likely",
    ),
    MessagePattern(
        "volume-mount",
        r"Could not mount juicefs: mount [^\n]{1,600} failed, mountpod: (?P<pod>[a-z0-9.-]{1,253}), failed log:",
        "The mount pod {pod} of JuiceFS failed",
        "Read its log, in the namespace of the CSI driver: `kubectl -n kube-system logs {pod}`.",
        "likely",
    ),
    MessagePattern(
        "volume-stale",
        r"special device /var/lib/kubelet/\S+ does not exist|target \"?\S+ is not a valid mount point|does not appear (?:to be )?staged",
        "The node has lost its own mount of the volume, which the pod's mount requires",
        "Delete the pod; if a new pod on the node fails too, drain the node and restart it.",
        "likely",
    ),
    MessagePattern(
        "volume-stale",
        r"[Ss]tale (?:NFS )?file handle|transport endpoint is not connected|\bESTALE\b",
        "The node's mount of the volume is stale: the server was restarted, or the directory was replaced",
        "Delete the pod; if a new pod on the node fails too, drain the node and restart it.",
        "likely",
    ),
    MessagePattern(
        "volume-client-missing",
        any_of(
            r"you might need a /sbin/mount\.<type> helper program|need a /sbin/mount\.\w+ helper",
            r"unknown filesystem type '(?P<type>\w+)'",
            r"modprobe: FATAL: Module \S+ not found|Module \S+ not found in directory",
            r'exec: "?(?:mount\.)?(?:nfs|cifs|ceph|lustre|mount\S*|mkfs\S*|cryptsetup|iscsiadm)"?: executable file not found',
            r"no ceph mounters found on system|failed to find a mounter|iscsiadm: (?:not found|No such file)|rpc\.statd is not running",
            r"\bmount(?:ing|\.lustre: mount) [^\n]{1,900} failed: No such device|lustre modules loaded",
            r"does not support the following layers: \[",
            r"wrong fs type, bad option, bad superblock on (?://|[^/\s]{1,255}:)",
        ),
        "The node lacks the client of the volume's file system",
        "Install the client on the GPU nodes: nfs-common or nfs-utils, cifs-utils, open-iscsi, or the kernel module in the evidence.",
        "likely",
    ),
    MessagePattern(
        "volume-credentials",
        any_of(
            r"mount error\(13\): Permission denied|mount error\(126\)|mount error\(1\): Operation not permitted",
            r"rados: ret=-(?:1|13),|key authentication check failed|mount error 13 = Permission denied|mount error: Permission denied",
            r"node stage secrets|(?:could not find|missing) (?:accountkey|accountname|key field|ID field)",
            r"check Authentication: [^\n]{0,300}Permission denied for filesystem",
            r"LOGON_FAILURE|ACCESS_DENIED|AuthenticationFailed\b|Failed to get account key|KeyBasedAuthenticationNotPermitted",
        ),
        "The storage server refuses the credentials of the volume, or the node's network",
        "Renew the key in the Secret of the volume, and allow the nodes in the firewall of the storage account or cluster.",
        "likely",
    ),
    *CEPH_PATTERNS,
    MessagePattern(
        "volume-not-writable",
        any_of(
            r"access denied by server while mounting|mount\.nfs4?: (?:access|permission) denied|mount\.nfs4?: Operation not permitted",
            r"reason given by server: Permission denied",
        ),
        "The volume's server refuses the mount",
        "Allow the nodes in its export or access policy (for EFS: the file system policy and its IAM rule).",
        "likely",
    ),
    MessagePattern(
        "volume-path-missing",
        any_of(
            r"reason given by server: No such file or directory|mount\.nfs4?: (?:mounting \S+ failed, )?.{0,40}No such file or directory",
            r"mount error\(2\): No such file or directory|specified share does not exist|ShareNotFound",
            r"hostPath type check failed: \S+ is not a",
            r"AccessPointNotFound|(?:access point|subvolume) (?:\S+ )?(?:does not exist|not found)",
            r'path "[^"]*" does not exist|no such device "[^"]*"|failed to find the share',
        ),
        "The directory or share of the volume does not exist",
        "Create it on the server (for cache.host_path: on the node), or correct the volume.",
        "likely",
    ),
    MessagePattern(
        "volume-ownership",
        any_of(
            r"applyFSGroup failed for vol [^\n]{1,900}: " + _REFUSED,
            r"(?:lchown|chown|chmod) \S+: " + _REFUSED,
            r"SetVolumeOwnership with volume\S* on \S+ failed|failed to set(?:ting)? (?:volume )?ownership",
        ),
        "The kubelet cannot set the volume's GID (fs_group)",
        "Set fs_group to the GID of the volume's root directory. An NFS server with the export option for root squashing refuses it.",
        "likely",
        sentences=(FAILED + r"applyFSGroup failed for vol \S+: .*: " + _REFUSED,),
    ),
    MessagePattern(
        "volume-options",
        r"-t (?:ext[234]|xfs|btrfs) -o [^\n]{0,200}\b(?:uid|gid|dir_mode|file_mode)=",
        "The mount options of the volume are for NFS or SMB, and its file system has none of them",
        "Remove uid, gid, dir_mode and file_mode from mountOptions of the StorageClass and of the volume. fs_group sets the GID.",
        "likely",
    ),
    MessagePattern(
        "volume-damaged",
        any_of(
            r"wrong fs type, bad option, bad superblock|can't read superblock|bad superblock",
            r"'fsck' found errors on device|fsck (?:found errors|failed)|Structure needs cleaning|UNEXPECTED INCONSISTENCY",
            r"[Ff]ile ?system (?:issues?|errors?|corruption) (?:has been |have been |was |were )?(?:detected|found)",
            r"[Ff]ilesystem has duplicate UUID|current format is \S+, things might break|contains a \S+ signature",
            r"[Ii]nput/output error(?!(?:\s|\\n)*Is the MGS running)|failed to (?:format|mount) (?:disk|the volume)[^\n]{0,120}exit status",
        ),
        "The file system of the volume is damaged, or has another type than the StorageClass sets",
        "Repair it (fsck) on the node, or use a new PVC ({claim}): the model is then downloaded again.",
        "likely",
    ),
    MessagePattern(
        "volume-options",
        r"can't find (?:\S{1,300} )?in /etc/fstab|Could not mount \"\" at",
        "The volume does not name the file system to mount",
        "Correct the PersistentVolume: volumeHandle, or the server and path in volumeAttributes.",
        "likely",
    ),
    MessagePattern(
        "volume-options",
        r"(?:an )?incorrect mount option was specified|mount\.nfs4?: (?:invalid|bad|Protocol not supported|requested NFS version)|"
        r"invalid mount option|Protocol not supported|mount error\((?:22|95)\)|unsupported (?:nfs )?version",
        "The storage server or the node refuses the mount options of the volume",
        "Correct mountOptions of the StorageClass or of the volume, such as the version of NFS or SMB.",
        "likely",
    ),
    MessagePattern(
        "pvc-access-mode",
        r"requires shared access but is not marked for shared use|[Vv]olume capability not supported|not supported for access mode: \w+",
        "The volume cannot be mounted with the PVC's access mode",
        "{mode_fix}",
        "likely",
    ),
    MessagePattern(
        "node-disk-full",
        r"No space left on device|no space left on device|too many open files|cannot allocate memory",
        "The node has no room left to mount the volume: disk, inodes, memory or open files",
        "Drain the node and free its disk, or give the GPU nodes a larger one.",
        "likely",
    ),
    *DEVICE_PATTERNS,
    MessagePattern(
        "storage-unreachable",
        any_of(
            r"code = DeadlineExceeded|context deadline exceeded|code = Unavailable",
            r"no mds \(Metadata Server\) is up|an operation with the given (?:Volume ID|volume key) \S+ already exists|"
            r"operation (?:is )?already (?:in progress|exists)",
            r"Timeout waiting for the command",
            r"[Cc]onnection (?:refused|reset by peer|timed out)|i/o timeout|[Nn]o route to host|[Nn]o such host|[Nn]etwork is unreachable",
            r"mount error\((?:11[0-9]|101)\)|Host is down|Operation now in progress",
            r"(?:mount|mounting)[^\n]{0,200} time(?:d )?out|timeout after \d+ ?s|rados: ret=-110",
            r"Name or service not known|Temporary failure in name resolution|Failed to resolve (?:server|\")|could not resolve address",
            r"No (?:available )?mount targets? (?:for|in)|workload pods are not ready|is not ready for workloads|share not yet available",
            r"failed to (?:establish the connection|get connection|connect to)|rbd: couldn't connect to the cluster|Is the MGS running\?",
        ),
        "The storage server does not respond to the node",
        "Check the storage system, and that the network (firewall, security group, DNS) allows the GPU nodes. "
        "The mount is repeated automatically.",
        "likely",
    ),
    *CODE_PATTERNS,
    MessagePattern(
        "volume-mount",
        r".",
        "A volume could not be mounted",
        "See the evidence for the reason. If it has none, read the log of the volume's CSI driver on the node of the pod.",
        "likely",
    ),
)
"""Messages of failed mounts. The last pattern matches every message."""
