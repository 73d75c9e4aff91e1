"""Final look of an update: live services beside the program, on a server with canned responses."""

import copy
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from tempfile import NamedTemporaryFile
from typing import Any
from urllib.parse import urlsplit

import pulumi
import pytest

from nim_component import (
    NIM,
    AdapterVolume,
    AutoscalingArgs,
    CacheArgs,
    DiagnosisArgs,
    LoRAArgs,
    MultiNodeArgs,
    NIMSecrets,
    NIMService,
    PrewarmArgs,
)
from nim_component.diagnose import served_models
from nim_component.diagnose.progress import live_services
from nim_component.local.manifests import collect_manifests
from nim_component.names import make_labels
from nim_component.testing import Recording, record

from ..cluster.server import serving
from ..diagnose.kubernetes_objects import crashed, node

Objects = dict[str, list[Any]]
"""Live objects by plural."""
PLURALS = {"Deployment": "deployments", "LeaderWorkerSet": "leaderworkersets", "Job": "jobs"}
STATUS: dict[str, Any] = {
    "Deployment": {"observedGeneration": 1, "availableReplicas": 1, "updatedReplicas": 1},
    "LeaderWorkerSet": {"readyReplicas": 1, "updatedReplicas": 1},
    "Job": {"conditions": [{"type": "Complete", "status": "True"}]},
}
MODEL = "meta/llama3-8b-instruct"
FIX = (
    "fix: Apply the program to the live objects: `pulumi up --refresh --stack stack`.\n"
    "  see: docs/troubleshooting.md#live-service-differs-from-the-program"
)
MORE = "more: `nim-component explain llama --stack stack`"
WARN = "With diagnosis.unavailable: warn this is a warning."
KINDS: dict[str, dict[str, Any]] = {
    "Deployment": {},
    "LeaderWorkerSet": {"gpu": 8, "multi_node": MultiNodeArgs(nodes=2), "cache": CacheArgs(access_mode="ReadWriteMany")},
    "prewarm Job": {"cache": CacheArgs(prewarm=PrewarmArgs(all_profiles=True))},
    "LoRA Job": {
        "hf_repo_ids": ["org/one"],
        "lora_adapter_mem": "2Gi",
        "env": {"NIM_PEFT_SOURCE": "/opt/nim/peft"},
        "lora": LoRAArgs(volume=AdapterVolume(), refresh_interval=30),
    },
}
PATHS = {"LeaderWorkerSet": ("leaderWorkerTemplate", "leaderTemplate"), "Deployment": ("template",)}


@pytest.fixture(autouse=True)
def reporting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compare as in an update, with short time limits."""
    monkeypatch.setattr("nim_component.component.service.can_report_progress", lambda: True)
    monkeypatch.setattr(live_services, "RECHECK_SECONDS", 0.05)
    monkeypatch.setattr(served_models, "SETTLE_SECONDS", 0.2)


def services(names: list[str], **fields: Any) -> Callable[[], None]:
    """Return a program with services that have the given fields."""
    diagnosis = fields.pop("diagnosis", {})

    def program() -> None:
        for name in names:
            nim = NIM(**{"secrets": NIMSecrets.keyless(), "namespace": "ml", "diagnosis": DiagnosisArgs(**diagnosis), **fields})
            NIMService(name, nim)

    return program


def deployed(program: Callable[[], None]) -> Objects:
    """Return the objects of a program as a cluster has them after a successful update."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nim_component.component.service.can_report_progress", lambda: False)
        run = record(program).run
    found: Objects = {plural: [] for plural in PLURALS.values()}
    for manifest in collect_manifests(run):
        live = copy.deepcopy(manifest.object)
        if live["kind"] in PLURALS:
            live["metadata"]["generation"] = 1
            live["status"] = copy.deepcopy(STATUS[live["kind"]])
            found[PLURALS[live.pop("kind")]].append(live)
    return found


def deployed_many(names: list[str]) -> Objects:
    """Return the objects of services without further arguments. One program is rendered for all."""
    text = json.dumps(deployed(services(["first-service"])))
    objects = [json.loads(text.replace("first-service", name)) for name in names]
    return {plural: [each for found in objects for each in found[plural]] for plural in PLURALS.values()}


def update(program: Callable[[str], Callable[[], None]], objects: Objects, models: Any = None, refused: str = "") -> tuple[Any, list[str]]:
    """Run a program against a server with these objects, and return its log and the requests."""
    seen: list[str] = []

    def answer(path: str) -> tuple[int, Any]:
        plural = urlsplit(path).path.rpartition("/")[2]
        if plural == "models":
            if callable(models):
                return models()
            return 200, {"object": "list", "data": [{"id": name} for name in models or [MODEL, "one"]]}
        if plural == refused:
            return 403, {"kind": "Status"}
        if "/gateways/" in path:
            return next(
                ((200, each) for each in objects.get("gateways", []) if each["metadata"]["name"] == plural), (404, {"kind": "Status"})
            )
        return 200, {"items": objects.get(plural, []), "metadata": {"resourceVersion": "1"}}

    with serving(answer, seen) as kubeconfig, NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(kubeconfig)
        file.flush()
        recording: Recording | Exception
        try:
            recording = record(program(file.name))
        except pulumi.RunError as error:
            recording = error
    return recording, seen


def on_cluster(names: list[str], **fields: Any) -> Callable[[str], Callable[[], None]]:
    diagnosis = fields.pop("diagnosis", {})
    return lambda kubeconfig: services(names, diagnosis={"kubeconfig": kubeconfig, **diagnosis}, **fields)


def entries(recording: Any) -> list[tuple[str, str]]:
    assert isinstance(recording, Recording), recording
    return [(entry.severity, entry.message) for entry in recording.run.log]


def container_of(kind: str, objects: Objects) -> Any:
    """Return the first container of a live object of a kind."""
    node = objects[PLURALS[kind.rpartition(" ")[2]]][0]["spec"]
    for key in PATHS.get(kind, ("template",)):
        node = node[key]
    return node["spec"]["containers"][0]


@pytest.mark.parametrize("kind", KINDS)
def test_live_services_as_rendered_log_nothing(kind: str):
    recording, seen = update(on_cluster(["llama"], **KINDS[kind]), deployed(services(["llama"], **KINDS[kind])))
    assert entries(recording) == []
    lists = [urlsplit(path).path for path in seen if not path.endswith("/models")]
    assert len(lists) == len(set(lists)) == (2 if kind.endswith("Job") else 1)


@pytest.mark.parametrize("kind", KINDS)
def test_changed_live_spec_fails_the_update(kind: str):
    """An interrupted update leaves the new spec in the cluster, and Pulumi reports "unchanged"."""
    objects = deployed(services(["llama"], **KINDS[kind]))
    container = container_of(kind, objects)
    container["image"] = "nvcr.io/nim/meta/other:2"
    recording, seen = update(on_cluster(["llama"], **KINDS[kind]), objects)
    assert isinstance(recording, pulumi.RunError)
    first, *rest = str(recording).splitlines()
    assert first.startswith(f"llama: the live {kind} differs from the program: spec.")
    assert re.search(r'containers\[[\w-]+\]\.image is "nvcr.io/nim/meta/other:2" in the cluster, ".+:.+" in the program\.$', first)
    assert rest == [*f"  {FIX}".splitlines(), WARN]
    assert not any(path.endswith("/models") for path in seen)


@pytest.mark.parametrize("reaction", ["error", "warn"])
def test_left_hold_of_autoscaler_is_reported(reaction: str):
    fields: dict[str, Any] = {
        "autoscaling": AutoscalingArgs(max_replicas=3, presets=["queue"]),
        "cache": CacheArgs(access_mode="ReadWriteMany"),
    }
    objects = deployed(services(["llama"], **fields))
    hold = {"name": "llama", "labels": make_labels("llama"), "annotations": {"nim-component/held-replicas": "1"}}
    autoscaler: Any = {"metadata": hold, "spec": {"scaleTargetRef": {"name": "llama"}}}
    recording, _ = update(
        on_cluster(["llama"], diagnosis={"unavailable": reaction}, **fields), {**objects, "horizontalpodautoscalers": [autoscaler]}
    )
    text = "llama: an interrupted update has left the autoscaler held at a fixed number of replicas (1). To release it: `pulumi up --refresh --stack stack`."
    if reaction == "error":
        assert isinstance(recording, pulumi.RunError)
        assert str(recording) == text
    else:
        assert entries(recording) == [("warning", text)]


def test_autoscalers_of_a_namespace_need_one_list():
    names = ["first", "second", "third"]
    fields: dict[str, Any] = {
        "autoscaling": AutoscalingArgs(max_replicas=3, presets=["queue"]),
        "cache": CacheArgs(access_mode="ReadWriteMany"),
    }
    recording, seen = update(on_cluster(names, **fields), deployed(services(names, **fields)))
    assert entries(recording) == []
    requests = Counter(urlsplit(path).path.rpartition("/")[2] for path in seen)
    assert (requests["horizontalpodautoscalers"], requests["scaledobjects"], requests["deployments"]) == (1, 1, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_unavailable_workload_fails_the_update(kind: str):
    objects = deployed(services(["llama"], **KINDS[kind]))
    objects[PLURALS[kind.rpartition(" ")[2]]][0]["status"] = {}
    recording, _ = update(on_cluster(["llama"], **KINDS[kind]), objects)
    assert isinstance(recording, pulumi.RunError)
    text = str(recording)
    assert text.startswith(f"llama: the {kind} is not available: ")
    assert "\n  phase: " in text
    assert text.endswith(f"\n  {MORE}\n{WARN}")
    assert "--refresh" not in text


def test_diagnosis_of_unavailable_service_is_printed():
    objects = deployed(services(["llama"]))
    objects["deployments"][0]["status"] = {}
    objects["deployments"][0]["spec"]["paused"] = True
    recording, _ = update(on_cluster(["llama"]), objects)
    assert "llama: the Deployment is not available: 0 of 1 pods are available.\n  phase: waiting for pods\n" in str(recording)
    assert "The Deployment is paused.\n  fix: Resume it" in str(recording)


def test_final_look_reads_no_logs():
    """Its time is limited. `explain` reads them."""
    objects = deployed(services(["llama"]))
    objects["deployments"][0]["status"] = {}
    failed = crashed("Shutting down")
    failed["metadata"]["labels"] = make_labels("llama")
    recording, seen = update(on_cluster(["llama"]), {**objects, "pods": [failed], "nodes": [node()]})
    assert "The server exits soon after its start" in str(recording)
    assert [path for path in seen if "/log" in path] == []


def test_missing_deployment_fails_the_update():
    recording, _ = update(on_cluster(["llama"]), {})
    assert str(recording).startswith(f"llama: the Deployment ml/llama does not exist in the cluster.\n  {FIX}")


def test_missing_job_is_a_warning():
    """Its work is done, and nothing is down."""
    objects = deployed(services(["llama"], **KINDS["prewarm Job"]))
    (job,) = objects["jobs"]
    objects["jobs"] = []
    recording, _ = update(on_cluster(["llama"], **KINDS["prewarm Job"]), objects)
    command = "To run it again: `pulumi up --refresh --stack stack`."
    text = f"llama: the prewarm Job ml/{job['metadata']['name']} does not exist in the cluster. {command}"
    assert entries(recording) == [("warning", text)]
    expiring = {**KINDS["prewarm Job"], "overrides": {"warm": {"spec": {"ttlSecondsAfterFinished": 60}}}}
    recording, _ = update(on_cluster(["llama"], **expiring), {**deployed(services(["llama"], **expiring)), "jobs": []})
    assert entries(recording) == []


def test_degraded_service_is_a_warning():
    fields = {"replicas": 3, "cache": CacheArgs(empty_dir=True)}
    objects = deployed(services(["llama"], **fields))
    objects["deployments"][0]["status"] = {"observedGeneration": 1, "availableReplicas": 1, "updatedReplicas": 3}
    recording, _ = update(on_cluster(["llama"], **fields), objects)
    text = "llama: the Deployment is available, but 1 of 3 pods are available. For the cause: `nim-component explain llama --stack stack`."
    assert entries(recording) == [("warning", text)]


@pytest.mark.parametrize(("reaction", "severities"), [("warn", ["warning"]), ("ignore", [])])
def test_unavailable_setting_decides_the_reaction(reaction: str, severities: list[str]):
    recording, _ = update(on_cluster(["llama"], diagnosis={"unavailable": reaction, "missing_models": "ignore"}), {})
    assert [severity for severity, _ in entries(recording)] == severities
    assert not any(WARN in text for _, text in entries(recording))


def test_ignored_comparisons_send_no_request():
    recording, seen = update(on_cluster(["llama"], diagnosis={"unavailable": "ignore", "missing_models": "ignore"}), {})
    assert (entries(recording), seen) == ([], [])


def test_status_that_follows_later_is_available():
    """A controller may need a moment after the update."""
    objects = deployed(services(["llama"]))
    late = copy.deepcopy(objects["deployments"][0]["status"])
    objects["deployments"][0]["status"] = {}
    original = live_services.read_state

    def read_late(workload: Any) -> Any:
        state = original(workload)
        objects["deployments"][0]["status"] = late
        return state

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live_services, "read_state", read_late)
        recording, _ = update(on_cluster(["llama"]), objects)
    assert entries(recording) == []


def test_skipped_wait_skips_availability():
    fields = {"overrides": {"deployment": {"metadata": {"annotations": {"pulumi.com/skipAwait": "true"}}}}}
    objects = deployed(services(["llama"], **fields))
    objects["deployments"][0]["status"] = {}
    recording, _ = update(on_cluster(["llama"], diagnosis={"missing_models": "ignore"}, **fields), objects)
    assert entries(recording) == []


def test_service_scaled_to_zero_costs_one_list():
    objects = deployed(services(["llama"], replicas=0))
    recording, seen = update(on_cluster(["llama"], replicas=0), objects)
    assert entries(recording) == []
    assert len(seen) == 1
    objects["deployments"][0]["spec"]["replicas"] = 1
    recording, _ = update(on_cluster(["llama"], replicas=0), objects)
    assert "spec.replicas is 1 in the cluster, 0 in the program" in str(recording)


def test_unreadable_kind_is_logged_once():
    names = [f"llama-{index}" for index in range(3)]
    recording, seen = update(on_cluster(names), deployed(services(names)), refused="deployments")
    reason = "they cannot be read (requires list on deployments)"
    assert entries(recording) == [("info", f"the live deployments of namespace ml are not compared with the program: {reason}")]
    assert sum(path.endswith("/models") for path in seen) == 3


def test_missing_kubeconfig_is_logged_once():
    recording = record(services(["one", "two"], diagnosis={"kubeconfig": "/does/not/exist"}))
    text = "the live services are not compared with the program: there is no kubeconfig (/does/not/exist)"
    assert entries(recording) == [("info", text)]


def test_failures_of_all_services_are_one_error():
    objects = deployed(services(["one", "two", "three"]))
    objects["deployments"] = [each for each in objects["deployments"] if each["metadata"]["name"] == "two"]
    recording, _ = update(on_cluster(["one", "two", "three"]), objects)
    named = [line.partition(":")[0] for line in str(recording).splitlines() if "does not exist" in line]
    assert named == ["one", "three"]


def test_missing_model_fails_after_one_response():
    """The server of an unchanged service has settled."""
    objects = deployed(services(["llama"]))
    fields = {"served_model_name": "mine"}
    recording, _ = update(on_cluster(["llama"], **fields), deployed(services(["llama"], **fields)), models=["other"])
    assert str(recording).startswith("llama: the server is ready but does not serve mine; it lists other.")
    recording, _ = update(on_cluster(["llama"]), objects, models=["other"])
    ((severity, text),) = entries(recording)
    assert (severity, text[:50]) == ("warning", "llama: the server is ready but does not serve meta")


MODEL_FREE = {"image": "nvcr.io/nim/nvidia/vllm-model-free-nim:2.1.5"}


def test_unknown_base_model_is_not_compared():
    recording, seen = update(on_cluster(["llama"], **MODEL_FREE), deployed(services(["llama"], **MODEL_FREE)), models=["other"])
    assert entries(recording) == []
    assert not [path for path in seen if path.endswith("/models")]


def test_adapter_of_unknown_base_model_must_be_served():
    """A missing adapter is an error, also as the first of the compared names."""
    adapters = {"hf_repo_ids": ["my-org/one"], "lora_adapter_mem": "1Gi", "env": {"NIM_PEFT_SOURCE": "/opt/nim/peft"}}
    fields: dict[str, Any] = {**MODEL_FREE, **adapters}
    recording, _ = update(on_cluster(["llama"], **fields), deployed(services(["llama"], **fields)), models=["other"])
    assert str(recording).startswith("llama: the server is ready but does not serve one; it lists other.")
    recording, _ = update(on_cluster(["llama"], **fields), deployed(services(["llama"], **fields)), models=["other", "one"])
    assert entries(recording) == []


def test_model_of_source_is_compared():
    fields: dict[str, Any] = {**MODEL_FREE, "env": {"NIM_MODEL_PATH": "hf://org/model"}}
    recording, _ = update(on_cluster(["llama"], **fields), deployed(services(["llama"], **fields)), models=["org/model"])
    assert entries(recording) == []
    recording, _ = update(on_cluster(["llama"], **fields), deployed(services(["llama"], **fields)), models=["other"])
    ((severity, text),) = entries(recording)
    assert (severity, text[:61]) == ("warning", "llama: the server is ready but does not serve org/model; it l")


def test_fifty_services_need_one_list(monkeypatch: pytest.MonkeyPatch):
    """The time limit is long, because this test is about the number of requests."""
    monkeypatch.setattr(live_services, "LOOK_SECONDS", 60.0)
    names = [f"llama-{index}" for index in range(50)]
    recording, seen = update(on_cluster(names), deployed_many(names))
    assert entries(recording) == []
    counts = Counter(urlsplit(path).path for path in seen)
    assert counts.pop("/apis/apps/v1/namespaces/ml/deployments") == 1
    assert set(counts.values()) == {1}
    assert len(counts) == 50


def test_silent_servers_share_one_time_limit(monkeypatch: pytest.MonkeyPatch):
    """Twenty servers that do not respond are waited for as long as one."""
    monkeypatch.setattr(live_services, "LOOK_SECONDS", 2.0)
    names = [f"llama-{index}" for index in range(20)]
    objects = deployed_many(names)
    elapsed: list[float] = []
    compare = live_services.LiveServices.compare

    async def measure(self: Any, expected: Any) -> Any:
        began = time.monotonic()
        problems = await compare(self, expected)
        elapsed.append(time.monotonic() - began)
        return problems

    def stay_silent() -> tuple[int, Any]:
        released.wait(60)
        return 200, {}

    released = threading.Event()
    monkeypatch.setattr(live_services.LiveServices, "compare", measure)
    recording, seen = update(on_cluster(names), objects, models=stay_silent)
    released.set()
    assert {severity for severity, _ in entries(recording)} == {"info"}
    assert sum(path.endswith("/models") for path in seen) == 20
    assert len(elapsed) == 1
    assert elapsed[0] < 2 * live_services.LOOK_SECONDS


def test_mistake_in_the_comparison_fails_no_update(monkeypatch: pytest.MonkeyPatch):
    def fail(*_: Any) -> None:
        raise KeyError

    with monkeypatch.context() as patch:
        patch.setattr("nim_component.component.final_look.to_yaml_keys", fail)
        recording, seen = update(on_cluster(["llama"]), {})
    text = "the live services are not compared with the program: a provider renders to files, or a workload is not readable"
    assert entries(recording) == [("info", text)]
    assert seen == []
    monkeypatch.setattr(live_services, "find_differences", fail)
    recording, _ = update(on_cluster(["llama"]), deployed(services(["llama"])))
    assert entries(recording) == [("info", "the live services are not compared with the program: unexpected KeyError")]
