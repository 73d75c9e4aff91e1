"""Progress report and diagnosis of rollouts on a real control plane."""

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from nim_component import NIM, CacheArgs, NIMSecrets
from nim_component.cluster.client import ClusterClient
from nim_component.diagnose.progress.reporter import ProgressReporter
from nim_component.diagnose.progress.tracked_rollout import Level, TrackedRollout
from nim_component.diagnose.watch import Watch

from .client import Client, Object, wait_until
from .controlplane import VISITOR, ControlPlane
from .etcd_events import drop_events, store_events
from .nodes import EIGHT_GPUS, GPU, NO_GPU, ONE_GPU, TAINTED_GPUS, node
from .objects import apply_all, render
from .waiting import release, set_quota, wait_for_rollout

IMAGE = "nvcr.io/nim/meta/llama3-8b-instruct:1.0.0"
LORA: dict[str, Any] = {"hf_repo_ids": ["my-org/one", "my-org/two"], "lora_adapter_mem": "2Gi", "env": {"NIM_PEFT_SOURCE": "/opt/nim/peft"}}
Lines = list[tuple[Level, str]]


def nim(**fields: Any) -> NIM:
    """Return a service without any missing requirement."""
    return NIM(**{"secrets": NIMSecrets.keyless(), "cache": CacheArgs(empty_dir=True), **fields})


def failing(message: str = "", *, by_key: bool = False, **fields: Any) -> NIM:
    """Return a service whose pods fail; `waits`, `ends`, `reason`, `evicted` are annotations."""
    annotations = {f"cluster-tests/{key}": str(fields.pop(key)) for key in ("waits", "ends", "reason", "evicted") if key in fields}
    annotations |= {"cluster-tests/in": fields.pop("where", ""), "cluster-tests/reason": annotations.get("cluster-tests/reason", "Error")}
    more = {"secrets": NIMSecrets(ngc_image_secret="pull", ngc_secret_key="NGC_API_KEY")} if by_key else {}
    return nim(pod_annotations={**annotations, "cluster-tests/message": message}, **more, **fields)


class RecordedReport:
    """The progress report of the service `llama`."""

    def __init__(self, kubeconfig: Path) -> None:
        self.kubeconfig = kubeconfig
        self.lines: Lines = []
        self.denied: list[str] = []
        self.requests = 0

    def record(
        self,
        namespace: str,
        until: Callable[[Lines], bool],
        seconds: float = 20,
        meanwhile: Callable[[], Any] = lambda: None,
        fails: bool = True,
    ) -> Lines:
        """Record the report until `until(lines)` is true, and run `meanwhile` at the same time."""

        async def run() -> None:
            client = ClusterClient.connect(str(self.kubeconfig))
            watch = Watch(client, self.denied.append)
            reporter = ProgressReporter(watch)
            rollout = TrackedRollout("llama", namespace, lambda level, text: self.lines.append((level, text)), adapters=2)
            reporter.track(rollout)
            task = asyncio.create_task(reporter.run())
            end = time.monotonic() + seconds
            while not until(self.lines):
                assert time.monotonic() < end, self.lines
                if task.done():
                    task.result()
                await asyncio.sleep(0.05)
            if fails:
                await reporter.fail(rollout)
            task.cancel()
            await watch.close()
            self.requests = client.requests

        # A program of the control plane ends with the thread that started it, so `meanwhile` runs
        # in the main thread.
        with ThreadPoolExecutor(1) as pool:
            recording = pool.submit(lambda: asyncio.run(run()))
            meanwhile()
            recording.result()
        return self.lines

    @property
    def progress(self) -> list[str]:
        return [text for level, text in self.lines if level == "progress"]

    @property
    def warnings(self) -> list[str]:
        return [text for level, text in self.lines if level == "warning"]

    @property
    def errors(self) -> list[str]:
        return [text for level, text in self.lines if level == "error"]


@pytest.fixture
def report(control_plane: ControlPlane) -> RecordedReport:
    return RecordedReport(control_plane.kubeconfig)


def warned(lines: Lines) -> bool:
    return any(level == "warning" for level, _ in lines)


BEFORE = ("waiting for pods", "waiting for a node", "scheduled on gpu-0, waiting for its volumes")
"""Phases that may be reported, or be over before the first look."""


def test_successful_rollout_reports_its_phases(cluster: Client, namespace: str, nodes, report: RecordedReport):
    nodes(ONE_GPU)
    objects = render(nim(pod_annotations={"cluster-tests/hold": "ready"}), namespace)

    def roll_out() -> None:
        apply_all(cluster, objects)
        wait_until("a report of the scheduled pod", lambda: BEFORE[-1] in report.progress)
        release(cluster, namespace)

    report.record(namespace, lambda lines: any("ready after" in text for _, text in lines), seconds=120, meanwhile=roll_out)
    assert report.progress[:-1] == [line for line in BEFORE if line in report.progress]
    assert BEFORE[-1] in report.progress
    assert report.progress[-1].startswith("ready after ")
    assert report.warnings == []
    assert report.errors == []


FAILURES: dict[str, tuple[NIM, str, str, str]] = {
    # id: service, last phase, text of the cause, text of the fix
    "image": (
        failing(f'rpc error: code = NotFound desc = failed to pull and unpack image "{IMAGE}": not found', waits="ErrImagePull"),
        "the server waits: ErrImagePull",
        f"The image {IMAGE} does not exist.",
        "Correct image: the registry has no such repository or tag.",
    ),
    "config": (
        failing("couldn't find key NGC_API_KEY in Secret default/ngc", waits="CreateContainerConfigError"),
        "the server waits: CreateContainerConfigError",
        "The Secret ngc has no key NGC_API_KEY.",
        "Set secrets.ngc_secret_key or secrets.hf_token_key to one of its keys",
    ),
    "loader": (
        failing("adapter one (my-org/one@main): the repo is gated (403): accept its terms", ends=12, where="init", **LORA),
        "the adapter loader failed 3 times, waiting to start again",
        "The adapter's repository is gated",
        "Accept its terms on its page",
    ),
    "memory": (
        failing("", ends=137, reason="OOMKilled"),
        "the server failed 3 times, waiting to start again",
        "The server ran out of memory: mem is 20Gi, of which /dev/shm can use 16Gi.",
        "Raise mem, not only shm_size",
    ),
    "fault": (
        failing("Traceback\n\x1b[31mKeyError\x1b[0m: token=abcdefghijk", ends=1),
        "the server failed 3 times, waiting to start again",
        "The server failed with an internal error",
        "evidence: KeyError: token=***",
    ),
    "crash": (
        failing("Traceback\n\x1b[31mStrangeError\x1b[0m: token=abcdefghijk", ends=1),
        "the server failed 3 times, waiting to start again",
        "The server exits soon after its start with exit code 1, 4 times so far (possible).",
        "evidence: StrangeError: token=***",
    ),
    "evicted": (
        failing(
            evicted="The node was low on resource: ephemeral-storage. Threshold quantity: 1Gi, available: 512Mi. "
            "Container nim was using 61Gi, request is 50Gi, has larger consumption of ephemeral-storage. "
        ),
        "",
        "The pod was evicted: the disk of its node is full",
        "Raise ephemeral_storage above 61Gi (now 50Gi)",
    ),
}


@pytest.mark.parametrize("what", FAILURES)
def test_failure_is_reported_with_cause_and_fix(cluster: Client, namespace: str, nodes, report: RecordedReport, what: str):
    service, phase, cause, fix = FAILURES[what]
    nodes(EIGHT_GPUS)
    apply_all(cluster, render(service, namespace))
    began = time.monotonic()
    report.record(namespace, warned)
    assert time.monotonic() - began < 10
    assert [line for line in report.progress if line not in BEFORE] == ([phase] if phase else [])
    (warning,) = report.warnings
    assert cause in warning
    assert fix in warning
    (error,) = report.errors
    assert error.startswith("not ready after ")
    assert cause in error
    assert fix in error
    assert "\x1b" not in error + warning
    assert "abcdefghijk" not in error + warning


SCHEDULING: dict[str, tuple[list[Object], NIM, str, str]] = {
    "no GPU": (NO_GPU, nim(), f"No node offers {GPU}.", "Add a GPU node pool"),
    "too many": (ONE_GPU, nim(gpu=2), f"The pod requests 2 {GPU}, but the largest node has 1.", "Set gpu to at most 1"),
    "taint": (
        TAINTED_GPUS,
        nim(tolerations=[]),
        f"Suitable nodes have the taint {GPU}=present:NoSchedule, which the pod does not tolerate.",
        f"key={GPU}, operator=Equal, value=present, effect=NoSchedule",
    ),
    "selector": (EIGHT_GPUS, nim(node_selector={f"{GPU}.count": "4"}), f"No node has the label {GPU}.count=4.", "nodes have: 8"),
    "no node": ([], nim(), "The cluster has no node", "Add a node pool"),
    "claim": (ONE_GPU, nim(cache=CacheArgs(existing_claim="models")), "The PVC models does not exist.", "Correct cache.existing_claim"),
}


@pytest.mark.parametrize("what", SCHEDULING)
def test_unschedulable_pod_is_diagnosed(cluster: Client, namespace: str, nodes, report: RecordedReport, what: str):
    existing, service, cause, fix = SCHEDULING[what]
    nodes(existing)
    apply_all(cluster, render(service, namespace))
    report.record(namespace, warned)
    (warning,) = report.warnings
    assert warning.startswith(cause)
    assert fix in warning
    assert "waiting for a node" in report.progress


def test_missing_gpus_are_reported_with_their_users(cluster: Client, make_namespace, namespace: str, nodes, report: RecordedReport):
    nodes([node("gpu-0", {GPU: 2}), node("gpu-1", {GPU: 1})])
    other = make_namespace()
    objects = render(nim(gpu=2), other)
    apply_all(cluster, objects)
    wait_for_rollout(cluster, objects)
    apply_all(cluster, render(nim(gpu=2), namespace))
    report.record(namespace, warned)
    (warning,) = report.warnings
    assert warning.startswith(f"No node has 2 free {GPU}: 1 of 3 are free, gpu-1 1 of 1, gpu-0 0 of 2.")
    assert f"Free GPUs (used by {other}/llama-" in warning


def test_missing_storage_class_lists_existing_classes(cluster: Client, namespace: str, nodes, report: RecordedReport):
    nodes(ONE_GPU)
    apply_all(cluster, render(nim(cache=CacheArgs(storage_class="fast")), namespace))
    report.record(namespace, warned)
    assert "The StorageClass fast does not exist.\n" in report.warnings[0]
    assert "Correct cache.storage_class: the cluster has kwok-volume." in report.warnings[0]


def test_refused_pod_is_diagnosed(cluster: Client, namespace: str, nodes, report: RecordedReport):
    nodes(EIGHT_GPUS)
    apply_all(cluster, render(nim(cache=CacheArgs(host_path="/models")), namespace))
    report.record(namespace, warned)
    assert "The namespace's Pod Security level restricted:latest rejects the pod: restricted volume types" in report.warnings[0]


def test_exceeded_quota_is_reported_with_numbers(cluster: Client, namespace: str, nodes, report: RecordedReport):
    nodes(EIGHT_GPUS)
    set_quota(cluster, namespace, "gpus", **{f"requests.{GPU}": "1"})
    apply_all(cluster, render(nim(gpu=2), namespace))
    report.record(namespace, warned)
    assert (
        "The pod exceeds the namespace's quota gpus: requested requests.nvidia.com/gpu=2, used requests.nvidia.com/gpu=0, limit requests.nvidia.com/gpu=1."
        in report.warnings[0]
    )


def test_surge_without_spare_gpu_is_diagnosed(cluster: Client, namespace: str, nodes, report: RecordedReport):
    nodes(ONE_GPU)
    surge = {"rollout": "surge", "replicas": 1}
    objects = render(nim(**surge), namespace)
    apply_all(cluster, objects)
    wait_for_rollout(cluster, objects)
    apply_all(cluster, render(nim(**surge, image="nvcr.io/nim/meta/llama3-8b-instruct:1.0.3"), namespace))
    report.record(namespace, lambda lines: any("The rollout is stuck" in text for _, text in lines))
    assert any("Set rollout to recreate (one replica) or rolling instead of surge" in text for text in report.warnings)


def test_pull_secret_of_wrong_type_is_diagnosed(cluster: Client, namespace: str, nodes, report: RecordedReport):
    nodes(EIGHT_GPUS)
    cluster.create(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "pull", "namespace": namespace},
            "type": "Opaque",
            "stringData": {"api-key": "nvapi-of-nobody"},
        }
    )
    apply_all(cluster, render(failing("rpc error: unauthorized: authentication required", waits="ErrImagePull", by_key=True), namespace))
    report.record(namespace, warned)
    warnings = "\n".join(report.warnings)
    assert "the pull Secret pull is of type Opaque, not kubernetes.io/dockerconfigjson" in warnings
    assert f"kubectl -n {namespace} create secret generic pull --type=kubernetes.io/dockerconfigjson" in warnings
    assert "nvapi-of-nobody" not in warnings


def grant(cluster: Client, namespace: str, *resources: str) -> None:
    """Grant the visitor to read these kinds of a namespace."""
    rules = [{"apiGroups": ["", "apps"], "resources": list(resources), "verbs": ["get", "list", "watch"]}]
    rbac = "rbac.authorization.k8s.io"
    cluster.apply({"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": {"name": "visitor", "namespace": namespace}, "rules": rules})
    binding = {"apiVersion": f"{rbac}/v1", "kind": "RoleBinding", "metadata": {"name": "visitor", "namespace": namespace}}
    cluster.apply(
        {
            **binding,
            "roleRef": {"apiGroup": rbac, "kind": "Role", "name": "visitor"},
            "subjects": [{"kind": "User", "name": VISITOR, "apiGroup": rbac}],
        }
    )


def test_each_missing_permission_is_noted_once(control_plane: ControlPlane, cluster: Client, namespace: str, nodes):
    nodes(ONE_GPU)
    grant(cluster, namespace, "pods", "replicasets", "deployments")
    apply_all(cluster, render(nim(gpu=2), namespace))
    report = RecordedReport(control_plane.kubeconfig_of(VISITOR))
    report.record(namespace, warned)
    assert report.warnings[0].startswith(f"No node has 2 free {GPU}.")
    where = f" in namespace {namespace}"
    without = ": the diagnosis leaves them out (requires get, list, watch)"
    assert sorted(report.denied) == sorted(
        [
            f"events cannot be read{where}{without}",
            f"services cannot be read{where}{without}",
            f"persistentvolumeclaims cannot be read{where}{without}",
            f"nodes cannot be read{without}",
            "pods of other namespaces cannot be read: free GPUs are unknown (requires list, cluster-wide)",
        ]
    )


@pytest.mark.parametrize("missing", ["pods", "events", "replicasets", "deployments", "services", "persistentvolumeclaims"])
def test_unreadable_kind_is_skipped(control_plane: ControlPlane, cluster: Client, namespace: str, missing: str):
    grant(cluster, namespace, *({"pods", "events", "replicasets", "deployments", "services", "persistentvolumeclaims"} - {missing}))
    apply_all(cluster, render(nim(), namespace))
    report = RecordedReport(control_plane.kubeconfig_of(VISITOR))
    report.record(namespace, lambda _: len(report.denied) >= 2 and (missing == "pods" or bool(report.lines)))
    assert any(text.startswith(f"{missing} cannot be read") for text in report.denied)
    if missing == "pods":
        assert report.lines == []


def test_report_continues_after_api_server_restart(
    control_plane: ControlPlane, cluster: Client, namespace: str, nodes, report: RecordedReport
):
    nodes(ONE_GPU)
    apply_all(cluster, render(nim(gpu=2), namespace))

    def interrupt() -> None:
        wait_until("a first line", lambda: report.lines or None)
        control_plane.halt("kube-apiserver")
        time.sleep(2)
        control_plane.resume_api()
        apply_all(cluster, render(nim(gpu=1), namespace))

    report.record(namespace, lambda lines: any("ready after" in text for _, text in lines), 40, interrupt)
    assert report.errors == []


def test_report_sends_few_requests(cluster: Client, namespace: str, nodes, report: RecordedReport):
    nodes(ONE_GPU)
    apply_all(cluster, render(nim(gpu=2), namespace))
    began = time.monotonic()
    report.record(namespace, lambda _: time.monotonic() - began > 15)
    # seven kinds are listed and watched, and all pods are listed once
    assert report.requests <= 15


@pytest.fixture
def ten_thousand_events(control_plane: ControlPlane, namespace: str) -> Iterator[None]:
    """Store 10,000 events of other objects, with characters that Python treats as line ends."""
    odd = {"apiVersion": "v1", "kind": "Event", "reason": "Odd", "message": "\x85\u2028 odd", "type": "Warning"}
    store_events(
        control_plane,
        [
            {**odd, "metadata": metadata, "involvedObject": {"kind": "Pod", **metadata}}
            for metadata in ({"name": f"other-{i}", "namespace": namespace} for i in range(10_000))
        ],
    )
    yield
    drop_events(control_plane, namespace)


def test_ten_thousand_foreign_events_are_ignored(cluster: Client, namespace: str, nodes, report: RecordedReport, ten_thousand_events: None):
    assert len(cluster.list("v1", "Event", namespace)) >= 10_000
    nodes(ONE_GPU)
    apply_all(cluster, render(nim(gpu=2), namespace))
    began = time.monotonic()
    report.record(namespace, warned)
    assert time.monotonic() - began < 10
