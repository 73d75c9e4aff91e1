"""`NIM`: arguments of one inference service."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from .autoscaling import AutoscalingArgs
from .cache import CacheArgs
from .devices import GpuSource, ResourceClaim
from .diagnosis import DiagnosisArgs
from .disruption import DisruptionBudgetArgs
from .exposure import GRPCRouteArgs, HTTPRouteArgs, InferencePoolArgs, IngressArgs
from .field_types import (
    AnyText,
    ExtendedCount,
    ExtendedResource,
    Image,
    Integer,
    ListOf,
    MappingOf,
    Namespace,
    ObjectName,
    Port,
    ResourceName,
    Seconds,
    Text,
    UserId,
)
from .flyte import FlyteNIM
from .generation import GenerationName
from .lora_options import LOADER_IMAGE, LoRAArgs, adapter_names
from .metadata import Annotations, Labels, LabelSelector
from .metrics import MetricsArgs
from .multi_node import MultiNodeArgs
from .network import NetworkArgs
from .network_policy import NetworkPolicyArgs
from .outputs import is_output
from .pod import GPU_TAINT, Affinity, Container, Mount, PodToleration, Structure, TopologySpread, Volume
from .rules import RULES
from .served_model import find_base_model, list_model_facts
from .service import ServiceArgs
from .service_account import ServiceAccountArgs
from .service_name import validate_service_name
from .vertical_autoscaling import VerticalAutoscalingArgs


class NIM(FlyteNIM):
    """Arguments of one NVIDIA NIM inference service.

    The first fields are those of Flyte's NIM plugin, with its names, defaults and meaning.
    """

    health_port: Port | None = None
    """Port of the health endpoints alone (`NIM_HEALTH_PORT`), which all probes then use. Probes
    then pass even if `port` is closed to them or requires TLS. NIM 2.x only. Unset: `port`."""

    grpc_port: Port | None = None
    """Port of the server's gRPC API (`NIM_GRPC_API_PORT`), which speech NIMs have. Unset: no gRPC
    port is opened."""

    lora_image: Image = LOADER_IMAGE
    """Container image of the LoRA loader. The default has a digest, so no restart pulls another
    image. The pinned `huggingface_hub` is installed into it at start, unless the image contains
    it."""

    generation: GenerationName | None = None
    """Generation of the container, which decides environment, arguments and metric names. Unset:
    derived from the image's tag. Tags from 0, 1 and years such as 24.05 are `1.x`; tags from 2 to
    19 are `2.x-vllm`, or `2.x-sglang` if repository or tag contain `sglang`. Other tags are not
    guessed: features that depend on the generation then require this field."""

    lora: LoRAArgs = LoRAArgs()
    """LoRA settings: limits of the server, shared volume, refresh, other sources, mirrors. By
    default each pod downloads its own adapters, and the server's own limits apply."""

    namespace: Namespace = "default"
    """Namespace of every object. It is written into each object, so that the output `url` is known
    in a preview."""

    service_name: Annotated[str, AfterValidator(validate_service_name)] | None = None
    """Name of the Deployment and the Service, and prefix of the other names: a DNS label of at most
    48 characters; 44 with `multi_node`, and fewer from 11 replicas on. Unset: the name of the
    component. Keep it when you rename the component with an alias: then nothing changes in the
    cluster."""

    replicas: Annotated[Integer, Field(ge=0, le=1000)] = 1
    """Number of pods. More than 1 require a `cache` that pods can share. Not with `autoscaling`."""

    autoscaling: AutoscalingArgs | None = None
    """Autoscaling of the pods by the load of the servers. Unset: `replicas` pods. Enabling it keeps
    the current number of pods of a running service."""

    vertical_autoscaling: VerticalAutoscalingArgs | None = None
    """VerticalPodAutoscaler for CPU and memory of the server. Unset: none."""

    startup_timeout: Annotated[Integer, Field(ge=30, le=86400)] = 1800
    """Seconds from the start of the container until the model must answer. Pulling and loading
    models of 8B to 70B takes 5 to 30 minutes. The progress deadline and Pulumi's timeouts are
    derived from it."""

    rollout: Literal["recreate", "rolling", "surge"] = "rolling"
    """Strategy that replaces pods: `rolling` replaces one by one, old pod first; `recreate` stops
    all, then starts; `surge` starts one new pod first, which requires a spare GPU. The default
    needs no spare GPU. With one replica, `rolling` and `recreate` interrupt the service for one
    start of the server."""

    cache: CacheArgs = CacheArgs()
    """Storage of the model. By default a PVC of 50Gi, ReadWriteOnce, deleted with the service."""

    multi_node: MultiNodeArgs | None = None
    """One server across several nodes, each with `gpu` GPUs. Unset: one node."""

    network: NetworkArgs | None = None
    """Proxy and certificate authorities for connections to the outside. Unset: direct connections
    and the authorities in the images."""

    served_model_name: Text | None = None
    """Name of the base model in requests (`NIM_SERVED_MODEL_NAME`). Unset: the image's, such as
    `meta/llama3-8b-instruct`, or that of `NIM_MODEL_PATH`, such as `org/model` of
    `hf://org/model`. The output `model_names` is absent if the name is unknown."""

    model_profile: Text | None = None
    """Profile that the server uses (`NIM_MODEL_PROFILE`). Unset: the server chooses one for its
    GPUs."""

    network_policy: NetworkPolicyArgs | None = None
    """NetworkPolicy of the pods. Unset: none, so on most clusters all connections are allowed."""

    node_selector: LabelSelector | None = None
    """Labels that a node must have. Unset: the GPU request alone selects nodes."""

    tolerations: ListOf[PodToleration] = Field(default=[GPU_TAINT])
    """Tolerations of the pods. A list replaces the default, which tolerates the taint
    `nvidia.com/gpu` of GPU nodes."""

    affinity: Affinity | None = None
    """Affinity of the pods, in the form of Kubernetes' `affinity`."""

    topology_spread: ListOf[TopologySpread] | None = None
    """Topology spread, in the form of Kubernetes' `topologySpreadConstraints`. A constraint without
    a `labelSelector` applies to the pods of this service and rollout."""

    disruption_budget: DisruptionBudgetArgs | None = None
    """PodDisruptionBudget. Unset: none, so a drain may evict all pods at once."""

    runtime_class: ObjectName | None = None
    """RuntimeClass of the pods, such as `nvidia`. Unset: the cluster's default."""

    priority_class: ObjectName | None = None
    """PriorityClass of the pods. Unset: the cluster's default."""

    gpu_resource: ResourceName = "nvidia.com/gpu"
    """Extended resource that `gpu` counts. A MIG slice is for example `nvidia.com/mig-3g.40gb`."""

    extra_resources: MappingOf[ExtendedResource, ExtendedCount] | None = None
    """Extended resources of the server in addition to `gpu`, as request and limit: memory and cores
    of a shared GPU (`nvidia.com/gpumem`), or RDMA and EFA devices. With `gpu: 0`, they provide the
    GPU, such as `aliyun.com/gpu-mem`."""

    gpu_source: GpuSource = "resource"
    """Source of the GPU with `gpu: 0`. `resource`: `resource_claims` or `extra_resources`.
    `scheduler`: a scheduler or a webhook that reads `pod_annotations`, such as `gpu-fraction` of
    Run:ai and KAI. Then nothing in the pod requests a GPU, so its number is not validated."""

    resource_claims: ListOf[ResourceClaim] | None = None
    """Devices from Dynamic Resource Allocation. Requires Kubernetes 1.34 and a DRA driver."""

    scheduler_name: ObjectName | None = None
    """Scheduler of the pods, such as one with gang scheduling or queues. Unset: the cluster's
    default."""

    service_account: ServiceAccountArgs | None = None
    """ServiceAccount of the pods. Unset: the default ServiceAccount of the namespace, without a
    token for the Kubernetes API."""

    service: ServiceArgs = ServiceArgs()
    """Kubernetes Service in front of the pods."""

    ingress: IngressArgs | None = None
    """Ingress to the Service. Not together with `http_route`."""

    http_route: HTTPRouteArgs | None = None
    """HTTPRoute of the Gateway API to the Service. Not together with `ingress`."""

    grpc_route: GRPCRouteArgs | None = None
    """GRPCRoute of the Gateway API to `grpc_port`."""

    inference_pool: InferencePoolArgs | None = None
    """InferencePool of the Gateway API inference extension. `http_route` then routes to the
    pool."""

    metrics: MetricsArgs | None = None
    """Scraping, dashboard and alerts."""

    run_as_user: UserId | None = 1000
    """User id of every container. 1000 is the user of the NIM images. 0 is refused, as by the Pod
    Security level `restricted`. None leaves it to the cluster, as on OpenShift."""

    run_as_group: UserId | None = 1000
    """Group id of every container. 1000 is that of the NIM images. None leaves it to the
    cluster."""

    fs_group: UserId | None = 1000
    """Group id that owns the volumes, so that the server can write its cache. None leaves it to the
    cluster."""

    extra_volumes: ListOf[Volume] | None = None
    """Kubernetes `volumes`, added after the component's own."""

    extra_mounts: ListOf[Mount] | None = None
    """Kubernetes `volumeMounts` of the server, added after the component's own."""

    extra_init_containers: ListOf[Container] | None = None
    """Kubernetes `initContainers`, added after the component's own. One with `restartPolicy:
    Always` is a sidecar that starts before the server."""

    extra_containers: ListOf[Container] | None = None
    """Kubernetes `containers`, added after the server. One without a `securityContext` gets the
    restricted one."""

    pod_labels: Labels | None = None
    """Labels of the pods, in addition to the component's own."""

    pod_annotations: Annotations | None = None
    """Annotations of the pods, in addition to the component's own."""

    args: ListOf[AnyText] | None = None
    """Arguments of the server's command: in NIM 2.x the flags of the engine. Unset: the image's."""

    command: ListOf[AnyText] | None = None
    """Command of the server. Unset: the image's."""

    image_pull_policy: Literal["IfNotPresent", "Always", "Never"] = "IfNotPresent"
    """Pull policy of all images. NIM images have 10 to 20 GB."""

    termination_grace: Seconds = 60
    """Seconds in which a stopping pod may finish its requests. 60 is the default of NVIDIA's chart;
    Kubernetes' default of 30 interrupts long generations."""

    pre_stop_sleep: Annotated[Integer, Field(ge=0, le=86400)] | None = None
    """Seconds of `termination_grace` in which a stopping pod still accepts requests, until Services
    and gateways have removed it. 0 stops it at once. Unset: 10, but at most half of
    `termination_grace`. Requires Kubernetes 1.30."""

    overrides: MappingOf[str, Structure] | None = None
    """Strategic merge patches of rendered objects, as `kubectl patch` applies them, for settings
    without an argument. They are applied last. Keys are the ends of logical names: `deployment`,
    `service`, `cache`, `warm`, `lora`, `pull`, `keys` and those of the option sets."""

    diagnosis: DiagnosisArgs = DiagnosisArgs()
    """Progress report of `pulumi up`. By default it prints phases and causes if the extra
    `diagnose` is installed and the cluster can be read."""

    rules = RULES

    @property
    def is_exposed(self) -> bool:
        """True if clients outside the cluster have an address for the service."""
        return self.ingress is not None or self.http_route is not None or self.service.type == "LoadBalancer"

    @property
    def may_have_model_names(self) -> bool:
        """False if the base model's name is unknown; true also before an Output resolves."""
        facts = list_model_facts(self.image, self.env, self.args)
        return self.served_model_name is not None or any(map(is_output, facts)) or find_base_model(*facts) is not None

    @property
    def fewest_pods(self) -> int:
        """Smallest number of pods, 0 if all may be removed."""
        return self.replicas if self.autoscaling is None else self.autoscaling.min_replicas

    @property
    def most_pods(self) -> int:
        """Largest number of pods."""
        return self.replicas if self.autoscaling is None else self.autoscaling.max_replicas

    @property
    def adapter_names(self) -> list[str]:
        """Names of the LoRA adapters, from the hub or another source."""
        return adapter_names(self.hf_repo_ids, self.lora)
