"""`explain`: what it waits for, and what it says of a service and of its Jobs."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from nim_component.cluster.client import ClusterClient
from nim_component.cluster.errors import MissingError, RefusedError, UnreachableError
from nim_component.cluster.kinds import KINDS
from nim_component.diagnose.explain import Explainer, Explanation

from ..cluster.server import serving
from .kubernetes_objects import NOW, ago, failed_job_pod, finished_job, job, job_pod, pod, running, service
from .test_watch import FakeApi

RUNS = {"running": {"startedAt": ago(5)}}


def explained(api: FakeApi, *wanted: tuple[str, str]) -> tuple[list[Explanation], list[str]]:
    """What is said, and what could not be read."""

    async def run() -> tuple[list[Explanation], list[str]]:
        notes: list[str] = []
        explainer = Explainer(cast(Any, api), notes.append)
        try:
            return await explainer.explain(["ml"], wanted), notes
        finally:
            await explainer.close()

    return asyncio.run(run())


def of_job(pod: Any, name: str = "nim-prewarm") -> Any:
    labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/instance": "llama", "job-name": "llama-prewarm"}
    return {**pod, "metadata": {**pod["metadata"], "labels": labels}}


def deployed(name: str = "llama") -> Any:
    labels = {"app.kubernetes.io/name": "nim", "app.kubernetes.io/instance": name}
    return {"metadata": {"name": name, "namespace": "ml", "uid": name, "labels": labels}, "spec": {"replicas": 1}}


def followed(api: FakeApi, *steps: Callable[[Explainer], None], seconds: float = 5) -> list[str]:
    """What is told until every step was taken, each after something was told, and some time after the last."""
    told: list[str] = []

    async def run() -> None:
        explainer = Explainer(cast(Any, api))
        left = list(steps)
        try:
            async with asyncio.timeout(seconds):
                async for changed in explainer.follow(["ml"]):
                    told.extend(str(each) for each in changed)
                    if left:
                        left.pop(0)(explainer)
        except TimeoutError:
            assert not left
        finally:
            await explainer.close()

    asyncio.run(run())
    return told


def change(kind: str, how: str, object_: Any) -> Callable[[Explainer], None]:
    (found,) = (each for each in KINDS if each.plural == kind)
    return lambda explainer: explainer._watch.store.apply(found, "ml", how, object_)


def test_what_changes_is_told_and_what_goes():
    api = FakeApi(pods=[pod(age=5)], deployments=[deployed()])
    told = followed(api, change("pods", "MODIFIED", running(ready=True)), change("deployments", "DELETED", deployed()), seconds=3.5)
    assert told[0] == "ml/llama: waiting for a node"
    assert told[1].startswith("ml/llama: ready after ")
    assert told[2:] == ["ml/llama: not deployed"]


def test_what_comes_later_is_told():
    assert followed(FakeApi(), change("deployments", "ADDED", deployed()), seconds=2.5) == ["ml/llama: waiting for pods"]


def test_a_finding_that_counts_the_seconds_is_told_once():
    class Going(FakeApi):
        def now(self) -> datetime:
            return NOW + timedelta(seconds=time.monotonic())

    api = Going(pods=[pod(age=900)], deployments=[deployed()])
    (told,) = followed(api, lambda _: None, seconds=3.5)
    assert "No scheduler has processed the pod for " in told


def test_a_server_that_cannot_be_reached_is_not_followed():
    class Gone(FakeApi):
        async def get(self, path: str, seconds: float = 10, **_: str) -> Any:
            raise UnreachableError("ConnectError")

    with pytest.raises(UnreachableError):
        followed(Gone())


def test_a_download_before_the_deployment_is_told():
    (said,), _ = explained(FakeApi(pods=[of_job(job_pod(state=RUNS))], jobs=[job()]))
    assert str(said) == "ml/llama: prewarm Job: downloading the model into the cache (time limit 2 h 0 min)"
    assert (said.is_deployed, said.is_ready) == (True, False)


def test_a_job_that_is_done_is_not_told():
    (said,), _ = explained(FakeApi(pods=[running(ready=True)], jobs=[finished_job("Complete")], deployments=[deployed()]))
    assert [phase.partition(" after")[0] for phase in said.phases] == ["ready"]
    assert said.is_ready


def test_a_job_that_failed_is_told_beside_a_server_that_serves():
    api = FakeApi(
        pods=[running(ready=True), of_job(failed_job_pod("No space left on device"))],
        jobs=[finished_job("Failed")],
        deployments=[deployed()],
    )
    (said,), _ = explained(api)
    assert said.phases[0] == "prewarm Job: failed 1 time, not retried"
    assert said.phases[1].startswith("ready after")
    assert [each.cause for each in said.diagnoses] == ["disk-full"]
    assert not said.is_ready


def test_a_group_is_a_service_too():
    labels = {"app.kubernetes.io/name": "nim", "app.kubernetes.io/instance": "llama"}
    there = {"metadata": {"name": "llama-group", "uid": "g", "labels": labels}, "spec": {"replicas": 1}}
    (said,), notes = explained(FakeApi(pods=[pod(age=5)], leaderworkersets=[there]))
    assert (str(said), notes) == ("ml/llama: waiting for a node", [])


def test_a_kind_that_the_cluster_may_not_have_is_not_missed():
    api = FakeApi(pods=[running(ready=True)], deployments=[deployed()])
    api.refused = {("list", "leaderworkersets"): RefusedError(403, "no"), ("list", "jobs"): RefusedError(403, "no")}
    (said,), notes = explained(api)
    assert said.is_ready
    assert notes == ["jobs cannot be read in namespace ml: the diagnosis leaves them out (requires get, list, watch)"]


def test_refused_credentials_are_no_empty_namespace():
    api = FakeApi()
    api.refused = {("list", kind.plural): RefusedError(401, "no") for kind in KINDS}
    with pytest.raises(RefusedError):
        explained(api)


def test_the_pulumi_sdk_is_not_waited_for():
    modules = "nim_component.cli, nim_component.cluster.client, nim_component.diagnose.explain"
    program = f"import sys, {modules}; print([name for name in sys.modules if name.partition('.')[0].startswith('pulumi')])"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"


class Serving(FakeApi):
    """A server that lists models, behind a Service, and a list of adapters."""

    def __init__(self, listed: list[str], wanted: dict[str, Any], name: str = "", **objects: Any) -> None:
        variables = [{"name": "NIM_SERVED_MODEL_NAME", "value": name}] if name else []
        self.spec = {
            "containers": [{"name": "nim", "env": variables}],
            "volumes": [{"name": "lora-loader", "configMap": {"name": "llama-lora-1"}}],
        }
        made = deployed()
        made["spec"]["template"] = {"spec": self.spec}
        super().__init__(pods=[running(ready=True)], deployments=[made], services=[service_of()], **objects)
        self.asked: list[str] = []
        self.answers: dict[str, Any] = {
            "/api/v1/namespaces/ml/configmaps/llama-lora-1": {"data": {"adapters.json": json.dumps(wanted)}},
            "/api/v1/namespaces/ml/services/http:llama:8000/proxy/v1/models": {"object": "list", "data": [{"id": each} for each in listed]},
        }

    async def get(self, path: str, seconds: float = 10, **_: str) -> Any:
        self.asked.append(path)
        answer = self.answers.get(path, MissingError(path))
        if isinstance(answer, Exception):
            raise answer
        return answer


def service_of() -> Any:
    made = service()
    return {**made, "metadata": {**made["metadata"], "labels": deployed()["metadata"]["labels"]}}


ONE = {"adapters": [{"name": "one"}]}


@pytest.mark.parametrize(
    ("api", "missing"),
    [
        (Serving(["base", "one"], ONE), None),
        (Serving(["base"], ONE), "does not serve one; it lists base"),
        (Serving(["base", "one"], {"given": ["one", "two"]}), "does not serve two; it lists base, one"),
        (Serving(["base"], {}, name="mine"), "does not serve mine; it lists base"),
        # what the image calls its model is not known
        (Serving(["base"], {}), None),
        (Serving(["base"], {"given": True}), None),
    ],
)
def test_what_is_served_is_compared_with_what_was_asked_for(api: Serving, missing: str | None):
    (said,), notes = explained(api)
    assert notes == []
    assert [each.cause for each in said.diagnoses] == (["model-missing"] if missing else [])
    assert missing is None or missing in str(said)
    assert said.is_ready == (missing is None)


def test_the_list_of_a_job_is_the_jobs():
    it = job(container="download-loras")
    it["spec"]["template"]["spec"]["volumes"] = [{"name": "lora-loader", "configMap": {"name": "llama-list-1"}}]
    done = {**it, "status": {"conditions": [{"type": "Complete", "status": "True"}]}}
    api = Serving(["base"], {"published": True}, jobs=[done])
    api.answers["/api/v1/namespaces/ml/configmaps/llama-list-1"] = {"data": {"adapters.json": json.dumps(ONE)}}
    (said,), _ = explained(api)
    assert [each.cause for each in said.diagnoses] == ["model-missing"]


def test_a_server_that_is_not_ready_is_not_asked():
    api = Serving(["base"], ONE)
    api.objects["pods"] = [running()]
    explained(api)
    assert api.asked == []


def test_servers_that_do_not_answer_are_not_waited_for():
    answers: dict[str, Any] = {
        "deployments": [template_of(f"s{i}") for i in range(10)],
        "pods": [labelled(running(ready=True, name=f"s{i}-x"), f"s{i}") for i in range(10)],
        "services": [labelled(service(), f"s{i}", name=f"s{i}") for i in range(10)],
        "llama-lora-1": {"data": {"adapters.json": json.dumps(ONE)}},
    }

    def answer(path: str) -> tuple[int, Any]:
        if path.endswith("/proxy/v1/models"):
            return 200, iter(lambda: time.sleep(0.1) or b" ", None)
        found = answers.get(path.partition("?")[0].rpartition("/")[2], [])
        return 200, {"items": found, "metadata": {}} if isinstance(found, list) else found

    notes: list[str] = []

    async def run(kubeconfig: str) -> list[Explanation]:
        explainer = Explainer(ClusterClient.connect(kubeconfig), notes.append)
        try:
            return await explainer.explain(["ml"])
        finally:
            await explainer.close()

    with serving(answer) as kubeconfig:
        began = time.monotonic()
        said = asyncio.run(run(kubeconfig))
        assert time.monotonic() - began < 6  # one after the other it would be 15
    assert [each.is_ready for each in said] == [True] * 10
    assert len(notes) == 10
    assert all("no answer within 1.5 s" in note for note in notes)


def labelled(object_: Any, service: str, **metadata: Any) -> Any:
    labels = {"app.kubernetes.io/name": "nim", "app.kubernetes.io/instance": service}
    return {**object_, "metadata": {**object_["metadata"], "uid": f"uid-{service}", "labels": labels, **metadata}}


def template_of(service: str) -> Any:
    volumes = [{"name": "lora-loader", "configMap": {"name": "llama-lora-1"}}]
    return labelled({"metadata": {"name": service}, "spec": {"replicas": 1, "template": {"spec": {"volumes": volumes}}}}, service)


@pytest.mark.parametrize(
    ("which", "error", "note"),
    [
        ("configmaps/llama-lora-1", RefusedError(403, ""), "configmaps cannot be read in namespace ml (requires get)"),
        ("configmaps/llama-lora-1", MissingError(""), "llama: *the adapter list, ConfigMap llama-lora-1, cannot be read"),
        ("configmaps/llama-lora-1", {"data": {"adapters.json": "{"}}, "llama: *the adapter list, ConfigMap llama-lora-1, is not JSON"),
        (
            "services/http:llama:8000/proxy/v1/models",
            RefusedError(403, '{"kind":"Status"}'),
            "services/proxy cannot be used in namespace ml (requires get)",
        ),
        (
            "services/http:llama:8000/proxy/v1/models",
            UnreachableError("status 503"),
            "llama: *the API server's proxy cannot reach the server (status 503)",
        ),
    ],
)
def test_what_cannot_be_compared_is_noted(which: str, error: Any, note: str):
    api = Serving(["base"], ONE)
    api.answers[f"/api/v1/namespaces/ml/{which}"] = error
    (said,), notes = explained(api)
    assert said.is_ready
    before, _, after = note.rpartition("*")
    assert notes == [f"{before}the served models are not compared with the requested models: {after}"]
