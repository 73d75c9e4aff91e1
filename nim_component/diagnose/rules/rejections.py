"""Messages of the API server about pods that it rejects: admission plugins, webhooks, validation.

Every pattern starts at the beginning of the message, without the controller's text around it:
what follows contains names and the texts of policies.
"""

import re

from ...text.sanitizing import sanitize
from ..diagnosis import Diagnosis
from .patterns import SEE_EVIDENCE, MessagePattern
from .pod_requests import ARGUMENTS
from .security_rejections import fix_constraint, fix_violation
from .webhook_failures import describe_failure

_WRAPPER = re.compile(
    r"\s*(?:Error creating: |[Cc]reate Pod \S{1,253} in StatefulSet \S{1,253} failed error: |"
    r"Failed to create (?:leader statefulset|worker statefulset for leader pod) \S{1,253}: |"
    r"Failed to update leader statefulset \S{1,253}: |Failed to create headless service for error: |Error from server(?: \(\w+\))?: )?"
    r"(?:(?:pods|statefulsets\.apps|services) (?:\"[^\"]{0,253}\" )?is forbidden: )?"
    r"(?:Internal error occurred: )?"
)
"""Text of a controller, of the wrapped error Forbidden and of the error InternalError."""

_REJECTIONS = (
    MessagePattern(
        "pod-security",
        r"\Aviolates PodSecurity\b",
        "The namespace's Pod Security level {level} rejects the pod: {violation}",
        "{fix_violation}",
        sentences=(r"violates PodSecurity \"(?P<level>[^\"]{1,80})\": (?P<violation>.+)",),
    ),
    MessagePattern(
        "pod-security",
        r"\A(?:PodSecurityPolicy: unable to admit pod|unable to validate against any pod security policy)",
        "No PodSecurityPolicy of the cluster allows the pod",
        "Let an administrator allow a policy to the ServiceAccount of the pod. Kubernetes 1.25 and later have no such policies.",
        sentences=(r"(?:unable to validate against any pod security policy|PodSecurityPolicy: unable to admit pod): \[.*\]",),
    ),
    MessagePattern(
        "scc-refused",
        r"\A(?:unable to validate against any security context constraint|no SecurityContextConstraintsProvider)",
        "No SecurityContextConstraints of OpenShift that the ServiceAccount may use allow the pod",
        "{fix_constraint}",
        sentences=(
            r"unable to validate against any security context constraint: (?P<violation>.+)",
            r"no SecurityContextConstraintsProvider available to validate pod request",
        ),
    ),
    MessagePattern(
        "quota-exceeded",
        r"\Aexceeded quota:",
        "The pod exceeds the namespace's quota {quota}: requested {requested}, used {used}, limit {limit}",
        "Raise the quota, delete objects that use it, or request less (gpu, cpu, mem, replicas).",
        sentences=(
            r"exceeded quota: (?P<quota>[^,]{1,253}), requested: (?P<requested>[^ ]+), used: (?P<used>[^ ]+), limited: (?P<limit>[^ ]+)",
        ),
    ),
    MessagePattern(
        "quota-unlimited",
        r"\Afailed quota:",
        "The namespace's quota {quota} requires requests or limits that a container does not have: {limits}",
        "Set them on the containers in extra_containers and extra_init_containers (for the server: cpu, mem, ephemeral_storage).",
        sentences=(r"failed quota: (?P<quota>[^:]{1,253}): must specify (?P<limits>.+)",),
    ),
    MessagePattern(
        "quota-missing",
        r"\Ainsufficient quota to ",
        "The cluster admits such pods only where a ResourceQuota covers them, and no quota of the namespace does: {scope}",
        "Create a ResourceQuota for it in the namespace. If the scope contains a PriorityClass: or change priority_class.",
        sentences=(r"insufficient quota to (?:consume: |match these scopes: )(?P<scope>.+)",),
    ),
    MessagePattern(
        "quota-unknown",
        r"\Astatus unknown for quota:",
        "The usage of the namespace's quota {quota} is not calculated yet",
        "Wait a minute: the pod is created again automatically. If it stays so, check kube-controller-manager.",
        sentences=(r"status unknown for quota: (?P<quota>[^,]{1,253}), resources: .+",),
    ),
    MessagePattern(
        "limit-range",
        r"\A\[?(?:(?:maximum|minimum) \S+ usage per |\S+ max limit to request ratio per )",
        "The namespace's LimitRange rejects the pod: {bound}",
        "{fix_limit}",
        sentences=(
            r"\[?(?P<bound>(?P<kind>maximum|minimum) (?P<resource>\S+) usage per (?P<unit>Container|Pod) is (?P<value>[^,]+)"
            r"(?:, but (?:limit|request) is [^,\]]+|\.  No (?:limit|request) is specified))\.?(?:, .+)?\]?",
            r"\[?(?P<bound>(?P<resource>\S+) max limit to request ratio per \S+ is [^,]+, but provided ratio is [\d.]+)(?:, .+)?\]?",
        ),
    ),
    MessagePattern(
        "webhook-refused",
        r"\Aadmission webhook |\AValidatingAdmissionPolicy |\Aimage policy webhook ",
        "The admission policy {webhook} rejects the pod: {reason}",
        "Comply with its policy (pod_labels, pod_annotations, tolerations), or request an exemption from its owner.",
        sentences=(
            r"admission webhook \"(?P<webhook>[^\"]{1,253})\" denied the request(?:: (?P<reason>.*)| without explanation)",
            r"ValidatingAdmissionPolicy '(?P<webhook>[^']{1,253})' (?:with binding '[^']{1,253}' )?denied request: (?P<reason>.+)",
            r"(?P<webhook>image policy webhook) backend denied one or more images: (?P<reason>.+)",
        ),
    ),
    MessagePattern(
        "webhook-broken",
        r"\Afailed calling (?:admission )?webhook |\Aadmission plugin ",
        "The admission webhook {webhook} cannot be called, and no pod is admitted without it: {failure}",
        "{fix_failure}",
        sentences=(
            r"failed calling (?:admission )?webhook \"(?P<webhook>[^\"]{1,253})\"(?:: (?P<cause>.+)|; no further details available)",
            r"admission plugin \"(?P<webhook>[^\"]{1,253})\" failed to complete (?:mutation|validation) in \S+",
        ),
    ),
    MessagePattern(
        "service-account-missing",
        r"\Aerror looking up service account \S{1,253}/default:",
        "The ServiceAccount default of the namespace does not exist yet",
        "Wait: in a new namespace, it is created after a moment. If it stays missing, check kube-controller-manager.",
        sentences=(r"error looking up service account [^/]{1,253}/default: serviceaccount \"default\" not found",),
    ),
    MessagePattern(
        "service-account-missing",
        r"\Aerror looking up service account ",
        "The ServiceAccount {account} does not exist in the namespace",
        "Create it, or correct service_account.name.",
        sentences=(r"error looking up service account [^/]{1,253}/(?P<account>[^:]{1,253}): serviceaccount \"[^\"]{1,253}\" not found",),
    ),
    MessagePattern(
        "priority-class-missing",
        r"\Ano PriorityClass with name ",
        "The PriorityClass {name} does not exist",
        "Correct priority_class, or remove it.",
        sentences=(r"no PriorityClass with name (?P<name>\S{1,253}) was found",),
    ),
    MessagePattern(
        "runtime-class-missing",
        r"\A(?:pod rejected: )?RuntimeClass ",
        "The RuntimeClass {name} does not exist",
        "Correct runtime_class, or remove it if the cluster requires none.",
        sentences=(r"pod rejected: RuntimeClass \"?(?P<name>[^\"\s]{1,253})\"? not found",),
    ),
    MessagePattern(
        "namespace-ending",
        r"\Aunable to create new content in namespace ",
        "The namespace is being deleted",
        "Deploy to another namespace, or wait until the namespace is deleted and create it again.",
        sentences=(r"unable to create new content in namespace \S{1,253} because it is being terminated",),
    ),
    MessagePattern(
        "tolerations-refused",
        r"\Apod tolerations ",
        "The namespace allows only some tolerations, and the pod has others",
        "Remove tolerations that the namespace does not allow (annotation `scheduler.alpha.kubernetes.io/tolerationsWhitelist`).",
        sentences=(
            r"pod tolerations \(possibly merged with namespace default tolerations\) conflict with its namespace (?:whitelist|tolerations)",
        ),
    ),
    MessagePattern(
        "node-selector-refused",
        r"\Apod node label selector ",
        "The namespace prescribes a node selector, and the pod has another one",
        "Correct node_selector (the one of the namespace is in its annotation `scheduler.alpha.kubernetes.io/node-selector`).",
        sentences=(
            r"pod node label selector (?:conflicts with its namespace node label selector|labels conflict with its namespace whitelist)",
        ),
    ),
    MessagePattern(
        "api-server-overloaded",
        r"\A(?:etcdserver: |Timeout: |the server (?:is currently unable|was unable))",
        "The API server or etcd does not process the creation of pods in time",
        "Wait: the controller tries again. If it stays so, check the control plane. The service is not the cause.",
        sentences=(
            r"etcdserver: request timed out.*",
            r"Timeout: request did not complete within (?:the )?requested timeout.*",
            r"the server (?:is currently unable to handle|was unable to return a response in the time allotted|has received too many).*",
        ),
    ),
    MessagePattern(
        "pod-invalid",
        r"\APod \"[^\"]{0,253}\" is invalid: ",
        "A field of the pod is invalid: {field}",
        "Correct it in overrides, extra_containers or extra_volumes. Fields that the component sets are validated before.",
        sentences=(r"Pod \"[^\"]{0,253}\" is invalid: (?P<field>.+)",),
    ),
    MessagePattern(
        "pod-refused",
        r"\A(?P<kind>[a-z][a-z.]{1,100}) \"(?P<name>[^\"]{1,253})\" already exists",
        "The object {name} ({kind}) exists already",
        "Wait a minute: the controller tries again. If it repeats, delete the object if it is left from an earlier deployment, or give the "
        "service another name.",
    ),
    MessagePattern(
        "pod-refused",
        r"\Aleader pod \S{1,500} contains mistake annotation",
        "The LeaderWorkerSet's controller does not support the version of Kubernetes",
        "Upgrade Kubernetes to 1.27 or later: the controller requires the start ordinal of StatefulSets.",
        sentences=(
            r"leader pod \S{1,500} contains mistake annotation '[^']{1,200}': requires Kubernetes .{0,4}v1\.27 or v1\.26 "
            r"with StatefulSetStartOrdinal feature",
        ),
    ),
    MessagePattern("pod-refused", r"", "The API server rejects the pod", SEE_EVIDENCE, "likely"),
)
"""Messages without their wrapper. The last pattern matches every message."""

_GROUPS = [group for each in _REJECTIONS for sentence in each.sentences for group in re.compile(sentence).groupindex]


def diagnose_rejection(message: str, subject: str) -> Diagnosis:
    """Return the diagnosis of a message about a rejected pod."""
    wrapper = _WRAPPER.match(message)
    body = message[wrapper.end() if wrapper else 0 :].strip()
    each, (match, confidence) = next((each, found) for each in _REJECTIONS if (found := each.find(body)))
    groups = {name: value or "" for name, value in match.groupdict().items()}
    failure, fix_failure = describe_failure(groups.get("cause", ""))
    values = dict.fromkeys(_GROUPS, "see the evidence") | {name: _shorten(value) for name, value in groups.items() if value}
    values |= {
        "failure": failure,
        "fix_failure": fix_failure,
        "fix_violation": fix_violation(body),
        "fix_constraint": fix_constraint(body),
        "fix_limit": _fix_limit(groups),
    }
    return each.diagnose(match, confidence, subject, sanitize(message), values)


def _shorten(value: str) -> str:
    """Return a value without Kyverno's introduction, which precedes the names of the policies."""
    return sanitize(re.sub(r"\A\s*resource \S{1,600} was blocked due to the following policies:?\s*", "", value), 200).rstrip(".")


def _fix_limit(groups: dict[str, str]) -> str:
    argument = ARGUMENTS.get(groups.get("resource", ""))
    if argument and groups.get("kind") and groups.get("unit") == "Container":
        bound = "at most" if groups["kind"] == "maximum" else "at least"
        return f"Set {argument} to {bound} {sanitize(groups['value'], 40)} (also in extra_containers), or change the LimitRange."
    return "Change cpu, mem or ephemeral_storage to a value within the LimitRange, or change the LimitRange."
