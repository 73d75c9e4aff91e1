"""What is kept of a cluster: whose an object is, what of it, and how much of it."""

from typing import Any

from nim_component.cluster.kinds import EVENTS, JOB, KINDS
from nim_component.cluster.objects import name_of
from nim_component.diagnose.store import Store
from nim_component.names import LORA_JOB, PREWARM_JOB

from .kubernetes_objects import NOW, ago, event, job, job_pod, pod, running

PODS = KINDS[0]


def owned(pod: Any, part: str, job_name: str = "") -> Any:
    """A pod as its Job's controller labels it."""
    labels = {"app.kubernetes.io/name": part, "app.kubernetes.io/instance": "llama", "batch.kubernetes.io/job-name": job_name}
    return {**pod, "metadata": {**pod["metadata"], "labels": labels}}


def named(job: Any, name: str, age: float) -> Any:
    return {**job, "metadata": {**job["metadata"], "name": name, "uid": name, "creationTimestamp": ago(age)}}


def test_a_job_is_not_the_server_and_its_forerunner_is_not_the_job():
    store = Store()
    store.replace(JOB, "ml", [named(job(), "new", 10), named(job(), "old", 900), job(container="download-loras")])
    pods = [
        running(),
        owned(job_pod("new-x"), PREWARM_JOB, "new"),
        owned(job_pod("old-x"), PREWARM_JOB, "old"),
        owned(job_pod("l"), LORA_JOB),
    ]
    store.replace(PODS, "ml", pods)
    assert store.workloads("ml") == {("llama", PREWARM_JOB), ("llama", LORA_JOB)}
    assert store.services("ml") == ["llama"]
    server = store.snapshot("llama", "ml", NOW)
    assert ([name_of(each) for each in server.pods], server.job) == (["llama-5d9-x"], None)
    newest = store.snapshot("llama", "ml", NOW, PREWARM_JOB)
    assert newest.job is not None
    assert (name_of(newest.job), [name_of(each) for each in newest.pods]) == ("new", ["new-x"])
    asked = store.snapshot("llama", "ml", NOW, PREWARM_JOB, "old")
    assert [name_of(each) for each in asked.pods] == ["old-x"]
    # it is not there yet
    assert store.snapshot("llama", "ml", NOW, PREWARM_JOB, "next").job is None
    assert store.snapshot("llama", "ml", NOW, PREWARM_JOB, "next").pods == []


def test_where_jobs_may_not_be_read_their_pods_are():
    store = Store()
    store.replace(PODS, "ml", [owned(job_pod("new-x"), PREWARM_JOB, "new"), owned(job_pod("old-x"), PREWARM_JOB, "old")])
    seen = store.snapshot("llama", "ml", NOW, PREWARM_JOB, "new")
    assert (seen.is_known("jobs"), [name_of(each) for each in seen.pods]) == (False, ["new-x"])


def test_events_of_others_are_bounded():
    store = Store()
    for i in range(30_000):
        store.apply(EVENTS, "ml", "ADDED", event("Odd", "x" * 5_000, pod(f"other-{i}")))
    for i in range(100):
        store.apply(EVENTS, "ml", "ADDED", event("Odd", "x", pod("mine"), age=i))
    assert len(store.events) <= 5_000
    assert len(store.events["ml", "mine"]) == 20
    assert max(len(each["message"]) for held in store.events.values() for each in held) == 2_000


def test_no_environment_is_kept():
    store = Store()
    secret = pod()
    secret["spec"]["containers"][0]["env"] = [{"name": "A", "value": "nvapi-of-nobody"}]
    secret["metadata"]["annotations"] = {"a": "nvapi-of-nobody"}
    store.replace(KINDS[0], "ml", [secret])
    assert "nvapi" not in str(store.objects)
    assert store.snapshot("llama", "ml", NOW).pods[0]["spec"]["containers"][0]["name"] == "nim"
