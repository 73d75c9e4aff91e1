"""Order of the timeouts: startup probe < progress deadline < Pulumi's timeouts."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from nim_component import NIM, CacheArgs, NIMSecrets
from nim_component.manifests.timing import PROBE_PERIOD, compute_timing


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
    assert timing.startup + timing.loader_deadline < timing.progress_deadline < timing.timeout
