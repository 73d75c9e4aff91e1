"""Timeouts: their order, their values, and their sum in a preview."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nim_component import NIM, CacheArgs, NIMSecrets, NIMService
from nim_component.component.budgets import describe_budgets
from nim_component.manifests.timing import PROBE_PERIOD, Timing, compute_timing
from nim_component.testing import DEPLOYMENT, JOB, SERVICE, record


@given(
    timeout=st.integers(30, 86400),
    replicas=st.integers(0, 50),
    rollout=st.sampled_from(["recreate", "rolling", "surge"]),
    adapters=st.booleans(),
)
def test_timeouts_are_in_ascending_order(timeout: int, replicas: int, rollout: Any, adapters: bool):
    lora: dict[str, Any] = {"hf_repo_ids": ["a/b"], "lora_adapter_mem": "1Gi", "env": {"NIM_PEFT_SOURCE": "/p"}} if adapters else {}
    nim = NIM(
        secrets=NIMSecrets.keyless(),
        startup_timeout=timeout,
        replicas=replicas,
        rollout=rollout,
        cache=CacheArgs(access_mode="ReadWriteMany"),
        **lora,
    )
    timing = compute_timing(nim)
    assert timing.startup % PROBE_PERIOD == 0
    assert timeout <= timing.startup < timeout + PROBE_PERIOD
    assert timing.loader_deadline < timing.startup
    assert (timing.loader_deadline > 0) == adapters
    assert timing.startup + timing.loader_deadline < timing.progress_deadline < timing.create_timeout <= timing.update_timeout


LORA: dict[str, Any] = {"hf_repo_ids": ["a/b"], "lora_adapter_mem": "1Gi", "env": {"NIM_PEFT_SOURCE": "/p"}}
SHARED = CacheArgs(access_mode="ReadWriteMany")
REFRESHED = LORA | {"lora": {"volume": {}, "refresh_interval": 30}}
PREWARM = {"cache": {"prewarm": {"all_profiles": True}}}
WAITS: list[tuple[dict[str, Any], int, int]] = [
    ({}, 2460, 2460),
    ({"startup_timeout": 60}, 720, 720),
    ({"replicas": 4, "cache": SHARED}, 2460, 9660),
    ({"replicas": 4, "cache": SHARED, "rollout": "recreate"}, 2460, 2460),
    (LORA, 2910, 2910),
    (LORA | {"startup_timeout": 60}, 750, 750),
]


@pytest.mark.parametrize("arguments, create, update", WAITS)
def test_timeouts_are_sums_of_phases(arguments: dict[str, Any], create: int, update: int):
    seen = record(lambda: NIMService("llama", {"secrets": {"without_key": True}, **arguments}))
    for kind in (DEPLOYMENT, SERVICE):
        timeouts = seen.child("llama", kind).options.custom_timeouts
        assert (timeouts.create, timeouts.update) == (f"{create}s", f"{update}s")


@pytest.mark.parametrize("arguments, seconds", [(PREWARM, 3600 + 600 + 60), (REFRESHED, 600 + 450 + 60 + 60)], ids=["prewarm", "LoRA"])
def test_job_timeout_does_not_contain_rollout(arguments: dict[str, Any], seconds: int):
    seen = record(lambda: NIMService("llama", {"secrets": {"without_key": True}, **arguments}))
    timeouts = seen.child("llama", JOB).options.custom_timeouts
    assert (timeouts.create, timeouts.update) == (f"{seconds}s", f"{seconds}s")


def test_loader_deadline_follows_startup_timeout():
    def deadline(seconds: int) -> int:
        return compute_timing(NIM(secrets=NIMSecrets.keyless(), startup_timeout=seconds, **LORA)).loader_deadline

    assert [deadline(seconds) for seconds in (30, 600, 1200, 1800, 7200)] == [15, 300, 300, 450, 1800]


def test_longest_wait_is_sum_of_jobs_and_pods():
    both = {**REFRESHED, **PREWARM}
    timing = compute_timing(NIM(secrets=NIMSecrets.keyless(), **both), unload_seconds=60)
    assert timing.jobs_timeout == 4260  # they run at the same time
    assert timing.longest_wait == 4260 + 2910


def test_budgets_of_one_service_are_listed():
    timing = compute_timing(NIM(secrets=NIMSecrets.keyless()))
    assert (
        describe_budgets({"llama": timing})
        == "`pulumi up` waits at most 41 min for llama (node and image 10 min + model 30 min, margin 1 min)."
    )


def test_budgets_of_many_services_are_one_line():
    short, long = (compute_timing(NIM(secrets=NIMSecrets.keyless(), cache=SHARED, replicas=each)) for each in (1, 4))
    jobs = Timing(450, 1800, 2850, prewarm_deadline=4200)
    text = describe_budgets({"small": short, "big": long})
    assert text == (
        "`pulumi up` waits at most 2 h 41 min for big, the longest of 2 services "
        "(node and image 10 min + model 30 min for each of 4 pods, one after another, margin 1 min)."
    )
    assert describe_budgets({"small": short, "lora": jobs}) == (
        "`pulumi up` waits at most 2 h for lora, the longest of 2 services "
        "(Job 1 h 11 min, node and image 10 min + adapters 8 min + model 30 min, margin 1 min)."
    )
