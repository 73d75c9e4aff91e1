"""How Kubernetes' own types treat what a program gives: which fields vanish when empty, which are quantities, times or bytes.

Read off the Go types of k8s.io/api v0.36 by reflection (tests/unit/local/kubernetes_types); one line a type, `field`, then `?` when an
empty value is left out, then `:` and the shape of what is inside (`[]` list, `{}` map). Fields that need no treatment are not listed.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple


class Field(NamedTuple):
    """How one field is treated."""

    omit_empty: bool
    containers: str
    """`[]` and `{}` around the value, outermost first."""
    type: str
    """A struct of the table, `quantity`, `time`, `microtime`, `bytes`; empty for values that stay as they are."""


def find_struct(api_version: str, kind: str) -> str | None:
    """The struct behind an object, or None for a kind that is not in the table."""
    return kinds().get((api_version, kind))


@cache
def kinds() -> dict[tuple[str, str], str]:
    """Structs by apiVersion and kind."""
    found: dict[tuple[str, str], str] = {}
    for line in unfold(KINDS):
        api_version, _, names = line.partition(" = ")
        for name in names.split():
            kind, _, struct = name.partition("=")
            found[api_version, kind] = struct or kind
    return found


@cache
def fields_of(struct: str) -> dict[str, Field]:
    """The fields of a struct that need treatment."""
    return {name: Field(bool(drop), containers or "", inner or "") for name, drop, containers, inner in FIELD.findall(structs()[struct])}


@cache
def structs() -> dict[str, str]:
    """The lines of the table, by struct."""
    return {name: fields for name, _, fields in (line.partition(" = ") for line in unfold(STRUCTS))}


def unfold(text: str) -> list[str]:
    """Lines, with continuation lines (indented) joined to the one before."""
    return text.strip().replace("\n    ", " ").splitlines()


FIELD = re.compile(r"([$\w]+)(\?)?(?::((?:\[\]|\{\})*)(\w+))?(?: |$)")

KINDS = """
admissionregistration.k8s.io/v1 = MutatingAdmissionPolicy MutatingAdmissionPolicyBinding MutatingWebhookConfiguration
    ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration
apps/v1 = ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet
autoscaling/v1 = HorizontalPodAutoscaler=HorizontalPodAutoscalerAutoscalingV1
autoscaling/v2 = HorizontalPodAutoscaler=HorizontalPodAutoscalerAutoscalingV2
batch/v1 = CronJob Job
coordination.k8s.io/v1 = Lease
discovery.k8s.io/v1 = EndpointSlice
networking.k8s.io/v1 = Ingress IngressClass NetworkPolicy ServiceCIDR
node.k8s.io/v1 = RuntimeClass
policy/v1 = PodDisruptionBudget
rbac.authorization.k8s.io/v1 = ClusterRole ClusterRoleBinding Role RoleBinding
resource.k8s.io/v1 = DeviceClass ResourceClaim=ResourceClaimResourceV1 ResourceClaimTemplate
scheduling.k8s.io/v1 = PriorityClass
storage.k8s.io/v1 = CSIDriver CSIStorageCapacity StorageClass VolumeAttributesClass
v1 = ConfigMap Endpoints LimitRange Namespace PersistentVolume PersistentVolumeClaim Pod PodTemplate ReplicationController ResourceQuota
    Service ServiceAccount
"""

STRUCTS = """
AWSElasticBlockStoreVolumeSource = fsType? partition? readOnly?
Affinity = nodeAffinity:NodeAffinity podAffinity:PodAffinity podAntiAffinity:PodAntiAffinity
AggregationRule = clusterRoleSelectors?:[]LabelSelector
ApplyConfiguration = expression?
AzureFilePersistentVolumeSource = readOnly?
AzureFileVolumeSource = readOnly?
CSIDriver = metadata:ObjectMeta spec:CSIDriverSpec
CSIDriverSpec = tokenRequests? volumeLifecycleModes?
CSIPersistentVolumeSource = controllerExpandSecretRef:SecretReference controllerPublishSecretRef:SecretReference fsType?
    nodeExpandSecretRef:SecretReference nodePublishSecretRef:SecretReference nodeStageSecretRef:SecretReference readOnly?
    volumeAttributes?
CSIStorageCapacity = capacity:quantity maximumVolumeSize:quantity metadata:ObjectMeta nodeTopology:LabelSelector
CSIVolumeSource = nodePublishSecretRef:LocalObjectReference volumeAttributes?
Capabilities = add? drop?
CapacityRequirements = requests?:{}quantity
CephFSPersistentVolumeSource = path? readOnly? secretFile? secretRef:SecretReference user?
CephFSVolumeSource = path? readOnly? secretFile? secretRef:LocalObjectReference user?
CinderPersistentVolumeSource = fsType? readOnly? secretRef:SecretReference
CinderVolumeSource = fsType? readOnly? secretRef:LocalObjectReference
ClusterRole = aggregationRule:AggregationRule metadata:ObjectMeta rules:[]PolicyRule
ClusterRoleBinding = metadata:ObjectMeta subjects?:[]Subject
ClusterTrustBundleProjection = labelSelector:LabelSelector
ConfigMap = binaryData?:{}bytes data? metadata:ObjectMeta
ConfigMapEnvSource = name?
ConfigMapKeySelector = name?
ConfigMapProjection = items? name?
ConfigMapVolumeSource = items? name?
Container = args? command? env?:[]EnvVar envFrom?:[]EnvFromSource image? imagePullPolicy? lifecycle:Lifecycle livenessProbe:Probe
    ports?:[]ContainerPort readinessProbe:Probe resizePolicy? resources:ResourceRequirements restartPolicyRules?:[]ContainerRestartRule
    securityContext:SecurityContext startupProbe:Probe stdin? stdinOnce? terminationMessagePath? terminationMessagePolicy? tty?
    volumeDevices? volumeMounts?:[]VolumeMount workingDir?
ContainerPort = hostIP? hostPort? name? protocol?
ContainerResourceMetricSource = target:MetricTarget
ContainerRestartRule = action? exitCodes:ContainerRestartRuleOnExitCodes
ContainerRestartRuleOnExitCodes = operator? values?
ControllerRevision = metadata:ObjectMeta
CronJob = metadata:ObjectMeta spec:CronJobSpec
CronJobSpec = concurrencyPolicy? jobTemplate:JobTemplateSpec
DaemonSet = metadata:ObjectMeta spec:DaemonSetSpec
DaemonSetSpec = minReadySeconds? selector:LabelSelector template:PodTemplateSpec updateStrategy:DaemonSetUpdateStrategy
DaemonSetUpdateStrategy = type?
Deployment = metadata:ObjectMeta spec:DeploymentSpec
DeploymentSpec = minReadySeconds? paused? selector:LabelSelector strategy:DeploymentStrategy template:PodTemplateSpec
DeploymentStrategy = type?
DeviceClaim = config?:[]DeviceClaimConfiguration constraints?:[]DeviceConstraint requests:[]DeviceRequest
DeviceClaimConfiguration = requests?
DeviceClass = metadata:ObjectMeta spec:DeviceClassSpec
DeviceClassSpec = config? selectors?
DeviceConstraint = requests?
DeviceRequest = exactly:ExactDeviceRequest firstAvailable?:[]DeviceSubRequest
DeviceSubRequest = allocationMode? capacity:CapacityRequirements count? selectors? tolerations?:[]DeviceToleration
DeviceToleration = effect? key? operator? value?
DownwardAPIProjection = items?:[]DownwardAPIVolumeFile
DownwardAPIVolumeFile = resourceFieldRef:ResourceFieldSelector
DownwardAPIVolumeSource = items?:[]DownwardAPIVolumeFile
EmptyDirVolumeSource = medium? sizeLimit:quantity
Endpoint = deprecatedTopology? hints:EndpointHints targetRef:ObjectReference
EndpointAddress = hostname? targetRef:ObjectReference
EndpointHints = forNodes? forZones?
EndpointPort = name? protocol?
EndpointSlice = endpoints:[]Endpoint metadata:ObjectMeta
EndpointSubset = addresses?:[]EndpointAddress notReadyAddresses?:[]EndpointAddress ports?:[]EndpointPort
Endpoints = metadata:ObjectMeta subsets?:[]EndpointSubset
EnvFromSource = configMapRef:ConfigMapEnvSource prefix? secretRef:SecretEnvSource
EnvVar = value? valueFrom:EnvVarSource
EnvVarSource = configMapKeyRef:ConfigMapKeySelector resourceFieldRef:ResourceFieldSelector secretKeyRef:SecretKeySelector
EphemeralContainer = args? command? env?:[]EnvVar envFrom?:[]EnvFromSource image? imagePullPolicy? lifecycle:Lifecycle
    livenessProbe:Probe ports?:[]ContainerPort readinessProbe:Probe resizePolicy? resources:ResourceRequirements
    restartPolicyRules?:[]ContainerRestartRule securityContext:SecurityContext startupProbe:Probe stdin? stdinOnce? targetContainerName?
    terminationMessagePath? terminationMessagePolicy? tty? volumeDevices? volumeMounts?:[]VolumeMount workingDir?
EphemeralVolumeSource = volumeClaimTemplate:PersistentVolumeClaimTemplate
ExactDeviceRequest = allocationMode? capacity:CapacityRequirements count? selectors? tolerations?:[]DeviceToleration
ExecAction = command?
ExternalMetricSource = metric:MetricIdentifier target:MetricTarget
FCVolumeSource = fsType? readOnly? targetWWNs? wwids?
FlexPersistentVolumeSource = fsType? options? readOnly? secretRef:SecretReference
FlexVolumeSource = fsType? options? readOnly? secretRef:LocalObjectReference
FlockerVolumeSource = datasetName? datasetUUID?
GCEPersistentDiskVolumeSource = fsType? partition? readOnly?
GitRepoVolumeSource = directory? revision?
GlusterfsPersistentVolumeSource = readOnly?
GlusterfsVolumeSource = readOnly?
HPAScalingRules = policies? tolerance:quantity
HTTPGetAction = host? httpHeaders? path? scheme?
HTTPIngressPath = backend:IngressBackend path?
HTTPIngressRuleValue = paths:[]HTTPIngressPath
HorizontalPodAutoscalerAutoscalingV1 = metadata:ObjectMeta
HorizontalPodAutoscalerAutoscalingV2 = metadata:ObjectMeta spec:HorizontalPodAutoscalerSpec
HorizontalPodAutoscalerBehavior = scaleDown:HPAScalingRules scaleUp:HPAScalingRules
HorizontalPodAutoscalerSpec = behavior:HorizontalPodAutoscalerBehavior metrics?:[]MetricSpec
HostAlias = hostnames?
IPBlock = except?
ISCSIPersistentVolumeSource = chapAuthDiscovery? chapAuthSession? fsType? iscsiInterface? portals? readOnly? secretRef:SecretReference
ISCSIVolumeSource = chapAuthDiscovery? chapAuthSession? fsType? iscsiInterface? portals? readOnly? secretRef:LocalObjectReference
ImageVolumeSource = pullPolicy? reference?
Ingress = metadata:ObjectMeta spec:IngressSpec
IngressBackend = service:IngressServiceBackend
IngressClass = metadata:ObjectMeta spec:IngressClassSpec
IngressClassSpec = controller?
IngressRule = host? http:HTTPIngressRuleValue
IngressServiceBackend = port:ServiceBackendPort
IngressSpec = defaultBackend:IngressBackend rules?:[]IngressRule tls?:[]IngressTLS
IngressTLS = hosts? secretName?
JSONPatch = expression?
Job = metadata:ObjectMeta spec:JobSpec
JobSpec = podFailurePolicy:PodFailurePolicy selector:LabelSelector template:PodTemplateSpec
JobTemplateSpec = metadata:ObjectMeta spec:JobSpec
LabelSelector = matchExpressions?:[]LabelSelectorRequirement matchLabels?
LabelSelectorRequirement = values?
Lease = metadata:ObjectMeta spec:LeaseSpec
LeaseSpec = acquireTime:microtime renewTime:microtime
Lifecycle = postStart:LifecycleHandler preStop:LifecycleHandler
LifecycleHandler = exec:ExecAction httpGet:HTTPGetAction tcpSocket:TCPSocketAction
LimitRange = metadata:ObjectMeta spec:LimitRangeSpec
LimitRangeItem = default?:{}quantity defaultRequest?:{}quantity max?:{}quantity maxLimitRequestRatio?:{}quantity min?:{}quantity
LimitRangeSpec = limits:[]LimitRangeItem
LocalObjectReference = name?
MatchResources = excludeResourceRules?:[]NamedRuleWithOperations namespaceSelector:LabelSelector objectSelector:LabelSelector
    resourceRules?:[]NamedRuleWithOperations
MetricIdentifier = selector:LabelSelector
MetricSpec = containerResource:ContainerResourceMetricSource external:ExternalMetricSource object:ObjectMetricSource
    pods:PodsMetricSource resource:ResourceMetricSource
MetricTarget = averageValue:quantity value:quantity
MutatingAdmissionPolicy = metadata:ObjectMeta spec:MutatingAdmissionPolicySpec
MutatingAdmissionPolicyBinding = metadata:ObjectMeta spec:MutatingAdmissionPolicyBindingSpec
MutatingAdmissionPolicyBindingSpec = matchResources:MatchResources paramRef:ParamRef policyName?
MutatingAdmissionPolicySpec = matchConditions? matchConstraints:MatchResources mutations?:[]Mutation reinvocationPolicy? variables?
MutatingWebhook = clientConfig:WebhookClientConfig matchConditions? namespaceSelector:LabelSelector objectSelector:LabelSelector
    rules?:[]RuleWithOperations
MutatingWebhookConfiguration = metadata:ObjectMeta webhooks?:[]MutatingWebhook
Mutation = applyConfiguration:ApplyConfiguration jsonPatch:JSONPatch
NFSVolumeSource = readOnly?
NamedRuleWithOperations = apiGroups? apiVersions? operations? resourceNames? resources?
Namespace = metadata:ObjectMeta spec:NamespaceSpec
NamespaceSpec = finalizers?
NetworkPolicy = metadata:ObjectMeta spec:NetworkPolicySpec
NetworkPolicyEgressRule = ports? to?:[]NetworkPolicyPeer
NetworkPolicyIngressRule = from?:[]NetworkPolicyPeer ports?
NetworkPolicyPeer = ipBlock:IPBlock namespaceSelector:LabelSelector podSelector:LabelSelector
NetworkPolicySpec = egress?:[]NetworkPolicyEgressRule ingress?:[]NetworkPolicyIngressRule podSelector:LabelSelector policyTypes?
NodeAffinity = preferredDuringSchedulingIgnoredDuringExecution?:[]PreferredSchedulingTerm
    requiredDuringSchedulingIgnoredDuringExecution:NodeSelector
NodeSelector = nodeSelectorTerms:[]NodeSelectorTerm
NodeSelectorRequirement = values?
NodeSelectorTerm = matchExpressions?:[]NodeSelectorRequirement matchFields?:[]NodeSelectorRequirement
ObjectMeta = annotations? creationTimestamp:time deletionTimestamp:time finalizers? generateName? generation? labels? name? namespace?
    ownerReferences? resourceVersion? selfLink? uid?
ObjectMetricSource = metric:MetricIdentifier target:MetricTarget
ObjectReference = fieldPath? name? namespace? resourceVersion? uid?
Overhead = podFixed?:{}quantity
ParamRef = name? namespace? selector:LabelSelector
PersistentVolume = metadata:ObjectMeta spec:PersistentVolumeSpec
PersistentVolumeClaim = metadata:ObjectMeta spec:PersistentVolumeClaimSpec
PersistentVolumeClaimSpec = accessModes? resources:VolumeResourceRequirements selector:LabelSelector volumeName?
PersistentVolumeClaimTemplate = metadata:ObjectMeta spec:PersistentVolumeClaimSpec
PersistentVolumeClaimVolumeSource = readOnly?
PersistentVolumeSpec = accessModes? awsElasticBlockStore:AWSElasticBlockStoreVolumeSource azureFile:AzureFilePersistentVolumeSource
    capacity?:{}quantity cephfs:CephFSPersistentVolumeSource cinder:CinderPersistentVolumeSource claimRef:ObjectReference
    csi:CSIPersistentVolumeSource fc:FCVolumeSource flexVolume:FlexPersistentVolumeSource flocker:FlockerVolumeSource
    gcePersistentDisk:GCEPersistentDiskVolumeSource glusterfs:GlusterfsPersistentVolumeSource iscsi:ISCSIPersistentVolumeSource
    mountOptions? nfs:NFSVolumeSource nodeAffinity:VolumeNodeAffinity persistentVolumeReclaimPolicy?
    photonPersistentDisk:PhotonPersistentDiskVolumeSource portworxVolume:PortworxVolumeSource quobyte:QuobyteVolumeSource
    rbd:RBDPersistentVolumeSource scaleIO:ScaleIOPersistentVolumeSource storageClassName? storageos:StorageOSPersistentVolumeSource
    vsphereVolume:VsphereVirtualDiskVolumeSource
PhotonPersistentDiskVolumeSource = fsType?
Pod = metadata:ObjectMeta spec:PodSpec
PodAffinity = preferredDuringSchedulingIgnoredDuringExecution?:[]WeightedPodAffinityTerm
    requiredDuringSchedulingIgnoredDuringExecution?:[]PodAffinityTerm
PodAffinityTerm = labelSelector:LabelSelector matchLabelKeys? mismatchLabelKeys? namespaceSelector:LabelSelector namespaces?
PodAntiAffinity = preferredDuringSchedulingIgnoredDuringExecution?:[]WeightedPodAffinityTerm
    requiredDuringSchedulingIgnoredDuringExecution?:[]PodAffinityTerm
PodCertificateProjection = certificateChainPath? credentialBundlePath? keyPath? keyType? signerName? userAnnotations?
PodDNSConfig = nameservers? options?:[]PodDNSConfigOption searches?
PodDNSConfigOption = name?
PodDisruptionBudget = metadata:ObjectMeta spec:PodDisruptionBudgetSpec
PodDisruptionBudgetSpec = selector:LabelSelector
PodFailurePolicy = rules:[]PodFailurePolicyRule
PodFailurePolicyRule = onPodConditions?
PodSecurityContext = seLinuxOptions:SELinuxOptions supplementalGroups? sysctls?
PodSpec = affinity:Affinity containers:[]Container dnsConfig:PodDNSConfig dnsPolicy? ephemeralContainers?:[]EphemeralContainer
    hostAliases?:[]HostAlias hostIPC? hostNetwork? hostPID? hostname? imagePullSecrets?:[]LocalObjectReference
    initContainers?:[]Container nodeName? nodeSelector? overhead?:{}quantity priorityClassName? readinessGates? resourceClaims?
    resources:ResourceRequirements restartPolicy? schedulerName? schedulingGates? securityContext:PodSecurityContext serviceAccount?
    serviceAccountName? subdomain? tolerations?:[]Toleration topologySpreadConstraints?:[]TopologySpreadConstraint volumes?:[]Volume
PodTemplate = metadata:ObjectMeta template:PodTemplateSpec
PodTemplateSpec = metadata:ObjectMeta spec:PodSpec
PodsMetricSource = metric:MetricIdentifier target:MetricTarget
PolicyRule = apiGroups? nonResourceURLs? resourceNames? resources?
PortworxVolumeSource = fsType? readOnly?
PreferredSchedulingTerm = preference:NodeSelectorTerm
PriorityClass = description? globalDefault? metadata:ObjectMeta
Probe = exec:ExecAction failureThreshold? httpGet:HTTPGetAction initialDelaySeconds? periodSeconds? successThreshold?
    tcpSocket:TCPSocketAction timeoutSeconds?
ProjectedVolumeSource = sources:[]VolumeProjection
QuobyteVolumeSource = group? readOnly? tenant? user?
RBDPersistentVolumeSource = fsType? keyring? pool? readOnly? secretRef:SecretReference user?
RBDVolumeSource = fsType? keyring? pool? readOnly? secretRef:LocalObjectReference user?
ReplicaSet = metadata:ObjectMeta spec:ReplicaSetSpec
ReplicaSetSpec = minReadySeconds? selector:LabelSelector template:PodTemplateSpec
ReplicationController = metadata:ObjectMeta spec:ReplicationControllerSpec
ReplicationControllerSpec = minReadySeconds? selector? template:PodTemplateSpec
ResourceClaimCoreV1 = request?
ResourceClaimResourceV1 = metadata:ObjectMeta spec:ResourceClaimSpec
ResourceClaimSpec = devices:DeviceClaim
ResourceClaimTemplate = metadata:ObjectMeta spec:ResourceClaimTemplateSpec
ResourceClaimTemplateSpec = metadata:ObjectMeta spec:ResourceClaimSpec
ResourceFieldSelector = containerName? divisor:quantity
ResourceMetricSource = target:MetricTarget
ResourceQuota = metadata:ObjectMeta spec:ResourceQuotaSpec
ResourceQuotaSpec = hard?:{}quantity scopeSelector:ScopeSelector scopes?
ResourceRequirements = claims?:[]ResourceClaimCoreV1 limits?:{}quantity requests?:{}quantity
Role = metadata:ObjectMeta rules:[]PolicyRule
RoleBinding = metadata:ObjectMeta subjects?:[]Subject
RuleWithOperations = apiGroups? apiVersions? operations? resources?
RuntimeClass = metadata:ObjectMeta overhead:Overhead scheduling:Scheduling
SELinuxOptions = level? role? type? user?
ScaleIOPersistentVolumeSource = fsType? protectionDomain? readOnly? secretRef:SecretReference sslEnabled? storageMode? storagePool?
    volumeName?
ScaleIOVolumeSource = fsType? protectionDomain? readOnly? secretRef:LocalObjectReference sslEnabled? storageMode? storagePool?
    volumeName?
Scheduling = nodeSelector? tolerations?:[]Toleration
ScopeSelector = matchExpressions?:[]ScopedResourceSelectorRequirement
ScopedResourceSelectorRequirement = values?
SecretEnvSource = name?
SecretKeySelector = name?
SecretProjection = items? name?
SecretReference = name? namespace?
SecretVolumeSource = items? secretName?
SecurityContext = capabilities:Capabilities seLinuxOptions:SELinuxOptions
Service = metadata:ObjectMeta spec:ServiceSpec
ServiceAccount = imagePullSecrets?:[]LocalObjectReference metadata:ObjectMeta secrets?:[]ObjectReference
ServiceAccountTokenProjection = audience?
ServiceBackendPort = name? number?
ServiceCIDR = metadata:ObjectMeta spec:ServiceCIDRSpec
ServiceCIDRSpec = cidrs?
ServicePort = name? nodePort? protocol?
ServiceSpec = clusterIP? clusterIPs? externalIPs? externalName? externalTrafficPolicy? healthCheckNodePort? ipFamilies? loadBalancerIP?
    loadBalancerSourceRanges? ports?:[]ServicePort publishNotReadyAddresses? selector? sessionAffinity? type?
StatefulSet = metadata:ObjectMeta spec:StatefulSetSpec
StatefulSetPersistentVolumeClaimRetentionPolicy = whenDeleted? whenScaled?
StatefulSetSpec = minReadySeconds? persistentVolumeClaimRetentionPolicy:StatefulSetPersistentVolumeClaimRetentionPolicy
    podManagementPolicy? selector:LabelSelector template:PodTemplateSpec updateStrategy:StatefulSetUpdateStrategy
    volumeClaimTemplates?:[]PersistentVolumeClaim
StatefulSetUpdateStrategy = type?
StorageClass = allowedTopologies?:[]TopologySelectorTerm metadata:ObjectMeta mountOptions? parameters?
StorageOSPersistentVolumeSource = fsType? readOnly? secretRef:ObjectReference volumeName? volumeNamespace?
StorageOSVolumeSource = fsType? readOnly? secretRef:LocalObjectReference volumeName? volumeNamespace?
Subject = apiGroup? namespace?
TCPSocketAction = host?
Toleration = effect? key? operator? value?
TopologySelectorTerm = matchLabelExpressions?
TopologySpreadConstraint = labelSelector:LabelSelector matchLabelKeys?
ValidatingAdmissionPolicy = metadata:ObjectMeta spec:ValidatingAdmissionPolicySpec
ValidatingAdmissionPolicyBinding = metadata:ObjectMeta spec:ValidatingAdmissionPolicyBindingSpec
ValidatingAdmissionPolicyBindingSpec = matchResources:MatchResources paramRef:ParamRef policyName? validationActions?
ValidatingAdmissionPolicySpec = auditAnnotations? matchConditions? matchConstraints:MatchResources validations?:[]Validation variables?
ValidatingWebhook = clientConfig:WebhookClientConfig matchConditions? namespaceSelector:LabelSelector objectSelector:LabelSelector
    rules?:[]RuleWithOperations
ValidatingWebhookConfiguration = metadata:ObjectMeta webhooks?:[]ValidatingWebhook
Validation = message? messageExpression?
Volume = awsElasticBlockStore:AWSElasticBlockStoreVolumeSource azureFile:AzureFileVolumeSource cephfs:CephFSVolumeSource
    cinder:CinderVolumeSource configMap:ConfigMapVolumeSource csi:CSIVolumeSource downwardAPI:DownwardAPIVolumeSource
    emptyDir:EmptyDirVolumeSource ephemeral:EphemeralVolumeSource fc:FCVolumeSource flexVolume:FlexVolumeSource
    flocker:FlockerVolumeSource gcePersistentDisk:GCEPersistentDiskVolumeSource gitRepo:GitRepoVolumeSource
    glusterfs:GlusterfsVolumeSource image:ImageVolumeSource iscsi:ISCSIVolumeSource nfs:NFSVolumeSource
    persistentVolumeClaim:PersistentVolumeClaimVolumeSource photonPersistentDisk:PhotonPersistentDiskVolumeSource
    portworxVolume:PortworxVolumeSource projected:ProjectedVolumeSource quobyte:QuobyteVolumeSource rbd:RBDVolumeSource
    scaleIO:ScaleIOVolumeSource secret:SecretVolumeSource storageos:StorageOSVolumeSource vsphereVolume:VsphereVirtualDiskVolumeSource
VolumeAttributesClass = metadata:ObjectMeta parameters?
VolumeMount = readOnly? subPath? subPathExpr?
VolumeNodeAffinity = required:NodeSelector
VolumeProjection = clusterTrustBundle:ClusterTrustBundleProjection configMap:ConfigMapProjection downwardAPI:DownwardAPIProjection
    podCertificate:PodCertificateProjection secret:SecretProjection serviceAccountToken:ServiceAccountTokenProjection
VolumeResourceRequirements = limits?:{}quantity requests?:{}quantity
VsphereVirtualDiskVolumeSource = fsType? storagePolicyID? storagePolicyName?
WebhookClientConfig = caBundle?:bytes
WeightedPodAffinityTerm = podAffinityTerm:PodAffinityTerm
"""
