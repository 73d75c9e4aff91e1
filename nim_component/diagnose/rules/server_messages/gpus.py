"""Patterns of errors about GPUs and their driver, and about the number of GPUs."""

from ..patterns import MessagePattern, any_of

DRIVER_TOO_OLD = (
    "The node's NVIDIA driver is too old for the image",
    "Upgrade the driver of the GPU nodes, select newer nodes with node_selector, or use an older image.",
)
_NO_GPU = (
    "The server finds no GPU on its node",
    "Set runtime_class to nvidia if the cluster requires it, and check the driver and the NVIDIA Container Toolkit on the node.",
)

GPU_PATTERNS = (
    MessagePattern(
        "fabric-manager",
        r"system not yet initialized|\bError 802\b|CUDA_ERROR_SYSTEM_NOT_READY|cudaErrorSystemNotReady",
        "The node's GPUs wait for the NVIDIA Fabric Manager",
        "Start nvidia-fabricmanager on the node, in the version of its driver (GPU operator: its driver container).",
        sentences=(r"Unexpected error from cudaGetDeviceCount\(\)\..{0,300}Error 802: system not yet initialized",),
    ),
    MessagePattern(
        "driver-mismatch",
        any_of(
            r"[Dd]river/library version mismatch",
            r"\bError 803\b|unsupported display driver|CUDA_ERROR_SYSTEM_DRIVER_MISMATCH",
            r"CUDA driver failed to initialize",
            r"NVML_ERROR_LIB_RM_VERSION_MISMATCH|API mismatch: the client",
        ),
        "The NVIDIA driver libraries in the container do not match the driver that the node runs",
        "Drain and restart the node after its driver update. If it happens on all nodes, remove LD_LIBRARY_PATH from env: "
        "compatibility libraries of the image may replace those of the node.",
        sentences=(
            r"(?:Failed to initialize NVML: )?Driver/library version mismatch",
            r"Unexpected error from cudaGetDeviceCount\(\)\..{0,300}Error 803: system has unsupported display driver / cuda "
            r"driver combination",
        ),
    ),
    MessagePattern(
        "driver-too-old",
        any_of(
            r"CUDA driver version is insufficient",
            r"driver on your system is too old",
            r"unsatisfied condition: (?:cuda|driver)",
            r"forward compatibility was attempted|CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE",
            r"built for NVIDIA Driver Release \S+ or later",
            r"PTX was compiled with an unsupported toolchain|CUDA_ERROR_UNSUPPORTED_PTX_VERSION",
            r"API call is not supported in the installed CUDA driver",
            r"CUDA Driver version found is \d+\. Minimum requirement is \d+",
            r"requires? (?:an? |at least )?(?:NVIDIA )?(?:GPU )?driver (?:version |release )?(?:>=? ?|of at least |at least "
            r"|newer than )?\d{3}",
        ),
        *DRIVER_TOO_OLD,
        sentences=(
            r"CUDA driver version is insufficient for CUDA runtime version",
            r"CUDA error: (?:CUDA driver version is insufficient for CUDA runtime version|the provided PTX was compiled with an "
            r"unsupported "
            r"toolchain\.?).{0,400}",
            r"The NVIDIA driver on your system is too old \(found version \d+\)\..{0,400}",
        ),
    ),
    MessagePattern(
        "gpu-fault",
        any_of(
            r"uncorrectable (?:ECC|NVLink) error",
            r"GPU is lost|fallen off the bus|GPU requires reset",
            r"Unable to determine the device handle for (?:gpu|GPU)",
            r"Invalid access of peer GPU memory over nvlink or a hardware error",
            r"CUDA_ERROR_ECC_UNCORRECTABLE|cudaErrorECCUncorrectable|hardware stack error",
            r"CUDA error: unknown error|CUDA_ERROR_UNKNOWN",
            r"NVRM: Xid \(|Failed to query NVML device info: an internal driver error",
        ),
        "A GPU of the node, or its driver, has failed",
        "Cordon node {node}, let the pod start on another one, and reset or replace the GPU (its kernel log has the Xid).",
        sentences=(
            r"CUDA error: uncorrectable (?:ECC|NVLink) error (?:encountered|detected during the execution).{0,400}",
            r"Unable to determine the device handle for GPU ?\S+: GPU is lost\. +Reboot the system to recover this GPU",
        ),
    ),
    MessagePattern(
        "gpu-busy",
        r"devices?(?:\(s\))? (?:are|is|is/are) (?:all )?busy or unavailable|CUDA_ERROR_DEVICES_UNAVAILABLE",
        "Another process uses the GPU exclusively",
        "End the other process, or set the compute mode of the GPU on node {node} to DEFAULT.",
        sentences=(r"CUDA error: (?:all CUDA-capable devices are|CUDA-capable device\(s\) is/are) busy or unavailable.{0,400}",),
    ),
    MessagePattern(
        "gpu-precision",
        any_of(
            r"Bfloat16 is only supported on GPUs",
            r"quantization method \S{1,40} is not supported for the current GPU",
            r"(?:bfloat16|bf16|fp8e4nv|fp8|nvfp4)\b.{0,80}(?:requires? (?:SM|compute capability)|not supported (?:in this "
            r"architecture|on this GPU))",
            r"is only supported on (?:CUDA )?(?:devices|GPUs) with compute capability",
            r"compute capability \d+\.\d+ (?:or (?:higher|newer|above|later)|and above)[^\n]{0,20} required for \S{0,10}FP\d",
            r"type fp8e4nv not supported in this architecture|does not support bfloat16",
        ),
        "The node's GPU does not support the number format of the model (such as bf16, fp8 or a quantization)",
        "Select newer GPUs with node_selector, or a profile with another precision (model_profile). Instead of bf16, {half} is enough.",
        sentences=(
            r"Bfloat16 is only supported on GPUs with compute capability of at least 8\.0\. Your .{1,80} GPU .{1,60}\. You can "
            r"use float16 "
            r"instead by explicitly setting the `dtype` flag in CLI, for example: --dtype=half\.",
            r"The quantization method \S+ is not supported for the current GPU\. Minimum capability: \d+\. Current capability: .{1,60}\.",
        ),
    ),
    MessagePattern(
        "gpu-unsupported",
        any_of(
            r"no kernel image is available|CUDA_ERROR_NO_BINARY_FOR_GPU|invalid device function",
            r"is not compatible with the current PyTorch installation|device kernel image is invalid",
            r"OutOfResources: out of resource: ",
            r"SGLang only supports sm\d+ and above|FlashAttention only supports \w+ GPUs or newer",
            r"No supported GPU\(s\) detected to run this container|not yet supported in this version of the container",
            r"(?:Unsupported|unsupported) (?:GPU|SM|sm|CUDA) (?:architecture|version|arch)",
            r"Value 'sm_\w+' is not defined for option 'gpu-name'",
            r"No valid (?:attention|MLA prefill) backend found for",
            r"only supported on (?:Blackwell|Hopper|Ampere) GPUs|only supported in FlashAttention ?-?3",
            r"requires? (?:GPUs with )?(?:SM|sm_?|compute capability) ?(?:>=|\d)",
            r"GPUs with compute capability (?:below|lower than|less than) [\d.]+ are not supported",
        ),
        "The image has no code for the architecture of the node's GPUs",
        "Select a supported GPU with node_selector, or use an image that supports this one: a newer image for newer GPUs, an older one "
        "for older GPUs.",
        sentences=(
            r"CUDA error: no kernel image is available for execution on the device.{0,400}",
            r"SGLang only supports sm75 and above\.",
            r"GPUs with compute capability below [\d.]+ are not supported\.",
        ),
    ),
    MessagePattern(
        "gpu-unsupported",
        r"MemPool\b.{0,80}operation not supported|CUDA error: operation not supported|cudaErrorNotSupported|CUDA_ERROR_NOT_SUPPORTED",
        "The GPU does not support an operation of the server: it can be a virtual GPU (vGPU)",
        "Use whole GPUs (node_selector), enable unified memory for the vGPU, or use a vllm profile (model_profile).",
    ),
    MessagePattern(
        "mig-device",
        r"invalid literal for int\(\) with base 10: '(?:MIG|GPU)-|Non-integer device ID (?:MIG|GPU)-",
        "The server does not support the UUID of its GPU or MIG device in CUDA_VISIBLE_DEVICES",
        "Set CUDA_VISIBLE_DEVICES to 0 in env, or use a newer image.",
        sentences=(
            r"invalid literal for int\(\) with base 10: '(?:MIG|GPU)-[\w-]{1,80}'",
            r"Non-integer device ID (?:MIG|GPU)-\S{1,80} is not supported by .{1,80}\.",
        ),
    ),
    MessagePattern(
        "gpu-count",
        any_of(
            r"tensor.?parallel.?size \(?(?P<count>\d+)\)?.{0,40}(?:greater|larger) than (?:the number of (?:available )?GPUs|max)",
            r"Cannot provide a placement group",
            r"[Ww]orld size \((?P<size>\d+)\) is larger than the number of available GPUs",
            r"(?:to|is) less than (?:than )?max local gpu count",
            r"number of required (?:\w+ )?GPUs exceeds the total number of available",
            r"local rank \d+ is out of bounds|local_world_size \(\d+\) exceeds",
            r"invalid device ordinal|Duplicate GPU detected",
            r"world.?size.{0,60}(?:greater than|exceeds?|larger than|mismatch|does not match)",
            r"requires (?:at least )?(?P<needed>\d+) GPUs?\b",
            r"profile.{0,80}\bTP\b.{0,40}GPU",
            r"Engine world size \([\d *]+\) != Runtime world size \(\d+\)",
            r"mpiSize == |MPI size \d+ != TP size|(?:MPI|world)[ _]size must (?:be )?equal|MPI worldSize is expected to be equal to tp",
        ),
        "The profile requires a different number of GPUs than the pod has ({gpu})",
        "Set gpu to the profile's tensor parallelism times its pipeline parallelism, or set model_profile to a profile "
        "for the available GPUs.",
        sentences=(
            r"Tensor parallel size \(\d+\) cannot be larger than the number of available GPUs \(\d+\)\.?",
            r"World size \(\d+\) is larger than the number of available GPUs \(\d+\) in this node\..{0,400}",
            r"Engine world size \([\d *]+\) != Runtime world size \(\d+\)",
            r"world_size must equal to tp_size \* pp_size \* cp_size, but got .{1,60}",
            r"please (?:set tensor_parallel_size|ensure that world_size) \(\d+\) (?:to|is) less than (?:than )?max local gpu "
            r"count \(\d+\)",
        ),
    ),
    MessagePattern(
        "parallel-size",
        any_of(
            r"attention heads \((?P<heads>\d+)\) must be divisible by tensor parallel size \((?P<size>\d+)\)",
            r"(?:num_)?(?:attention_)?heads.{0,60}(?:must be|is not|not) divisible by.{0,30}(?:tp|tensor|world)",
            r"too large tensor parallel size|reducing tensor_parallel_size",
            r"Weight (?:in|out)put\w{0,20}?_?(?:size_per_partition|partition_size) ?= ?\d+ is not divisible by",
            r"^(?:AssertionError: )?\d+ is not divisible by \d+$",
        ),
        "The model cannot be divided among this number of GPUs ({gpu})",
        "Set gpu, and the tensor parallelism if it is in args or env, to a smaller power of two that divides the model's attention heads.",
        sentences=(r"Total number of attention heads \(\d+\) must be divisible by tensor parallel size \(\d+\)\.",),
    ),
    MessagePattern(
        "gpu-not-visible",
        any_of(
            r"no CUDA-capable device",
            r"No (?:CUDA |NVIDIA )?GPUs? (?:are |were )?(?:found|detected|available|visible)",
            r"NVMLError_\w+: (?:Driver Not Loaded|Unknown Error|Insufficient Permissions|Uninitialized)|NVML: Driver Not Loaded"
            r"|NVML Shared Library Not Found|Failed to initialize NVML",
            r"Found no NVIDIA driver on your system|NVIDIA Driver was not detected",
            r"could not select device driver|couldn't communicate with the NVIDIA driver",
            r"CUDA driver initialization failed, you might not have a CUDA gpu|Unexpected error from cudaGetDeviceCount",
            r"nvidia-container-cli: initialization error",
            r"lib(?:cuda|nvidia-ml)\.so\S* ?: cannot open|Failed to open libnvidia-ml",
            r"Failed to infer device type|Torch is not able to use GPU|Device string must not be empty",
            r"libcuda\.so cannot (?:be )?found|CUDA error: initialization error|CUDA_ERROR_NOT_INITIALIZED",
            r"CUDA unknown error - this may be due to an incorrectly set up environment",
        ),
        *_NO_GPU,
        sentences=(
            r"No CUDA GPUs are available",
            r"CUDA error: no CUDA-capable device is detected.{0,400}",
            r"Found no NVIDIA driver on your system\. Please check that you have an NVIDIA GPU and installed a driver from .{1,80}",
            r"libcuda\.so\.1: cannot open shared object file: No such file or directory",
        ),
    ),
    MessagePattern(
        "cuda-crash",
        any_of(
            r"(?:illegal memory access|illegal instruction|misaligned address) was encountered|device-side assert triggered",
            r"unspecified launch failure|the launch timed out and was terminated|CUBLAS_STATUS_(?:EXECUTION_FAILED|INTERNAL_ERROR)"
            r"|CUDNN_STATUS_(?:EXECUTION|INTERNAL)\w*",
            r"CUDA_ERROR_(?:ILLEGAL_ADDRESS|LAUNCH_FAILED|ASSERT)",
            r"Assertion failed: .{1,300}\(/\S{0,200}/kernels/\S{1,200}\.\w{1,4}:\d+\)",
        ),
        "A GPU program of the server crashed",
        "Use another image tag or another profile (model_profile). If it happens on one node only, suspect its GPU.",
        sentences=(r"CUDA error: an illegal (?:memory access|instruction) was encountered.{0,400}",),
    ),
)
