"""Patterns of storage systems of one's own that their provisioners pass on.

Sources: NFS subdir external provisioner, NetApp Trident, Portworx, LINSTOR, WEKA, VAST, PowerStore.
"""

from .patterns import MessagePattern, any_of

_NFS_DIRECTORY = r"(?:unable to create directory to provision new pv|failed to make subdirectory): mkdir \S{1,1000}: "

NO_POOL = (
    "The storage system finds no pool with room for the volume, among those that the StorageClass and the node allow",
    "Check that the nodes and pools of the storage are online and have room. Lower {size}, or use another class ({storage_class}).",
)
"""Problem and fix of a storage system that finds no pool."""
BUSY_DRIVER = MessagePattern(
    "storage-throttled",
    r"Too many concurrent requests, please retry",
    "The CSI driver limits the number of its requests at a time",
    "Wait: the request is repeated automatically.",
    "likely",
)
"""Message of WEKA's driver, also for a mount."""

BACKEND_PATTERNS = (
    BUSY_DRIVER,
    MessagePattern(
        "storage-capacity",
        r"Requested capacity \d{1,20} exceeds maximum allowed \d{1,20}",
        "The storage behind the StorageClass has no room for the volume",
        "Lower {size}, add storage or delete volumes, or use another class ({storage_class}).",
        "likely",
    ),
    MessagePattern(
        "storage-capacity",
        r"(?:not enough|no suitable|cannot find suitable) (?:\w+ ){0,2}pools?\b|not able to select a node to create the PV",
        *NO_POOL,
        "likely",
    ),
    MessagePattern(
        "pvc-class-invalid",
        any_of(
            r"No such (?:view|QoS) policy: \S{1,200} Please create policy manually",
            r"Parameter '\w{1,60}' cannot be empty string or None",
            r"either vip_pool_name, vip_pool_fqdn or use_local_ip_for_mount must be provided",
            r"can't find array with provided id \S{1,100}",
            r"Please validate your storage class has nfs topology",
        ),
        "The StorageClass has parameters that its provisioner refuses",
        "Correct the StorageClass, or use another class ({storage_class}).",
        "likely",
    ),
    MessagePattern(
        "storage-permission",
        _NFS_DIRECTORY + r"(?:permission denied|operation not permitted)",
        "The provisioner has no permission to write to the directory that the NFS server exports",
        "Allow its user to write there: the owner and mode of the directory, and the root squashing of the export.",
        "likely",
    ),
    MessagePattern(
        "storage-permission",
        _NFS_DIRECTORY + r"read-only file system",
        "The NFS server exports the directory of the provisioner as read-only",
        "Export it with write access (rw), or use another class ({storage_class}).",
        "likely",
    ),
    MessagePattern(
        "volume-stale",
        any_of(
            _NFS_DIRECTORY + r"stale (?:NFS )?file handle",
            r"unable to create directory to provision new pv: mkdir /[^/\s]{1,200}: file exists",
        ),
        "The provisioner's mount of the NFS server is stale",
        "Restart the pod of the provisioner, which mounts the server again.",
        "likely",
    ),
    MessagePattern(
        "volume-creating",
        r"failed to make subdirectory: mkdir \S{1,1000}: file exists",
        "An earlier request has created the directory of the volume already",
        "Wait: the volume is requested again automatically. If it lasts, remove the directory that the evidence names on the NFS server.",
        "likely",
    ),
    MessagePattern(
        "storage-backend-missing",
        any_of(
            r"no available backends for storage class \S{1,253}",
            r"no \w{1,20} storage pools found for Trident pool|no capacity pools found for storage pool",
        ),
        "No backend of the storage system serves the StorageClass",
        "Check that a backend is online (`tridentctl get backend`), and that it offers the parameters of the class and the access mode "
        "of the PVC.",
        "likely",
    ),
    MessagePattern(
        "volume-creating",
        r"volume state is still Creating, not Succeeded",
        "The storage system is still creating the volume",
        "Wait: the volume is requested again automatically. A volume of file storage in a cloud takes some minutes.",
        "likely",
    ),
    MessagePattern(
        "storage-unreachable",
        r'object is being deleted: tridenttransactions\.trident\.netapp\.io "[^"]{1,253}" already exists',
        "Trident has not finished an earlier request for the volume: its storage system does not respond",
        "Check that the backend is online: `tridentctl get backend`. The volume is requested again automatically.",
        "likely",
    ),
    MessagePattern(
        "storage-unreachable",
        r"\b(?:require)?node (?P<node>[a-z0-9.-]{1,253}) is (?:not (?:ready|online|connected)|offline)\b",
        "The storage node {node} is not ready",
        "Check the node, and the pod of the storage system on it. The volume is requested again automatically.",
        "likely",
    ),
    MessagePattern(
        "pvc-no-provisioner",
        r'services "portworx-service" not found',
        "Portworx, the provisioner of the StorageClass, is not installed",
        "Install it, or use another class ({storage_class}).",
        "likely",
    ),
    MessagePattern(
        "pvc-provisioning",
        r"\(Node: '[^']{1,253}'\) Failed to adjust DRBD resource",
        "A storage node of LINSTOR could not set up the volume",
        "Read the report that the evidence names: `linstor error-reports show ID`.",
        "likely",
    ),
)
"""Messages of the events of a PVC that is not bound."""
