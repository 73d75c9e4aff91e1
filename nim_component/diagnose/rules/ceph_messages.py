"""Patterns of the Ceph client of a node, which mounts RBD images and CephFS.

The client ends its message with the number of the error: `rbd: map failed: (1) Operation not
permitted`.
"""

from .patterns import MessagePattern

CEPH_PATTERNS = (
    MessagePattern(
        "volume-credentials",
        r"unable to find a keyring|rbd: map failed: \(1\) Operation not permitted|rbd: map failed: \(13\) Permission denied",
        "The node's Ceph client has no key, or Ceph refuses it",
        "Correct the key in the Secret of the CSI driver (csi.storage.k8s.io/node-stage-secret-name of the StorageClass).",
        "likely",
    ),
    MessagePattern(
        "volume-options",
        r"RBD image feature set mismatch|rbd: map failed: \(6\)|missing required protocol features",
        "The kernel of the node does not support the features of the RBD image or of the Ceph cluster",
        "Set imageFeatures of the StorageClass to layering, or its mounter to rbd-nbd, and use a new PVC ({claim}).",
        "likely",
    ),
    MessagePattern(
        "volume-driver-missing",
        r"\bis host /dev mounted\?",
        "The CSI driver's pod on the node does not see the devices of the node",
        "Install the driver with its own manifests or chart: its DaemonSet mounts /dev of the node.",
        "likely",
    ),
    MessagePattern(
        "volume-not-writable",
        r"rbd: map failed: \(108\)|\bblock-?listed\b",
        "Ceph refuses the node: it has blocked its address",
        "Look for the node in `ceph osd blocklist ls` and remove it there, then delete the pod. If it remains blocked, restart the node.",
        "likely",
    ),
    MessagePattern(
        "storage-unreachable",
        r"rbd: map failed: \((?:5|110|113)\)|rbd: sysfs write failed",
        "The kernel of the node cannot map the RBD image: mostly, it does not reach the Ceph cluster",
        "See the kernel's log (`dmesg`) of the node for the reason: the network to the monitors and OSDs, or features of the image.",
        "likely",
    ),
)
"""Messages of failed mounts of Ceph."""
