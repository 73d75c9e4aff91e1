"""Check for orphans, and the objects in an exported state."""

from typing import Any

import pytest

from nim_component.preflight import StackState, read_stack_state, run_checks

from ..diagnose.kubernetes_objects import pod
from .clusters import facts, problems, requirements_of

DEPLOYMENT: dict[str, Any] = {"metadata": {"name": "llama"}, "spec": {"replicas": 2, "template": {"spec": pod(gpu=4)["spec"]}}}


def test_orphan_is_reported_with_adoption_command():
    own: Any = {("Deployment", "ml", "llama"): DEPLOYMENT, ("Deployment", "ml", "old"): DEPLOYMENT, ("Service", "ml", "old"): {}}
    results = run_checks(requirements_of(), facts(own_objects=own), state=StackState())
    (required,) = problems(results)
    assert required.startswith("fail Deployment ml/llama: exists in the cluster, but not in the stack's state")
    assert "PULUMI_K8S_UPSERT_EXISTING_OBJECTS=true pulumi up" in required


def test_other_stack_is_not_called_orphan():
    """Nothing in the cluster names the stack of an object, so no command deletes it."""
    own: Any = {("Deployment", "ml", "old"): DEPLOYMENT, ("Service", "ml", "old"): {}}
    results = run_checks(requirements_of(), facts(own_objects=own), state=StackState())
    assert problems(results) == []
    (other,) = [each for each in results if each.about == "Deployment ml/old"]
    assert (other.mark, other.fix, other.snippet) == ("skip", "", "")
    assert other.text == (
        "belongs to another stack, or is left over from a killed update; it is not in this stack's state; it occupies 8 nvidia.com/gpu"
    )


def test_unknown_state_reports_no_orphan():
    own: Any = {("Deployment", "ml", "llama"): {}}
    assert problems(run_checks(requirements_of(), facts(own_objects=own), state=None)) == []


def test_leader_worker_set_counts_all_nodes():
    spec = {"replicas": 1, "leaderWorkerTemplate": {"size": 2, "leaderTemplate": {"spec": pod(gpu=8)["spec"]}}}
    own: Any = {("LeaderWorkerSet", "ml", "old-group"): {"metadata": {"name": "old-group"}, "spec": spec}}
    (text,) = [each.text for each in run_checks(requirements_of(), facts(own_objects=own), state=StackState()) if "old-group" in each.about]
    assert text.endswith("it occupies 16 nvidia.com/gpu")


def test_state_objects_exclude_pending_creations():
    resources = [
        {"type": "kubernetes:apps/v1:Deployment", "id": "ml/llama", "urn": "u"},
        {"type": "kubernetes:core/v1:Namespace", "id": "ml", "urn": "u"},
        {"type": "kubernetes:core/v1:Secret", "id": "ml/ngc", "outputs": {"metadata": {"4dabf18193072939515e22adb298388d": "x"}}},
        {"type": "kubernetes:core/v1:Service", "urn": "u"},
        {"type": "nim:index:NIMService", "id": ""},
    ]
    state = {
        "deployment": {
            "resources": resources,
            "pending_operations": [{"resource": {"type": "kubernetes:core/v1:Service", "id": "ml/llama"}}],
        }
    }
    assert read_stack_state(state).objects == {("Deployment", "ml", "llama"), ("Namespace", "", "ml"), ("Secret", "ml", "ngc")}


def test_state_without_deployment_fails():
    with pytest.raises(ValueError, match="no deployment"):
        read_stack_state({})
