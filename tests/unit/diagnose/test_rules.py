"""Causes: for each, cases with a part of the printed text, and near misses without the cause."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from nim_component.args import NIM
from nim_component.args.reflection import models_in
from nim_component.diagnose.causes import CAUSES
from nim_component.diagnose.rules import CHILD_CAUSES, diagnose
from nim_component.diagnose.rules.endpoints import MISSING_MODEL_FIX
from nim_component.diagnose.rules.loader import FAILURES
from nim_component.diagnose.snapshot import Snapshot
from nim_component.lora_loader import EXIT_CODES

from .cases import admission, images, jobs, loader, nodes, optional_children, rollout, runtime, scheduling, secrets, startup, storage
from .kubernetes_objects import GPU, deployment, event, node, pvc, replica_set, running, service, snapshot, unschedulable, waiting
from .snapshots import NO_GPU, PULL_FACTS

SUBJECTS = (scheduling, storage, images, runtime, secrets, loader, startup, jobs, admission, nodes, rollout, optional_children)
CASES = [(cause, given, text) for subject in SUBJECTS for cause, cases in subject.CASES.items() for given, text in cases]
NEAR_MISSES = [
    (cause, each)
    for subject in SUBJECTS
    for cause, misses in subject.NEAR_MISSES.items()
    for each in (misses if isinstance(misses, list) else [misses])
]
CATALOGUE = {cause for causes in CAUSES.values() for cause in causes}
ROOT = Path(__file__).parents[3]


NO_ARGUMENTS = {"kubernetes.io", "huggingface_hub"}
"""Texts in fixes that look like arguments and are not."""


def has_argument(path: str) -> bool:
    """Return True if a dotted path is a field of `NIM`."""
    models: set[type[BaseModel]] = {NIM}
    for name in path.split("."):
        fields = [model.model_fields[name] for model in models if name in model.model_fields]
        if not fields:
            return False
        models = {found for field in fields for found in models_in(field.annotation)}
    return True


@pytest.mark.parametrize(("cause", "given", "text"), CASES)
def test_cause_is_diagnosed(cause: str, given: Snapshot, text: str):
    """The headline, the fix or the evidence contains the text, and no value in them is missing."""
    found = {diagnosis.cause: diagnosis for diagnosis in diagnose(given)}
    assert cause in found, f"found {list(found)}"
    diagnosis = found[cause]
    output = f"{diagnosis.headline} | {diagnosis.fix} | {diagnosis.evidence}"
    assert text in output
    assert diagnosis.fix.endswith((".", ">", "%"))
    assert "{" not in diagnosis.text
    assert "None" not in output


@pytest.mark.parametrize(("cause", "given"), NEAR_MISSES)
def test_near_miss_is_not_diagnosed(cause: str, given: Snapshot):
    assert cause not in [diagnosis.cause for diagnosis in diagnose(given)]


def test_every_cause_has_case_and_near_miss():
    assert {cause for cause, _, _ in CASES} == {cause for cause, _ in NEAR_MISSES} == CATALOGUE


def test_causes_of_children_are_those_of_their_rules():
    assert set(optional_children.CASES) == CHILD_CAUSES


def test_reference_page_lists_every_cause():
    page = (ROOT / "docs" / "reference" / "causes.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^### `([a-z-]+)`$", page, re.MULTILINE)) == CATALOGUE


def test_rules_import_no_client():
    program = (
        "import sys, nim_component.diagnose.rules; print([each for each in sys.modules if 'lightkube' in each or 'cluster.client' in each])"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_every_loader_exit_code_has_a_fix():
    assert set(FAILURES) == set(EXIT_CODES)


def test_fixes_name_existing_arguments():
    """Texts in fixes that look like `cache.size` are fields of `NIM` and its option sets."""
    fixes = [diagnosis.fix for _, given, _ in CASES for diagnosis in diagnose(given)]
    texts = [re.sub(r"`[^`]*`", "", fix) for fix in fixes] + [MISSING_MODEL_FIX]
    paths = {path for text in texts for path in re.findall(r"(?<![\w./-])[a-z]+(?:[._][a-z]+)+(?![\w/-])", text)} - NO_ARGUMENTS
    assert len(paths) >= 40
    assert {path for path in paths if not has_argument(path)} == set()


def test_ready_service_has_no_diagnoses():
    ready = running(ready=True)
    given = snapshot(
        ready, nodes=[node()], services=[service()], deployments=[deployment()], replicasets=[replica_set(created=1)], persistentvolumeclaims=[pvc("Bound")],
        events=[event("Scheduled", "assigned", ready, type_="Normal"), event("FailedScheduling", NO_GPU, ready, age=100)], secrets=PULL_FACTS,
    )  # fmt: skip
    assert diagnose(given) == []


def test_same_cause_of_pods_is_one_diagnosis():
    (found,) = diagnose(snapshot(*(unschedulable(NO_GPU, name=f"p{i}") for i in range(3)), nodes=[node()]))
    assert (found.cause, found.count) == ("gpu-insufficient", 3)
    assert "(3 pods)" in found.headline


def test_possible_cause_is_omitted_beside_certain_one():
    late = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "late"}
    found = diagnose(snapshot(unschedulable(NO_GPU), nodes=[node()], deployments=[deployment(conditions=[late])]))
    assert [each.cause for each in found] == ["gpu-insufficient"]


def test_taint_and_full_nodes_are_both_diagnosed():
    message = f"0/2 nodes are available: 1 Insufficient {GPU}, 1 node(s) had untolerated taint {{team: a}}."
    given = snapshot(unschedulable(message), nodes=[node(taints=[{"key": "team", "value": "a", "effect": "NoSchedule"}]), node("b", 1)])
    assert {each.cause for each in diagnose(given)} == {"gpu-insufficient", "taint"}


def test_refused_attempt_leads_to_earlier_reason():
    """The CSI driver of Google refuses another attempt for a time, and names no reason."""
    prefix = 'AttachVolume.Attach failed for volume "cache" : rpc error: code = Unavailable desc = '
    waiting_pod = waiting("ContainerCreating")
    reasons = (
        f"{prefix}RESOURCE_IN_USE_BY_ANOTHER_RESOURCE",
        f'{prefix}ControllerPublish not permitted on node "gpu-0" due to backoff condition',
    )
    events = [event("FailedAttachVolume", each, waiting_pod, age=60 - index) for index, each in enumerate(reasons)]
    assert [each.cause for each in diagnose(snapshot(waiting_pod, events=events))] == ["volume-multi-attach"]


@pytest.mark.parametrize(
    "garbage",
    [
        {},
        {"metadata": None},
        {"metadata": [], "spec": 3, "status": "x"},
        {"spec": {"containers": [None, 3, {"name": 1}]}, "status": {"conditions": 1}},
    ],
)
@pytest.mark.parametrize(
    "kind", ["pods", "events", "replicasets", "deployments", "persistentvolumeclaims", "nodes", "services", "storageclasses"]
)
def test_malformed_objects_raise_no_error(garbage: dict[str, Any], kind: str):
    base: dict[str, Any] = {"nodes": [node()], "services": [service()], "deployments": [deployment()], "pods": [unschedulable(NO_GPU)]}
    base[kind] = [*base.get(kind, []), garbage]
    make: Callable[..., Snapshot] = snapshot
    diagnose(make(*base.pop("pods"), **base))
