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
)
"""Messages of failed mounts of Ceph."""
