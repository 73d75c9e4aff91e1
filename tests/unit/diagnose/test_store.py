"""Store of objects: their owners, their fields, and the bounds of its size."""

from typing import Any

from nim_component.cluster.kinds import EVENTS, JOB, KINDS
from nim_component.cluster.objects import name_of
from nim_component.diagnose.store import Store
from nim_component.names import LORA_JOB, PREWARM_JOB

from .kubernetes_objects import NOW, ago, event, job, job_pod, pod, pvc, running

PODS = KINDS[0]


def label_as_job_pod(pod: Any, workload: str, job_name: str = "") -> Any:
    """Return a pod with the labels of a Job's pod."""
    labels = {"app.kubernetes.io/name": workload, "app.kubernetes.io/instance": "llama", "batch.kubernetes.io/job-name": job_name}
    return {**pod, "metadata": {**pod["metadata"], "labels": labels}}


def rename(job: Any, name: str, age: float) -> Any:
    """Return a Job with another name and age."""
    return {**job, "metadata": {**job["metadata"], "name": name, "uid": name, "creationTimestamp": ago(age)}}


def test_snapshot_contains_one_workload_and_one_job():
    store = Store()
    store.replace(JOB, "ml", [rename(job(), "new", 10), rename(job(), "old", 900), job(container="download-loras")])
    pods = [
        running(),
        label_as_job_pod(job_pod("new-x"), PREWARM_JOB, "new"),
        label_as_job_pod(job_pod("old-x"), PREWARM_JOB, "old"),
        label_as_job_pod(job_pod("l"), LORA_JOB),
    ]
    store.replace(PODS, "ml", pods)
    assert store.workloads("ml") == {("llama", PREWARM_JOB), ("llama", LORA_JOB)}
    assert store.services("ml") == ["llama"]
    server = store.snapshot("llama", "ml", NOW)
    assert ([name_of(each) for each in server.pods], server.job) == (["llama-5d9-x"], None)
    newest = store.snapshot("llama", "ml", NOW, PREWARM_JOB)
    assert newest.job is not None
    assert (name_of(newest.job), [name_of(each) for each in newest.pods]) == ("new", ["new-x"])
    older = store.snapshot("llama", "ml", NOW, PREWARM_JOB, "old")
    assert [name_of(each) for each in older.pods] == ["old-x"]
    # a Job that does not exist yet
    assert store.snapshot("llama", "ml", NOW, PREWARM_JOB, "next").job is None
    assert store.snapshot("llama", "ml", NOW, PREWARM_JOB, "next").pods == []


def test_events_of_held_workloads_are_in_snapshot():
    """Kueue names its Workload after the pod or the Job that it holds."""
    store = Store()
    gates = {"schedulingGates": [{"name": "kueue.x-k8s.io/admission"}]}
    labels = {"app.kubernetes.io/name": "nim", "app.kubernetes.io/instance": "llama"}
    store.replace(PODS, "ml", [pod("held", spec=gates, metadata={"labels": labels}), running(name="free")])
    names = ("pod-held-1a2b3", "pod-free-1a2b3", "job-held-1a2b3", "pod-held")
    store.replace(EVENTS, "ml", [event("Pending", name, {"metadata": {"name": name, "uid": name}}, "Workload") for name in names])
    assert [each["message"] for each in store.snapshot("llama", "ml", NOW).events()] == ["pod-held-1a2b3"]
    store.replace(JOB, "ml", [rename(job(suspend=True), "held", 10)])
    assert [each["message"] for each in store.snapshot("llama", "ml", NOW, PREWARM_JOB).events()] == ["job-held-1a2b3"]


def test_pods_of_unreadable_jobs_are_found():
    store = Store()
    store.replace(
        PODS, "ml", [label_as_job_pod(job_pod("new-x"), PREWARM_JOB, "new"), label_as_job_pod(job_pod("old-x"), PREWARM_JOB, "old")]
    )
    found = store.snapshot("llama", "ml", NOW, PREWARM_JOB, "new")
    assert (found.is_known("jobs"), [name_of(each) for each in found.pods]) == (False, ["new-x"])


def test_number_and_length_of_events_are_bounded():
    store = Store()
    for i in range(30_000):
        store.apply(EVENTS, "ml", "ADDED", event("Odd", "x" * 5_000, pod(f"other-{i}")))
    for i in range(100):
        store.apply(EVENTS, "ml", "ADDED", event("Odd", "x", pod("mine"), age=i))
    assert len(store.events) <= 5_000
    assert len(store.events["ml", "mine"]) == 20
    assert max(len(each["message"]) for stored in store.events.values() for each in stored) == 2_000


def test_environment_and_annotations_are_not_stored():
    store = Store()
    secret = pod()
    secret["spec"]["containers"][0]["env"] = [{"name": "A", "value": "nvapi-of-nobody"}]
    secret["metadata"]["annotations"] = {"a": "nvapi-of-nobody"}
    store.replace(KINDS[0], "ml", [secret])
    assert "nvapi" not in str(store.objects)
    assert store.snapshot("llama", "ml", NOW).pods[0]["spec"]["containers"][0]["name"] == "nim"


def test_snapshot_contains_pvcs_of_ephemeral_volumes():
    """The PVC of a generic ephemeral volume is called `<pod>-<volume>`."""
    store = Store()
    volumes = [{"name": "cache-ephemeral", "ephemeral": {"volumeClaimTemplate": {"spec": {}}}}]
    store.replace(PODS, "ml", [running(spec={"volumes": volumes})])
    claims = next(each for each in KINDS if each.plural == "persistentvolumeclaims")
    store.replace(claims, "ml", [pvc(name="llama-5d9-x-cache-ephemeral"), pvc(name="other-cache-ephemeral")])
    given = store.snapshot("llama", "ml", NOW)
    assert [name_of(each) for each in given.all("persistentvolumeclaims")] == ["llama-5d9-x-cache-ephemeral"]
    assert [name for name, _ in given.pvcs_of(given.pods[0])] == ["llama-5d9-x-cache-ephemeral"]
