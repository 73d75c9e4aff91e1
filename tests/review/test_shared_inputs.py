"""Inputs that several resources of the renders share, and rules that unchanged services skip."""

import subprocess
import sys
from typing import Any

import pytest

from nim_component.review import rules, stack_review
from nim_component.review.sources import renders
from nim_component.review.sources.render_pair import RenderPair
from nim_component.review.stack_review import review_all

POD = "kubernetes:core/v1:Pod"


def render(stack: str, *pods: tuple[str, Any]) -> dict[str, Any]:
    urn = f"urn:pulumi:{stack}::nim"
    root = {"urn": f"{urn}::pulumi:pulumi:Stack::nim-{stack}", "type": "pulumi:pulumi:Stack", "name": f"nim-{stack}"}
    made = [{"urn": f"{urn}::{POD}::{name}", "type": POD, "name": name, "inputs": inputs, "custom": True} for name, inputs in pods]
    return {"resources": [root, *made], "outputs": {}, "log": []}


def pod(host_network: Any, name: str = "web") -> Any:
    spec = {"hostNetwork": host_network, "containers": [{"name": "a", "image": "a:1", "env": [{"name": "TOKEN", "value": "hunter2abc"}]}]}
    return {"metadata": {"name": name}, "spec": spec}


@pytest.mark.parametrize(("old", "new"), [(1, True), (0, False), ("true", True), (None, False)])
def test_equal_numbers_and_booleans_differ(old: Any, new: Any):
    """In Python, 1 and true are equal."""
    (found,) = review_all(RenderPair({"dev": render("dev", ("a", pod(old)))}, {"dev": render("dev", ("a", pod(new)))}).compare())
    assert found.is_changed and {each.where for service in found.change.services for each in service.changes[0].differences} == {
        "spec.hostNetwork"
    }


def test_equal_inputs_are_redacted_once(monkeypatch: pytest.MonkeyPatch):
    redacted: list[str] = []
    redact_inputs = renders.redact_inputs

    def collect(type_: str, inputs: Any) -> dict[str, Any]:
        redacted.append(type_)
        return redact_inputs(type_, inputs)

    monkeypatch.setattr(renders, "redact_inputs", collect)
    sides = {stack: render(stack, ("a", pod(None)), ("b", pod(None))) for stack in ("dev", "prod")}
    changes = RenderPair(sides, sides).compare()
    assert redacted.count(POD) == 1
    assert "hunter2abc" not in repr(changes)


def test_unchanged_service_runs_no_rule(monkeypatch: pytest.MonkeyPatch):
    names: list[str] = []
    monkeypatch.setattr(rules, "ALL", (lambda service: names.append(service.name) or [],))
    old, new = (render("dev", ("a", pod(None)), ("b", pod(value, "other"))) for value in (None, True))
    (found,) = review_all(RenderPair({"dev": old}, {"dev": new}).compare())
    assert names == ["b"]
    assert [each.resource.rpartition(":")[2] for each in found.findings] == ["b"]
    assert stack_review.rules is rules


def test_changed_option_runs_the_rules():
    old, new = (render("dev", ("a", pod(None))) for _ in range(2))
    old["resources"][1]["protect"] = True
    (found,) = review_all(RenderPair({"dev": old}, {"dev": new}).compare())
    assert [each.rule for each in found.findings] == ["unprotected"]


def test_arithmetic_imports_no_argument_models():
    """Their import takes longer than the comparison of a stack."""
    code = "import sys, nim_component.fit, nim_component.review.stack_review; sys.exit('nim_component.args' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
