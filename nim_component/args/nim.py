"""`NIM`: one model server, as the caller sees it."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from .arguments import Arguments
from .autoscaling import AutoscalingArgs
from .cache import CacheArgs
from .devices import ResourceClaim
from .diagnosis import DiagnosisArgs
from .disruption import DisruptionBudgetArgs
from .exposure import GRPCRouteArgs, HTTPRouteArgs, InferencePoolArgs, IngressArgs
from .field_types import (
    Cores,
    Count,
    Image,
    Memory,
    Namespace,
    ObjectName,
    Port,
    ResourceName,
    Seconds,
    Storage,
    Text,
    UrlPath,
    UserId,
    WholeNumber,
    Words,
)
from .generation import GenerationName
from .lora_adapter import Adapter
from .lora_options import LoRAArgs, adapter_names
from .metadata import Annotations, Labels, LabelSelector
from .metrics import MetricsArgs
from .multi_node import MultiNodeArgs
from .network import NetworkArgs
from .network_policy import NetworkPolicyArgs
from .pod import GPU_TAINT, Environment, Mount, NamedStructure, Structure, Toleration
from .rules import RULES
from .secrets import NIMSecrets
from .service import ServiceArgs
from .service_name import validate_service_name


class NIM(Arguments):
    """One NVIDIA NIM. Names, defaults and meaning are those of Flyte's NIM plugin; what comes after `lora_adapter_mem` is beyond it."""

    secrets: NIMSecrets
    """Where the keys come from. Required: `NIMSecrets(...)`, or `NIMSecrets.keyless()` for public images."""

    image: Image = "nvcr.io/nim/meta/llama3-8b-instruct:1.0.0"
    """Container image, with a tag or `@sha256:`. Default: the plugin's. `:latest` or no tag warns: a restart may then serve another
    model."""

    health_endpoint: UrlPath = "v1/health/ready"
    """Path of the startup and readiness probes, with or without a leading slash. Default: answers when the model is loaded."""

    port: Port = 8000
    """Port of the server, the Service and every probe, told to the server as `NIM_SERVER_PORT` and `NIM_HTTP_API_PORT`. Default 8000."""

    health_port: Port | None = None
    """Port of the health endpoints alone (`NIM_HEALTH_PORT`), which every probe then asks: probes pass where `port` is closed to them, or
    speaks TLS. NIM 2.x only. Default: `port`."""

    grpc_port: Port | None = None
    """Port of the server's gRPC API beside `port`, as speech NIMs have one (`NIM_GRPC_API_PORT`). Default: none is opened."""

    cpu: Cores = 1
    """CPU cores, request and limit. Default 1, the plugin's; NVIDIA's support matrix asks for 8 for an 8B model."""

    gpu: Count = 1
    """GPUs of the model server, request and limit of `gpu_resource`. Default 1. With `resource_claims` that bring the GPUs it is 0."""

    mem: Memory = "20Gi"
    """Memory, request and limit. Default 20Gi, the plugin's. `shm_size` counts against it, so it must be larger."""

    ephemeral_storage: Storage | None = None
    """Disk of the node, request and limit. Default: not limited."""

    shm_size: Memory = "16Gi"
    """Size of the memory-backed volume at `/dev/shm`, where GPU workers exchange tensors. Default 16Gi, which GPUs without NVLink need."""

    env: Environment | None = None
    """Environment: name to text, Output, or `{"valueFrom": ...}`. Default: none. A name that the component manages is an error."""

    hf_repo_ids: list[Adapter] | None = None
    """LoRA adapters on the Hugging Face hub: `"org/name"`, `"org/name@revision"` or `LoRAAdapter(...)`. Default: none. Needs
    `lora_adapter_mem` and `NIM_PEFT_SOURCE` in `env`."""

    lora_adapter_mem: Memory | None = None
    """Memory, request and limit, of the init container that downloads the adapters. Required with `hf_repo_ids`."""

    lora_image: Image = "python:3.12-alpine"
    """Image of that init container. Default: a plain Python, into which the pinned `huggingface_hub` is installed; an image that has it
    skips that."""

    generation: GenerationName | None = None
    """Generation of the container: `1.x`, `2.x-vllm` or `2.x-sglang`. It decides environment, arguments and metric names. Default: by the
    image's tag, 1 is `1.x`, 2 and above `2.x-vllm`, or `2.x-sglang` where repository or tag say so. Of any other tag nothing is guessed,
    and what depends on it asks for this."""

    lora: LoRAArgs = LoRAArgs()
    """LoRA beside the adapters themselves: the server's limits, a shared volume, refreshing, other sources, mirrors. Default: the server's
    own limits, adapters from the hub kept in each pod."""

    namespace: Namespace = "default"
    """Namespace of every object. Default `default`; it is written into each object, so that `url` is known at preview."""

    service_name: Annotated[str, AfterValidator(validate_service_name)] | None = None
    """Name of Deployment and Service, and prefix of the rest: a DNS label. Default: the component's name. Keep it when the component is
    renamed with an alias, and nothing changes in the cluster."""

    replicas: Annotated[WholeNumber, Field(ge=0, le=1000)] = 1
    """Pods. Default 1. With more, `cache` must be shareable. With `autoscaling` it is left out."""

    autoscaling: AutoscalingArgs | None = None
    """Scale the pods by what the servers have to do. Default: none, there are `replicas`. A running service keeps the pods that it has when
    this is switched on."""

    startup_timeout: Annotated[WholeNumber, Field(ge=30, le=86400)] = 1800
    """Seconds from the container's start until the model must answer. Default 1800: pulling and loading 8B to 70B models takes 5 to 30
    minutes. Progress deadline and Pulumi's timeouts follow from it."""

    rollout: Literal["recreate", "rolling", "surge"] | None = None
    """How pods are replaced. `recreate`: stop all, then start. `rolling`: one down, then one up. `surge`: one up first, which needs a
    spare GPU. Default: `recreate` for one replica, else `rolling`, neither of which needs a GPU that is not there."""

    cache: CacheArgs = CacheArgs()
    """Where the model is kept. Default: a claim of 50Gi, ReadWriteOnce, deleted with the service."""

    multi_node: MultiNodeArgs | None = None
    """One server over several nodes, each with `gpu` GPUs. Default: on one node."""

    network: NetworkArgs | None = None
    """How the pods reach the outside: proxy and certificate authorities. Default: directly, and those that the images know."""

    served_model_name: Text | None = None
    """Name of the base model in requests (`NIM_SERVED_MODEL_NAME`). Default: the image's, such as `meta/llama3-8b-instruct`."""

    model_profile: Text | None = None
    """Profile that the server must take (`NIM_MODEL_PROFILE`). Default: it chooses by the GPUs it finds."""

    network_policy: NetworkPolicyArgs | None = None
    """Who may talk to the pods, and to whom they may talk. Default: none, which on most clusters is everybody."""

    node_selector: LabelSelector | None = None
    """Labels that a node must have. Default: none; the GPU request chooses."""

    tolerations: list[Toleration] = Field(default=[GPU_TAINT])
    """Taints that the pod bears. Default: `nvidia.com/gpu`, any value, NoSchedule. A list replaces the default."""

    affinity: Structure | None = None
    """Kubernetes' `affinity`, as it is. Default: none."""

    topology_spread: list[Structure] | None = None
    """Kubernetes' `topologySpreadConstraints`. One without a `labelSelector` counts the pods of this service and rollout. Default: none."""

    disruption_budget: DisruptionBudgetArgs | None = None
    """How many pods may be evicted at once. Default: none, a drain may take all."""

    runtime_class: ObjectName | None = None
    """RuntimeClass, such as `nvidia`. Default: the cluster's."""

    priority_class: ObjectName | None = None
    """PriorityClass. Default: the cluster's."""

    gpu_resource: ResourceName = "nvidia.com/gpu"
    """Extended resource that `gpu` counts: a MIG slice is `nvidia.com/mig-3g.40gb`. Default `nvidia.com/gpu`."""

    resource_claims: list[ResourceClaim] | None = None
    """Devices by Dynamic Resource Allocation. Default: none. Needs Kubernetes 1.34 and a driver."""

    scheduler_name: ObjectName | None = None
    """Scheduler of the pods, such as one that places gangs or knows queues. Default: the cluster's."""

    service: ServiceArgs = ServiceArgs()
    """The Service. Default: ClusterIP."""

    ingress: IngressArgs | None = None
    """An Ingress in front of the Service. Default: none. Not together with `http_route`."""

    http_route: HTTPRouteArgs | None = None
    """A route of a Gateway to the Service. Default: none. Not together with `ingress`."""

    grpc_route: GRPCRouteArgs | None = None
    """A route of a Gateway to `grpc_port`. Default: none."""

    inference_pool: InferencePoolArgs | None = None
    """A pool for the Gateway API inference extension. Default: none. `http_route` then leads to it."""

    metrics: MetricsArgs | None = None
    """Scraping, dashboard and alerts. Default: none."""

    run_as_user: UserId = 1000
    """User id of every container. Default 1000, the NIM images' own. 0 is refused: Pod Security `restricted` does."""

    run_as_group: UserId = 1000
    """Group id of every container. Default 1000, the NIM images' own."""

    fs_group: UserId = 1000
    """Group that owns the volumes, so that the server may write its cache. Default 1000."""

    extra_volumes: list[NamedStructure] | None = None
    """Kubernetes `volumes` after the component's own. Default: none."""

    extra_mounts: list[Mount] | None = None
    """Kubernetes `volumeMounts` of the server after the component's own. Default: none."""

    extra_init_containers: list[NamedStructure] | None = None
    """Kubernetes `initContainers` after the component's own, in the same form; with `restartPolicy: Always` a sidecar that is there before
    the server. Default: none."""

    extra_containers: list[NamedStructure] | None = None
    """Kubernetes `containers` after the server. One without a `securityContext` gets the restricted one. Default: none."""

    pod_labels: Labels | None = None
    """Labels of the pods beside the component's own. Default: none."""

    pod_annotations: Annotations | None = None
    """Annotations of the pods. Default: none."""

    args: list[Words] | None = None
    """Arguments of the server's command: the engine flags of NIM 2.x. Default: the image's."""

    command: list[Words] | None = None
    """Command of the server. Default: the image's."""

    image_pull_policy: Literal["IfNotPresent", "Always", "Never"] = "IfNotPresent"
    """When the images are pulled. Default `IfNotPresent`: a NIM's is 10 to 20 GB."""

    termination_grace: Seconds = 60
    """Seconds that a stopped pod has to finish its requests. Default 60, NVIDIA's chart's; Kubernetes' own 30 cut long generations."""

    pre_stop_sleep: Annotated[WholeNumber, Field(ge=0, le=86400)] | None = None
    """Seconds of these in which a stopped pod still takes requests, until Services and gateways have heard of it; 0 stops it at once.
    Default: 10, at most half of `termination_grace`. Needs Kubernetes 1.30."""

    overrides: dict[str, Structure] | None = None
    """What no argument says: object to a strategic merge, as `kubectl patch` does it, laid over the rendered object last of all. Objects
    are named by the ends of their logical names: `deployment`, `service`, `cache`, `warm`, `lora`, `pull`, `keys` and those of the groups.
    Default: none."""
    diagnosis: DiagnosisArgs = DiagnosisArgs()
    """What `pulumi up` tells while it waits. Default: phases and causes, where the extra `diagnose` is installed and the cluster can be
    read."""

    rules = RULES

    @property
    def is_exposed(self) -> bool:
        """Whether it is reached from outside by an address of its own."""
        return self.ingress is not None or self.http_route is not None or self.service.type == "LoadBalancer"

    @property
    def fewest_pods(self) -> int:
        """How many pods there are at least, or 0 when they may all go."""
        return self.replicas if self.autoscaling is None else self.autoscaling.min_replicas

    @property
    def most_pods(self) -> int:
        """How many pods there may be."""
        return self.replicas if self.autoscaling is None else self.autoscaling.max_replicas

    @property
    def adapter_names(self) -> list[str]:
        """Names of the LoRA adapters, wherever they come from."""
        return adapter_names(self.hf_repo_ids, self.lora)
