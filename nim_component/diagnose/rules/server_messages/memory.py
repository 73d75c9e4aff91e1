"""Patterns of errors about memory: of GPUs, of the KV cache, of the pod, and of `/dev/shm`."""

from ..patterns import MessagePattern, any_of

_KV_CACHE = "The model fits into GPU memory, but its KV cache is too small for one request of the full context length"
_SHORTER = "Set NIM_MAX_MODEL_LEN in env to a shorter context, or use more GPUs (gpu) or larger GPUs (node_selector)."

MEMORY_PATTERNS = (
    MessagePattern(
        "shm-too-small",
        any_of(
            r"/dev/shm/.{0,200}No space left on device",
            r"No space left on device.{0,40}/dev/shm/",
            r"unable to (?:write to|mmap \d+ bytes from|open|allocate shared memory.{0,12} for) file </torch_",
            r"Error while (?:creating|attaching to) shared memory segment(?!.{0,120}No such file or directory)",
            r"\bBus error\b",
            r"No space left on device: '/psm_|resource_tracker: .{0,60}/dev/shm",
            r"workers? (?:are|is) out of shared memory|insufficient shared memory \(shm\)",
            r"(?:initialize shared memory key|increase the shared memory pool size).{0,200}",
        ),
        "The server's shared memory (/dev/shm, {shm_size}) is too small",
        "Raise shm_size above {shm_size}, and raise mem by the same amount: /dev/shm counts against mem.",
        sentences=(
            r"Error while creating shared memory segment /dev/shm/nccl-\S+ \(size \d+\)(?:, error: (?!No such file).{1,60} \(\d+\))?",
            r"(?:Error: )?failed to extend /dev/shm/nccl-\S+ to \d+ bytes, error: No space left on device \(28\)",
            r"unable to write to file </torch_\S+>: No space left on device \(28\)",
            r"unable to allocate shared memory ?\(shm\) for file </torch_\S+>: Success \(0\)",
        ),
    ),
    MessagePattern(
        "kv-cache-too-small",
        r"estimated maximum model length is (?P<length>\d+)",
        _KV_CACHE,
        "Set NIM_MAX_MODEL_LEN in env to {length} or less, or use more GPUs (gpu) or larger GPUs (node_selector).",
        sentences=(
            r"To serve at least one request with the models?'s max seq len \(\d+\), \(?[\d.]+ GiB KV cache is needed, which is "
            r"larger than the "
            r"available KV cache memory \([\d.]+ GiB\)\. ? ?Based on the available memory, ?the estimated maximum model length is "
            r"(?P<length>\d+)\. .{0,400}",
        ),
    ),
    MessagePattern(
        "kv-cache-too-small",
        any_of(
            r"larger than the (?:available KV cache memory|maximum number of tokens that can be stored in KV cache)",
            r"KV cache.{0,60}(?:not enough|insufficient|too small)|(?:not enough|insufficient).{0,40}(?:KV cache|kv cache) "
            r"(?:blocks|memory|space)",
            r"Can't allocate new blocks\b.{0,40}No free blocks left",
            r"exceeds? (?:the )?(?:KV cache|max(?:imum)? KV cache)",
            r"Not enough memory\. Please try to increase --mem-fraction-static",
            r"exceeds available Mamba cache blocks|Not enough memory to allocate KV cache",
        ),
        _KV_CACHE,
        _SHORTER,
        sentences=(
            r"The model's max seq len \(\d+\) is larger than the maximum number of tokens that can be stored in KV cache "
            r"\(\d+\)\..{0,300}",
            r"To serve at least one request with the models?'s max seq len \(\d+\), \(?[\d.]+ GiB KV cache is needed, which is "
            r"larger than the "
            r"available KV cache memory \([\d.]+ GiB\)\..{0,400}",
        ),
    ),
    MessagePattern(
        "gpu-out-of-memory",
        r"Free memory on device.{0,40}\((?P<free>[\d.]+)/(?P<total>[\d.]+) GiB\).{0,40} is less than (?:desired|the engine's budget)",
        "At its start, the server finds only {free} of {total} GiB of GPU memory free",
        "End what else uses the GPU (time-slicing, MPS, an old process on the node), or lower {memory_share}.",
        sentences=(
            r"Free memory on device (?:cuda:\d+ )?\((?P<free>[\d.]+)/(?P<total>[\d.]+) GiB\) on startup is less than desired GPU memory "
            r"utilization \([\d.]+, [\d.]+ GiB\)\. Decrease GPU memory utilization or reduce GPU memory used by other processes\.",
        ),
    ),
    MessagePattern(
        "gpu-out-of-memory",
        any_of(
            r"CUDA (?:error: |driver error: )?out of memory",
            r"(?:cuda|CUDA)\w{0,40}\b.{0,80}[:( ']out of memory",
            r"torch\.(?:cuda\.)?OutOfMemoryError",
            r"CUDA_ERROR_OUT_OF_MEMORY|cudaErrorMemoryAllocation|CUBLAS_STATUS_ALLOC_FAILED",
            r"No available memory for the cache blocks",
            r"not enough GPU memory|[Ii]nsufficient GPU memory|GPU memory is insufficient",
            r"Externally held weights on device .{0,80} exceed the desired GPU memory",
            r"OutOfMemory \(?.{0,40}Requested size was",
            r"[Ff]ailed to allocate .{0,40}GPU memory|memory capacity is unbalanced",
            r"CUBLAS_STATUS_NOT_INITIALIZED. when calling `?cublasCreate",
            r"NVML_SUCCESS == r INTERNAL ASSERT FAILED at .{0,40}CUDACachingAllocator",
            r"might be due to insufficient GPU memory|Error in memory profiling\. Initial",
        ),
        "The model does not fit into the GPU's memory ({gpu} requested)",
        "Use more GPUs (gpu), larger GPUs (node_selector), a smaller profile (model_profile), or a shorter context "
        "(NIM_MAX_MODEL_LEN in env).",
        sentences=(
            r"CUDA out of memory\. Tried to allocate [\d.]+ [KMG]iB\..{0,900}",
            r"CUDA (?:error|driver error): out of memory.{0,400}",
            r"No available memory for the cache blocks\. Try increasing `gpu_memory_utilization` when initializing the engine.{0,300}",
            r"CUDA out of memory occurred when warming up (?:sampler|pooler).{1,60} dummy requests\. Please try lowering .{1,120}",
        ),
    ),
    MessagePattern(
        "out-of-memory",
        any_of(
            r"\[Errno 12\]|\(os error 12\)|Cannot allocate memory",
            r"DefaultCPUAllocator: (?:can't|not enough memory)",
            r"std::bad_alloc|(?:^|\W)MemoryError\b(?!: Not enough space in the data buffer)",
            r"Not enough host memory available|Too large swap space",
        ),
        "The server cannot allocate main memory: mem is {mem}",
        "Raise mem above {mem}.",
        sentences=(r"\[Errno 12\] Cannot allocate memory(?:: .{1,200})?", r"Too large swap space\. .{1,200}"),
    ),
)

_KILLED = (
    "The kernel killed a process of the server, probably for its memory: mem is {mem}",
    "Raise mem above {mem}. If the server uses less, read its whole log: `{logs}`.",
)
KILLED_PATTERN = MessagePattern(
    "out-of-memory", r"\bexit ?code[:=]? ?-9\b|\breceived signal:? 9\b|(?<!If exit code is -9 )\(SIGKILL\)", *_KILLED
)
"""Pattern of the signal SIGKILL that no name can match."""
KILLED_PATTERNS = (
    KILLED_PATTERN,
    MessagePattern("out-of-memory", r"': -9\b|\bKilled\b|died with <Signals\.SIGKILL", *_KILLED),
)
"""Patterns of errors that name no reason, but the signal SIGKILL."""
