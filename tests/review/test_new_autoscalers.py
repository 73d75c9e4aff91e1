"""New autoscalers and volumes that are of no service."""

from typing import Any

import pytest

from nim_component.review.sentences import plain_text

from .changes import deployment, kubernetes_object, render_objects, review_renders
from .test_dangers import NOTICE, WARNING, findings

TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "other"}
HPA = kubernetes_object("HorizontalPodAutoscaler", "autoscaling/v2", {"scaleTargetRef": TARGET, "minReplicas": 2, "maxReplicas": 300})
SCALED = kubernetes_object("ScaledObject", "keda.sh/v1alpha1", {"scaleTargetRef": {"name": "other"}, "triggers": []})


@pytest.mark.parametrize(("new", "expected"), [
    (HPA, "HorizontalPodAutoscaler llama is created for Deployment other: 2–300 replicas."),
    (SCALED, "ScaledObject llama is created for Deployment other: 0–100 replicas."),  # the defaults of KEDA
])  # fmt: skip
def test_autoscaler_of_no_service_is_a_warning(new: dict[str, Any], expected: str):
    (found,) = findings(None, new)
    assert (found.severity.value, plain_text(found.text)) == (WARNING, expected)
    assert plain_text(found.consequence).endswith("has loaded its model." if new is SCALED else "field contains.")


def test_autoscaler_of_a_service_is_a_notice():
    own = {**HPA, "spec": {**HPA["spec"], "scaleTargetRef": {**TARGET, "name": "llama"}}}
    before = deployment(spec={"replicas": None})
    found = review_renders(render_objects(before), render_objects(before, own)).findings
    assert [each.severity.value for each in found if each.kind == "HorizontalPodAutoscaler"] == [NOTICE]


@pytest.mark.parametrize(("mode", "expected"), [("Off", NOTICE), ("Initial", NOTICE), ("Auto", WARNING), (None, WARNING)])
def test_only_vertical_autoscaler_that_evicts_is_a_warning(mode: str | None, expected: str):
    policy = {} if mode is None else {"updatePolicy": {"updateMode": mode}}
    (found,) = findings(None, kubernetes_object("VerticalPodAutoscaler", "autoscaling.k8s.io/v1", {"targetRef": TARGET, **policy}))
    assert found.severity.value == expected
    assert ("restart" in plain_text(found.consequence)) is (expected == WARNING)


def test_volume_of_no_service_has_its_size():
    (found,) = findings(None, kubernetes_object("PersistentVolumeClaim", "v1", {"resources": {"requests": {"storage": "2Ti"}}}))
    assert (found.severity.value, plain_text(found.text)) == (NOTICE, "PVC llama is created with 2Ti.")
