"""Checks of live workloads against the stack's state, and of pending deletions."""

import copy
from typing import Any

from nim_component.preflight import StackState, read_stack_state, run_checks

from .clusters import facts, problems, requirements_of

LABELS = {"app.kubernetes.io/name": "nim", "app.kubernetes.io/instance": "llama"}
ENCRYPTED = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "x"}


def deployment(image: str = "nim:1") -> dict[str, Any]:
    container = {"name": "nim", "image": image, "env": [{"name": "A", "value": "1"}]}
    return {"metadata": {"name": "llama", "labels": LABELS}, "spec": {"replicas": 1, "template": {"spec": {"containers": [container]}}}}


def state_of(*resources: dict[str, Any]) -> StackState:
    return read_stack_state({"deployment": {"resources": list(resources)}})


def recorded(inputs: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    inputs = deployment() if inputs is None else inputs
    return {"type": "kubernetes:apps/v1:Deployment", "id": "ml/llama", "inputs": inputs, "outputs": copy.deepcopy(inputs), **more}


def found(state: StackState, live: dict[str, Any] | None, **more: Any) -> list[str]:
    own = {} if live is None else {("Deployment", "ml", "llama"): live}
    own_kinds = frozenset({("Deployment", "ml")})
    return problems(run_checks(requirements_of(), facts(own_objects=own, **{"own_kinds": own_kinds, **more}), state))


def test_workload_like_the_state_is_no_problem():
    assert found(state_of(recorded()), deployment()) == []


def test_interrupted_update_is_reported():
    (text,) = found(state_of(recorded()), deployment("nim:2"))
    assert text.startswith(
        "fail Deployment ml/llama: differs from the stack's state: "
        'spec.template.spec.containers[nim].image is "nim:2" in the cluster, "nim:1" in the state | '
    )
    assert "pulumi up --refresh See docs/troubleshooting.md#live-service-differs-from-the-program." in text


def test_deleted_workload_is_reported_if_readable():
    (text,) = found(state_of(recorded()), None)
    assert text.startswith("fail Deployment ml/llama: is in the stack's state, and does not exist in the cluster | ")
    assert found(state_of(recorded()), None, own_kinds=frozenset()) == []


def test_workload_of_others_is_ignored():
    inputs = deployment()
    inputs["metadata"]["labels"] = {"app": "nginx"}
    assert found(state_of(recorded(inputs)), None) == []


def test_ignored_and_encrypted_fields_are_not_compared():
    inputs = deployment()
    inputs["spec"]["template"]["spec"]["nodeName"] = ENCRYPTED
    live = deployment()
    live["spec"]["replicas"] = 3
    state = state_of(recorded(inputs, ignoreChanges=["spec.replicas"]))
    assert state.workloads["Deployment", "ml", "llama"].inputs == deployment()
    assert found(state, live) == []


def test_pending_deletion_of_required_object_is_reported():
    (pvc,) = [each for each in requirements_of().objects if each[0] == "PersistentVolumeClaim"]
    resources = [
        {"type": "kubernetes:core/v1:PersistentVolumeClaim", "id": f"ml/{pvc[2]}", "delete": True},
        {"type": "kubernetes:core/v1:ConfigMap", "id": "ml/unused", "delete": True},
    ]
    (text,) = found(state_of(*resources), None)
    assert text.startswith(f"fail PersistentVolumeClaim ml/{pvc[2]}: is still to be deleted in the stack's state")
    assert "the PVC's data is lost" in text
    assert f"kubectl -n ml delete persistentvolumeclaim {pvc[2]} See docs/troubleshooting.md#after-a-failed-change." in text


def test_unknown_state_reports_nothing():
    assert problems(run_checks(requirements_of(), facts(own_objects={("Deployment", "ml", "llama"): deployment("x")}), None)) == []
