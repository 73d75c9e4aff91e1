"""Patterns of PVCs that do not fit their StorageClass: its sizes, its parameters, codes of CSI."""

from .backend_messages import NO_POOL
from .patterns import MessagePattern, any_of

SIZE_PATTERNS = (
    MessagePattern(
        "storage-size",
        any_of(
            r"less than minimum (?:instance|share|volume)(?: size)?(?: bytes|:)?",
            r"is too small; minimum is",
            r"(?:size|capacity) must be (?:at least|greater than or equal to)",
            r"cannot be smaller than",
            r"required bytes less than",
        ).join(("(?:", r") (?P<minimum>\d[\d.]* ?[KMGT]i?|\d{8,})B?\b")),
        "The StorageClass does not provide volumes as small as the PVC requests",
        "Raise {size} to at least {minimum}.",
        "likely",
    ),
    MessagePattern(
        "storage-size",
        any_of(
            r"more than maximum (?:instance|share|volume) size",
            r"After round-up, volume size exceeds the limit specified",
            r"is too large(?: for [^;\n]{1,60})?; maximum is|"
            r"(?:size|capacity\w*|quota|shares?)\b[^\n]{0,60} must be (?:at least|at most|between) \d",
            r"Limit bytes \S+ is less than required bytes|requested size: \d+ > the size limit",
            r"(?:disk|volume) size [^\n]{0,60}(?:exceeds|is larger than|cannot exceed) the (?:maximum|limit)",
            r"(?:disk|volume|requested) size[^\n]{0,80} (?:is invalid|is not valid|must be|out of range)",
            r"Invalid value for field '(?:resource\.)?(?:sizeGb|capacityGb)'",
            r"Invalid (?:file share )?(?:capacity|size)\b[^\n]{0,60}(?:must|should|valid|range|GB|GiB)",
            r"requested volume size \d+ is less than the size \d+ for the source",
        ),
        "The StorageClass does not provide volumes of the requested size",
        "Set {size} to a size of the class: the evidence names the limit.",
        "likely",
    ),
)
"""Sizes that the class does not provide."""

PARAMETER_PATTERNS = (
    MessagePattern(
        "pvc-class-invalid",
        r"configuration error, no node was specified",
        "The provisioner needs the node of the pod, and the StorageClass creates the volume before the pod is scheduled",
        "Use a class whose volumeBindingMode is WaitForFirstConsumer ({storage_class}).",
        "likely",
    ),
    MessagePattern(
        "pvc-class-invalid",
        any_of(
            r"connect[ _-]mode can only be one of|\bconnect[ _-]?mode\b[^\n]{0,120}\b(?:DIRECT_PEERING|PRIVATE_SERVICE_ACCESS)\b",
            r"network project is: \S{1,80}, mismatch with instance project|private services? (?:access )?connection",
        ),
        "The StorageClass does not connect Filestore to the network of the cluster",
        "Set connect-mode in the parameters of the StorageClass to PRIVATE_SERVICE_ACCESS for a shared VPC (network: its full name), else "
        "to DIRECT_PEERING. Or use another class ({storage_class}).",
        "likely",
    ),
    MessagePattern(
        "pvc-class-invalid",
        any_of(
            r"invalid \S{1,60}: [^\n]{0,80} in storage class|Invalid parameter key",
            r"[Ii]nvalid mutable parameters|unknown parameter(?:s|: |\b)|[Uu]nknown (?:storage ?class )?parameter",
            r"invalid parameter (?:\S+ in storage class|\"[^\"]*\")",
            r"invalid (?:option|parameter)s? \"?\S+\"? (?:for|in) (?:volume plugin|(?:the )?storage ?class)",
            r"Iops to volume size ratio|Volume iops of \d+ is too (?:low|high)|iops (?:parameter )?(?:is )?(?:required|not supported)",
            r"(?:is not|not) supported (?:sku/storageaccounttype|cachingmode|NetworkAccessPolicy)",
            r"(?:is a required parameter|\b[A-Za-z]\w{1,40} is required\.?$|"
            r"parameters? (?:is|are) missing|missing (?:required )?parameter)",
            r"(?:fileSystemId|clusterID|pool) (?:not specified|must be set|is not set)|one of fileSystemId",
            r"missing configuration (?:for|of) cluster ID|Missing \w+ parameter|invalid StorageClass parameters",
            r"failed to find a matching storage account|cannot access bucket \S{1,253}: NotFound",
            r"pool not found|pool \(\S+\) not found in Ceph cluster",
            r"(?:Failed to get|failed to find|could not find) (?:storage )?polic(?:y|ies)|storage ?policy \S+ (?:not found|does not exist)",
            r"(?:does not exist|not found)[^\n]{0,20} resource group|ResourceGroupNotFound|ResourceNotFound",
            r"network '[^']*' (?:does not exist|was not found)|KMS key|InvalidKmsKey|FileSystemNotFound",
            r"File ?system '?fs-\w+'? does not exist|api error (?:ValidationException|ValidationError|InvalidParameter\w*)",
        ),
        "The StorageClass has parameters that its provisioner refuses",
        "Correct the StorageClass, or use another class ({storage_class}).",
        "likely",
    ),
    MessagePattern(
        "pvc-class-invalid",
        r"\b[Ss]elector is not supported\b",
        "The PVC has a selector, and the provisioner of its StorageClass creates no volumes for such PVCs",
        "Remove selector from the PVC, or use a class with existing volumes ({storage_class}).",
        "likely",
    ),
)
"""Parameters of the class that its provisioner refuses."""

CODE_PATTERNS = (
    MessagePattern(
        "storage-size",
        r"code = OutOfRange desc = ",
        "The StorageClass does not provide volumes of the requested size",
        "Set {size} to a size of the class: the evidence names the limit.",
        "likely",
    ),
    MessagePattern(
        "storage-capacity",
        r"code = ResourceExhausted desc = (?!grpc: )",
        *NO_POOL,
        "likely",
    ),
    MessagePattern(
        "volume-creating",
        r"code = Aborted desc = ",
        "The CSI driver is busy with an earlier request for the volume",
        "Wait: the volume is requested again automatically. After 20 minutes, see the log of the CSI driver's controller.",
        "likely",
    ),
    MessagePattern(
        "pvc-class-invalid",
        r"code = InvalidArgument desc = ",
        "The provisioner refuses a parameter of the StorageClass, or a field of the PVC",
        "Correct what the evidence names, or use another class ({storage_class}).",
        "possible",
    ),
)
"""Codes of a failed CreateVolume, whose meaning the CSI specification defines:
https://github.com/container-storage-interface/spec/blob/master/spec.md#createvolume-errors."""
