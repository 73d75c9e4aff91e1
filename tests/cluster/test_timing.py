"""Order of the time-outs: startup probe, progress deadline, time-outs of the engine."""

import pytest

from nim_component import NIM, CacheArgs, NIMSecrets, NIMService
from nim_component.testing import DEPLOYMENT, SERVICE, Recording, record, record_project

from .client import Client
from .objects import ROOT, place

NIMS = {
    "default": NIM(secrets=NIMSecrets.keyless()),
    "with adapters": NIM(
        secrets=NIMSecrets.keyless(),
        env={"NIM_PEFT_SOURCE": "/opt/nim/peft"},
        hf_repo_ids=["my-org/a"],
        lora_adapter_mem="1Gi",
    ),
    "an odd number": NIM(secrets=NIMSecrets.keyless(), startup_timeout=1801),
    "short": NIM(secrets=NIMSecrets.keyless(), startup_timeout=30),
    "four replicas": NIM(secrets=NIMSecrets.keyless(), replicas=4, cache=CacheArgs(access_mode="ReadWriteMany")),
}
STACKS = ["dev", "staging", "prod"]


def assert_order(cluster: Client, namespace: str, seen: Recording) -> None:
    for each in place(seen.run, namespace):
        cluster.apply(each)
    resources = {(each.type, each.inputs["metadata"]["name"]): each for kind in (DEPLOYMENT, SERVICE) for each in seen.find(kind)}
    deployments = cluster.list("apps/v1", "Deployment", namespace)
    assert deployments
    for live in deployments:
        name = live["metadata"]["name"]
        (server, *_) = live["spec"]["template"]["spec"]["containers"]
        probe = server["startupProbe"]
        budget = probe["failureThreshold"] * probe["periodSeconds"]
        for kind in (DEPLOYMENT, SERVICE):
            timeouts = resources[(kind, name)].options.custom_timeouts
            for seconds in (timeouts.create, timeouts.update):
                assert budget < live["spec"]["progressDeadlineSeconds"] < int(seconds.removesuffix("s"))


@pytest.mark.parametrize("name", NIMS)
def test_timeouts_are_in_order(cluster: Client, namespace: str, name: str):
    assert_order(cluster, namespace, record(lambda: NIMService("llama", NIMS[name])))


@pytest.mark.parametrize("stack", STACKS)
def test_timeouts_of_stack_are_in_order(cluster: Client, namespace: str, stack: str):
    assert_order(cluster, namespace, record_project(ROOT, stack))
