"""Messages of the HorizontalPodAutoscaler's controller: metrics and scale that it cannot read.

They are those of kube-controller-manager:
https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/podautoscaler/horizontal.go.
The texts of the patterns are the ends of the problems.
"""

from .patterns import MessagePattern

WAITING_FOR_PODS = ("did not receive metrics for", "no pods returned by selector")
"""Parts of messages about pods that are not ready yet."""
NO_VALUES = "no metrics returned from "
"""Part of a message about metrics without values. Pods that start have none yet."""
CONFLICT = "the object has been modified"
"""Part of a message about an attempt that is repeated."""
EXTERNAL_API = "external metrics API: "
_PREFIX = r"the HPA was unable to compute the replica count: .{0,400}?"
_SUFFIX = r"[^)]{0,253}\)"
_UNABLE = r"the server is currently unable to handle the request \(get "
_ABSENT = r"the server could not find the requested resource \(get "
_UNREACHABLE = "the API server cannot reach the program that provides the metrics"


def _metrics(pattern: str, text: str, fix: str) -> MessagePattern:
    return MessagePattern("autoscaler-metrics", pattern, text, fix, sentences=(f"{_PREFIX}{pattern}",))


AUTOSCALER_METRICS = (
    _metrics(
        r"missing request for (?P<resource>[\w.-]{1,100}) in container (?P<container>\S{1,63}) of Pod (?P<pod>\S{1,253})",
        "the container {container} has no request of {resource}",
        "Set the request of {resource} on the container {container} (the server: cpu or mem; others: extra_containers).",
    ),
    _metrics(
        r"missing request for (?P<resource>[\w.-]{1,100})",
        "a container has no request of {resource}",
        "Set the request of {resource} on each container (the server: cpu or mem; others: extra_containers).",
    ),
    _metrics(
        rf"{_UNABLE}pods\.metrics\.k8s\.io{_SUFFIX}",
        _UNREACHABLE,
        "Check metrics-server and the APIService: `kubectl get apiservice v1beta1.metrics.k8s.io`.",
    ),
    _metrics(
        rf"{_UNABLE}[^)]{{0,300}}\bcustom\.metrics\.k8s\.io{_SUFFIX}",
        _UNREACHABLE,
        "Check prometheus-adapter and the APIService: `kubectl get apiservice | grep custom.metrics`.",
    ),
    _metrics(
        rf"{_UNABLE}[^)]{{0,300}}\.external\.metrics\.k8s\.io{_SUFFIX}",
        _UNREACHABLE,
        "Check KEDA's metrics server (or prometheus-adapter) and the APIService: `kubectl get apiservice v1beta1.external.metrics.k8s.io`.",
    ),
    _metrics(
        rf"{_ABSENT}pods\.metrics\.k8s\.io{_SUFFIX}",
        "the cluster has no metrics of resources",
        "Install metrics-server in the cluster, or scale by autoscaling.presets or autoscaling.keda.",
    ),
    _metrics(
        rf"{_ABSENT}[^)]{{0,300}}\.external\.metrics\.k8s\.io{_SUFFIX}",
        "the cluster has no external metrics",
        "Install KEDA or prometheus-adapter with external metrics, or correct external in autoscaling.metrics.",
    ),
    _metrics(
        r"no custom metrics API \(custom\.metrics\.k8s\.io\) registered",
        "the cluster has no custom metrics",
        "Install prometheus-adapter in the cluster, or scale with KEDA (autoscaling.keda).",
    ),
    _metrics(
        r"the server could not find the metric (?P<metric>\S{1,253}) for (?P<kind>[\w.]{1,100})",
        "prometheus-adapter does not provide the metric {metric} for {kind}",
        "Add a rule for {metric} to prometheus-adapter, and check that Prometheus scrapes the pods (metrics.monitor).",
    ),
    _metrics(
        r"no metrics returned from resource metrics API",
        "there are no metrics of its pods",
        "Check that metrics-server runs and reaches the kubelet of the pods' nodes: `kubectl top pods`.",
    ),
    _metrics(
        r"no metrics returned from (?P<api>custom|external) metrics API",
        "the metric has no values",
        "Check that Prometheus scrapes the pods (metrics.monitor: its labels must match the selector of Prometheus), and that the server "
        "exports the metric.",
    ),
    _metrics(
        r"(?P<object>\S{1,253}) (?:\"[^\"]{0,253}\" )?is forbidden: User \"(?P<user>[^\"]{1,253})\" cannot (?P<action>.{1,500})",
        "its controller has no permission to read the metric",
        "Let an administrator grant the permission in the evidence to {user}.",
    ),
)
"""Messages of the condition ScalingActive that is false."""


def _refused(pattern: str, text: str, fix: str) -> MessagePattern:
    return MessagePattern("autoscaler-refused", pattern, text, fix, sentences=(f".{{0,100}}?{pattern}",))


_SCALE = r"the HPA controller was unable to (?:get the target's current scale|update the target scale): "
AUTOSCALER_REFUSALS = (
    _refused(
        rf"{_SCALE}(?P<kind>[\w./]{{1,253}}) \"(?P<name>[^\"]{{1,253}})\" not found",
        "the workload {name} ({kind}) does not exist",
        "If no update of the service is running, restore the workload: `pulumi up --refresh`.",
    ),
    _refused(
        rf"{_SCALE}no matches for kind \"(?P<kind>[^\"]{{1,253}})\" in (?:group|version) \"[^\"]{{1,253}}\"",
        "the cluster does not have the kind {kind}",
        "Install the CRD and the controller of this kind, then wait for the next attempt.",
    ),
    _refused(
        rf"{_SCALE}\S{{1,253}} (?:\"[^\"]{{0,253}}\" )?is forbidden: User \"(?P<user>[^\"]{{1,253}})\" cannot .{{1,500}}",
        "its controller has no permission to scale the workload",
        "Let an administrator grant the permission in the evidence to {user}.",
    ),
    _refused(
        rf"{_SCALE}admission webhook \"(?P<webhook>[^\"]{{1,253}})\" denied the request(?:: .{{0,500}})?",
        "the admission webhook {webhook} rejects the number of replicas",
        "Lower autoscaling.max_replicas to what its policy allows, or request an exemption from its owner.",
    ),
    _refused(
        r"the HPA target's scale is missing a selector",
        "the workload has no selector in its scale",
        "Upgrade the controller of the workload: a version that supports scaling sets the selector.",
    ),
    _refused(
        r"pods by selector \S{1,1000} are controlled by multiple HPAs: \[(?P<names>[^\]]{1,1000})\]",
        "several HorizontalPodAutoscalers scale the same pods: {names}",
        "Delete those that the component did not create. Its own has the name of the service; that of KEDA begins with keda-hpa-.",
    ),
)
"""Messages of AbleToScale and ScalingActive that are false because of the workload."""
