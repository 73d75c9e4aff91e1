"""Names of other products for fields of `NIM`: the source of hints and of the comparison page.

Users of NVIDIA's Helm chart, of the NIM Operator and of plain Kubernetes type the names that they
are used to. This table maps each to the field paths of this package. It is data only.

Sources of the names:

- Chart `nim-llm` 1.1.2, `values.yaml`:
  https://github.com/NVIDIA/nim-deploy/tree/main/helm (in git until May 2025).
- NIM Operator 3.1, `NIMServiceSpec` and `NIMCacheSpec`:
  https://github.com/NVIDIA/k8s-nim-operator/tree/main/api/apps/v1alpha1
- Kubernetes, `PodSpec`, `Container` and `ServiceSpec`:
  https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/
"""

from dataclasses import dataclass
from enum import Flag, auto


class Product(Flag):
    """Product that a name comes from."""

    CHART = auto()
    """NVIDIA's Helm chart `nim-llm`."""
    OPERATOR = auto()
    """The NIM Operator."""
    KUBERNETES = auto()
    """The Kubernetes API."""
    ALIAS = auto()
    """None: a plain word for the same thing."""


CHART, OPERATOR, KUBERNETES, ALIAS = Product


@dataclass(frozen=True)
class ForeignName:
    """One name that users of other products type."""

    products: Product
    """Products with this name, combined with `|`."""
    name: str
    """Path in those products, dotted, without list indexes: `image.repository`."""
    fields: tuple[str, ...] = ()
    """Dotted field paths of `NIM` with the same meaning. Empty: this package has no such field."""
    note: str = ""
    """Difference to the fields, as one sentence."""


_ONE_TEXT = "`image` is one string: repository, tag and digest."
_SIZES = "Requests and limits are equal."
_PROBES = "Probes are derived from the endpoint and from `startup_timeout`."
_MULTI_NODE_START = "The start timeout of all nodes is `startup_timeout`."
_OWNER = "The user id, group id and file system group apply to every container."
_HARDENED = "Every container has a restricted security context."
_MANAGED_PATH = "The component sets the path."

FOREIGN_NAMES: tuple[ForeignName, ...] = (
    # Image and keys
    ForeignName(CHART | OPERATOR, "image.repository", ("image",), _ONE_TEXT),
    ForeignName(CHART | OPERATOR, "image.tag", ("image",), _ONE_TEXT),
    ForeignName(CHART | OPERATOR, "image.pullPolicy", ("image_pull_policy",)),
    ForeignName(CHART | KUBERNETES, "imagePullSecrets", ("secrets.ngc_image_secret", "secrets.extra_image_secrets")),
    ForeignName(CHART, "model.ngcAPISecret", ("secrets.ngc_secret_group", "secrets.ngc_secret_key")),
    ForeignName(CHART, "model.ngcAPIKey", ("secrets.ngc_api_key",), "The value must be a Pulumi secret."),
    ForeignName(CHART, "model.name", ("served_model_name",)),
    ForeignName(CHART, "model.nimCache", ("cache",), _MANAGED_PATH),
    ForeignName(CHART, "model.openaiPort", ("port",)),
    ForeignName(CHART, "model.labels", ("pod_labels",)),
    ForeignName(CHART, "model.jsonLogging", ("env",), "Set `NIM_JSONL_LOGGING` there."),
    ForeignName(CHART, "model.logLevel", ("env",), "Set `NIM_LOG_LEVEL` there."),
    ForeignName(CHART, "model.numGpus", ("gpu",)),
    ForeignName(CHART, "model.subPath", ("cache.sub_path",)),
    ForeignName(OPERATOR, "image.pullSecrets", ("secrets.ngc_image_secret", "secrets.extra_image_secrets")),
    ForeignName(OPERATOR, "authSecret", ("secrets.ngc_secret_group", "secrets.ngc_secret_key")),
    ForeignName(KUBERNETES, "imagePullPolicy", ("image_pull_policy",)),
    # Command and environment
    ForeignName(CHART, "customCommand", ("command",)),
    ForeignName(CHART, "customArgs", ("args",)),
    ForeignName(KUBERNETES, "envFrom", ("env",), "Name each variable; `valueFrom` reads it from a Secret or ConfigMap."),
    # Size
    ForeignName(CHART | OPERATOR, "resources", ("cpu", "gpu", "mem", "ephemeral_storage"), _SIZES),
    ForeignName(KUBERNETES, "resources.limits.nvidia.com/gpu", ("gpu",)),
    ForeignName(KUBERNETES, "resources.limits.cpu", ("cpu",)),
    ForeignName(KUBERNETES, "resources.limits.memory", ("mem",)),
    ForeignName(KUBERNETES, "resources.limits.ephemeral-storage", ("ephemeral_storage",)),
    ForeignName(KUBERNETES, "resources.requests.nvidia.com/gpu", ("gpu",)),
    ForeignName(KUBERNETES, "resources.requests.cpu", ("cpu",)),
    ForeignName(KUBERNETES, "resources.requests.memory", ("mem",)),
    ForeignName(KUBERNETES, "resources.requests.ephemeral-storage", ("ephemeral_storage",)),
    ForeignName(KUBERNETES, "resources.claims", ("resource_claims",)),
    ForeignName(KUBERNETES, "limits", ("cpu", "gpu", "mem", "ephemeral_storage"), _SIZES),
    ForeignName(KUBERNETES, "requests", ("cpu", "gpu", "mem", "ephemeral_storage"), _SIZES),
    ForeignName(ALIAS, "memory", ("mem",)),
    ForeignName(ALIAS, "gpus", ("gpu",)),
    ForeignName(OPERATOR, "storage.sharedMemorySizeLimit", ("shm_size",)),
    ForeignName(ALIAS, "sharedMemory", ("shm_size",)),
    ForeignName(OPERATOR, "draResources", ("resource_claims",)),
    ForeignName(OPERATOR, "draResources.resourceClaimName", ("resource_claims.claim",)),
    ForeignName(OPERATOR, "draResources.resourceClaimTemplateName", ("resource_claims.template",)),
    ForeignName(OPERATOR, "draResources.claimCreationSpec", ("resource_claims.devices",)),
    ForeignName(OPERATOR, "draResources.requests", ("resource_claims.request",)),
    ForeignName(CHART, "replicaCount", ("replicas",)),
    ForeignName(CHART | OPERATOR, "enabled", (), "An option set that is given is enabled: remove this field."),
    # Placement
    ForeignName(CHART | OPERATOR | KUBERNETES, "nodeSelector", ("node_selector",)),
    ForeignName(KUBERNETES, "nodeAffinity", ("affinity",), "Write it below the key `nodeAffinity`."),
    ForeignName(OPERATOR, "podAffinity", ("affinity",), "Write it below the key `podAffinity`."),
    ForeignName(KUBERNETES, "podAntiAffinity", ("affinity",), "Write it below the key `podAntiAffinity`."),
    ForeignName(KUBERNETES, "topologySpreadConstraints", ("topology_spread",)),
    ForeignName(OPERATOR | KUBERNETES, "runtimeClassName", ("runtime_class",)),
    ForeignName(OPERATOR | KUBERNETES, "priorityClassName", ("priority_class",)),
    ForeignName(OPERATOR | KUBERNETES, "schedulerName", ("scheduler_name",)),
    # Pod
    ForeignName(CHART, "podAnnotations", ("pod_annotations",)),
    ForeignName(OPERATOR, "annotations", ("pod_annotations",)),
    ForeignName(OPERATOR, "labels", ("pod_labels",)),
    ForeignName(CHART, "podSecurityContext.runAsUser", ("run_as_user",)),
    ForeignName(CHART, "podSecurityContext.runAsGroup", ("run_as_group",)),
    ForeignName(CHART, "podSecurityContext.fsGroup", ("fs_group",)),
    ForeignName(CHART, "podSecurityContext", ("run_as_user", "run_as_group", "fs_group"), _OWNER),
    ForeignName(CHART, "containerSecurityContext", ("run_as_user", "run_as_group", "overrides"), _HARDENED),
    ForeignName(KUBERNETES, "securityContext", ("run_as_user", "run_as_group", "fs_group", "overrides"), _HARDENED),
    ForeignName(KUBERNETES, "securityContext.runAsUser", ("run_as_user",)),
    ForeignName(KUBERNETES, "securityContext.runAsGroup", ("run_as_group",)),
    ForeignName(KUBERNETES, "securityContext.fsGroup", ("fs_group",)),
    ForeignName(OPERATOR, "userID", ("run_as_user",)),
    ForeignName(OPERATOR, "groupID", ("run_as_group", "fs_group")),
    ForeignName(CHART, "extraVolumes", ("extra_volumes",), "It is a list; each item has a `name`."),
    ForeignName(CHART, "extraVolumeMounts", ("extra_mounts",), "It is a list; each item has a `name` and a `mountPath`."),
    ForeignName(KUBERNETES, "volumes", ("extra_volumes",)),
    ForeignName(KUBERNETES, "volumeMounts", ("extra_mounts",)),
    ForeignName(CHART, "initContainers.extraInit", ("extra_init_containers",)),
    ForeignName(CHART, "initContainers.ngcInit", ("cache.prewarm",)),
    ForeignName(OPERATOR | KUBERNETES, "initContainers", ("extra_init_containers",)),
    ForeignName(OPERATOR, "sidecarContainers", ("extra_containers",)),
    ForeignName(KUBERNETES, "containers", ("extra_containers",)),
    ForeignName(ALIAS, "sidecars", ("extra_containers",)),
    ForeignName(CHART, "serviceAccount", ("service_account",)),
    ForeignName(CHART, "serviceAccount.create", ("service_account",), "Without `name`, the component creates one."),
    ForeignName(KUBERNETES, "serviceAccountName", ("service_account.name",)),
    ForeignName(KUBERNETES, "automountServiceAccountToken", ("service_account.mount_token",)),
    ForeignName(CHART | KUBERNETES, "terminationGracePeriodSeconds", ("termination_grace",)),
    ForeignName(KUBERNETES, "hostNetwork", ("overrides",), "`overrides.deployment` sets it."),
    # Probes and rollout
    ForeignName(CHART, "healthPort", ("health_port",)),
    ForeignName(CHART | OPERATOR, "livenessProbe", ("health_port", "overrides"), _PROBES),
    ForeignName(CHART | OPERATOR, "readinessProbe", ("health_endpoint", "health_port", "overrides"), _PROBES),
    ForeignName(CHART | OPERATOR, "startupProbe", ("startup_timeout", "health_endpoint", "health_port"), _PROBES),
    ForeignName(CHART, "startupProbe.failureThreshold", ("startup_timeout",), _PROBES),
    ForeignName(CHART, "startupProbe.path", ("health_endpoint",), _PROBES),
    ForeignName(CHART, "readinessProbe.path", ("health_endpoint",), _PROBES),
    ForeignName(KUBERNETES, "progressDeadlineSeconds", ("startup_timeout",), "The progress deadline is derived from it."),
    ForeignName(KUBERNETES, "strategy", ("rollout",), "The values are `recreate`, `rolling` and `surge`."),
    ForeignName(KUBERNETES, "updateStrategy", ("rollout",), "The values are `recreate`, `rolling` and `surge`."),
    ForeignName(
        CHART, "statefulSet", ("cache.ephemeral", "cache.access_mode"), "Pods share one PVC, or each has its own with `ephemeral`."
    ),
    # Storage
    ForeignName(CHART, "persistence", ("cache",)),
    ForeignName(CHART, "persistence.enabled", ("cache.empty_dir",), "The cache is a PVC unless `empty_dir` is true."),
    ForeignName(CHART, "persistence.existingClaim", ("cache.existing_claim",)),
    ForeignName(CHART, "persistence.storageClass", ("cache.storage_class",)),
    ForeignName(CHART, "persistence.accessMode", ("cache.access_mode",)),
    ForeignName(CHART, "persistence.size", ("cache.size",)),
    ForeignName(CHART, "persistence.annotations", ("cache.annotations",)),
    ForeignName(CHART, "persistence.stsPersistentVolumeClaimRetentionPolicy", ("cache.retain",)),
    ForeignName(CHART, "hostPath", ("cache.host_path",)),
    ForeignName(CHART, "hostPath.path", ("cache.host_path",)),
    ForeignName(CHART, "nfs", ("cache.existing_claim", "cache.volume_name"), "Make a PersistentVolume for the NFS share and name it."),
    ForeignName(OPERATOR, "storage", ("cache",)),
    ForeignName(OPERATOR, "storage.nimCache", ("cache.prewarm",), "A Job of the component fills the cache; there is no NIMCache."),
    ForeignName(OPERATOR, "storage.nimCache.name", ("cache.existing_claim",), "Name the PVC of the NIMCache."),
    ForeignName(OPERATOR, "storage.nimCache.profile", ("cache.prewarm.profiles", "model_profile")),
    ForeignName(OPERATOR, "storage.pvc", ("cache",)),
    ForeignName(OPERATOR, "storage.pvc.create", ("cache",), "The component creates a PVC unless `cache.existing_claim` is given."),
    ForeignName(OPERATOR, "storage.pvc.name", ("cache.existing_claim",)),
    ForeignName(OPERATOR, "storage.pvc.storageClass", ("cache.storage_class",)),
    ForeignName(OPERATOR, "storage.pvc.size", ("cache.size",)),
    ForeignName(OPERATOR, "storage.pvc.volumeAccessMode", ("cache.access_mode",)),
    ForeignName(OPERATOR, "storage.pvc.subPath", ("cache.sub_path",)),
    ForeignName(OPERATOR, "storage.pvc.annotations", ("cache.annotations",)),
    ForeignName(OPERATOR, "storage.hostPath", ("cache.host_path",)),
    ForeignName(OPERATOR, "storage.emptyDir", ("cache.empty_dir",)),
    ForeignName(OPERATOR, "storage.emptyDir.sizeLimit", ("cache.size",)),
    ForeignName(OPERATOR, "storage.readOnly", ("cache.read_only",)),
    ForeignName(KUBERNETES, "storageClassName", ("cache.storage_class",)),
    ForeignName(KUBERNETES, "accessModes", ("cache.access_mode",), "It is one value, not a list."),
    ForeignName(KUBERNETES, "persistentVolumeClaim", ("cache.existing_claim",)),
    ForeignName(ALIAS, "pvc", ("cache",)),
    # Service and exposure
    ForeignName(CHART, "service.openaiPort", ("port",)),
    ForeignName(CHART, "service.name", ("service_name",)),
    ForeignName(KUBERNETES, "service.port", ("port",)),
    ForeignName(OPERATOR, "expose", ("service", "ingress", "http_route", "grpc_route")),
    ForeignName(OPERATOR, "expose.service", ("service",)),
    ForeignName(OPERATOR, "expose.service.type", ("service.type",)),
    ForeignName(OPERATOR, "expose.service.port", ("port",)),
    ForeignName(OPERATOR, "expose.service.grpcPort", ("grpc_port",)),
    ForeignName(OPERATOR, "expose.service.annotations", ("service.annotations",)),
    ForeignName(OPERATOR, "expose.service.labels", ("service.labels",)),
    ForeignName(OPERATOR, "expose.service.name", ("service_name",)),
    ForeignName(OPERATOR, "expose.ingress", ("ingress",)),
    ForeignName(OPERATOR, "expose.router", ("ingress", "http_route", "grpc_route")),
    ForeignName(OPERATOR, "expose.router.hostDomainName", ("ingress.hosts", "http_route.hosts"), "Write whole host names."),
    ForeignName(OPERATOR, "expose.router.annotations", ("ingress.annotations", "http_route.annotations")),
    ForeignName(OPERATOR, "expose.router.ingress", ("ingress",)),
    ForeignName(OPERATOR, "expose.router.ingress.ingressClass", ("ingress.class_name",)),
    ForeignName(OPERATOR, "expose.router.ingress.tlsSecretName", ("ingress.tls_secret",)),
    ForeignName(OPERATOR, "expose.router.gateway", ("http_route", "grpc_route")),
    ForeignName(OPERATOR, "expose.router.gateway.name", ("http_route.gateway", "grpc_route.gateway")),
    ForeignName(OPERATOR, "expose.router.gateway.namespace", ("http_route.gateway_namespace", "grpc_route.gateway_namespace")),
    ForeignName(OPERATOR, "expose.router.eppConfig", ("inference_pool",), "Deploy the endpoint picker yourself and name its Service."),
    ForeignName(CHART, "ingress.className", ("ingress.class_name",)),
    ForeignName(KUBERNETES, "ingress.ingressClassName", ("ingress.class_name",)),
    ForeignName(CHART, "ingress.hosts.host", ("ingress.hosts",), "`hosts` is a list of host names."),
    ForeignName(CHART, "ingress.hosts.paths", ("ingress.path", "ingress.path_type"), "There is one path for all hosts."),
    ForeignName(CHART, "ingress.tls.secretName", ("ingress.tls_secret",)),
    ForeignName(KUBERNETES, "loadBalancerSourceRanges", ("service.load_balancer_source_ranges",)),
    ForeignName(KUBERNETES, "loadBalancerClass", ("service.load_balancer_class",)),
    ForeignName(KUBERNETES, "sessionAffinity", ("service.session_affinity",)),
    ForeignName(KUBERNETES, "nodePort", ("service.node_port",)),
    ForeignName(ALIAS, "gateway", ("http_route.gateway", "grpc_route.gateway")),
    ForeignName(ALIAS, "hosts", ("ingress.hosts", "http_route.hosts")),
    # Scaling and disruption
    ForeignName(CHART, "autoscaling.scaleDownStabilizationSecs", ("autoscaling.scale_down.stabilization",)),
    ForeignName(OPERATOR, "scale", ("autoscaling",)),
    ForeignName(OPERATOR, "scale.hpa", ("autoscaling",)),
    ForeignName(OPERATOR, "scale.hpa.minReplicas", ("autoscaling.min_replicas",)),
    ForeignName(OPERATOR, "scale.hpa.maxReplicas", ("autoscaling.max_replicas",)),
    ForeignName(OPERATOR, "scale.hpa.metrics", ("autoscaling.metrics", "autoscaling.presets")),
    ForeignName(OPERATOR, "scale.hpa.behavior", ("autoscaling.scale_up", "autoscaling.scale_down")),
    ForeignName(ALIAS, "hpa", ("autoscaling",)),
    ForeignName(KUBERNETES, "horizontalPodAutoscaler", ("autoscaling",)),
    ForeignName(KUBERNETES, "minReplicas", ("autoscaling.min_replicas",)),
    ForeignName(KUBERNETES, "maxReplicas", ("autoscaling.max_replicas",)),
    ForeignName(ALIAS, "autoscaling.behavior", ("autoscaling.scale_up", "autoscaling.scale_down")),
    ForeignName(ALIAS, "pdb", ("disruption_budget",)),
    ForeignName(KUBERNETES, "podDisruptionBudget", ("disruption_budget",)),
    ForeignName(CHART, "nameOverride", ("service_name",)),
    ForeignName(CHART, "fullnameOverride", ("service_name",)),
    # Several nodes
    ForeignName(CHART | OPERATOR, "multiNode", ("multi_node",)),
    ForeignName(CHART, "multiNode.workers", ("multi_node.nodes",), "`nodes` includes the leader."),
    ForeignName(CHART, "multiNode.gpusPerNode", ("gpu",)),
    ForeignName(CHART, "multiNode.clusterStartTimeout", ("startup_timeout",), _MULTI_NODE_START),
    ForeignName(OPERATOR, "multiNode.parallelism.tensor", ("multi_node.tensor_parallel",)),
    ForeignName(OPERATOR, "multiNode.parallelism.pipeline", ("multi_node.pipeline_parallel",)),
    ForeignName(OPERATOR, "multiNode.ray.rayPort", ("multi_node.ray_port",)),
    # Metrics and network
    ForeignName(CHART | OPERATOR, "metrics.serviceMonitor", ("metrics.monitor",)),
    ForeignName(CHART | OPERATOR, "metrics.serviceMonitor.additionalLabels", ("metrics.monitor.labels",)),
    ForeignName(OPERATOR, "metrics.serviceMonitor.annotations", ("metrics.monitor.annotations",)),
    ForeignName(OPERATOR, "metrics.serviceMonitor.interval", ("metrics.monitor.interval",)),
    ForeignName(OPERATOR, "metrics.serviceMonitor.scrapeTimeout", ("metrics.monitor.scrape_timeout",)),
    ForeignName(KUBERNETES, "serviceMonitor", ("metrics.monitor",)),
    ForeignName(OPERATOR, "proxy", ("network",)),
    ForeignName(OPERATOR, "proxy.httpProxy", ("network.http_proxy",)),
    ForeignName(OPERATOR, "proxy.httpsProxy", ("network.https_proxy",)),
    ForeignName(OPERATOR, "proxy.noProxy", ("network.no_proxy",), "It is a list."),
    ForeignName(OPERATOR, "proxy.certConfigMap", ("network.ca_config_map",)),
    ForeignName(OPERATOR, "certConfig", ("network.ca_config_map",)),
    # Model and adapters
    ForeignName(OPERATOR, "inferencePlatform", (), "The workload is a Deployment or LeaderWorkerSet; KServe is not supported."),
    ForeignName(ALIAS, "modelName", ("served_model_name",)),
    ForeignName(ALIAS, "profile", ("model_profile",)),
    ForeignName(ALIAS, "ngcApiKey", ("secrets.ngc_api_key",)),
    ForeignName(ALIAS, "hfToken", ("secrets.hf_token",)),
    ForeignName(ALIAS, "loraAdapters", ("hf_repo_ids",)),
    ForeignName(ALIAS, "adapters", ("hf_repo_ids",)),
)
