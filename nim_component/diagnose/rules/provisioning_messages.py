"""Patterns of the events of a PVC that is not bound: controllers and CSI drivers.

Each pattern contains several words or an error code, so that no name of an object can match it.
"""

from .backend_messages import BACKEND_PATTERNS
from .class_messages import CODE_PATTERNS, PARAMETER_PATTERNS, SIZE_PATTERNS
from .cloud_messages import CLOUD_PATTERNS, EXHAUSTED_PATTERN, describe_permissions
from .patterns import SEE_EVIDENCE, MessagePattern, any_of

FAILED = r'failed to provision volume with StorageClass "[^"]*": (?:rpc error: code = \w+ desc = )?'
"""Start of the message of an external provisioner."""
_RAISE_QUOTA = "Raise the quota in the account of the cluster, or delete unused volumes. Lower {size} if it counts capacity."

PVC_PATTERNS = (
    MessagePattern(
        "pvc-no-class",
        r"no persistent volumes available for this claim and no storage class is set",
        "The PVC has no StorageClass, and the cluster has no default StorageClass",
        "Set {storage_class}, or make a StorageClass the default.",
        sentences=(r"no persistent volumes available for this claim and no storage class is set",),
    ),
    MessagePattern(
        "pvc-class-missing",
        r'storageclass(?:\.storage\.k8s\.io)? "(?P<name>[^"]+)" not found',
        "The StorageClass {name} does not exist",
        "Correct {storage_class}{classes}.",
        sentences=(r'storageclass\.storage\.k8s\.io "(?P<name>[^"]+)" not found',),
    ),
    MessagePattern(
        "volume-name-unavailable",
        r'volume "(?P<name>[^"]+)" already bound to a different claim',
        "The volume {name} is bound to another PVC",
        "Set {volume_name} to another volume, or remove it.",
        sentences=(r'volume "(?P<name>[^"]+)" already bound to a different claim\.?',),
    ),
    MessagePattern(
        "volume-mismatch",
        r'Cannot bind(?: PersistentVolume)? to requested volume "(?P<name>[^"]+)": (?P<reason>[^\n]{1,160}?)\.?$',
        "The volume {name} does not fit the PVC: {reason}",
        "Set {size}, {mode} and {storage_class} to the volume's, or set {volume_name} to another volume.",
        sentences=(r'Cannot bind(?: PersistentVolume)? to requested volume "(?P<name>[^"]+)": (?P<reason>[^\n]{1,160}?)\.?',),
    ),
    MessagePattern(
        "pvc-no-provisioner",
        r"no volume plugin matched",
        "No provisioner of the cluster serves the StorageClass",
        "Install its CSI driver, or use another class ({storage_class}).",
        "likely",
    ),
    MessagePattern(
        "pvc-no-provisioner",
        r"[Ff]ailed to get (?:GCE|AWS|Azure|vSphere|OpenStack) ?\S{0,40}[Cc]loud ?[Pp]rovider|cloud ?provider not initialized properly",
        "The StorageClass has a provisioner of a cloud that the cluster is not configured for",
        "Install the CSI driver of the cluster's storage, or use another class ({storage_class}).",
        "likely",
    ),
    MessagePattern(
        "storage-secret-missing",
        r'error getting secret (?P<name>\S+) in namespace (?P<namespace>\S+): secrets? "[^"]+" (?:not found|is forbidden)',
        "The StorageClass refers to the Secret {name} in the namespace {namespace}, which does not exist",
        "Create the Secret, or correct the parameters of the StorageClass.",
        sentences=(FAILED + r'error getting secret (?P<name>\S+) in namespace (?P<namespace>\S+): secrets "[^"]+" not found',),
    ),
    MessagePattern(
        "storage-secret-missing",
        r'failed to get secret from \["?(?P<namespace>[^"/\s]{1,253})"?/"?(?P<name>[^"\]\s]{1,253})',
        "The provisioner of the StorageClass cannot read the Secret {name} in the namespace {namespace}",
        "Create the Secret, or correct the parameters of the StorageClass.",
        "likely",
    ),
    *CLOUD_PATTERNS,
    *BACKEND_PATTERNS,
    *describe_permissions("create"),
    MessagePattern(
        "storage-permission",
        r"rados: ret=-(?:1|13),",
        "Ceph refuses the key of the CSI driver",
        "Renew the key in the Secret of the CSI driver, and grant its user the capabilities that ceph-csi documents.",
        "likely",
    ),
    MessagePattern(
        "pvc-access-mode",
        any_of(
            r"Volume capabilit(?:y|ies)(?: [A-Z_]+)? (?:is |are )?not supported",
            r"VolumeCapabilit(?:y|ies) (?:is|are) invalid",
            r"Only AccessModes\[[^\]]*\] supported",
            r"access ?modes?(?: ?:? ?\[?\w+\]?)? (?:is |are )?not (?:supported|allowed)",
            r"not supported for access mode: \w+",
            r"(?:driver|provisioner|plugin) (?:does not support|only supports)[^\n]{0,60} access modes?",
            r"only supports? (?:ReadWriteOnce|RWO)\b",
            r"(?:unsupported|invalid|unknown) (?:volume )?access mode",
            r"MULTI_NODE_\w+[^\n]{0,60} (?:is not|not|un)supported",
            r"specified multi writer with mount access type|multi[- ]node access modes? (?:are|is) only supported",
            r"(?:ReadWriteMany|RWX|multi-?node)(?: access mode| volumes?)?(?: \S+){0,3} (?:is |are )?(?:not supported|unsupported)",
            r"not supported: (?:ReadWriteMany|ReadOnlyMany)",
            r"only (?:\[?(?:ReadWriteOnce|RWO|SINGLE_NODE_WRITER)\]?)(?: access modes?| volumes?)? (?:is|are) (?:supported|allowed)",
            r"only support ReadWriteOnce access mode",
            r"multi-attach is only supported for io2 volumes",
            r"file services? (?:is|are) (?:not enabled|disabled)",
        ),
        "The StorageClass cannot provide the PVC's access mode",
        "{mode_fix}",
        "likely",
    ),
    *SIZE_PATTERNS,
    MessagePattern(
        "storage-quota",
        any_of(
            r"\b(?!Request)[A-Z][a-z]\w{0,60}LimitExceeded(?:Exception)?\b",
            r"You have exceeded your maximum|volume limit \(\d+\) has been reached",
            r"reached the maximum number of (?:access points|file systems|file shares|volumes)",
            r"Quota '[^']+' exceeded|Quota limit '[^']+' has been exceeded",
            r"quota[ _]exceeded|(?<![\w-])quotaExceeded(?![\w-])|exceed(?:s|ed|ing)?(?: \S+){0,6} quota",
            r"Failed to locate a free GID|allocator failed to find available GID",
            r"exceeds?AccountLimit|account(?:'s)? limit exceeded|maximum number of (?:storage accounts|shares)",
            r"SubscriptionLimit|MaxStorageAccountsCountPerSubscriptionExceeded|resource quota",
            r"over (?:its|the) quota|Disk quota exceeded",
        ),
        "The account behind the StorageClass has reached a quota",
        _RAISE_QUOTA,
        "likely",
    ),
    EXHAUSTED_PATTERN,
    MessagePattern(
        "storage-capacity",
        any_of(
            r"no(?:t)? enough (?:free |left |lv )?(?:space|storage|capacity|disk)",
            r"no enough space left on VG",
            r"insufficient (?:storage|capacity|free space|disk space|space)",
            r"No space left on device",
            r"(?:pool|cluster|osds?|datastore) (?:is )?(?:near|back)?full\b",
            r"precheck new replica failed",
            r"out of (?:capacity|space)|requested (?:capacity|size) [^\n]{0,60}exceeds (?:the )?available",
            r"did not have enough free storage",
        ),
        "The storage behind the StorageClass has no room for the volume",
        "Lower {size}, add storage or delete volumes, or use another class ({storage_class}).",
        "likely",
    ),
    MessagePattern(
        "volume-driver-missing",
        r"no topology key found (?:on|for) (?:CSI)?Node |CSINode \S+ does not contain driver|error getting CSINode",
        "The pod's node does not run the CSI driver of the StorageClass",
        "Install the driver on the GPU nodes too: its DaemonSet must tolerate their taint.",
        "likely",
    ),
    MessagePattern(
        "pvc-topology",
        any_of(
            r"is not in allowed topologies",
            r"error generating accessibility requirements",
            r"no available topology found",
            r"(?:does not match|do not match|matched) (?:the )?requested (?:accessible )?topolog",
            r"none of the topology constrained pools matched",
            r"failed to pick zones? from topology|cannot determine zones to provision|InvalidZone|invalid zone\b",
            r"(?:is not|not) (?:supported|available) in (?:the )?(?:availability )?(?:zone|region|location)",
            r"config doesn't contain node|no local path available on node",
            r"No compatible (?:shared )?datastores?|no shared datastores? (?:are|is|was)? ?found",
            r"No available mount targets for file system|Cannot find mount targets for file system",
        ),
        "The StorageClass cannot create a volume for the node or zone that was chosen for the pod",
        "Use a class that covers the GPU nodes ({storage_class}), or add their zone to the class's allowedTopologies.",
        "likely",
    ),
    MessagePattern(
        "storage-addresses",
        r"IP ranges in the cidr \S{1,50} are reserved|InsufficientFreeAddressesInSubnet|(?:no|not enough) free (?:IP|addresses) ",
        "The network range of the StorageClass has no free addresses for the storage",
        "Set a larger range in the parameters of the StorageClass (Filestore: reserved-ipv4-cidr), or delete unused instances.",
        "likely",
    ),
    MessagePattern(
        "volume-creating",
        r'is not (?:yet )?ready, current state "?(?:CREATING|REPAIRING)|(?:instance|share|volume) is (?:still )?being created',
        "The storage system is still creating the volume",
        "Wait: an instance of a cloud's file service takes some minutes. After 20 minutes, see the log of the CSI driver's controller.",
        "likely",
    ),
    *PARAMETER_PATTERNS,
    MessagePattern(
        "volume-not-writable",
        r"access denied by server while mounting|mount\.nfs4?: (?:access|permission) denied",
        "The storage server refuses the mount of the provisioner",
        "Allow the nodes of the CSI driver's controller in the server's export or access policy.",
        "likely",
    ),
    MessagePattern(
        "storage-throttled",
        r"RequestLimitExceeded|TooManyRequests\b|rateLimitExceeded|Throttling(?:Exception)?\b|throttled\b|client throttled",
        "The cloud limits the requests of the CSI driver",
        "Wait: the volume is requested again automatically.",
        "likely",
    ),
    MessagePattern(
        "storage-unreachable",
        any_of(
            r"code = DeadlineExceeded|context deadline exceeded|code = Unavailable",
            r"an operation with the given (?:Volume ID|volume key|name) \S+ already exists|"
            r"operation (?:is )?already (?:in progress|exists)",
            r"connection (?:refused|reset by peer|timed out)|i/o timeout|no route to host|no such host|network is unreachable",
            r"timed out waiting for|timeout after \d+ ?s|create process timeout|rados: ret=-110",
            r"failed to (?:establish the connection|get connection|connect to|dial)\b",
        ),
        "The storage system behind the StorageClass does not respond to its CSI driver",
        "Check the storage system and the log of the CSI driver's controller. The volume is requested again automatically.",
        "likely",
    ),
    *CODE_PATTERNS,
    MessagePattern("pvc-provisioning", r".", "The volume of the PVC could not be provisioned", SEE_EVIDENCE, "likely"),
)
"""Messages of the events of a PVC that is not bound. The last pattern matches every message."""
