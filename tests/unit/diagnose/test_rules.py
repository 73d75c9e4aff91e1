"""Each cause: an object set that shows it, the words a person reads, and a near miss that shows something else or nothing."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nim_component.diagnose.rules import diagnose
from nim_component.diagnose.rules.loader import FAILURES
from nim_component.diagnose.snapshot import Snapshot
from nim_component.lora_loader import EXIT_CODES

from .cases import admission, images, jobs, loader, nodes, rollout, scheduling, secrets, startup, storage
from .made import GPU, claim, deployment, event, node, replica_set, running, service, snapshot, unschedulable
from .shown import NO_GPU, PULL_FACTS

FAMILIES = (scheduling, storage, images, secrets, loader, startup, jobs, admission, nodes, rollout)
SHOWN = [(cause, seen, words) for family in FAMILIES for cause, sets in family.CASES.items() for seen, words in sets]
MISSED = [
    (cause, each)
    for family in FAMILIES
    for cause, missed in family.NEAR_MISSES.items()
    for each in (missed if isinstance(missed, list) else [missed])
]
CASES = {cause for cause, _, _ in SHOWN}


@pytest.mark.parametrize(("cause", "seen", "words"), SHOWN)
def test_a_cause_is_found_and_said(cause: str, seen: Snapshot, words: str):
    found = {diagnosis.cause: diagnosis for diagnosis in diagnose(seen)}
    assert cause in found, f"found {list(found)}"
    diagnosis = found[cause]
    said = f"{diagnosis.headline} | {diagnosis.fix} | {diagnosis.evidence}"
    assert words in said
    assert diagnosis.fix.endswith((".", ">", "%"))
    assert "{" not in diagnosis.text
    assert "None" not in said


@pytest.mark.parametrize(("cause", "seen"), MISSED)
def test_a_near_miss_is_not_that_cause(cause: str, seen: Snapshot):
    assert cause not in [diagnosis.cause for diagnosis in diagnose(seen)]


def test_every_cause_that_a_rule_names_is_tested():
    rules = Path(__file__).parents[3] / "nim_component" / "diagnose" / "rules"
    named = {
        cause for file in rules.glob("*.py") for cause in re.findall(r'(?:MessagePattern|Diagnosis)\(\s*"([a-z-]+)"', file.read_text())
    }
    assert named - CASES == set()
    assert {cause for cause, _ in MISSED} == CASES
    assert len(CASES) >= 60


def test_every_cause_is_documented_and_no_other():
    page = (Path(__file__).parents[3] / "docs" / "reference" / "causes.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^### `([a-z-]+)`$", page, re.MULTILINE))
    kinds = {f"loader-{kind}" for kind in EXIT_CODES}
    assert listed == CASES | kinds


def test_rules_know_nothing_of_a_client():
    program = (
        "import sys, nim_component.diagnose.rules; print([each for each in sys.modules if 'lightkube' in each or 'cluster.client' in each])"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_every_failure_of_the_loader_has_a_meaning():
    assert set(FAILURES) == set(EXIT_CODES)


def test_a_service_that_is_well_has_no_findings():
    it = running(ready=True)
    seen = snapshot(
        it, nodes=[node()], services=[service()], deployments=[deployment()], replicasets=[replica_set(there=1)], persistentvolumeclaims=[claim("Bound")],
        events=[event("Scheduled", "assigned", it, type_="Normal"), event("FailedScheduling", NO_GPU, it, age=100)], secrets=PULL_FACTS,
    )  # fmt: skip
    assert diagnose(seen) == []


def test_one_finding_stands_for_many_pods():
    (found,) = diagnose(snapshot(*(unschedulable(NO_GPU, name=f"p{i}") for i in range(3)), nodes=[node()]))
    assert (found.cause, found.count) == ("gpu-insufficient", 3)
    assert "(3 pods)" in found.headline


def test_a_guess_is_left_out_where_something_better_is_known():
    late = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "late"}
    found = diagnose(snapshot(unschedulable(NO_GPU), nodes=[node()], deployments=[deployment(conditions=[late])]))
    assert [each.cause for each in found] == ["gpu-insufficient"]


def test_a_taint_and_full_gpu_nodes_are_both_said():
    message = f"0/2 nodes are available: 1 Insufficient {GPU}, 1 node(s) had untolerated taint {{team: a}}."
    seen = snapshot(unschedulable(message), nodes=[node(taints=[{"key": "team", "value": "a", "effect": "NoSchedule"}]), node("b", 1)])
    assert {each.cause for each in diagnose(seen)} == {"gpu-insufficient", "taint"}


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
def test_an_object_of_any_form_breaks_no_rule(garbage: dict[str, Any], kind: str):
    base: dict[str, Any] = {"nodes": [node()], "services": [service()], "deployments": [deployment()], "pods": [unschedulable(NO_GPU)]}
    base[kind] = [*base.get(kind, []), garbage]
    make: Callable[..., Snapshot] = snapshot
    diagnose(make(*base.pop("pods"), **base))
