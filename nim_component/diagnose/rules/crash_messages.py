"""Patterns of log messages of a server.

The messages of NVIDIA drivers, NIM and vLLM come from their documentation and from reports. They
were not seen on a GPU.
"""

from .patterns import MessagePattern, any_of

DRIVER_TOO_OLD = (
    "The node's NVIDIA driver is too old for the image",
    "Upgrade the driver of the GPU nodes, select newer nodes with node_selector, or use an older image.",
)
"""Text and fix of `driver-too-old`."""

LOG_PATTERNS = (
    MessagePattern(
        "driver-too-old",
        any_of(
            r"CUDA driver version is insufficient",
            r"driver on your system is too old",
            r"unsatisfied condition: (?:cuda|driver)",
            r"forward compatibility was attempted",
            r"requires? (?:NVIDIA )?driver",
        ),
        *DRIVER_TOO_OLD,
    ),
    MessagePattern(
        "gpu-not-visible",
        any_of(
            r"no CUDA-capable device",
            r"No GPUs? (?:were )?(?:found|detected|available)",
            r"NVML: Driver Not Loaded",
            r"could not select device driver",
            r"nvidia-container-cli: initialization error",
            r"libcuda\.so\S* ?: cannot open",
        ),
        "The server finds no GPU on its node",
        "Set runtime_class to nvidia if the cluster requires it, and check the driver and the NVIDIA Container Toolkit on the node.",
    ),
    MessagePattern(
        "gpu-count",
        any_of(
            r"tensor.?parallel.?size.{0,80}(?:greater|exceed|larger|not divisible|mismatch)",
            r"world.?size.{0,60}(?:greater|exceed|larger|mismatch|available)",
            r"requires (?:at least )?(?P<count>\d+) GPUs?",
            r"number of (?:required |visible )?GPUs",
            r"profile.{0,80}\bTP\b.{0,40}GPU",
        ),
        "The profile requires a different number of GPUs than the pod has",
        "Set gpu to the profile's tensor parallelism times its pipeline parallelism, or set model_profile to a profile "
        "for the available GPUs.",
        "likely",
    ),
    MessagePattern(
        "no-profile",
        any_of(
            r"Could not (?:find|match) a? ?profile",
            r"no compatible profiles?",
            r"0 (?:out of \d+ )?profiles? (?:are )?compatible",
            r"is not a valid profile",
            r"profile .{0,80} not (?:found|compatible)",
        ),
        "The image has no profile for this node's GPUs",
        "Select another GPU with node_selector, change gpu, or set model_profile to a profile that the image lists.",
    ),
    MessagePattern(
        "adapter-rank",
        r"LoRA rank (?P<rank>\d+) is greater than max_lora_rank (?P<limit>\d+)",
        "An adapter's rank {rank} is above the server's limit {limit}",
        "Raise lora.max_rank, or remove the adapter.",
    ),
    MessagePattern(
        "lora-unsupported",
        r"LoRA is not supported|does not support LoRA|doesn't support LoRA",
        "The selected profile does not support LoRA adapters",
        "Set model_profile to a -feat_lora profile, or remove hf_repo_ids.",
    ),
    MessagePattern(
        "ngc-key-refused",
        any_of(
            r"insufficient_scope",
            r"Invalid (?:NGC )?API.?key",
            r"NGC_API_KEY.{0,60}(?:invalid|not set|missing|expired)",
            r"Authentication (?:Error|failed)",
            r"repo file list has not been validated",
            r"(?:401|403)\b.{0,80}(?:ngc|nvidia|authz|authn)",
            r"(?:ngc|nvidia|authz|authn).{0,120}\b(?:401|403)\b",
            r"Unauthori[sz]ed.{0,80}ngc",
        ),
        "NGC refuses the API key for the model download",
        "Renew the key in the Secret of secrets.ngc_secret_key (or secrets.ngc_api_key), and check that its organisation "
        "is entitled to the model.",
        "likely",
    ),
    MessagePattern(
        "model-gated",
        r"GatedRepoError|Access to model .{0,100} is restricted|gated repo",
        "The model's repository on the hub is gated",
        "Accept its terms with the account of the token in secrets.hf_token_key.",
    ),
    MessagePattern(
        "cache-not-writable",
        any_of(
            r"(?:permission denied|not writable|read-only file system).{0,160}(?:/opt/nim/\.cache|NIM_CACHE_PATH|/opt/nim)",
            r"(?:/opt/nim/\.cache|NIM_CACHE_PATH).{0,160}(?:permission denied|not writable|read-only file system)",
        ),
        "The server cannot write to the model cache",
        "Set run_as_user and fs_group to the owner of the volume. NFS shares and cache.host_path ignore fs_group.",
    ),
    MessagePattern(
        "disk-full",
        r"No space left on device|Disk quota exceeded|disk is full",
        "The disk for the model download is full",
        "Raise cache.size above the size of the model (an 8B model at 16 bits is 15 GB, a 70B model 131 GB).",
    ),
    MessagePattern(
        "download-unreachable",
        any_of(
            r"Name or service not known",
            r"Temporary failure in name resolution",
            r"Could not resolve host",
            r"Connection refused.{0,80}(?:ngc|nvidia|huggingface)",
            r"Max retries exceeded",
            r"ConnectTimeout",
            r"Network is unreachable",
            r"certificate verify failed",
        ),
        "The server cannot reach the source of the model download",
        "Allow access from the pod to NGC or the hub (proxy, DNS, network policy, company certificate), or use a filled cache.",
        "likely",
    ),
    MessagePattern(
        "server-port-taken",
        r"address already in use",
        "The server's port is in use inside its pod",
        "Change port, or correct extra_containers: all containers of a pod share its ports.",
    ),
    MessagePattern(
        "server-arguments",
        r"unrecognized arguments|error: argument|invalid choice|No such option|unknown flag",
        "The server rejects one of its arguments",
        "Correct args: flags differ between NIM 1.x and 2.x.",
    ),
)
"""Log messages of the server and the model download: CUDA, vLLM, TensorRT-LLM, NGC, the hub."""
