"""Patterns of errors about arguments, profiles, ports, and programs of the image."""

from ..patterns import MessagePattern, any_of

ARGUMENT_PATTERNS = (
    MessagePattern(
        "profile-unknown",
        any_of(
            r"Unknown profiles? provided|Not all of the provided profiles are supported",
            r"[Pp]rofile(?: id)? \S{1,120} (?:is )?not (?:found|present|available|known|defined) in (?:the )?(?:model )?manifest",
            r"(?:is not a valid|Invalid|unknown) (?:model )?profile\b",
            r"NIM_MODEL_PROFILE\b.{0,120}(?:not found|invalid|not valid|unknown|does not exist)",
            r"No profile with (?:id|name)|profile .{0,80} (?:was |is )?not found",
        ),
        "The image does not have the profile that is selected",
        "Set model_profile (or cache.prewarm.profiles) to a profile of this image: `list-model-profiles` in the container prints them.",
        sentences=(r"(?:Error: )?Not all of the provided profiles are supported\..{0,1500}", r"Unknown profiles provided: \{.{1,300}\}"),
    ),
    MessagePattern(
        "no-profile",
        any_of(
            r"Could not (?:find|match) an? ?(?:\w+ )?profile|no compatible profiles?|No profiles? (?:is|are) compatible",
            r"0 (?:out of \d+ )?profiles? (?:are )?compatible|Detected 0 compatible profile",
            r"profile .{0,80}(?:not|in)compatible|not currently runnable with the detected hardware",
            r"is incompatible with (?:the )?(?:detected|current) (?:hardware|GPU)",
        ),
        "The image has no profile for this node's GPUs",
        "Select another GPU with node_selector, change gpu, or set model_profile to a profile that the image lists.",
        sentences=(
            r"Could not match a profile in manifest(?: at \S+)?\.?",
            r"Could not find a profile that is currently runnable with the detected hardware\..{0,300}",
        ),
    ),
    MessagePattern(
        "server-port-taken",
        r"address already in use|Address already in use|\[Errno 98\]|\(os error 98\)|EADDRINUSE|\bPort \d+ is (?:not available"
        r"|already in use)",
        "The server's port is in use inside its pod",
        "Change port, or correct extra_containers: all containers of a pod share its ports.",
        sentences=(r"\[Errno 98\] (?:error while attempting to bind on address .{1,80}: )?\[?(?:errno 98\] )?address already in use",),
    ),
    MessagePattern(
        "server-port-denied",
        r"bind on address .{1,80}: permission denied|Permission denied.{0,40}\b(?:bind|listen)",
        "The server may not listen on a port below 1024",
        "Set port to 8000 or another port above 1023.",
        sentences=(r"\[Errno 13\] error while attempting to bind on address .{1,80}: permission denied",),
    ),
    MessagePattern(
        "image-architecture",
        r"exec format error",
        "The image is not built for the CPU architecture of the node",
        "Select nodes with the CPU architecture of the image (kubernetes.io/arch in node_selector), or use an image for this one.",
        sentences=(r"exec \S+: exec format error",),
    ),
    MessagePattern(
        "server-arguments",
        r"\[Errno 99\]|Cannot assign requested address|EADDRNOTAVAIL",
        "The server shall use an address that its pod does not have",
        "Remove addresses of hosts from args and env, such as VLLM_HOST_IP: the server then uses that of the pod.",
    ),
    MessagePattern(
        "image-incomplete",
        r"'hf_transfer' package is not available",
        "HF_HUB_ENABLE_HF_TRANSFER is set, and the image lacks the package hf_transfer",
        "Set HF_HUB_ENABLE_HF_TRANSFER to 0 in env, or remove it.",
    ),
    MessagePattern(
        "image-incomplete",
        r"\.so\S{0,40}: (?:cannot read file data|file too short|invalid ELF header|ELF load command)",
        "A library of the image is damaged on the node",
        "Remove the image from the node, so that it is pulled again. If it happens again, check the disk of the node.",
    ),
    MessagePattern(
        "image-incomplete",
        any_of(
            r"(?:ModuleNotFoundError: )?No module named '",
            r"Could not find (?:nvcc|ninja|CUDA) |(?:CUDA_HOME|NVCC) environment variable is not set|Ninja is required to load C\+\+",
            r"No such file or directory: '(?:nvcc|gcc|g\+\+|cc|ninja|ptxas)'",
            r"No such file or directory: '(?:/usr)?(?:/local)?/s?bin/[^']{1,100}'|unable to find backend library for backend",
            r"Failed to find C compiler|ImportError: (?:cannot import name|lib\S+: cannot open shared object file|\S+: undefined symbol)",
            r"lib(?!cuda\.|nvidia-ml)\S+\.so\S*: cannot open shared object file|undefined symbol: ",
            r"'_OpNamespace' '\w{1,60}' object has|version `GLIBC\S+' not found",
        ),
        "The image lacks a Python package, a library or a compiler of the server",
        "Use the published image without changes, and remove command, PYTHONPATH and LD_LIBRARY_PATH if they are set.",
        sentences=(r"No module named '[\w.]{1,120}'", r"cannot import name '\w{1,120}' from .{1,300}"),
    ),
    MessagePattern(
        "server-arguments",
        any_of(
            r"unrecognized arguments|(?<!\w)error: argument |error: the following arguments are required|invalid choice|No such option"
            r"|unknown (?:flag|option)",
            r"expected (?:one|at least one) argument|ambiguous option|unexpected argument '-|argument \S+: (?:invalid|not allowed)",
            r"(?:Unknown|Unsupported) (?:kv_cache_dtype|kv cache dtype|load_format|quantization method|distributed executor backend"
            r"|tokenizer mode|vLLM "
            r"environment variable)",
            r"(?:max_num_batched_tokens|max_num_seqs|max_num_partial_prefills|gpu_memory_utilization|GPU memory utilization"
            r"|max_loras|max_lora_rank|max_model_len).{0,80}must be (?!set by|provided)",
            r"max_num_batched_tokens \(\d+\) is smaller than max_model_len",
            r"Quantization method specified in the model config .{1,80} does not match|is not supported for quantization method",
            r"does not support `?--(?:runner|task)|Unknown dtype:|Invalid value for '?(?:-|VLLM_|NIM_)",
            r"(?<!\d)\d{1,5} validation errors? for \w*(?:Config|Args|Settings|Arguments)\b",
            r"supplied chat template .{1,400} doesn't exist",
            r"Unexpected extra config keys|--\S{1,80} .{0,80}(?:mutually exclusive|incompatible with --)",
        ),
        "The server rejects one of its arguments or variables",
        "Correct args, or the variable in env: flags differ between NIM 1.x and 2.x.",
        sentences=(
            r"(?:[\w./ -]{1,120}: )?error: (?:unrecognized arguments|argument|the following arguments are required|ambiguous "
            r"option).{1,600}",
            r"max_num_batched_tokens \(\d+\) .{1,400}",
            r"max_lora_rank \(\d+\) must be one of .{1,100}\.",
            r"GPU memory utilization must be less than 1\.0\. Got [\d.]+\.",
            r"Unknown (?:dtype|quantization method): .{1,400}",
        ),
    ),
)
