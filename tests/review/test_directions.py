"""Directions of policy changes, and annotations and labels of pods, are stated truly."""

from typing import Any

import pytest

from nim_component.review.sentences import plain_text

from .changes import deployment, kubernetes_object
from .test_dangers import NOTICE, WARNING, findings, policy, severity

PODS: Any = {"podSelector": {}}
CLIENTS: Any = {"namespaceSelector": {}}


def only(old: dict[str, Any], new: dict[str, Any]) -> tuple[str, str]:
    (found,) = findings(old, new)
    return found.severity.value, plain_text(found.consequence)


def test_removed_egress_opens_policy_without_types():
    bound = policy(ingress=[{}], egress=[{"to": [PODS]}])
    assert only(bound, policy(ingress=[{}])) == (WARNING, "The pods may reach more destinations.")
    assert only(policy(ingress=[{}]), bound)[0] == NOTICE


def test_removed_egress_closes_policy_with_types():
    types: Any = {"policyTypes": ["Ingress", "Egress"]}
    level, text = only(policy(egress=[{"to": [PODS]}], **types), policy(**types))
    assert (level, text) == (NOTICE, "The pods may reach fewer destinations. Blocked traffic is dropped immediately.")


def test_rules_of_free_direction_have_no_effect():
    types: Any = {"policyTypes": ["Ingress"]}
    level, text = only(policy(egress=[{"to": [PODS]}], **types), policy(egress=[{}], **types))
    assert (level, text) == (NOTICE, "They have no effect: the policy does not restrict this direction.")


def test_removed_peer_is_narrower_unless_last():
    both, one = policy(ingress=[{"from": [PODS, CLIENTS]}]), policy(ingress=[{"from": [PODS]}])
    assert only(both, one) == (NOTICE, "Fewer clients may reach the model. Blocked traffic is dropped immediately.")
    assert only(one, both) == (WARNING, "More clients may reach the model.")
    assert only(one, policy(ingress=[{"from": []}])) == (WARNING, "More clients may reach the model.")


@pytest.mark.parametrize("kind", ["AdminNetworkPolicy", "GlobalNetworkPolicy", "CiliumNetworkPolicy"])
def test_rules_of_other_kinds_have_no_direction(kind: str):
    old, new = (kubernetes_object(kind, "x/v1", {"ingress": rules}) for rules in ([{"action": "Deny"}, {"action": "Allow"}], []))
    assert only(old, new) == (WARNING, "More or fewer clients or destinations may be allowed.")


def pod_with(**metadata: Any) -> dict[str, Any]:
    changed = deployment()
    changed["spec"]["template"]["metadata"] |= metadata
    return changed


@pytest.mark.parametrize(
    "key",
    [
        "sidecar.istio.io/proxyImage",
        "container.apparmor.security.beta.kubernetes.io/helper",
        "io.kubernetes.cri-o.userns-mode",
        "io.katacontainers.config.hypervisor.kernel",
        "instrumentation.opentelemetry.io/inject-python",
        "ad.datadoghq.com/nim.checks",
    ],
)
def test_only_annotation_of_pods_is_sensitive(key: str):
    annotated = pod_with(annotations={key: "x"})
    assert severity(deployment(), annotated) == WARNING
    assert severity(annotated, deployment()) == WARNING
    assert severity(deployment(), pod_with(annotations={"docs": "x"})) == NOTICE


@pytest.mark.parametrize("key", ["azure.workload.identity/use", "sidecar.istio.io/inject"])
def test_label_that_injects_is_sensitive(key: str):
    assert severity(deployment(), pod_with(labels={"app": "llama", key: "true"})) == WARNING
    assert severity(deployment(), pod_with(labels={"app": "llama", "docs": "true"})) == NOTICE
