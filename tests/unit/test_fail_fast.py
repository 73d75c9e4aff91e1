"""`diagnosis.fail_fast`: the argument, the annotations for the provider, and its conditions."""

from typing import Any

import pytest

from nim_component import DiagnosisArgs, NIMService
from nim_component.args.error import ArgumentError
from nim_component.diagnose.progress import availability
from nim_component.manifests.deployment import ROLLED_OUT
from nim_component.testing import DEPLOYMENT, JOB, LEADER_WORKER_SET, SERVICE, Recording, record

WAIT_FOR, SKIP_AWAIT = "pulumi.com/waitFor", "pulumi.com/skipAwait"
APPLIED = {WAIT_FOR: "jsonpath={.metadata.uid}"}
MULTI_NODE: dict[str, Any] = {"gpu": 8, "multi_node": {"nodes": 2}, "cache": {"access_mode": "ReadWriteMany"}}


def recorded(fail_fast: Any = True, **fields: Any) -> Recording:
    return record(lambda: NIMService("llama", {"secrets": {"without_key": True}, "diagnosis": {"fail_fast": fail_fast}, **fields}))


def annotations(seen: Recording, kind: str) -> Any:
    return seen.child("llama", kind).inputs["metadata"].get("annotations")


@pytest.mark.parametrize(("given", "seconds"), [(False, None), (True, 60), (10, 10), (3600, 3600), (120.0, 120)])
def test_grace_time_is_given_or_one_minute(given: Any, seconds: int | None):
    assert DiagnosisArgs(fail_fast=given).grace_seconds == seconds


@pytest.mark.parametrize("given", [0, 9, 3601, 1.5, "true", "60", None])
def test_other_grace_times_are_refused(given: Any):
    with pytest.raises(ArgumentError) as caught:
        DiagnosisArgs(fail_fast=given)
    assert f"fail_fast: must be a boolean, or seconds from 10 to 3600 (got {given!r}). Use True for 60 seconds." in str(caught.value)


def test_fail_fast_requires_enabled_diagnosis():
    with pytest.raises(ArgumentError, match="fail_fast: requires enabled, because the cluster is read"):
        DiagnosisArgs(fail_fast=True, enabled=False)
    assert DiagnosisArgs(fail_fast=False, enabled=False).grace_seconds is None


@pytest.mark.parametrize("rollout", ["rolling", "recreate"])
def test_provider_waits_only_until_objects_are_applied(rollout: str):
    seen = recorded(rollout=rollout)
    assert annotations(seen, DEPLOYMENT) == APPLIED
    assert annotations(seen, SERVICE) == {SKIP_AWAIT: "true"}
    assert annotations(recorded(**MULTI_NODE), LEADER_WORKER_SET) == APPLIED


def test_provider_waits_for_address_of_load_balancer():
    seen = recorded(service={"type": "LoadBalancer"})
    assert annotations(seen, SERVICE) == {WAIT_FOR: "jsonpath={.status.loadBalancer.ingress}"}


def test_provider_waits_for_jobs_and_without_fail_fast():
    seen = recorded(cache={"prewarm": {"all_profiles": True}})
    assert annotations(seen, JOB) == {"pulumi.com/replaceUnready": "true"}
    seen = recorded(fail_fast=False)
    assert annotations(seen, DEPLOYMENT) == {WAIT_FOR: ROLLED_OUT}
    assert annotations(seen, SERVICE) is None


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        ("has_hooks", "requires an engine with resource hooks. Update the Pulumi CLI, or remove the field."),
        ("is_installed", "requires the extra diagnose. Run `pip install 'nim-component[diagnose]'`, or remove the field."),
        (
            "resolve_connection",
            "requires a known cluster, and the provider was only looked up. Set diagnosis.kubeconfig, or remove the field.",
        ),
    ],
)
def test_missing_condition_fails_preview(monkeypatch: pytest.MonkeyPatch, condition: str, problem: str):
    """Without it, nothing would wait for the pods."""
    for name in ("is_engine", "has_hooks", "is_installed", "resolve_connection"):
        monkeypatch.setattr(availability, name, lambda *_, is_given=name != condition: True if is_given else None)
    monkeypatch.setattr("nim_component.component.service.report_budgets", lambda *_: None)
    monkeypatch.setattr("nim_component.component.service.can_report_progress", lambda: False)
    monkeypatch.setattr(availability, "can_report_progress", lambda: False)
    with pytest.raises(Exception, match="fail_fast") as caught:
        recorded()
    assert f"diagnosis.fail_fast: {problem}" in str(caught.value)
    assert recorded(fail_fast=False)
