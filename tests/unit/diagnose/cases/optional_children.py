"""Routes of the Gateway API, and ScaledObjects of KEDA."""

from dataclasses import replace

from nim_component.diagnose.snapshot import Snapshot

from ..child_snapshots import autoscaled, behind, condition, gateway, pool, route, routed, scaled
from ..kubernetes_objects import Object, running, service, snapshot
from ..snapshots import Case, NearMiss

NO_HOST = ("NoMatchingListenerHostname", "No intersecting hostnames were found between the listener and the route.")
NOT_FOUND = ("BackendNotFound", "service nim/llama not found")
INVALID_KIND = ("InvalidKind", "InferencePool.inference.networking.k8s.io is not supported")
QUERY_FAILED = "prometheus query api returned error. status: 503 response: Service Unavailable"
NOT_WORKING = "Triggers defined in ScaledObject are not working correctly"
FALLING_BACK = "At least one trigger is falling back on this scaled object"


ACCEPTED = condition("Accepted", "True", "Accepted")
PROGRAMMED = condition("Programmed", "True", "Programmed")
NO_ADDRESS = condition("Programmed", "False", "AddressNotAssigned", "No addresses have been assigned to the Gateway")
NO_CERTIFICATE = condition("ResolvedRefs", "False", "InvalidCertificateRef", "Certificate ref to secret infra/tls not found.")
UNPROGRAMMED = condition("Programmed", "False", "Invalid", "Listener is invalid")
NO_PORT = "service port 8001 not found on service ml/llama"
EMPTY = "prometheus metrics 'prometheus' target may be lost, the result is empty"
NO_RULE = (
    "the HPA was unable to compute the replica count: unable to get metric waiting: unable to fetch metrics from custom metrics API: "
    "the server could not find the metric waiting for pods"
)
NO_VALUES = "the HPA was unable to compute the replica count: unable to get metric waiting: no metrics returned from custom metrics API"
SCALER_FAILED = (
    "the HPA was unable to compute the replica count: unable to get external metric ml/s0-prometheus/nil: unable to fetch metrics from "
    "external metrics API: rpc error: code = Unknown desc = error when getting metric values"
)
NO_WORKLOAD = 'the HPA controller was unable to get the target\'s current scale: deployments.apps "llama" not found'
NO_PICKER = condition("ResolvedRefs", "False", "InvalidExtensionRef", "Referenced ExtensionRef not found llama-epp")
READY = condition("Ready", "True", "ScaledObjectReady", "ScaledObject is defined correctly and is ready for scaling")
NO_FALLBACK = condition("Fallback", "False", "NoFallbackFound", "No fallbacks are active on this scaled object")


def replace_services(given: Snapshot, *services: Object) -> Snapshot:
    return replace(given, kinds={**given.kinds, "services": list(services)})


def replace_pods(given: Snapshot, *pods: Object) -> Snapshot:
    """Return a service with other pods, by default one that is not ready."""
    return replace(given, kinds={**given.kinds, "pods": list(pods) or [running()]})


CASES: dict[str, list[Case]] = {
    "route-not-accepted": [
        (routed(condition("Accepted", "False", *NO_HOST)), "The Gateway public does not accept the HTTPRoute: no listener has a host name"),
        (routed(condition("Accepted", "False", *NO_HOST), plural="grpcroutes"), "Set grpc_route.hosts to names of a listener"),
        (routed(condition("Accepted", "False", "NotAllowedByListeners", "not allowed")), "http_route.gateway, http_route.section"),
        (routed(condition("Accepted", "False", "NoMatchingParent", "no listener")), "Set http_route.section to the name of a listener"),
        (routed(condition("Accepted", "False", "NotAllowedByListeners")), "Allow the namespace and the kind HTTPRoute in allowedRoutes"),
        (
            routed(condition("Accepted", "False", "NotAllowedByListeners", 'namespace "kind-port" is not allowed by the parent')),
            "its listeners allow no routes of this namespace",
        ),
        (routed(condition("Programmed", "False", "TranslationError")), "could not apply the HTTPRoute: TranslationError (likely)"),
        (routed(condition("Accepted", "False", "UnsupportedValue", "the order is odd")), "UnsupportedValue (likely). | See the evidence"),
    ],
    "route-backend": [
        (routed(condition("ResolvedRefs", "False", *NOT_FOUND)), "The backend of the HTTPRoute does not exist"),
        (routed(condition("ResolvedRefs", "False", *INVALID_KIND), backend="InferencePool"), "Remove inference_pool"),
        (
            replace_services(routed(condition("ResolvedRefs", "False", "BackendNotFound", NO_PORT)), service()),
            "refers to: 8001 (likely). | An update of port was interrupted, or the Service or the HTTPRoute was changed outside Pulumi "
            "(ports of the Service: 8000)",
        ),
        (
            replace_services(routed(condition("ResolvedRefs", "False", *NOT_FOUND)), service()),
            "does not find the backend of the HTTPRoute, although the Service exists (likely)",
        ),
        # names that contain the text of other problems
        (routed(condition("ResolvedRefs", "False", "BackendNotFound", 'service ml/port "endpoints" not found')), "does not exist. | If no"),
        (routed(condition("ResolvedRefs", "False", *INVALID_KIND)), "cannot use the backend of the HTTPRoute: InvalidKind (likely)"),
    ],
    "route-not-processed": [
        (
            snapshot(running(ready=True), httproutes=[route()]),
            "No controller has processed the HTTPRoute (likely). | Check that the Gateway",
        )
    ],
    "gateway-missing": [
        (behind(None), "The Gateway infra/public of the HTTPRoute does not exist. | Create it, or correct http_route.gateway")
    ],
    "gateway-not-programmed": [
        (behind(gateway(ACCEPTED, NO_ADDRESS)), "The Gateway infra/public is not programmed: it has no address. | Check the load balancer"),
        (
            behind(gateway(condition("Accepted", "False", "ListenersNotValid", "odd"), NO_ADDRESS)),
            "not programmed: its listeners are not valid. | Correct its listeners",
        ),
        (behind(gateway(ACCEPTED, condition("Programmed", "False", "Pending"), age=900)), "is not programmed: Pending (likely)"),
        (
            behind(gateway(ACCEPTED, PROGRAMMED, listeners={"https": [NO_CERTIFICATE, UNPROGRAMMED], "http": [PROGRAMMED]}), "https"),
            "The listener https of the Gateway infra/public is not programmed: the certificate of its listener cannot be used. | Create the TLS",
        ),
        (behind(gateway(ACCEPTED, PROGRAMMED, listeners={"https": [UNPROGRAMMED]})), "The listener https of the Gateway infra/public"),
    ],
    "endpoint-picker": [
        (pool([NO_PICKER]), "the Service llama-epp does not exist (likely). | Install the endpoint picker with a Service llama-epp"),
    ],
    "autoscaler-metrics": [
        (
            autoscaled(condition("ScalingActive", "False", "FailedGetPodsMetric", NO_RULE)),
            "prometheus-adapter does not provide the metric waiting for pods. | Add a rule for waiting",
        ),
        (
            autoscaled(condition("ScalingActive", "False", "FailedGetExternalMetric", "odd")),
            "does not scale by it: FailedGetExternalMetric",
        ),
        (
            autoscaled(condition("ScalingActive", "False", "FailedGetResourceMetric", "missing request for memory"), keda=True),
            "a container has no request of memory (likely)",
        ),
    ],
    "autoscaler-refused": [
        (
            autoscaled(condition("AbleToScale", "False", "FailedGetScale", NO_WORKLOAD)),
            "the workload llama (deployments.apps) does not exist.",
        ),
        (autoscaled(condition("AbleToScale", "False", "FailedUpdateScale", "odd")), "FailedUpdateScale (likely). | See the evidence"),
    ],
    "scaled-object-metrics": [
        (
            scaled(condition("Ready", "False", "TriggerError", NOT_WORKING)),
            "does not scale by it. | Check that autoscaling.keda.prometheus",
        ),
        (scaled(condition("Ready", "Unknown", "PartialTriggerError", "Some")), "does not scale by it"),
        (
            scaled(READY, condition("Fallback", "True", "FallbackExists", FALLING_BACK)),
            "sets the number of replicas to that of its fallback",
        ),
        (
            scaled(condition("Ready", "False", "TriggerError", NOT_WORKING), events=(("KEDAScalerFailed", QUERY_FAILED),)),
            QUERY_FAILED,
        ),
    ],
    "scaled-object-refused": [
        (
            scaled(
                condition("Ready", "False", "ScaledObjectCheckFailed", "ScaledObject doesn't have correct scaleTargetRef specification")
            ),
            "KEDA does not scale the service: ScaledObjectCheckFailed (likely)",
        )
    ],
}

NEAR_MISSES: dict[str, NearMiss] = {
    "route-not-accepted": [
        routed(condition("Accepted", "True", "Accepted")),
        routed(condition("Accepted", "False", "Pending", "Waiting for the Gateway")),
        routed(condition("Accepted", "Unknown", "Pending")),
        # about the spec before the last change
        routed(condition("Accepted", "False", *NO_HOST, generation=1)),
        # a second controller accepts it
        snapshot(
            running(ready=True), httproutes=[route([condition("Accepted", "False", *NO_HOST)], [condition("Accepted", "True", "Accepted")])]
        ),
        routed(condition("Other", "False", *NO_HOST)),
        routed(condition("Programmed", "False", "Pending")),
        routed(ACCEPTED, condition("Programmed", "True", "ConfiguredInGateway")),
    ],
    "route-backend": [
        routed(condition("ResolvedRefs", "True", "ResolvedRefs")),
        routed(condition("ResolvedRefs", "False", *NOT_FOUND, generation=1)),
        routed(condition("Accepted", "False", *NOT_FOUND)),
        # without a ready pod, there are no endpoints
        replace_pods(routed(condition("ResolvedRefs", "False", "BackendNotFound", "endpointslices not found"))),
    ],
    "route-not-processed": [
        snapshot(running(ready=True), httproutes=[route(age=20)]),
        routed(condition("Accepted", "False", *NO_HOST)),
        snapshot(running(ready=True)),
        behind(None),  # it is known that the Gateway does not exist
    ],
    "gateway-missing": [
        behind(gateway(ACCEPTED, PROGRAMMED)),
        behind(None, age=20),
        behind(None, kind="Service"),
        replace(behind(None), gateways={}),
    ],
    "gateway-not-programmed": [
        behind(gateway(ACCEPTED, PROGRAMMED, listeners={"http": [PROGRAMMED]})),
        behind(gateway(condition("Accepted", "Unknown", "Pending"), condition("Programmed", "Unknown", "Pending"))),
        behind(gateway()),
        # it changed a moment ago
        behind(gateway(ACCEPTED, NO_ADDRESS, age=20)),
        behind(gateway(ACCEPTED, condition("Programmed", "False", "Pending"))),
        # about the spec before the last change
        behind(gateway(condition("Programmed", "False", "Invalid", generation=1))),
        # one of several references of a listener is invalid
        behind(gateway(ACCEPTED, PROGRAMMED, listeners={"https": [NO_CERTIFICATE, PROGRAMMED]})),
        # Traefik does not accept a Gateway with one invalid listener, and uses the others
        behind(
            gateway(
                condition("Accepted", "False", "ListenersNotValid", "All Listeners must be valid"),
                listeners={"https": [NO_CERTIFICATE], "http": [PROGRAMMED]},
            )
        ),
        # another listener serves the route
        behind(gateway(ACCEPTED, PROGRAMMED, listeners={"https": [NO_CERTIFICATE], "http": [PROGRAMMED]})),
        behind(gateway(ACCEPTED, PROGRAMMED, listeners={"https": [NO_CERTIFICATE], "http": [PROGRAMMED]}), "http"),
        behind(None),
    ],
    "endpoint-picker": [
        pool([condition("ResolvedRefs", "True", "ResolvedRefs"), ACCEPTED]),
        pool([condition("Accepted", "False", "HTTPRouteNotAccepted", "Referenced HTTPRoute ml/llama not accepted")]),
        pool([condition("ResolvedRefs", "False", "InvalidExtensionRef", "Referenced ExtensionRef not found", generation=1)]),
        pool(),
    ],
    "autoscaler-metrics": [
        autoscaled(condition("ScalingActive", "True", "ValidMetricFound")),
        autoscaled(condition("ScalingActive", "False", "ScalingDisabled", "the replica count of the target is zero")),
        # it changed a moment ago
        autoscaled(condition("ScalingActive", "False", "FailedGetPodsMetric", NO_RULE), age=60),
        # new pods have no metrics yet
        replace_pods(autoscaled(condition("ScalingActive", "False", "FailedGetPodsMetric", NO_VALUES))),
        # the ScaledObject shows the reason
        autoscaled(condition("ScalingActive", "False", "FailedGetExternalMetric", SCALER_FAILED), keda=True),
        autoscaled(condition("AbleToScale", "False", "FailedGetScale", NO_WORKLOAD)),
    ],
    "autoscaler-refused": [
        autoscaled(condition("AbleToScale", "True", "SucceededGetScale")),
        autoscaled(condition("AbleToScale", "True", "ScaleDownStabilized")),
        autoscaled(condition("ScalingLimited", "True", "TooManyReplicas")),
        autoscaled(condition("AbleToScale", "False", "FailedGetScale", NO_WORKLOAD), age=20),
        autoscaled(condition("AbleToScale", "False", "FailedUpdateScale", "Operation cannot be fulfilled: the object has been modified")),
    ],
    "scaled-object-metrics": [
        scaled(READY, NO_FALLBACK),
        scaled(READY, NO_FALLBACK, events=(("KEDAScalerFailed", QUERY_FAILED),)),
        scaled(condition("Active", "False", "ScalerNotActive", "Scaling is not performed because triggers are not active"), READY),
        scaled(condition("Ready", "Unknown", "")),
        scaled(condition("Ready", "False", "TriggerError", NOT_WORKING), age=20),  # KEDA still reads its metrics
        scaled(),
        # new pods have no series yet
        replace_pods(scaled(condition("Ready", "False", "TriggerError", NOT_WORKING), events=(("KEDAScalerFailed", EMPTY),))),
    ],
    "scaled-object-refused": [
        scaled(READY, NO_FALLBACK),
        scaled(condition("Ready", "False", "TriggerError", NOT_WORKING)),
        scaled(READY, condition("Paused", "True", "ScaledObjectPaused", "ScaledObject is paused")),
    ],
}
