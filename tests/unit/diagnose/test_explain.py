"""`explain`: what it waits for, and what it says of a service and of its Jobs."""

import asyncio
import subprocess
import sys
from typing import Any, cast

import pytest

from nim_component.diagnose.api import RefusedError
from nim_component.diagnose.explain import Explainer, Explanation
from nim_component.diagnose.store import KINDS

from .made import ago, job, job_ended, job_pod, over, pod, running
from .test_watch import FakeApi

RUNS = {"running": {"startedAt": ago(5)}}


def explained(api: FakeApi, *wanted: tuple[str, str]) -> tuple[list[Explanation], list[str]]:
    """What is said, and what could not be read."""

    async def run() -> tuple[list[Explanation], list[str]]:
        explainer = Explainer(cast(Any, api))
        try:
            return await explainer.explain(["ml"], wanted), explainer.notes
        finally:
            await explainer.close()

    return asyncio.run(run())


def of_job(pod: Any, name: str = "nim-prewarm") -> Any:
    labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/instance": "llama", "job-name": "llama-prewarm"}
    return {**pod, "metadata": {**pod["metadata"], "labels": labels}}


def deployed(name: str = "llama") -> Any:
    labels = {"app.kubernetes.io/name": "nim", "app.kubernetes.io/instance": name}
    return {"metadata": {"name": name, "namespace": "ml", "uid": name, "labels": labels}, "spec": {"replicas": 1}}


def test_explain_goes_on_with_what_changes():
    api = FakeApi(pods=[pod(age=5)], deployments=[deployed()])

    async def changes() -> list[str]:
        explainer = Explainer(cast(Any, api))
        try:
            async for changed in explainer.follow(["ml"]):
                told.extend(str(each) for each in changed)
                if len(told) == 2:
                    break
                explainer._watch.store.apply(KINDS[0], "ml", "MODIFIED", running(ready=True))
        finally:
            await explainer.close()
        return told

    told: list[str] = []
    asyncio.run(changes())
    assert told[0] == "ml/llama: waiting for a node"
    assert told[1].startswith("ml/llama: ready after ")


def test_a_download_before_the_deployment_is_told():
    (said,), _ = explained(FakeApi(pods=[of_job(job_pod(state=RUNS))], jobs=[job()]))
    assert str(said) == "ml/llama: pre-warm: downloading the model into the cache, which may take 2 h 0 min"
    assert (said.there, said.well) == (True, False)


def test_a_job_that_is_done_is_not_told():
    (said,), _ = explained(FakeApi(pods=[running(ready=True)], jobs=[over("Complete")], deployments=[deployed()]))
    assert [phase.partition(" after")[0] for phase in said.phases] == ["ready"]
    assert said.well


def test_a_job_that_failed_is_told_beside_a_server_that_serves():
    api = FakeApi(pods=[running(ready=True), of_job(job_ended("No space left on device"))], jobs=[over("Failed")], deployments=[deployed()])
    (said,), _ = explained(api)
    assert said.phases[0] == "pre-warm: failed 1 time, and not tried again"
    assert said.phases[1].startswith("ready after")
    assert [each.cause for each in said.findings] == ["disk-full"]
    assert not said.well


def test_a_group_is_a_service_too():
    labels = {"app.kubernetes.io/name": "nim", "app.kubernetes.io/instance": "llama"}
    there = {"metadata": {"name": "llama-group", "uid": "g", "labels": labels}, "spec": {"replicas": 1}}
    (said,), notes = explained(FakeApi(pods=[pod(age=5)], leaderworkersets=[there]))
    assert (str(said), notes) == ("ml/llama: waiting for a node", [])


def test_a_kind_that_the_cluster_may_not_have_is_not_missed():
    api = FakeApi(pods=[running(ready=True)], deployments=[deployed()])
    api.refused = {("list", "leaderworkersets"): RefusedError(403, "no"), ("list", "jobs"): RefusedError(403, "no")}
    (said,), notes = explained(api)
    assert said.well
    assert notes == ["jobs may not be read in namespace ml: the story is told without them (needs get, list, watch)"]


def test_refused_credentials_are_no_empty_namespace():
    api = FakeApi()
    api.refused = {("list", kind.plural): RefusedError(401, "no") for kind in KINDS}
    with pytest.raises(RefusedError):
        explained(api)


def test_the_pulumi_sdk_is_not_waited_for():
    modules = "nim_component.cli, nim_component.diagnose.api, nim_component.diagnose.explain"
    program = f"import sys, {modules}; print([name for name in sys.modules if name.partition('.')[0].startswith('pulumi')])"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"
