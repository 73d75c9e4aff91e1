"""Patterns of block devices that do not appear on the node, or that it uses already.

Sources: csi-lib-iscsi, gobrick (Dell), gocsi, NetApp Trident, HPE.
"""

from .patterns import MessagePattern, any_of

DEVICE_PATTERNS = (
    MessagePattern(
        "volume-multi-attach",
        r"device already in use and mounted elsewhere|/dev/\S{1,200} already mounted or (?:mount point|\S{1,300}) busy",
        "The device of the volume is in use on the node, by another pod or by a mount that was not removed",
        "Delete the old pod if it still exists. If no pod on the node uses the volume, drain the node and restart it.",
        "likely",
    ),
    MessagePattern(
        "volume-driver-missing",
        any_of(
            r"node (?P<node>\S{1,253}) (?:has not registered with Trident|was not found$)",
            r"code = NotFound desc = [^\n]{0,120}\b(?:unable to find host|host \S{1,253} (?:was )?not found)",
        ),
        "The storage system does not list the pod's node",
        "Check the CSI driver's pod on the node, which registers it: its DaemonSet must tolerate the taint of the GPU nodes.",
        "likely",
    ),
    MessagePattern(
        "volume-attaching",
        any_of(
            r"findDiskByLun\(\d+\) failed|failed to find disk on lun \d+|cannot find Lun: \d+",
            r"disk attached but not found|expect device path as a lun number",
            r"timeout waiting for device \S+ (?:to appear|attach)|disk did not appear|device path \S+ (?:does not|did not) exist",
            r"could not find (?:device|disk) (?:path )?for volume",
        ),
        "The disk is attached to the node, and its device does not appear there",
        "Delete the pod: the disk is attached again. If it repeats on one node, drain the node and restart it.",
        "likely",
    ),
    MessagePattern(
        "storage-unreachable",
        any_of(
            r"unable to find device after multiple discovery attempts|registered multipath device not found",
            r"device not found with serial \S|can't find active iSCSI session|no (?:multipath )?device found for (?:serial|WWN|LUN)",
            r"[Ff]ailed to log ?in to (?:any )?iSCSI|iscsiadm: (?:Could not login|cannot make connection|initiator reported error)",
            r"multipath device '[^']{1,100}' serial check failed",
        ),
        "The volume's device does not appear on the node",
        "Check on the node that its iSCSI, Fibre Channel or NVMe sessions to the storage system exist, and that multipathd runs and has no "
        "stale device. The mount is repeated automatically.",
        "likely",
    ),
)
"""Messages of failed attachments and mounts of block devices."""

CODE_PATTERNS = (
    MessagePattern(
        "volume-options",
        r"code = InvalidArgument desc = ",
        "The CSI driver refuses a setting of the volume",
        "Correct what the evidence names in the PersistentVolume or in the StorageClass ({storage_class}).",
        "likely",
    ),
    MessagePattern(
        "volume-attached-limit",
        r"code = ResourceExhausted desc = (?!grpc: )",
        "The node has the maximum number of volumes attached, or the storage system has no resources for another one",
        "Add a node, or use a class of file shares ({storage_class}).",
        "likely",
    ),
    MessagePattern(
        "volume-attaching",
        r"code = Aborted desc = ",
        "The CSI driver is busy with an earlier operation on the volume",
        "Wait: the attempt is repeated automatically. After 20 minutes, see the logs of the CSI driver: of its controller, and of its pod "
        "on the node.",
        "likely",
    ),
)
"""Codes of failed attachments and mounts, whose meaning the CSI specification defines."""
