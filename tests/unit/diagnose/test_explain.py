"""Explanations of services and Jobs, once and continuously."""

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
from nim_component.cluster.kinds import CHILD_KINDS, KINDS
from nim_component.diagnose.explain import Explainer, Explanation

from ..cluster.server import serving
from .fake_client import FakeClient
from .kubernetes_objects import NOW, ago, failed_job_pod, finished_job, job, job_pod, pod, running, service

RUNNING = {"running": {"startedAt": ago(5)}}


def explain(client: FakeClient, *names: tuple[str, str]) -> tuple[list[Explanation], list[str]]:
    """Return the explanations of the named services, by default of all, and the notes."""

    async def run() -> tuple[list[Explanation], list[str]]:
        notes: list[str] = []
        explainer = Explainer(cast(Any, client), notes.append, read_logs=True)
        try:
            return await explainer.explain(["ml"], names), notes
        finally:
            await explainer.close()

    return asyncio.run(run())


def label_as_job_pod(pod: Any, name: str = "nim-prewarm") -> Any:
    """Return a pod with the labels of a Job's pod."""
    labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/instance": "llama", "job-name": "llama-prewarm"}
    return {**pod, "metadata": {**pod["metadata"], "labels": labels}}


def deployment(name: str = "llama") -> Any:
    """Return the Deployment of a service."""
    labels = {"app.kubernetes.io/name": "nim", "app.kubernetes.io/instance": name}
    return {"metadata": {"name": name, "namespace": "ml", "uid": name, "labels": labels}, "spec": {"replicas": 1}}


def follow(client: FakeClient, *steps: Callable[[Explainer], None], seconds: float = 5) -> list[str]:
    """Return the explanations of `seconds`. After each output, the next step is taken."""
    output: list[str] = []

    async def run() -> None:
        explainer = Explainer(cast(Any, client))
        remaining = list(steps)
        try:
            async with asyncio.timeout(seconds):
                async for changed in explainer.follow(["ml"]):
                    output.extend(str(each) for each in changed)
                    if remaining:
                        remaining.pop(0)(explainer)
        except TimeoutError:
            assert not remaining
        finally:
            await explainer.close()

    asyncio.run(run())
    return output


def apply_change(plural: str, change: str, object_: Any) -> Callable[[Explainer], None]:
    """Return a step that applies a change of a watch."""
    (kind,) = (each for each in KINDS if each.plural == plural)
    return lambda explainer: explainer._watch.store.apply(kind, "ml", change, object_)


def read_route(child_kinds: Any) -> tuple[list[str], list[str]]:
    """Return the causes of a service with a route, and the paths of child kinds that were read."""
    accepted = {"type": "Accepted", "status": "False", "reason": "NoMatchingParent", "message": "no listener"}
    route = labelled({"metadata": {"name": "llama"}, "status": {"parents": [{"conditions": [accepted]}]}}, "llama")
    client = FakeClient(pods=[running(ready=True)], deployments=[deployment()], httproutes=[route])

    async def run() -> list[Explanation]:
        explainer = Explainer(cast(Any, client), child_kinds=child_kinds)
        try:
            return await explainer.explain(["ml"])
        finally:
            await explainer.close()

    (found,) = asyncio.run(run())
    return [each.cause for each in found.diagnoses], [each for each in client.lists if "gateway" in each or "keda" in each]


def test_refused_route_is_diagnosed():
    path = "/apis/gateway.networking.k8s.io/v1/namespaces/ml/httproutes"
    assert read_route([CHILD_KINDS["HTTPRoute"]]) == (["route-not-accepted"], [path])


def test_gateway_of_services_is_read_once():
    """Two services have a route to one Gateway. Both are diagnosed with it."""
    names = ("llama", "qwen")
    parents = [{"name": "public", "namespace": "infra"}]
    routes = [labelled({"metadata": {"name": name, "uid": name}, "spec": {"parentRefs": parents}}, name) for name in names]
    client = FakeClient(
        deployments=[labelled({**deployment(), "metadata": {"name": name, "uid": name}}, name) for name in names], httproutes=routes
    )
    path = "/apis/gateway.networking.k8s.io/v1/namespaces/infra/gateways/public"
    conditions = [{"type": "Programmed", "status": "False", "reason": "AddressNotAssigned", "lastTransitionTime": ago(300)}]
    client.single[path] = {"metadata": {"name": "public", "namespace": "infra"}, "status": {"conditions": conditions}}

    async def run() -> list[Explanation]:
        explainer = Explainer(cast(Any, client), child_kinds=CHILD_KINDS.values())
        try:
            return await explainer.explain(["ml"])
        finally:
            await explainer.close()

    found = asyncio.run(run())
    assert {each.name: "gateway-not-programmed" in [one.cause for one in each.diagnoses] for each in found} == {"llama": True, "qwen": True}
    assert client.gets == [path]
    assert [one.command for one in found[0].diagnoses if one.cause == "gateway-not-programmed"] == [
        "kubectl -n infra describe gateway public"
    ]


def test_children_are_read_only_on_request():
    assert read_route(()) == ([], [])


def test_follow_yields_changes_and_deletions():
    client = FakeClient(pods=[pod(age=5)], deployments=[deployment()])
    output = follow(
        client, apply_change("pods", "MODIFIED", running(ready=True)), apply_change("deployments", "DELETED", deployment()), seconds=3.5
    )
    assert output[0] == "ml/llama: waiting for a node"
    assert output[1].startswith("ml/llama: ready after ")
    assert output[2:] == ["ml/llama: not deployed"]


def test_follow_yields_service_deployed_later():
    assert follow(FakeClient(), apply_change("deployments", "ADDED", deployment()), seconds=2.5) == ["ml/llama: waiting for pods"]


def test_elapsed_seconds_cause_no_new_output():
    class PassingTime(FakeClient):
        def now(self) -> datetime:
            return NOW + timedelta(seconds=time.monotonic())

    client = PassingTime(pods=[pod(age=900)], deployments=[deployment()])
    (output,) = follow(client, lambda _: None, seconds=3.5)
    assert "No scheduler has processed the pod for " in output


def test_follow_of_unreachable_server_fails():
    class Unreachable(FakeClient):
        async def get(self, path: str, seconds: float = 10, **_: str) -> Any:
            raise UnreachableError("ConnectError")

    with pytest.raises(UnreachableError):
        follow(Unreachable())


def test_prewarm_job_precedes_the_deployment():
    (found,), _ = explain(FakeClient(pods=[label_as_job_pod(job_pod(state=RUNNING))], jobs=[job()]))
    assert str(found) == "ml/llama: prewarm Job: downloading the model into the cache (time limit 2 h)"
    assert (found.is_deployed, found.is_ready) == (True, False)


def test_done_job_is_left_out():
    (found,), _ = explain(FakeClient(pods=[running(ready=True)], jobs=[finished_job("Complete")], deployments=[deployment()]))
    assert [phase.partition(" after")[0] for phase in found.phases] == ["ready"]
    assert found.is_ready


def test_failed_job_is_diagnosed_beside_ready_server():
    client = FakeClient(
        pods=[running(ready=True), label_as_job_pod(failed_job_pod("No space left on device"))],
        jobs=[finished_job("Failed")],
        deployments=[deployment()],
    )
    (found,), _ = explain(client)
    assert found.phases[0] == "prewarm Job: failed 1 time, not retried"
    assert found.phases[1].startswith("ready after")
    assert [each.cause for each in found.diagnoses] == ["disk-full"]
    assert not found.is_ready


def test_leader_worker_set_is_a_service():
    labels = {"app.kubernetes.io/name": "nim", "app.kubernetes.io/instance": "llama"}
    leader_worker_set = {"metadata": {"name": "llama-group", "uid": "g", "labels": labels}, "spec": {"replicas": 1}}
    (found,), notes = explain(FakeClient(pods=[pod(age=5)], leaderworkersets=[leader_worker_set]))
    assert (str(found), notes) == ("ml/llama: waiting for a node", [])


def test_denied_optional_kind_has_no_note():
    client = FakeClient(pods=[running(ready=True)], deployments=[deployment()])
    client.refused = {("list", "leaderworkersets"): RefusedError(403, "no"), ("list", "jobs"): RefusedError(403, "no")}
    (found,), notes = explain(client)
    assert found.is_ready
    assert notes == ["jobs cannot be read in namespace ml: the diagnosis leaves them out (requires get, list, watch)"]


def test_invalid_credentials_raise_an_error():
    client = FakeClient()
    client.refused = {("list", kind.plural): RefusedError(401, "no") for kind in KINDS}
    with pytest.raises(RefusedError):
        explain(client)


def test_command_imports_no_pulumi_sdk():
    modules = "nim_component.cli, nim_component.cluster.client, nim_component.diagnose.explain"
    program = f"import sys, {modules}; print([name for name in sys.modules if name.partition('.')[0].startswith('pulumi')])"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "[]\n"


class ServingClient(FakeClient):
    """Client of a cluster whose server lists models, with a Service and an adapter list."""

    def __init__(self, listed: list[str], adapter_list: dict[str, Any], name: str = "", **objects: Any) -> None:
        variables = [{"name": "NIM_SERVED_MODEL_NAME", "value": name}] if name else []
        self.spec = {
            "containers": [{"name": "nim", "env": variables}],
            "volumes": [{"name": "lora-loader", "configMap": {"name": "llama-lora-1"}}],
        }
        server = deployment()
        server["spec"]["template"] = {"spec": self.spec}
        super().__init__(pods=[running(ready=True)], deployments=[server], services=[labelled_service()], **objects)
        self.requested: list[str] = []
        self.responses: dict[str, Any] = {
            "/api/v1/namespaces/ml/configmaps/llama-lora-1": {"data": {"adapters.json": json.dumps(adapter_list)}},
            "/api/v1/namespaces/ml/services/http:llama:8000/proxy/v1/models": {"object": "list", "data": [{"id": each} for each in listed]},
        }

    async def get(self, path: str, seconds: float = 10, **_: str) -> Any:
        self.requested.append(path)
        response = self.responses.get(path, MissingError(path))
        if isinstance(response, Exception):
            raise response
        return response


def labelled_service() -> Any:
    """Return the Service with the component's labels."""
    unlabelled = service()
    return {**unlabelled, "metadata": {**unlabelled["metadata"], "labels": deployment()["metadata"]["labels"]}}


ONE = {"adapters": [{"name": "one"}]}


@pytest.mark.parametrize(
    ("client", "missing"),
    [
        (ServingClient(["base", "one"], ONE), None),
        (ServingClient(["base"], ONE), "does not serve one; it lists base"),
        (ServingClient(["base", "one"], {"given": ["one", "two"]}), "does not serve two; it lists base, one"),
        (ServingClient(["base"], {}, name="mine"), "does not serve mine; it lists base"),
        # the image's own name for its model is unknown
        (ServingClient(["base"], {}), None),
        (ServingClient(["base"], {"given": True}), None),
    ],
)
def test_served_models_are_compared_with_requested_ones(client: ServingClient, missing: str | None):
    (found,), notes = explain(client)
    assert notes == []
    assert [each.cause for each in found.diagnoses] == (["model-missing"] if missing else [])
    assert missing is None or missing in str(found)
    assert found.is_ready == (missing is None)


def test_adapter_list_of_a_lora_job_is_used():
    lora_job = job(container="download-loras")
    lora_job["spec"]["template"]["spec"]["volumes"] = [{"name": "lora-loader", "configMap": {"name": "llama-list-1"}}]
    done = {**lora_job, "status": {"conditions": [{"type": "Complete", "status": "True"}]}}
    client = ServingClient(["base"], {"published": True}, jobs=[done])
    client.responses["/api/v1/namespaces/ml/configmaps/llama-list-1"] = {"data": {"adapters.json": json.dumps(ONE)}}
    (found,), _ = explain(client)
    assert [each.cause for each in found.diagnoses] == ["model-missing"]


def test_unready_server_is_not_queried():
    client = ServingClient(["base"], ONE)
    client.objects["pods"] = [running()]
    explain(client)
    assert client.requested == []


def test_slow_servers_are_queried_at_the_same_time():
    responses: dict[str, Any] = {
        "deployments": [deployment_with_adapters(f"s{i}") for i in range(10)],
        "pods": [labelled(running(ready=True, name=f"s{i}-x"), f"s{i}") for i in range(10)],
        "services": [labelled(service(), f"s{i}", name=f"s{i}") for i in range(10)],
        "llama-lora-1": {"data": {"adapters.json": json.dumps(ONE)}},
    }

    def respond(path: str) -> tuple[int, Any]:
        if path.endswith("/proxy/v1/models"):
            return 200, iter(lambda: time.sleep(0.1) or b" ", None)
        found = responses.get(path.partition("?")[0].rpartition("/")[2], [])
        return 200, {"items": found, "metadata": {}} if isinstance(found, list) else found

    notes: list[str] = []

    async def run(kubeconfig: str) -> list[Explanation]:
        client, all_begun, begun = ClusterClient.connect(kubeconfig), asyncio.Event(), list[str]()
        get = client.get

        async def get_together(path: str, *arguments: Any, **params: str) -> Any:
            """Send a query of a server after all ten queries have begun."""
            if path.endswith("/proxy/v1/models"):
                begun.append(path)
                if len(begun) == 10:
                    all_begun.set()
                await asyncio.wait_for(all_begun.wait(), 60)  # one after the other, the first waits in vain
            return await get(path, *arguments, **params)

        client.get = get_together
        explainer = Explainer(client, notes.append)
        try:
            return await explainer.explain(["ml"])
        finally:
            await explainer.close()

    with serving(respond) as kubeconfig:
        found = asyncio.run(run(kubeconfig))
    assert [each.is_ready for each in found] == [True] * 10
    assert len(notes) == 10
    assert all("no answer within 1.5 s" in note for note in notes)


def labelled(object_: Any, service: str, **metadata: Any) -> Any:
    """Return an object with the labels of a service."""
    labels = {"app.kubernetes.io/name": "nim", "app.kubernetes.io/instance": service}
    return {**object_, "metadata": {**object_["metadata"], "uid": f"uid-{service}", "labels": labels, **metadata}}


def deployment_with_adapters(service: str) -> Any:
    """Return the Deployment of a service with an adapter list."""
    volumes = [{"name": "lora-loader", "configMap": {"name": "llama-lora-1"}}]
    return labelled({"metadata": {"name": service}, "spec": {"replicas": 1, "template": {"spec": {"volumes": volumes}}}}, service)


@pytest.mark.parametrize(
    ("path", "response", "note"),
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
def test_unreadable_models_have_a_note(path: str, response: Any, note: str):
    client = ServingClient(["base"], ONE)
    client.responses[f"/api/v1/namespaces/ml/{path}"] = response
    (found,), notes = explain(client)
    assert found.is_ready
    before, _, after = note.rpartition("*")
    assert notes == [f"{before}the served models are not compared with the requested models: {after}"]
