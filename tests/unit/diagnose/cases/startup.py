"""Servers that do not become ready, by their memory, their logs and their probes."""

from ..kubernetes_objects import crashed, pod, running, snapshot, waiting
from ..snapshots import Case, NearMiss, failed_probe

BROKEN = 'Get "http://10.0.0.1:8000/": net/http: HTTP/1.x transport connection broken: malformed HTTP response'
REFUSED = 'Get "http://10.0.0.1:8000/": dial tcp 10.0.0.1:8000: connect: connection refused'

CASES: dict[str, list[Case]] = {
    "out-of-memory": [(snapshot(crashed("", 137, "OOMKilled")), "mem is 20Gi, of which /dev/shm can use 16Gi")],
    "container-out-of-memory": [
        (
            snapshot(
                pod(
                    node="gpu-0",
                    spec={"containers": [{"name": "proxy", "resources": {"limits": {"memory": "64Mi"}}}]},
                    containerStatuses=[
                        {"name": "proxy", "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}, "state": {}}
                    ],
                )
            ),
            "The container proxy ran out of memory (64Mi)",
        )
    ],
    "gpu-out-of-memory": [
        (
            snapshot(crashed("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 224.00 MiB.")),
            "does not fit into the GPU's memory",
        ),
        (
            snapshot(crashed("ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization`")),
            "NIM_MAX_MODEL_LEN",
        ),
    ],
    "shm-too-small": [
        (
            snapshot(crashed("RuntimeError: unable to write to file </torch_1_2_3>: No space left on device (28)")),
            "Raise shm_size above 16Gi, and raise mem by the same amount",
        ),
        (snapshot(crashed("", 135)), "exit code 135"),
    ],
    "driver-too-old": [
        (snapshot(crashed("RuntimeError: The NVIDIA driver on your system is too old (found version 11040).")), "Upgrade the driver"),
        (
            snapshot(
                waiting(
                    "RunContainerError",
                    "nvidia-container-cli: requirement error: unsatisfied condition: cuda>=12.8, please update your driver",
                )
            ),
            "cuda>=12.8",
        ),
    ],
    "gpu-not-visible": [
        (snapshot(crashed("RuntimeError: No CUDA GPUs are available; no CUDA-capable device is detected")), "runtime_class to nvidia"),
        (snapshot(waiting("CreateContainerError", "nvidia-container-cli: requirement error: odd")), "Container Toolkit"),
    ],
    "gpu-count": [
        (
            snapshot(crashed("ValueError: Tensor parallel size (4) cannot be larger than the number of available GPUs (1)")),
            "tensor parallelism times its pipeline parallelism",
        )
    ],
    "engine-core-failed": [
        (
            snapshot(crashed("RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}")),
            "`kubectl -n ml logs llama-5d9-x -c nim --previous`",
        )
    ],
    "server-ended": [(snapshot(crashed("", 0, "Completed", restarts=4)), "exit code 0) and is started again, 4 times so far")],
    **{
        cause: [(snapshot(crashed(message)), text)]
        for cause, (message, text) in {
            "kv-cache-too-small": (
                "ValueError: The model's max seq len (131072) is larger than the maximum number of tokens that can be stored in KV cache "
                "(29760). Try increasing `gpu_memory_utilization` or decreasing `max_model_len` when initializing the engine.",
                "NIM_MAX_MODEL_LEN in env",
            ),
            "driver-mismatch": ("Failed to initialize NVML: Driver/library version mismatch", "restart the node"),
            "fabric-manager": ("RuntimeError: Error 802: system not yet initialized", "nvidia-fabricmanager"),
            "gpu-fault": ("RuntimeError: CUDA error: uncorrectable ECC error encountered", "Cordon node gpu-0"),
            "gpu-busy": ("RuntimeError: CUDA error: CUDA-capable device(s) is/are busy or unavailable", "node gpu-0 to DEFAULT"),
            "gpu-unsupported": ("RuntimeError: CUDA error: no kernel image is available for execution on the device", "node_selector"),
            "gpu-precision": ("ValueError: The quantization method fp8 is not supported for the current GPU.", "model_profile"),
            "parallel-size": (
                "ValueError: Total number of attention heads (28) must be divisible by tensor parallel size (8).",
                "cannot be divided among this number of GPUs (1 GPU)",
            ),
            "cuda-crash": ("RuntimeError: CUDA error: an illegal memory access was encountered", "another image tag"),
            "mpi-failed": ("[worker:7] PRTE ERROR: Bad parameter in file base/odls_base_default_fns.c at line 962", "MPI cannot start"),
            "path-missing": ("FileNotFoundError: [Errno 2] No such file or directory: '/data/prompts.yaml'", "extra_mounts"),
            "path-denied": ("PermissionError: [Errno 13] Permission denied: '/workspace/outputs'", "below /tmp"),
            "server-unsupported": ("NotImplementedError: Prefix caching is not supported with Mamba models", "in args or env"),
            "server-fault": ("AttributeError: 'list' object has no attribute 'shape'", "another image tag"),
            "nccl-failed": ("torch.distributed.DistBackendError: NCCL error: unhandled system error", "NCCL_DEBUG to INFO in env"),
            "peers-unreachable": ("llama:1:2 [0] bootstrap.cc:45 NCCL WARN Bootstrap : no socket interface found", "NCCL_SOCKET_IFNAME"),
            "profile-unknown": ("Unknown profiles provided: {'default'}", "cache.prewarm.profiles"),
            "adapter-unsupported": ("ValueError: vLLM does not yet support DoRA.", "plain LoRA"),
            "adapter-mismatch": (
                "ValueError: While loading /loras/a, expected target modules in ['o_proj'] but received ['router'].",
                "trained for another base model",
            ),
            "adapter-slots": (
                "RuntimeError: Number of requested LoRAs (9) is greater than the number of GPU LoRA slots (8).",
                "lora.max_gpu",
            ),
            "adapter-files": ("ValueError: Loading lora a failed: No adapter found for /loras/a", "lora.volume.existing_claim"),
            "ngc-not-entitled": (
                "Exception: HTTP status client error (402 Payment Required) for url (https://api.ngc.nvidia.com/v2)",
                "(402)",
            ),
            "hub-token-refused": ("Invalid credentials in Authorization header", "secrets.hf_token_key"),
            "hub-offline": ("OfflineModeIsEnabled: Cannot reach https://huggingface.co/a: offline mode is enabled.", "cache.offline"),
            "model-not-found": (
                "RevisionNotFoundError: 404 Client Error. Revision Not Found for url: https://huggingface.co/a",
                "NIM_MODEL_NAME",
            ),
            "download-rate-limited": ("429 Client Error: Too Many Requests for url: https://huggingface.co/api/models/a", "cache.prewarm"),
            "download-certificate": (
                "ssl.SSLCertVerificationError: certificate verify failed: self-signed certificate",
                "network.ca_config_map",
            ),
            "proxy-refused": ("OSError: Tunnel connection failed: 407 Proxy Authentication Required", "network.https_proxy"),
            "cache-no-symlinks": ("OSError: [Errno 95] Operation not supported: '../../blobs/a' -> '/x/snapshots/a'", "mfsymlinks"),
            "home-not-writable": ("PermissionError: [Errno 13] Permission denied: '/.cache'", "Set HOME in env"),
            "user-unknown": ("KeyError: 'getpwuid(): uid not found: 1000720000'", "run_as_user"),
            "volume-stale": ("OSError: [Errno 116] Stale file handle: '/opt/nim/.cache/a'", "delete the pod"),
            "model-files-broken": ("SafetensorError: Error while deserializing header: HeaderTooLarge", "Delete the model's directory"),
            "model-files-missing": ("RuntimeError: Cannot find any model weights with `/models/a`", "extra_mounts"),
            "model-unsupported": (
                "ValueError: Model architectures ['A'] are not supported for now. Supported architectures: []",
                "newer image",
            ),
            "remote-code": ("ValueError: Please pass the argument `trust_remote_code=True`", "NIM_FORCE_TRUST_REMOTE_CODE"),
            "engine-incompatible": (
                "[TensorRT-LLM][ERROR] 6: The engine plan file is generated on an incompatible device, expecting compute 9.0 got compute 8.9",
                "a vllm profile",
            ),
            "context-too-long": (
                "ValueError: User-specified max_model_len (131072) is greater than the derived max_model_len (8192).",
                "Lower NIM_MAX_MODEL_LEN",
            ),
            "mig-device": ("ValueError: invalid literal for int() with base 10: 'MIG-2cb7f2f0'", "CUDA_VISIBLE_DEVICES to 0"),
            "cache-no-locks": ("OSError: [Errno 37] No locks available", "nfsvers=4.1"),
            "server-port-denied": (
                "ERROR:    [Errno 13] error while attempting to bind on address ('0.0.0.0', 443): permission denied",
                "Set port to 8000",
            ),
            "image-incomplete": ("ModuleNotFoundError: No module named 'vllm'", "published image"),
            "process-limit": ("RuntimeError: can't start new thread", "podPidsLimit"),
            "open-files-limit": ("OSError: [Errno 24] Too many open files", "LimitNOFILE"),
        }.items()
    },
    "no-profile": [
        (snapshot(crashed("ERROR - Could not find a profile that is currently runnable with the detected hardware")), "model_profile")
    ],
    "adapter-rank": [
        (
            snapshot(crashed("ValueError: LoRA rank 64 is greater than max_lora_rank 16.")),
            "An adapter's rank 64 is above the server's limit 16",
        )
    ],
    "lora-unsupported": [(snapshot(crashed("Error: LoRA is not supported by the selected profile")), "-feat_lora")],
    "ngc-key-refused": [
        (snapshot(crashed("authz error: insufficient_scope")), "NGC refuses the API key"),
        (snapshot(crashed("Exception: https://api.ngc.nvidia.com/v2/org/nim/models/x: 403 Forbidden")), "entitled"),
    ],
    "model-gated": [(snapshot(crashed("huggingface_hub.errors.GatedRepoError: 403 Client Error.")), "Accept its terms")],
    "cache-not-writable": [
        (snapshot(crashed("PermissionError: [Errno 13] Permission denied: '/opt/nim/.cache/ngc'")), "Set run_as_user and fs_group")
    ],
    "download-unreachable": [(snapshot(crashed("httpx.ConnectError: [Errno -3] Temporary failure in name resolution")), "DNS")],
    "server-port-taken": [
        (snapshot(crashed("OSError: [Errno 98] error while attempting to bind: address already in use")), "extra_containers")
    ],
    "server-arguments": [(snapshot(crashed("nim-serve: error: unrecognized arguments: --max-lora")), "NIM 1.x and 2.x")],
    "command-not-found": [
        (snapshot(waiting("RunContainerError", 'exec: "nim-serv": executable file not found in $PATH: unknown')), "Correct command"),
        (snapshot(crashed('exec: "nim-serv": executable file not found in $PATH', 128, "StartError")), "Correct command"),
    ],
    "container-start": [(snapshot(waiting("CreateContainerError", "odd")), "odd")],
    "crash-loop": [
        (
            snapshot(crashed("Traceback\nRuntimeError: layers", restarts=4)),
            "exit code 1, 5 times so far (possible). | See the last error of its log in the evidence",
        )
    ],
    "startup-budget": [
        (
            failed_probe(
                "Startup probe failed: HTTP probe failed with statuscode: 503",
                "Container nim failed startup probe, will be restarted",
                since=5,
            ),
            "exceeded its limit of 1800 s (startup_timeout): it listened, but the model was not ready",
        ),
        (
            failed_probe(
                "Startup probe failed: Get http://10.0.0.1:8000/: dial tcp: connection refused",
                "Container nim failed startup probe, will be restarted",
                since=5,
            ),
            "nothing listened on its port http (8000)",
        ),
        # a worker of a node group
        (
            failed_probe(
                "Startup probe failed: ",
                "Container nim failed startup probe, will be restarted",
                since=5,
                spec={"containers": [{"name": "nim", "startupProbe": {"exec": {"command": ["ray"]}, "failureThreshold": 180}}]},
            ),
            "limit of 1800 s (startup_timeout): it did not join the leader of its node group (likely). | Check the pod and the log",
        ),
    ],
    "startup-late": [(snapshot(running(1500)), "for 1500 s of its limit of 1800 s")],
    "probe-path": [
        (
            failed_probe("Startup probe failed: HTTP probe failed with statuscode: 404"),
            "not on the path /v1/health/ready of the startup probe (404)",
        )
    ],
    "probe-unauthorized": [
        (
            failed_probe("Startup probe failed: HTTP probe failed with statuscode: 401"),
            "The server requires authorization on the path /v1/health/ready of the startup probe (401). | Exempt the path in the server's args and env, "
            "or in the service mesh. Or: Correct health_endpoint",
        )
    ],
    "probe-tls": [
        (
            failed_probe(f'Startup probe failed: {BROKEN} "\\x15\\x03\\x01\\x00"'),
            "The server requires TLS on its port http (8000), and the probe uses http. | Remove the TLS options from args and env",
        ),
        (failed_probe("Startup probe failed: HTTP probe failed with statuscode: 400"), "and the probe uses http (likely)"),
        (
            failed_probe("Startup probe failed: Get https://10.0.0.1:8000/: http: server gave HTTP response to HTTPS client"),
            "answers with http on its port http (8000). | Remove `scheme: HTTPS` from overrides.",
        ),
    ],
    "probe-protocol": [
        (
            failed_probe(f'Startup probe failed: {BROKEN} "\\x00\\x00\\x06"'),
            "Set port to the server's HTTP port, and grpc_port to its gRPC port.",
        )
    ],
    "liveness-killed": [
        (
            failed_probe("Liveness probe failed: timeout", "Container nim failed liveness probe, will be restarted", since=3),
            "failed its liveness probe",
        ),
        (
            failed_probe(f"Liveness probe failed: {REFUSED}", "Container nim failed liveness probe, will be restarted", since=3),
            "nothing listened on its port any more (likely). | The server ended inside its container. See its log for the reason: "
            "`kubectl -n ml logs llama-5d9-x -c nim --previous`.",
        ),
        (
            failed_probe(
                "Liveness probe failed: HTTP probe failed with statuscode: 503",
                "Container nim failed liveness probe, will be restarted",
                since=3,
            ),
            "it answered with 503 (likely)",
        ),
    ],
}

NEAR_MISSES: dict[str, NearMiss] = {
    "out-of-memory": snapshot(crashed("", 137, "Error")),
    "container-out-of-memory": snapshot(crashed("", 137, "OOMKilled")),
    "gpu-out-of-memory": snapshot(crashed("out of disk")),
    "shm-too-small": snapshot(crashed("OSError: [Errno 28] No space left on device: '/opt/nim/.cache/blob'")),
    "driver-too-old": snapshot(crashed("driver version 570 loaded")),
    "gpu-not-visible": snapshot(crashed("CUDA out of memory")),
    "gpu-count": snapshot(crashed("tensor parallel size 2 is fine")),
    "engine-core-failed": [
        snapshot(crashed("ValueError: unknown\nRuntimeError: Engine core initialization failed. See root cause above.")),
        snapshot(crashed("INFO 11-24 12:00:00 [core.py:7] Engine core initialization failed. See root cause above.")),
    ],
    "server-ended": [snapshot(crashed("", 1)), snapshot(running())],
    **{
        cause: snapshot(crashed(message))
        for cause, message in {
            "kv-cache-too-small": "INFO 11-24 12:00:00 [a.py:1] GPU KV cache size: 190,512 tokens, larger than the available KV cache memory",
            "driver-mismatch": "ValueError: version mismatch of the model configuration",
            "fabric-manager": "ValueError: line 802: system prompt is empty",
            "gpu-fault": "ValueError: no model ecc-gpu-xid-79",
            "gpu-busy": "OSError: [Errno 16] Device or resource busy: '/models/unavailable'",
            "gpu-unsupported": "ValueError: no image in the request for the kernel model",
            "gpu-precision": "ValueError: no file /models/bf16-fp8-quantization",
            "parallel-size": "ValueError: block_size must be divisible by 16",
            "cuda-crash": "ValueError: illegal value of memory",
            "mpi-failed": "[TensorRT-LLM][INFO] MPI size: 2, MPI local size: 2, rank: 0",
            "path-missing": "FileNotFoundError: [Errno 2] No such file or directory: 'nvcc'",
            "path-denied": "PermissionError: [Errno 13] Permission denied: '/opt/nim/.cache/ngc'",
            "server-unsupported": "ValueError: LoRA rank 64 is greater than max_lora_rank 16.",
            "server-fault": "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.\nAttributeError: 'Engine' object has no "
            "attribute 'shutdown'",
            "nccl-failed": "llama:1:2 [0] NCCL INFO NET/Plugin : No plugin found",
            "peers-unreachable": "ConnectionRefusedError: [Errno 111] Connection refused",
            "profile-unknown": "ERROR - Could not find a profile that is currently runnable with the detected hardware",
            "adapter-unsupported": "ValueError: LoRA rank 64 is greater than max_lora_rank 16.",
            "adapter-mismatch": "ValueError: expected a string but received a list",
            "adapter-slots": "ValueError: LoRA rank 64 is greater than max_lora_rank 16.",
            "adapter-files": "RuntimeError: Cannot find any model weights with `/models/adapter`",
            "ngc-not-entitled": "Exception: https://api.ngc.nvidia.com/v2/models/402: read timed out",
            "hub-token-refused": "ValueError: the tokenizer has an invalid token",
            "hub-offline": "OSError: We couldn't connect to 'https://huggingface.co' to load the files",
            "model-not-found": "File not found: /models/404",
            "download-rate-limited": "ValueError: 429 tokens in the prompt",
            "download-certificate": "ValueError: verify failed",
            "proxy-refused": "ValueError: unknown model proxy",
            "cache-no-symlinks": "PermissionError: [Errno 13] Permission denied: '/opt/nim/.cache/symlink'",
            "home-not-writable": "PermissionError: [Errno 13] Permission denied: '/opt/nim/.cache/ngc'",
            "user-unknown": "KeyError: 'user'",
            "volume-stale": "OSError: [Errno 28] No space left on device: '/opt/nim/.cache/116'",
            "model-files-broken": "ValueError: no file /models/corrupt/model.safetensors",
            "model-files-missing": "ValueError: weights of the loss are missing",
            "model-unsupported": "ValueError: architecture is fine",
            "remote-code": "INFO 11-24 12:00:00 [a.py:1] trust_remote_code=False",
            "engine-incompatible": "[TensorRT-LLM][INFO] Engine version 0.12.0 found in the config file",
            "context-too-long": "ValueError: max_num_batched_tokens (2048) is smaller than max_model_len (8192).",
            "mig-device": "ValueError: invalid literal for int() with base 10: 'MIGRATION'",
            "cache-no-locks": "ValueError: no file /models/locks",
            "server-port-denied": "PermissionError: [Errno 13] Permission denied: '/opt/nim/.cache/address'",
            "image-incomplete": "ImportError: libcuda.so.1: cannot open shared object file: No such file or directory",
            "process-limit": "RuntimeError: can't start",
            "open-files-limit": "OSError: [Errno 2] No such file or directory: 'open files'",
        }.items()
    },
    "no-profile": snapshot(crashed("Selected profile: vllm-fp16-tp1")),
    "adapter-rank": snapshot(crashed("LoRA rank 16 loaded")),
    "lora-unsupported": snapshot(crashed("LoRA rank 64 is greater than max_lora_rank 16.")),
    "ngc-key-refused": snapshot(crashed("GET /v1/models 401")),
    "model-gated": snapshot(crashed("RepositoryNotFoundError")),
    "cache-not-writable": snapshot(crashed("Permission denied: '/etc/shadow'")),
    "download-unreachable": snapshot(crashed("connected")),
    "server-port-taken": snapshot(crashed("address resolved")),
    "server-arguments": snapshot(crashed("arguments parsed")),
    "command-not-found": snapshot(waiting("CreateContainerError", "context deadline exceeded")),
    "container-start": snapshot(waiting("ContainerCreating", "x")),
    "crash-loop": snapshot(crashed("CUDA out of memory")),
    "startup-budget": failed_probe("Startup probe failed: HTTP probe failed with statuscode: 503"),
    "startup-late": snapshot(running(1400)),
    "probe-path": failed_probe("Startup probe failed: HTTP probe failed with statuscode: 503"),
    "probe-unauthorized": failed_probe('Startup probe failed: Get "http://10.0.0.1:8000/401": EOF'),
    "probe-tls": [
        failed_probe(f"Startup probe failed: {REFUSED}".replace("8000/", "8000/tls/EOF")),
        failed_probe("Startup probe failed: HTTP probe failed with statuscode: 503"),
    ],
    "probe-protocol": failed_probe(f'Startup probe failed: {BROKEN} "\\x15\\x03\\x01"'),
    # a sidecar was restarted, or the probe has a wrong path
    "liveness-killed": [
        failed_probe("Liveness probe failed: timeout"),
        failed_probe("Liveness probe failed: timeout", "Container proxy failed liveness probe, will be restarted", since=3),
        failed_probe(
            "Liveness probe failed: HTTP probe failed with statuscode: 404",
            "Container nim failed liveness probe, will be restarted",
            since=3,
        ),
    ],
}
