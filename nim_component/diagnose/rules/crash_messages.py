"""What the last words of a server, and of a runtime that cannot start one, mean."""

from .patterns import MessagePattern, any_of

LAST_WORDS = (
    MessagePattern(
        "driver-too-old",
        any_of(
            r"CUDA driver version is insufficient",
            r"driver on your system is too old",
            r"unsatisfied condition: (?:cuda|driver)",
            r"forward compatibility was attempted",
            r"requires? (?:NVIDIA )?driver",
        ),
        "The node's NVIDIA driver is too old for the image",
        "Upgrade the driver of the GPU nodes, choose newer nodes with node_selector, or take an older image.",
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
        "The server sees no GPU on its node",
        "Set runtime_class: nvidia where the cluster needs it, and look after the driver and NVIDIA's container toolkit on the node.",
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
        "The profile wants another number of GPUs than the pod has",
        "Set gpu to tensor times pipeline parallelism of the profile, or choose a model_profile for the GPUs there are.",
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
        "Choose another GPU with node_selector, another gpu count, or a model_profile that the image lists.",
    ),
    MessagePattern(
        "adapter-rank",
        r"LoRA rank (?P<rank>\d+) is greater than max_lora_rank (?P<limit>\d+)",
        "An adapter's rank {rank} is above the server's limit {limit}",
        "Raise lora.max_rank, or drop the adapter.",
    ),
    MessagePattern(
        "lora-unsupported",
        r"LoRA is not supported|does not support LoRA|doesn't support LoRA",
        "The chosen profile does not serve LoRA adapters",
        "Choose a -feat_lora profile in model_profile, or leave hf_repo_ids out.",
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
        "NGC refuses the key with which the model is downloaded",
        "Renew the key in the Secret of secrets.ngc_secret_key (or ngc_api_key), and check that its organisation is entitled to the model.",
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
        "The model's cache may not be written to",
        "Set fs_group and run_as_user to the owner of the volume: NFS shares and host_path ignore fs_group.",
    ),
    MessagePattern(
        "disk-full",
        r"No space left on device|Disk quota exceeded|disk is full",
        "The disk that the model is downloaded to is full",
        "Raise cache.size to more than the model's size (an 8B model at 16 bits is 15 GB, a 70B model 131 GB).",
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
        "What the model is downloaded from cannot be reached",
        "Open the network (proxy, DNS, network policy, a company's certificate) from the pod to NGC or the hub, or use a filled cache.",
        "likely",
    ),
    MessagePattern(
        "server-port-taken",
        r"address already in use",
        "The server's port is taken inside its pod",
        "Take another port, or correct extra_containers: all containers of a pod share its ports.",
    ),
    MessagePattern(
        "server-arguments",
        r"unrecognized arguments|error: argument|invalid choice|No such option|unknown flag",
        "The server does not know one of its arguments",
        "Correct args: flags differ between NIM 1.x and 2.x.",
    ),
)
"""Of the server, and of what downloads its model, from the log: the words of CUDA, vLLM, TensorRT-LLM, NGC and the hub."""

CANNOT_START = (
    MessagePattern(
        "driver-too-old",
        r"unsatisfied condition: (?:cuda|driver)",
        "The node's NVIDIA driver is too old for the image",
        "Upgrade the driver of the GPU nodes, choose newer nodes with node_selector, or take an older image.",
    ),
    MessagePattern(
        "gpu-not-visible",
        r"nvidia-container-cli|could not select device driver|no runtime for \"?nvidia",
        "The node cannot give the container its GPU",
        "Look after the driver and NVIDIA's container toolkit on the node; set runtime_class: nvidia where the cluster needs it.",
    ),
    MessagePattern(
        "command-not-found",
        r"executable file not found|no such file or directory|exec: .*: permission denied",
        "The container's command is not in its image",
        "Correct command, or leave it out: the image then starts its own.",
    ),
    MessagePattern("container-start", r".", "The container cannot be started", "The words below say why.", "likely"),
)
"""Of the container runtime."""
