"""The samples of the NIM Operator as services. Keys are paths below its `config/samples`.

A NIMCache of a sample becomes `prewarm`, with the profile of the sample's engine and size.
"""

from nim_component import (
    NIM,
    AutoscalingArgs,
    CacheArgs,
    DiagnosisArgs,
    GRPCRouteArgs,
    HTTPRouteArgs,
    InferencePoolArgs,
    IngressArgs,
    LoRAArgs,
    LoRASource,
    MetricsArgs,
    MultiNodeArgs,
    NIMSecrets,
    NIMService,
    PrewarmArgs,
    ScalingPreset,
)
from nim_component.args import MonitorArgs, ResourceClaim
from nim_component.args.devices import DeviceRequest

NAMESPACE = "nim-service"
NGC = NIMSecrets(ngc_image_secret="ngc-secret", ngc_secret_key="NGC_API_KEY", ngc_secret_group="ngc-api-secret")
HUGGING_FACE = NIMSecrets(
    ngc_image_secret="ngc-secret",
    ngc_secret_key="NGC_API_KEY",
    ngc_secret_group="ngc-api-secret",
    hf_token_key="HF_TOKEN",
    hf_token_group="hf-secret",
)
SMALL = "nvcr.io/nim/meta/llama-3.2-1b-instruct:1.12.0"
MULTI = "nvcr.io/nim/nvidia/llm-nim:1.12.0"
WARM = CacheArgs(prewarm=PrewarmArgs(profiles=["tensorrt_llm-h100-fp8-tp1-pp1-throughput"]))
SHARED = CacheArgs(prewarm=WARM.prewarm, access_mode="ReadWriteMany")
PEFT = {"NIM_PEFT_SOURCE": "/opt/nim/loras"}
LORA = LoRAArgs(max_gpu=8, max_cpu=16, source=LoRASource(names=["llama3.2-1b-lora"], claim="models-with-loras", directory="loras"))
WITH_LORAS = CacheArgs(existing_claim="models-with-loras")
FROM_HUB = {"NIM_MODEL_NAME": "hf://meta-llama/Llama-3.2-1B-Instruct"}
MONITOR = MetricsArgs(monitor=MonitorArgs(labels={"release": "kube-prometheus-stack"}))
HALF_FULL_CACHE = AutoscalingArgs(
    max_replicas=2,
    metrics=[{"object": {"name": "gpu_cache_usage_perc", "kind": "Service", "object": "full-llm", "value": "0.5"}}],  # pyright: ignore
)
TEN_REQUESTS = AutoscalingArgs(max_replicas=10, presets=[ScalingPreset(preset="running", target=10)])
CPU_LOAD = AutoscalingArgs(max_replicas=3, metrics=[{"resource": {"name": "cpu", "utilization": 80}}])  # pyright: ignore
NEMOTRON = {"NIM_MODEL_NAME": "hf://nvidia/Llama-3.1-Nemotron-Nano-8B-v1"}
NCCL_VARIABLES = {
    "NIM_USE_SGLANG": "1",
    "NIM_TRUST_CUSTOM_CODE": "1",
    "HF_HOME": "/opt/nim/.cache/huggingface/hub",
    "NUMBA_CACHE_DIR": "/tmp/numba",
    "UCX_TLS": "ib,tcp,shm",
    "UCC_TLS": "ucp",
    "GLOO_SOCKET_IFNAME": "eth0",
}
RDMA = {"rdma/rdma_shared_device_a": "1"}
WITH_RDMA = {"spec": {"containers": [{"name": "nim", "resources": {"limits": RDMA, "requests": RDMA}}]}}
# The server downloads adapters from NeMo's entity store itself.
STORE = {
    "NIM_PEFT_SOURCE": "http://nemoentitystore-sample.nemo.svc.cluster.local:8000",
    "NIM_GUIDED_DECODING_BACKEND": "fast_outlines",
}
FROM_STORE = LoRAArgs(max_gpu=8, max_cpu=16, refresh_interval=180)
GUARD = "nvcr.io/nim/nvidia/llama-3.1-nemoguard-8b"


def gpus(selector: str | None = None) -> list[ResourceClaim]:
    """Return a ResourceClaim for one GPU."""
    return [ResourceClaim(name="gpus", devices=[DeviceRequest(name="gpu", selectors=[selector] if selector else None)])]


SAMPLES = {
    "nim/serving/standalone/basic/llm": NIM(namespace=NAMESPACE, secrets=NGC, image=SMALL, cache=WARM),
    "nim/serving/standalone/basic/multi-llm": NIM(
        namespace=NAMESPACE, secrets=HUGGING_FACE, image=MULTI, env=FROM_HUB, cache=WARM, cpu=12, mem="32Gi"
    ),
    "nim/serving/standalone/no-precaching/llm": NIM(namespace=NAMESPACE, secrets=NGC, image=SMALL, cache=CacheArgs(size="10Gi")),
    "nim/serving/standalone/no-precaching/llm-emptydir": NIM(
        namespace=NAMESPACE, secrets=NGC, image=SMALL, cache=CacheArgs(empty_dir=True, size="10Gi")
    ),
    "nim/serving/standalone/no-precaching/multi-llm-hf": NIM(
        namespace=NAMESPACE, secrets=HUGGING_FACE, image=MULTI, env=FROM_HUB, cache=CacheArgs(size="10Gi"), cpu=12, mem="32Gi"
    ),
    "nim/serving/standalone/no-precaching/multi-llm-ngc": NIM(
        namespace=NAMESPACE,
        secrets=NGC,
        image=MULTI,
        env={"NIM_MODEL_NAME": "nvidia/nemo/llama-3_2-1b-instruct"},
        cache=CacheArgs(size="10Gi"),
        cpu=12,
        mem="32Gi",
    ),
    # The adapters exist on the PVC and are validated there. `hf_repo_ids` would also download them.
    "nim/serving/standalone/lora/llm": NIM(
        namespace=NAMESPACE,
        secrets=NGC,
        image=SMALL,
        env=PEFT,
        lora=LORA,
        lora_adapter_mem="1Gi",
        cache=WITH_LORAS,
    ),
    "nim/serving/standalone/lora/multi-llm": NIM(
        namespace=NAMESPACE,
        secrets=NGC,
        image=MULTI,
        env=PEFT,
        lora=LORA,
        lora_adapter_mem="1Gi",
        cache=WITH_LORAS,
        cpu=12,
        mem="32Gi",
    ),
    "nim/serving/standalone/autoscaling/llm": NIM(
        namespace=NAMESPACE, secrets=NGC, image=SMALL, cache=SHARED, metrics=MONITOR, autoscaling=HALF_FULL_CACHE
    ),
    "nim/serving/standalone/autoscaling/multi-llm": NIM(
        namespace=NAMESPACE,
        secrets=HUGGING_FACE,
        image=MULTI,
        env=FROM_HUB,
        cache=SHARED,
        cpu=12,
        mem="32Gi",
        metrics=MONITOR,
        autoscaling=HALF_FULL_CACHE,
    ),
    "nim/serving/standalone/full/llm": NIM(
        namespace=NAMESPACE,
        secrets=NGC,
        image=SMALL,
        cache=SHARED,
        metrics=MONITOR,
        autoscaling=HALF_FULL_CACHE,
        ingress=IngressArgs(hosts=["demo.nvidia.example.com"], class_name="nginx"),
    ),
    "nim/serving/standalone/full/multi-llm": NIM(
        namespace=NAMESPACE,
        secrets=HUGGING_FACE,
        image=MULTI,
        env=FROM_HUB,
        cache=SHARED,
        cpu=12,
        mem="32Gi",
        metrics=MONITOR,
        autoscaling=HALF_FULL_CACHE,
        ingress=IngressArgs(hosts=["demo.nvidia.example.com"], class_name="nginx"),
    ),
    "nim/serving/standalone/routers/httproutes/llm": NIM(
        namespace=NAMESPACE,
        secrets=NGC,
        image=SMALL,
        cache=WARM,
        http_route=HTTPRouteArgs(gateway="istio-gateway", hosts=["llm.demo.nvidia.example.com"]),
    ),
    "nim/serving/standalone/routers/httproutes/multi-llm": NIM(
        namespace=NAMESPACE,
        secrets=HUGGING_FACE,
        image=MULTI,
        env=FROM_HUB,
        cache=WARM,
        cpu=12,
        mem="32Gi",
        http_route=HTTPRouteArgs(gateway="istio-gateway", hosts=["multi-llm.demo.nvidia.example.com"]),
    ),
    # Speech NIMs serve gRPC, and do not list models over HTTP.
    "nim/serving/standalone/routers/grpcroutes/llm": NIM(
        namespace=NAMESPACE,
        secrets=NGC,
        image="nvcr.io/nim/nvidia/riva-tts:1.3.0",
        port=9000,
        grpc_port=50051,
        cache=CacheArgs(prewarm=PrewarmArgs(all_profiles=True)),
        grpc_route=GRPCRouteArgs(gateway="istio-gateway", gateway_namespace="nemo", hosts=["riva-tts.demo.nvidia.example.com"]),
        diagnosis=DiagnosisArgs(missing_models="ignore"),
    ),
    "nim/serving/standalone/routers/ingress/llm": NIM(
        namespace=NAMESPACE,
        secrets=NGC,
        image=SMALL,
        cache=WARM,
        ingress=IngressArgs(hosts=["llm.demo.nvidia.example.com"], class_name="nginx"),
    ),
    "nim/serving/standalone/routers/ingress/multi-llm": NIM(
        namespace=NAMESPACE,
        secrets=HUGGING_FACE,
        image=MULTI,
        env=FROM_HUB,
        cache=WARM,
        cpu=12,
        mem="32Gi",
        ingress=IngressArgs(hosts=["multi-llm.demo.nvidia.example.com"], class_name="nginx"),
    ),
    "nim/serving/standalone/confidential-computing/llm-kata-sandbox": NIM(
        namespace=NAMESPACE,
        secrets=NGC,
        image=SMALL,
        cache=CacheArgs(empty_dir=True, size="10Gi"),
        gpu_resource="nvidia.com/pgpu",
        cpu=8,
        mem="16Gi",
        shm_size="8Gi",
        runtime_class="kata-qemu-nvidia-gpu",
    ),
    "nim/serving/advanced/dra/auto-creation/example0/llm": NIM(
        namespace=NAMESPACE, secrets=NGC, image=SMALL, cache=WARM, gpu=0, resource_claims=gpus()
    ),
    "nim/serving/advanced/dra/auto-creation/example1/llm": NIM(
        namespace=NAMESPACE,
        secrets=NGC,
        image=SMALL,
        cache=WARM,
        gpu=0,
        resource_claims=gpus(
            "device.attributes['gpu.nvidia.com'].architecture == 'Ampere' && "
            "device.capacity['gpu.nvidia.com'].memory.compareTo(quantity('40Gi')) >= 0"
        ),
    ),
    "nim/serving/advanced/dra/auto-creation/example2/llm": NIM(
        namespace=NAMESPACE,
        secrets=NGC,
        image=SMALL,
        cache=WARM,
        gpu=0,
        resource_claims=gpus(
            "device.attributes['gpu.nvidia.com'].productName.lowerAscii().matches('^.*(a100|h100).*$') && "
            "device.capacity['gpu.nvidia.com'].memory.compareTo(quantity('40Gi')) >= 0"
        ),
    ),
    "nim/serving/advanced/dra/manual/llm": NIM(
        namespace=NAMESPACE,
        secrets=NGC,
        image=SMALL,
        cache=WARM,
        gpu=0,
        resource_claims=[ResourceClaim(name="gpus", template="gpu-resourceclaimtemplate")],
    ),
    # The samples of KServe. Knative scales by concurrent requests, ten per pod, and keeps one pod.
    "nim/serving/kserve/knative/llm": NIM(
        namespace=NAMESPACE, secrets=NGC, image=SMALL, cache=SHARED, cpu=12, mem="32Gi", metrics=MONITOR, autoscaling=TEN_REQUESTS
    ),
    "nim/serving/kserve/knative/multi-llm": NIM(
        namespace=NAMESPACE,
        secrets=HUGGING_FACE,
        image=MULTI,
        env=NEMOTRON,
        cache=SHARED,
        cpu=12,
        mem="32Gi",
        metrics=MONITOR,
        autoscaling=TEN_REQUESTS,
    ),
    "nim/serving/kserve/standard/llm": NIM(
        namespace=NAMESPACE, secrets=NGC, image=SMALL, cache=SHARED, cpu=12, mem="32Gi", autoscaling=CPU_LOAD
    ),
    "nim/serving/kserve/standard/multi-llm": NIM(
        namespace=NAMESPACE, secrets=HUGGING_FACE, image=MULTI, env=NEMOTRON, cache=WARM, cpu=12, mem="32Gi"
    ),
    # The endpoint picker belongs to the platform.
    "nim/serving/advanced/epp/nimservice": NIM(
        namespace=NAMESPACE,
        secrets=NGC,
        image="nvcr.io/nim/meta/llama-3.1-8b-instruct:2.0.4",
        replicas=2,
        cache=CacheArgs(existing_claim="meta-llama3-8b-instruct"),
        http_route=HTTPRouteArgs(gateway="inference-gateway", hosts=["demo.nvidia.example.com"]),
        inference_pool=InferencePoolArgs(endpoint_picker="epp"),
    ),
    "nim/serving/advanced/multi-node/multi-node-nimservice": NIM(
        namespace=NAMESPACE,
        secrets=NGC,
        image="nvcr.io/nim/deepseek-ai/deepseek-r1:1.7.3",
        gpu=8,
        mem="512Gi",
        startup_timeout=7200,
        multi_node=MultiNodeArgs(nodes=2),
        env={**NCCL_VARIABLES, "NCCL_SOCKET_IFNAME": "eth0"},
        cache=CacheArgs(size="1Ti", access_mode="ReadWriteMany", prewarm=PrewarmArgs(all_profiles=True, timeout=14400)),
    ),
    "nim/serving/advanced/multi-node/multi-node-nimservice-rdma": NIM(
        namespace=NAMESPACE,
        secrets=NGC,
        image="nvcr.io/nim/deepseek-ai/deepseek-r1:1.7.3",
        gpu=8,
        mem="512Gi",
        startup_timeout=7200,
        multi_node=MultiNodeArgs(nodes=2),
        env={**NCCL_VARIABLES, "NCCL_SOCKET_IFNAME": "net1", "NCCL_NET": "Socket", "NCCL_DEBUG": "WARN"},
        pod_annotations={"k8s.v1.cni.cncf.io/networks": "example-ipoibnetwork"},
        cache=CacheArgs(size="1Ti", access_mode="ReadWriteMany", prewarm=PrewarmArgs(all_profiles=True, timeout=14400)),
        overrides={"group": {"spec": {"leaderWorkerTemplate": {"leaderTemplate": WITH_RDMA, "workerTemplate": WITH_RDMA}}}},
    ),
    "nim/pipelines/guardrail/content-safety-guard": NIM(
        namespace=NAMESPACE, secrets=NGC, image=f"{GUARD}-content-safety:1.0.0", cache=WARM
    ),
    "nim/pipelines/guardrail/topic-control-guard": NIM(namespace=NAMESPACE, secrets=NGC, image=f"{GUARD}-topic-control:1.0.0", cache=WARM),
    "nim/pipelines/guardrail/jailbreak-detect-guard": NIM(
        namespace=NAMESPACE,
        secrets=NGC,
        image="nvcr.io/nim/nvidia/nemoguard-jailbreak-detect:1.0.0",
        cache=CacheArgs(prewarm=PrewarmArgs(all_profiles=True)),
    ),
    "nim/pipelines/rag/meta-llama3-8b-instruct": NIM(
        namespace=NAMESPACE, secrets=NGC, image="nvcr.io/nim/meta/llama-3.1-8b-instruct:1.3.3", cache=WARM
    ),
    "nim/pipelines/rag/nv-embedqa-1b-v2": NIM(
        namespace=NAMESPACE, secrets=NGC, image="nvcr.io/nim/nvidia/llama-3.2-nv-embedqa-1b-v2:1.3.1", cache=WARM
    ),
    "nim/pipelines/rag/nv-rerankqa-1b-v2": NIM(
        namespace=NAMESPACE, secrets=NGC, image="nvcr.io/nim/nvidia/llama-3.2-nv-rerankqa-1b-v2:1.3.1", cache=WARM
    ),
    "nemo/25.04/llama3-1b-pipeline": NIM(
        namespace="nemo", secrets=NGC, image="nvcr.io/nim/meta/llama-3.2-1b-instruct:1.8.3", env=STORE, lora=FROM_STORE, cache=WARM
    ),
    "nemo/25.06/llama3-1b-pipeline": NIM(
        namespace="nemo", secrets=NGC, image="nvcr.io/nim/meta/llama-3.1-8b-instruct:1.8.6", env=STORE, lora=FROM_STORE, cache=WARM
    ),
    "nemo/latest/llama3-1b-pipeline": NIM(
        namespace="nemo", secrets=NGC, image="nvcr.io/nim/meta/llama-3.1-8b-instruct:1.8.6", env=STORE, lora=FROM_STORE, cache=WARM
    ),
}


def name_of(sample: str) -> str:
    """Return the last segments of a path: `basic-llm`, `nemo-25-04-llama3-1b-pipeline`."""
    segments = sample.split("/")[-3 if sample.startswith("nemo/") else -2 :]
    return "-".join(segments).replace(".", "-").replace("confidential-computing-", "").replace("multi-node-multi", "multi")


for sample, nim in SAMPLES.items():
    NIMService(name_of(sample), nim)
