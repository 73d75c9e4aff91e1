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
            "Raise shm_size, and raise mem by the same amount",
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
        (snapshot(waiting("CreateContainerError", 'could not select device driver "" with capabilities: [[gpu]]')), "Container Toolkit"),
    ],
    "gpu-count": [
        (
            snapshot(crashed("ValueError: Tensor parallel size (4) cannot be larger than the number of available GPUs (1)")),
            "tensor parallelism times its pipeline parallelism",
        )
    ],
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
    "container-start": [(snapshot(waiting("CreateContainerError", "context deadline exceeded")), "context deadline exceeded")],
    "crash-loop": [
        (
            snapshot(crashed("Traceback\nKeyError: 'layers'", restarts=4)),
            "exit code 1, 5 times so far (possible). | See the end of its log in the evidence",
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
            "The server requires authorization on the path /v1/health/ready of the startup probe (401). | Set health_endpoint",
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
