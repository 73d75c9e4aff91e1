"""Messages of KEDA about ScaledObjects: metrics that it cannot read, and objects that it refuses.

The texts of the patterns are the ends of the problems.
"""

from .patterns import MessagePattern

_STATUS = r"prometheus query api returned error\. status: "
_TAIL = r"(?: response: .{0,400})?"
_GET = r"Get \"https?://(?P<host>[^/\"\s]{1,253})[^\"?]{0,200}/api/v1/query\?[^\"]{0,4000}\": "
_AUTHENTICATION = r"(?:Cluster)?TriggerAuthentication(?:\.keda\.sh)? \"(?P<name>[^\"]{1,253})\" not found"
_NO_AUTHENTICATION = (
    "the TriggerAuthentication {name} does not exist",
    "Create it in the namespace of the service, or correct autoscaling.keda.authentication.",
)


def _metrics(pattern: str, text: str, fix: str) -> MessagePattern:
    """Return a pattern of a whole message, of which a part suggests the cause too."""
    return MessagePattern("scaled-object-metrics", rf"\A{pattern}", text, fix, sentences=(pattern,))


METRIC_FAILURES = (
    _metrics(
        rf"{_STATUS}(?P<status>401|403){_TAIL}",
        "Prometheus refuses the login (HTTP {status})",
        "Set autoscaling.keda.authentication to a TriggerAuthentication with valid credentials, or correct the Secret that it refers to.",
    ),
    _metrics(
        rf"{_STATUS}(?P<status>400|422){_TAIL}",
        "Prometheus refuses the query (HTTP {status})",
        "Correct the query in autoscaling.keda.triggers. For presets, check that autoscaling.keda.prometheus supports PromQL.",
    ),
    _metrics(
        rf"{_STATUS}(?P<status>404|405){_TAIL}",
        "the address has no query API (HTTP {status})",
        "Correct the path in autoscaling.keda.prometheus: KEDA appends /api/v1/query (Mimir, for example, requires the path /prometheus).",
    ),
    _metrics(
        rf"{_STATUS}(?P<status>429){_TAIL}",
        "Prometheus limits the number of requests (HTTP {status})",
        "Raise autoscaling.keda.polling_interval, or the limit of Prometheus.",
    ),
    _metrics(
        rf"{_STATUS}(?P<status>5\d\d){_TAIL}",
        "Prometheus itself fails (HTTP {status})",
        "Check Prometheus itself, or the proxy in front of it. The service is not the cause.",
    ),
    _metrics(
        rf"{_GET}dial tcp: lookup [^\s]{{1,253}}(?: on [^\s]{{1,80}})?: no such host",
        "the host {host} does not exist",
        "Correct the host in autoscaling.keda.prometheus (now {host}).",
    ),
    _metrics(
        rf"{_GET}dial tcp [^\s]{{1,80}}: connect: (?:connection refused|no route to host)",
        "nothing responds at {host}",
        "Check that Prometheus runs, and correct the host and port in autoscaling.keda.prometheus.",
    ),
    _metrics(
        rf"{_GET}(?:context deadline exceeded|EOF|dial tcp [^\s]{{1,80}}: (?:i/o timeout|connect: connection timed out))"
        r"(?: \([^)]{1,80}\))?",
        "Prometheus does not respond in time at {host}",
        "Check the load of Prometheus, and that a network policy lets KEDA reach {host} (autoscaling.keda.prometheus).",
    ),
    _metrics(
        rf"{_GET}(?:tls: failed to verify certificate: )?x509: (?P<detail>.{{1,300}})",
        "KEDA does not trust the certificate of {host}",
        "Add the CA of Prometheus to KEDA, or as parameter ca to the TriggerAuthentication (autoscaling.keda.authentication).",
    ),
    _metrics(
        rf"{_GET}http: server gave HTTP response to HTTPS client",
        "{host} requires http instead of https",
        "Begin autoscaling.keda.prometheus with http://.",
    ),
    _metrics(
        r"Get \"[^\"]{0,300}/api/v1/query\?[^\"]{0,4000}\": unsupported protocol scheme \"(?P<scheme>[^\"]{0,253})\"",
        "the address begins with neither http:// nor https://",
        "Begin autoscaling.keda.prometheus with http:// or https://.",
    ),
    _metrics(
        r"prometheus metrics 'prometheus' target may be lost, the (?:result|value list) is empty",
        "Prometheus has no series for the query",
        "Check that Prometheus scrapes the pods (metrics.monitor: its labels must match the selector of Prometheus), and that the server "
        "exports the metric of the query.",
    ),
    _metrics(
        r"prometheus query .{1,4000} returned multiple elements",
        "a query returns several series",
        "Aggregate the query in autoscaling.keda.triggers, such as with sum().",
    ),
    _metrics(
        r"prometheus query returns (?P<value>NaN|[+-]?Inf)",
        "a query returns {value}",
        "Correct the query in autoscaling.keda.triggers, such as a division by 0.",
    ),
    _metrics(
        r"invalid character '[^']{1,4}' looking for beginning of value",
        "the response is no JSON: the address is not the API of Prometheus",
        "Set autoscaling.keda.prometheus to the API of Prometheus, without a login page or another web page in front of it.",
    ),
    _metrics(_AUTHENTICATION, *_NO_AUTHENTICATION),
)
"""Messages of the events KEDAScalerFailed and KEDAMetricSourceFailed."""
EMPTY_RESULT = "target may be lost, the "
"""Part of the message about a query without a result. Pods that start have no series yet."""
_TARGET = r"(?:ScaledObject doesn't have correct scaleTargetRef specification|Error getting current replicas count for ScaleTarget): "
_HPA = r"failed to ensure HPA is correctly created for ScaledObject: (?:error getting scalers:? )?"
_CHECK = "ScaledObject doesn't have correct "


def _refused(pattern: str, text: str, fix: str) -> MessagePattern:
    return MessagePattern("scaled-object-refused", rf"\A{pattern}", text, fix, sentences=(pattern,))


_TRIGGERS_FIX = "Correct autoscaling.keda.triggers as the evidence shows."
REFUSALS = (
    _refused(
        rf"{_TARGET}(?P<kind>[\w.]{{1,253}}) \"(?P<name>[^\"]{{1,253}})\" not found",
        "the workload {name} ({kind}) does not exist",
        "If no update of the service is running, restore the workload: `pulumi up --refresh`.",
    ),
    _refused(
        rf"{_TARGET}no matches for kind \"(?P<kind>[^\"]{{1,253}})\" in (?:group|version) \"[^\"]{{1,253}}\"",
        "the cluster does not have the kind {kind}",
        "Install the CRD and the controller of this kind, then wait for KEDA's next attempt.",
    ),
    _refused(
        rf"{_CHECK}Idle/Min/Max Replica Counts specification: MinReplicaCount=(?P<low>\d+) must be less than MaxReplicaCount=(?P<high>\d+)",
        "the minimum of {low} replicas exceeds the maximum of {high}",
        "Lower autoscaling.min_replicas (now {low}), or raise autoscaling.max_replicas (now {high}).",
    ),
    _refused(rf"{_CHECK}triggers specification: .{{1,600}}", "its triggers are not valid", _TRIGGERS_FIX),
    _refused(rf"{_HPA}{_AUTHENTICATION}", *_NO_AUTHENTICATION),
    _refused(rf"{_HPA}no scaler found for type: (?P<type>\S{{1,80}})", "KEDA has no trigger of the type {type}", _TRIGGERS_FIX),
    _refused(
        rf"{_HPA}metricName \S{{1,253}} defined multiple times in ScaledObject \S{{1,253}}", "two triggers have one name", _TRIGGERS_FIX
    ),
    _refused(
        rf"{_HPA}error (?:parsing \S{{1,80}} metadata|getting scaler metric type): .{{1,600}}",
        "the settings of a trigger are not valid",
        f"{_TRIGGERS_FIX} A missing parameter can also belong into autoscaling.keda.authentication.",
    ),
    _refused(
        rf"{_HPA}no metric specs returned from scalers for ScaledObject \S{{1,500}}",
        "none of its triggers works",
        "Correct autoscaling.keda.triggers: the events of the ScaledObject contain the reasons.",
    ),
    _refused(
        rf"{_HPA}\S{{1,253}} is forbidden: User \"(?P<user>[^\"]{{1,253}})\" cannot .{{1,600}}",
        "KEDA has no permission to create the HorizontalPodAutoscaler",
        "Let an administrator grant the permission in the evidence to {user}.",
    ),
    _refused(
        r"[Ff]ailed to ensure HPA is correctly created for ScaledObject",
        "KEDA cannot create the HorizontalPodAutoscaler",
        "See the events of the ScaledObject, and the log of keda-operator, for the reason.",
    ),
)
"""Messages of the condition Ready that is false."""
CONFLICT = "the object has been modified"
"""Part of a message about an attempt that is repeated."""
