"""Phases of a rollout or a Job, line by line."""

from dataclasses import replace
from datetime import timedelta

from nim_component.diagnose.progress.phase_log import PhaseLog
from nim_component.names import WORKER_INDEX

from ..diagnose.kubernetes_objects import (
    NOW,
    ago,
    crashed,
    deployment,
    event,
    failed_job_pod,
    finished_job,
    job,
    job_pod,
    leader_worker_set,
    pod,
    replica_set,
    running,
    snapshot,
    waiting,
)

IMAGE = "nvcr.io/nim/meta/llama3-8b-instruct:1.0.0"


def test_rollout_reports_each_phase_once():
    log = PhaseLog()
    created = waiting("ContainerCreating")
    init = waiting("ContainerCreating")
    loader = {"name": "download-loras", "state": {"running": {"startedAt": ago(5)}}, "ready": False}
    loading = pod(
        node="gpu-0",
        lora=True,
        initContainerStatuses=[loader],
        containerStatuses=[{"name": "nim", "state": {"waiting": {"reason": "PodInitializing"}}}],
    )
    ready = running(300, ready=True)
    ready["status"]["conditions"][0]["lastTransitionTime"] = ago(0)
    ready["metadata"]["creationTimestamp"] = ago(372)
    steps = [
        (snapshot(deployments=[deployment()]), ["waiting for pods"]),
        (snapshot(pod()), ["waiting for a node"]),
        (snapshot(pod(node="gpu-0")), ["scheduled on gpu-0, waiting for its volumes"]),
        (snapshot(pod(node="gpu-0")), []),
        (snapshot(created), ["scheduled on gpu-0, preparing the server"]),
        (snapshot(init, events=[event("Pulling", f'Pulling image "{IMAGE}"', init, type_="Normal")]), [f"pulling {IMAGE}"]),
        (snapshot(loading), ["downloading 2 adapters"]),
        (snapshot(running()), ["loading the model"]),
        (snapshot(ready), ["ready after 6 min 12 s"]),
        (snapshot(ready), []),
    ]
    for seen, lines in steps:
        assert log.add(seen, adapters=2) == lines


def test_downloaded_adapters_are_counted():
    loader = {"name": "download-loras", "state": {"running": {"startedAt": ago(5)}}, "ready": False}
    it = snapshot(pod(node="gpu-0", lora=True, initContainerStatuses=[loader]))
    log = PhaseLog()
    assert log.add(it, adapters=2, downloaded=0) == ["downloading adapter 1 of 2"]
    assert log.add(it, adapters=2, downloaded=1) == ["downloading adapter 2 of 2"]
    assert log.add(it, adapters=2, downloaded=2) == []


def test_pulled_event_ends_pulling_phase():
    it = waiting("ContainerCreating")
    pulling, pulled = (
        event(reason, f'{reason} image "{IMAGE}"', it, age=age, type_="Normal") for reason, age in (("Pulling", 20), ("Pulled", 10))
    )
    assert PhaseLog().add(snapshot(it, events=[pulling])) == [f"pulling {IMAGE}"]
    assert PhaseLog().add(snapshot(it, events=[pulled, pulling])) == ["scheduled on gpu-0, preparing the server"]


def test_prewarm_job_reports_each_phase_once():
    log = PhaseLog()
    retry = job_pod("llama-warm-y", state={"running": {"startedAt": ago(5)}}, conditions=[{"type": "Ready", "status": "True"}])
    failed = failed_job_pod("boom")
    steps = [
        (snapshot(jobs=[job()]), ["waiting for pods"]),
        (snapshot(job_pod(node=""), jobs=[job()]), ["waiting for a node"]),
        (snapshot(job_pod(), jobs=[job()]), ["scheduled on gpu-0, waiting for its volumes"]),
        (snapshot(failed, jobs=[job(status={"failed": 1})]), ["failed 1 time, waiting to start again"]),
        (snapshot(failed, retry, jobs=[job(status={"failed": 1})]), ["downloading the model into the cache (time limit 2 h)"]),
        # the status of the Job is not updated yet
        (snapshot({**retry, "status": {"phase": "Succeeded"}}, jobs=[job(age=125)]), ["done after 2 min 5 s"]),
        (snapshot(jobs=[finished_job("Complete", age=125)]), []),
    ]
    for seen, lines in steps:
        assert log.add(seen) == lines


def test_failed_job_reports_that_retries_ended():
    assert PhaseLog().add(snapshot(jobs=[finished_job("Failed", status={"failed": 4})])) == ["failed 4 times, not retried"]
    assert PhaseLog().add(snapshot(jobs=[job(suspend=True)])) == ["suspended"]


def test_adapters_of_loader_job_are_counted():
    it = job_pod(container="download-loras", state={"running": {"startedAt": ago(5)}})
    assert PhaseLog().add(snapshot(it, jobs=[job(container="download-loras")]), adapters=3, downloaded=1) == ["downloading adapter 2 of 3"]


def test_running_adapter_check_is_a_phase():
    running_check = {"name": "check-loras", "state": {"running": {"startedAt": ago(5)}}}
    it = pod(node="gpu-0", spec={"initContainers": [{"name": "check-loras"}]}, initContainerStatuses=[running_check])
    assert PhaseLog().add(snapshot(it)) == ["the adapter check runs"]


def test_old_pod_of_leader_worker_set_is_ignored():
    label = "leaderworkerset.sigs.k8s.io/template-revision-hash"
    old, new = running(ready=True, name="g-1", metadata={"labels": {label: "a"}}), pod("g-0", metadata={"labels": {label: "b"}}, age=1)
    assert PhaseLog().add(snapshot(old, new, leaderworkersets=[leader_worker_set()])) == ["waiting for a node"]
    assert PhaseLog().add(snapshot(leaderworkersets=[leader_worker_set(replicas=0)])) == ["scaled to 0 replicas"]


def test_several_pods_have_names_in_lines():
    log = PhaseLog()
    one, two = running(name="llama-1"), pod("llama-2")
    assert log.add(snapshot(one, two)) == ["llama-1: loading the model", "llama-2: waiting for a node"]
    assert log.add(snapshot(one, running(name="llama-2"))) == ["llama-2: loading the model"]


def test_old_pod_of_deployment_is_ignored():
    old, new = running(ready=True, name="old", template="aaa"), pod("new", template="bbb")
    old["metadata"]["creationTimestamp"] = ago(5000)
    assert PhaseLog().add(snapshot(old, new)) == ["waiting for a node"]
    sets = [replica_set(), replica_set()]
    sets[0]["metadata"] |= {"labels": {"pod-template-hash": "aaa"}, "creationTimestamp": ago(5000)}
    sets[1]["metadata"] |= {"labels": {"pod-template-hash": "bbb"}, "creationTimestamp": ago(1)}
    assert PhaseLog().add(snapshot(old, deployments=[deployment()], replicasets=sets)) == ["waiting for pods"]


def test_terminating_pod_is_a_phase():
    old = running(name="old", metadata={"deletionTimestamp": ago(-30)})
    assert PhaseLog().add(snapshot(old)) == ["stopping 1 old pod"]


def test_failed_containers_are_phases():
    assert PhaseLog().add(snapshot(crashed(restarts=3))) == ["the server failed 3 times, waiting to start again"]
    assert PhaseLog().add(snapshot(waiting("ImagePullBackOff"))) == ["the server waits: ImagePullBackOff"]
    assert PhaseLog().add(snapshot(crashed(container="download-loras", restarts=1))) == [
        "the adapter loader failed 1 time, waiting to start again"
    ]


def test_zero_replicas_are_a_phase():
    assert PhaseLog().add(snapshot(deployments=[deployment(replicas=0)])) == ["scaled to 0 replicas"]


def test_skewed_clock_gives_no_negative_duration():
    ready = running(10, ready=True)
    early = replace(snapshot(ready), now=NOW - timedelta(hours=1))
    assert PhaseLog().add(early) == ["ready after 0 s"]


def test_workers_without_leader_are_not_the_service() -> None:
    leader, worker = (
        running(ready=True, name=f"llama-group-{name}", metadata={"labels": {WORKER_INDEX: index}})
        for index, name in (("0", "0"), ("1", "0-1"))
    )
    log = PhaseLog()
    (waiting, ready) = log.add(snapshot(worker, leaderworkersets=[leader_worker_set()]))
    assert waiting == "waiting for the pod of a leader"
    assert ready.startswith("llama-group-0-1: ready after ")
    (later,) = log.add(snapshot(leader, worker, leaderworkersets=[leader_worker_set()]))
    assert later.startswith("llama-group-0: ready after ")
