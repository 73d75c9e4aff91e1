"""Patterns of errors about the files of a model, their cache and their volume."""

from ..patterns import MessagePattern, any_of

_DENIED = r"(?:[Pp]ermission denied|[Oo]peration not permitted|not writable|[Rr]ead-only file system|is not writeable)"
_CACHE = r"(?:/opt/nim|/model-store|NIM_CACHE_PATH|/mnt/models|ManifestDownloadError|nim_sdk|HF_HOME|/models--|/huggingface/hub)"
_PARAMETER = r"(?:\w+\.){1,20}(?:\d+\.(?:\w+\.){0,8}\w+|weight\w*|bias|qweight|qzeros|\w*scales?\w*)"
"""Name of a parameter of a model, such as `model.layers.0.mlp.gate_proj.weight`."""
_SYSTEM = r"(?:/(?:\.cache|\.config|\.triton|\.nv|\.local|\.huggingface|nonexistent|root)|/home/\w+)\b"

MODEL_FILE_PATTERNS = (
    MessagePattern(
        "user-unknown",
        r"getpwuid\(\)|uid not found|I have no name!|cannot find name for user ID|No user exists for uid",
        "The image has no user with the id that the pod runs as (run_as_user: {user})",
        "Set USER to nim, and HOME to /tmp, in env, or set run_as_user to a user of the image (1000).",
        sentences=(r"'getpwuid\(\): uid not found: \d+'",),
    ),
    MessagePattern(
        "home-not-writable",
        any_of(
            rf"{_DENIED}.{{0,40}}['\"]{_SYSTEM}",
            rf"cannot create directory .?{_SYSTEM}.{{0,80}}{_DENIED}",
            rf"['\"]{_SYSTEM}[^'\"]{{0,120}}['\"].{{0,40}}{_DENIED}",
            r"cannot cache function .{1,200}: no locator available for file",
            r"sqlite3\.OperationalError: (?:unable to open database file|attempt to write a readonly database)",
        ),
        "The server cannot write to its home directory",
        "Set HOME in env to a directory that the pod can write to, such as /tmp.",
        sentences=(rf"\[Errno (?:13|30)\] (?:Permission denied|Read-only file system): '{_SYSTEM}[^']{{0,200}}'",),
    ),
    MessagePattern(
        "cache-no-symlinks",
        any_of(
            r"(?:Operation not (?:supported|permitted)|Function not implemented|Protocol error).{0,200}(?:symlink|/blobs/.{1,200} -> )",
            r"(?:symlink|symbolic link).{0,80}(?:Operation not (?:supported|permitted)|not supported|Function not implemented|failed)",
            r"\[Errno 95\]|\(os error 95\)",
        ),
        "The cache volume does not support symbolic links, which the model download creates",
        "Use a StorageClass with symbolic links in cache.storage_class: NFS, a block device, or SMB with the mount option mfsymlinks.",
        sentences=(
            r"\[Errno (?:1|22|38|71|95)\] (?:Operation not (?:supported|permitted)|Protocol error): "
            r"'[^']{1,300}/blobs/[^']{1,200}' -> '[^']{1,400}'",
        ),
    ),
    MessagePattern(
        "cache-no-locks",
        r"does not appear to support flock|No locks available|\[Errno (?:37|524)\]|\(os error (?:37|524)\)",
        "The cache volume does not support file locks, which the model download sets",
        "Use a StorageClass with file locks in cache.storage_class: a block device, or NFS 4.1 (mount option nfsvers=4.1).",
        sentences=(r"\[Errno 37\] No locks available(?:: '[^']{1,300}')?",),
    ),
    MessagePattern(
        "volume-stale",
        any_of(
            r"[Ss]tale (?:NFS )?file handle|\(os error 116\)|\[Errno 116\]",
            r"Input/output error|\[Errno 5\]|\(os error 5\)",
            r"Transport endpoint is not connected|\(os error 107\)|\[Errno 107\]|Remote I/O error|\[Errno 121\]",
        ),
        "The pod has lost the storage of a volume",
        "Check the storage server, then delete the pod: its volumes are mounted again. Files that were replaced during the mount "
        "stay stale.",
        sentences=(
            r"(?:I/O error:? )?Stale (?:NFS )?file handle \(os error 116\)",
            r"\[Errno (?:116|107|121)\] (?:Stale file handle|Transport endpoint is not connected|Remote I/O error)(?:: '[^']{1,300}')?",
        ),
    ),
    MessagePattern(
        "cache-not-writable",
        any_of(
            r"Read-only file system \(os error 30\)|\[Errno 30\] Read-only file system",
            rf"read-only file system.{{0,160}}{_CACHE}|{_CACHE}.{{0,160}}read-only file system",
            r"Cache path .{0,160}read-only|read-only, application may fail if model is not already present in cache",
        ),
        "The server writes to a volume that is mounted for reading only",
        "Mount the volume for writing. If it must stay read-only, fill it first and set cache.read_only to true.",
        sentences=(
            r"\[Errno 30\] Read-only file system: '/(?:opt/nim/\.cache|model-store)[^']{0,300}'",
            r"(?:Error downloading manifest: |Download failed after \d+ attempts\. Last exception: )?I/O error:? Read-only file "
            r"system \(os error 30\)",
        ),
    ),
    MessagePattern(
        "cache-not-writable",
        any_of(
            rf"{_DENIED}.{{0,160}}{_CACHE}",
            rf"{_CACHE}.{{0,160}}{_DENIED}",
            r"Permission denied \(os error 13\)",
            r"PermissionError at /.{1,200} when downloading|Check cache directory permissions",
            r"Cache path .{0,160}(?:not writable|does not have)",
        ),
        "The server cannot write to the model cache",
        "Set run_as_user and fs_group to the owner of the volume. NFS shares and cache.host_path ignore fs_group.",
        sentences=(
            r"\[Errno 13\] Permission denied: '/(?:opt/nim/\.cache|model-store)[^']{0,300}'",
            r"(?:Error downloading manifest: |Download failed after \d+ attempts\. Last exception: )?I/O error:? Permission "
            r"denied \(os error 13\)",
        ),
    ),
    MessagePattern(
        "disk-full",
        r"No space left on device|Disk quota exceeded|[Dd]isk is full|\(os error 28\)|\(os error 122\)|Not enough (?:free )?disk space",
        "The disk for the model download is full{cache}",
        "Raise cache.size above the size of the model (an 8B model at 16 bits is 15 GB, a 70B model 131 GB). If the path in the evidence "
        "is outside of the cache, raise ephemeral_storage.",
        sentences=(
            r"\[Errno (?:28|122)\] (?:No space left on device|Disk quota exceeded): '/(?!dev/shm|psm_)[^']{1,300}'",
            r"(?:Error downloading manifest: |Download failed after \d+ attempts\. Last exception: )?I/O error:? (?:No space left "
            r"on device \(os "
            r"error 28\)|Disk quota exceeded \(os error 122\))",
        ),
    ),
    MessagePattern(
        "model-files-broken",
        any_of(
            r"invalid GGUF file|invalid GGUF magic",
            r"SafetensorError|Error while deserializing header|(?:HeaderTooLarge|HeaderTooSmall|InvalidHeader\w*"
            r"|MetadataIncompleteBuffer|InvalidOffset)",
            r"Consistency check failed|[Cc]hecksum (?:mismatch|error|validation failed|does not match)|sha256.{0,40}(?:mismatch"
            r"|does not match)|(?:sha256|file|blob) hash mismatch",
            r"(?:invalid load key|PytorchStreamReader failed|unexpected EOF, expected \d+ more bytes|file in archive is not in a "
            r"subdirectory)",
            r"(?:zip|tar|gzip) (?:archive|file).{0,40}(?:corrupt|truncated)|BadZipFile|(?:file|archive|dictionary of the model "
            r"you are trying to load) is corrupted\b",
            r"Unable to load weights from (?:pytorch|safetensors) checkpoint|git-lfs|JSONDecodeError.{0,160}config\.json",
            r"No model architectures are specified|for ModelConfig Value error, Expecting value: line \d",
            r"Requested Range Not Satisfiable|\b416 Client Error",
            r"unable to mmap|SafetensorError.{0,80}|not a valid safetensors",
        ),
        "A file of the model in the cache is broken or incomplete",
        "Delete the model's directory in the cache volume, then let the server download it again.",
        sentences=(
            r"Error while deserializing header: (?:\w+|invalid .{1,80}|incomplete metadata, file not fully covered|header too "
            r"(?:large|small))",
            r"Consistency check failed: file should be of size \d+ but has size \d+.{0,300}",
            r"PytorchStreamReader failed .{1,200}",
        ),
    ),
    MessagePattern(
        "model-files-missing",
        any_of(
            r"Cannot find any (?:safetensors )?model weights|No model weights found in|Weight files referenced in index but missing",
            r"Missing Hugging ?[Ff]ace configuration file|Missing .{1,40} (?:configuration )?file named \S+\.json",
            r"does not appear to have (?:a )?files? named|Could not find checkpoint files|Cannot find the config file for",
            r"Can't load (?:the )?(?:tokenizer|configuration|image processor|feature extractor) (?:of|for)|Couldn't instantiate "
            r"the backend tokenizer",
            r"Invalid repository ID or local directory specified|Following weights were not initialized from checkpoint",
            r"No such file or directory: '[^']{1,300}/(?:blobs|snapshots)/[^']{1,300}'|Error no file named .{1,200} found in directory",
            r"No such file or directory: '[^']{1,300}(?:config\.json|tokenizer\S*|\.safetensors|\.engine|\.plan|manifest\S*\.ya?ml)'",
            r"Repo id must be in the form .{1,80}: '/",
            r"Unable to load vocabulary from file|Incorrect path_or_model_id|expected str, bytes or os\.PathLike object, not NoneType",
        ),
        "The directory of the model lacks files",
        "Fill the cache again (cache.prewarm), or correct the path of the model ({model_source}, extra_mounts).",
        sentences=(
            r"Cannot find any (?:safetensors )?model weights with `[^`]{1,300}`",
            r"Invalid repository ID or local directory specified: .{1,300}",
            r"\S+ does not appear to have a file named \S+\. Checkout '\S+' for available files\.",
        ),
    ),
    MessagePattern(
        "model-unsupported",
        r"Tokenizer class \S{1,80} does not exist or is not currently imported",
        "The image does not have the tokenizer class of the model",
        "Use a newer image: its Python package transformers is older than the model.",
    ),
    MessagePattern(
        "remote-code",
        r"trust_remote_code|contains custom code which must be executed",
        "The model contains Python code, which the server does not run by default",
        "Set {remote_code} if you trust the repository of the model.",
        sentences=(
            r"(?:The repository|Loading) .{1,300}(?:contains custom code|requires you to execute).{1,500}trust_remote_code=True.{0,300}",
        ),
    ),
    MessagePattern(
        "engine-incompatible",
        any_of(
            r"engine plan file is (?:generated on an incompatible device|not compatible with this version)",
            r"(?:Version tag does not match|[Ss]erialization [Aa]ssertion)|deserialize(?:CudaEngine)?.{0,60}(?:fail|error)|Failed "
            r"to deserialize (?:cuda )?engine",
            r"expecting compute \d+\.\d+ got compute|\[json\.exception\.",
            r"Input tensor '\w{1,80}' not found",
            r"Assertion failed: d == a \+ length|Expected length \(\d+\) != real length \(\d+\)",
        ),
        "The TensorRT engine of the profile was built for another GPU or another release",
        "Set model_profile to a profile for the GPU of the node (or a vllm profile), and delete a cache that another image filled.",
        sentences=(
            r"(?:\S+ )?The engine plan file is generated on an incompatible device, expecting compute [\d.]+ got compute [\d.]+, "
            r"please rebuild\.",
        ),
    ),
    MessagePattern(
        "context-too-long",
        any_of(
            r"User-specified (?:max_model_len|context_length) \((?P<given>\d+)\) is greater than the derived",
            r"max_model_len.{0,80}(?:greater|larger|longer) than.{0,60}(?:derived|max_position_embeddings)",
        ),
        "The context length that is set is above the model's own limit",
        "Lower NIM_MAX_MODEL_LEN in env to the model's limit, which is in the evidence.",
        sentences=(
            r"User-specified (?:max_model_len|context_length) \(\d+\) is greater than the derived (?:max_model_len"
            r"|context_length) .{1,700}",
        ),
    ),
    MessagePattern(
        "model-unsupported",
        any_of(
            rf"KeyError: ['\"]{_PARAMETER}['\"]$",
            r"There is no module or parameter named ['\"]|Attempted to load weight \(.{1,200}\) into parameter",
            r"(?:unexpected|missing) (?:key|weight)s?(?:\(s\))? in (?:the )?(?:state_dict|checkpoint|weights)",
            r"AssertionError: assert (?:self\.quant_method is not None|\S*param\S*\.(?:size|shape)\b.{0,20}loaded_weight\.)",
            r"size mismatch for \S{1,200}: copying a param|\bloaded_weight\.(?:shape|size)\b",
        ),
        "The weights of the model do not fit what the server's release expects of its architecture or quantization",
        "Use a newer image, or a checkpoint of the model in a format that the image supports (model_profile lists those of a NIM). If "
        "the cache was filled by another image, delete the model's directory in it.",
    ),
    MessagePattern(
        "model-unsupported",
        r"Model architectures? .{1,200} failed to be inspected",
        "The image cannot load the architecture of the model, or an earlier error prevents it",
        "Read the whole log: `{logs}`. If it has no error before this one, use a newer image.",
        "likely",
    ),
    MessagePattern(
        "model-unsupported",
        any_of(
            r"[Mm]odel architectures? .{1,160} (?:are|is) not supported|has no (?:vLLM|SGlang) implementation|No supported "
            r"(?:model )?architecture",
            r"(?:model type|architecture) .{0,80}but Transformers does not recognize this architecture",
            r"data did not match any variant of untagged enum",
            r"(?:Unsupported|Unknown) (?:activation|hidden_act|RoPE scaling type|rope_scaling|layer type|attention type|model config)\b",
            r"Unknown gguf model_type|Unrecognized (?:model|configuration class)|Unsupported model (?:type|architecture)",
            r"Cannot find model module|is not compatible with vLLM|unable to detect (?:model|quantization) format",
        ),
        "The image does not support the architecture of the model",
        "Use a newer image, or the image that NVIDIA publishes for this model.",
        sentences=(
            r"Model architectures \[.{1,200}\] are not supported for now\. Supported architectures: .{1,3000}",
            r"The checkpoint you are trying to load has model type `[^`]{1,80}` but Transformers does not recognize this "
            r"architecture\..{0,700}",
        ),
    ),
)
