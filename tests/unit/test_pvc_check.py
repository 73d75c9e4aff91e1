"""`adapters check --pvc` without a cluster: the Job, diagnoses of its pod, and clean-up."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from nim_component.cluster.errors import MissingError, RefusedError, UnreachableError
from nim_component.cluster.writing_client import RejectedError, WritingClient
from nim_component.lora.pvc_check import runner as module
from nim_component.lora.pvc_check.job import APP, GRACE, find_users, render_config, render_job
from nim_component.lora.pvc_check.pod import RUNNING, JobEnd, Waiting, look
from nim_component.lora.pvc_check.runner import CheckError, check_pvc
from nim_component.lora_loader.compare import AdapterComparison
from nim_component.shipped_loader import read_program

from ..lora.pvc_job import RECORDS, locked, request

Object = dict[str, Any]
RIGHT = json.dumps({"adapters": 1, "wrong": 0, "problems": {}, "unlisted": [], "left_out": 0})


def user(node: str = "gpu-0", claim: str = "shelf", phase: str = "Running", **spec: Any) -> Object:
    volumes = [{"name": "cache", "emptyDir": {}}, {"name": "lora", "persistentVolumeClaim": {"claimName": claim}}]
    return {"metadata": {"name": f"pod-{node}"}, "spec": {"nodeName": node, "volumes": volumes, **spec}, "status": {"phase": phase}}


class TestTheJob:
    def test_job_is_short_small_and_restricted(self):
        job = render_job(request(), ["ReadWriteMany"], [])
        spec = job["spec"]
        assert (spec["backoffLimit"], spec["activeDeadlineSeconds"], spec["ttlSecondsAfterFinished"]) == (0, 60 + GRACE, 60)
        pod = spec["template"]["spec"]
        assert pod["securityContext"] == {
            "runAsNonRoot": True,
            "runAsUser": 1000,
            "runAsGroup": 1000,
            "supplementalGroups": [1000],
            "seccompProfile": {"type": "RuntimeDefault"},
        }
        assert pod["automountServiceAccountToken"] is False and pod["restartPolicy"] == "Never"
        assert not {"affinity", "tolerations", "imagePullSecrets", "serviceAccountName", "initContainers"} & set(pod)
        (container,) = pod["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        }
        assert container["command"] == ["python3", "-m", "lora_loader", "/opt/lora-loader/lora_loader/adapters.json"]
        assert container["env"] == [
            {"name": "NIM_PEFT_SOURCE", "value": "/lora/pvc/adapters"},
            {"name": "LORA_DEADLINE_SECONDS", "value": "60"},
        ]
        assert (container["image"], container["imagePullPolicy"]) == ("python:3.12-alpine", "IfNotPresent")
        assert set(container["resources"]["requests"]) == set(container["resources"]["limits"]) == {"cpu", "memory", "ephemeral-storage"}
        assert pod["volumes"][0]["persistentVolumeClaim"] == {"claimName": "shelf", "readOnly": True}
        assert all(mount["readOnly"] is True for mount in container["volumeMounts"])

    def test_config_map_is_owned_by_job(self):
        config = render_config(request(locked("one"), locked("two")), {"metadata": {"name": "nim-lora-check-1", "uid": "u-1"}})
        assert config["immutable"] is True
        assert config["metadata"]["ownerReferences"] == [
            {"apiVersion": "batch/v1", "kind": "Job", "name": "nim-lora-check-1", "uid": "u-1"}
        ]
        wanted = json.loads(config["data"].pop("adapters.json"))
        assert (wanted["compared"], [each["name"] for each in wanted["adapters"]]) == (True, ["one", "two"])
        assert wanted["adapters"][0]["locked"] == RECORDS
        assert config["data"] == read_program() and "compare.py" in config["data"]
        assert len(json.dumps(config)) < 1 << 20, "what a ConfigMap may hold"

    def test_job_follows_pods_of_the_volume(self):
        taint = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
        users = [user("b", tolerations=[taint], imagePullSecrets=[{"name": "pull"}]), user("a", tolerations=[taint])]
        pod = render_job(request(), ["ReadWriteOnce"], users)["spec"]["template"]["spec"]
        terms = pod["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
        assert [each["matchFields"][0]["values"] for each in terms] == [["a"], ["b"]]
        assert (pod["tolerations"], pod["imagePullSecrets"]) == ([taint], [{"name": "pull"}])

    def test_unknown_access_mode_prefers_the_node(self):
        pod = render_job(request(), None, [user("a")])["spec"]["template"]["spec"]
        (term,) = pod["affinity"]["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
        assert term["weight"] == 100 and term["preference"]["matchFields"][0]["values"] == ["a"]

    def test_shared_volume_adds_no_node_affinity(self):
        pod = render_job(request(pull_secrets=["own"]), ["ReadWriteMany"], [user("a", tolerations=[{"operator": "Exists"}])])
        assert not {"affinity", "tolerations"} & set(pod["spec"]["template"]["spec"])
        assert pod["spec"]["template"]["spec"]["imagePullSecrets"] == [{"name": "own"}]

    def test_pods_using_a_pvc_are_found(self):
        leaving = user("b")
        leaving["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        pods = [user("a"), user("a", "other"), user(""), user("a", phase="Succeeded"), leaving, {}, {"spec": {"volumes": None}}]
        assert find_users(pods, "shelf") == [pods[0]]


def pod(state: Object | None = None, node: str = "a", phase: str = "Pending", **status: Any) -> Object:
    statuses = [] if state is None else [{"name": "check-loras", "state": state}]
    spec: Object = {"containers": [{"name": "check-loras", "image": "r.example/denied:1"}], **({"nodeName": node} if node else {})}
    return {"metadata": {"name": "p"}, "spec": spec, "status": {"phase": phase, "containerStatuses": statuses, **status}}


def waiting(reason: str, message: str = "") -> Object:
    return pod({"waiting": {"reason": reason, "message": message}})


def event(reason: str, message: str) -> Object:
    return {"reason": reason, "message": message, "lastTimestamp": "2026-01-01T00:00:00Z"}


def unplaced(message: str) -> Object:
    return pod(node="", conditions=[{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}])


WAITS: list[tuple[Object | None, list[Object], str, bool]] = [
    (None, [event("FailedCreate", 'pods "x" is forbidden: violates PodSecurity "restricted:latest": host')], "pod-security", True),
    (None, [event("FailedCreate", "exceeded quota: small, requested: limits.memory=256Mi")], "quota", True),
    (None, [event("FailedCreate", "failed quota: small: must specify limits.gpu")], "quota", True),
    (None, [event("FailedCreate", "maximum cpu usage per Container is 50m, but limit is 1")], "limit-range", True),
    (None, [event("FailedCreate", 'admission webhook "p.io" denied the request: image')], "webhook", True),
    (None, [event("FailedCreate", "something else")], "refused", True),
    (None, [event("FailedCreate", 'error looking up service account team/default: serviceaccount "default" not found')], "refused", False),
    (unplaced('persistentvolumeclaim "shelf" not found'), [], "pvc-missing", True),
    (unplaced('persistentvolumeclaim "shelf" is being deleted'), [], "pvc-missing", True),
    (unplaced("0/3 nodes are available: 1 node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod"), [], "pvc-one-pod", False),
    (unplaced("0/2 nodes are available: 2 node(s) had volume node affinity conflict."), [], "volume-elsewhere", False),
    (unplaced("0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector."), [], "node-affinity", False),
    (unplaced("0/1 nodes are available: 1 node(s) had untolerated taint(s)."), [], "taint", False),
    (unplaced("0/1 nodes are available: 1 Insufficient memory."), [], "no-room", False),
    (unplaced("no nodes available to schedule pods"), [], "no-node", False),
    (waiting("ImagePullBackOff", "Back-off"), [event("Failed", 'Failed to pull image "r.example/denied:1": 401 Unauthorized')], "image-refused", True),
    (waiting("ImagePullBackOff", 'pull "r.example/denied:1": manifest unknown'), [], "image-missing", True),
    (waiting("ImagePullBackOff", 'pull "r.example/denied:1": i/o timeout'), [], "image", True),
    (waiting("InvalidImageName"), [], "image", True),
    (waiting("CreateContainerConfigError", "secret gone"), [], "start", True),
    (waiting("ContainerCreating"), [event("FailedAttachVolume", "Multi-Attach error for volume")], "volume-attached", False),
    (waiting("ContainerCreating"), [event("FailedMount", "mount.nfs: access denied")], "volume-mount", False),
]  # fmt: skip


class TestWaiting:
    @pytest.mark.parametrize(("found", "events", "cause", "hopeless"), WAITS, ids=[f"{each[2]}-{at}" for at, each in enumerate(WAITS)])
    def test_blocked_pod_has_its_diagnosis(self, found: Object | None, events: list[Object], cause: str, hopeless: bool):
        state = look({}, found, events)
        assert isinstance(state, Waiting) and state.diagnosis is not None
        assert (state.diagnosis.cause, state.hopeless) == (cause, hopeless)
        assert state.diagnosis.fix.endswith((".", ")")) and "\n" not in str(state.diagnosis.text)

    def test_pending_pod_has_no_diagnosis(self):
        assert look({}, None, []) == Waiting("waiting for its pod")
        assert look({}, pod(node=""), []) == Waiting("waiting for a node")
        assert look({}, waiting("ErrImagePull", "once"), []) == Waiting("starting")
        assert look({}, waiting("ContainerCreating"), [event("FailedMount", 'configmap "nim-lora-check-1" not found')]) == Waiting(
            "starting"
        )
        assert look({}, pod({"running": {"startedAt": "2026-01-01T00:00:00Z"}}), []) is RUNNING

    def test_ended_job_is_reported(self):
        done = pod({"terminated": {"exitCode": 0, "reason": "Completed", "message": RIGHT}})
        assert look({}, done, []) == JobEnd(RIGHT, "Completed, exit code 0")
        killed = pod({"terminated": {"exitCode": 137, "reason": "OOMKilled"}})
        assert look({}, killed, []) == JobEnd("", "OOMKilled, exit code 137")
        assert look({}, pod(phase="Failed", reason="Evicted", message="low on\x1b[2J disk"), []) == JobEnd("", "Evicted low on disk")
        late = {
            "status": {"conditions": [{"type": "Failed", "status": "True", "message": "Job was active longer than specified deadline"}]}
        }
        assert look(late, None, []) == JobEnd("", "Job was active longer than specified deadline")

    @pytest.mark.parametrize(
        "odd", [{}, {"status": None}, {"spec": []}, {"status": {"containerStatuses": "x"}}, {"spec": {"containers": [7]}}]
    )
    def test_any_pod_state_is_handled(self, odd: Object):
        assert isinstance(look({}, odd, []), Waiting)


Answer = Callable[[str, str, Any], Any]


class FakeApi(WritingClient):
    """Small API server. `refuse` may raise for a verb and a path. A Job creates a pod."""

    def __init__(self, pods: Any, refuse: Answer = lambda *_: None, claim: Any = None) -> None:
        self.pods, self.refuse, self.claim = pods, refuse, claim
        self.there: dict[str, Object] = {}
        self.removed: list[str] = []

    async def get(self, path: str, seconds: float = 10, **params: str) -> Any:
        self.refuse("get", path, None)
        if path.endswith("/persistentvolumeclaims/shelf"):
            return self.claim or {"status": {"phase": "Bound", "accessModes": ["ReadWriteMany"]}}
        return self.there[path]

    async def list(self, path: str, **params: str) -> Any:
        self.refuse("list", path, params)
        return (self.pods() if "labelSelector" in params else []), "1"

    async def create(self, path: str, body: Object) -> Object:
        self.refuse("create", path, body)
        self.there[f"{path}/{body['metadata']['name']}"] = made = {**body, "metadata": {**body["metadata"], "uid": "u"}}
        return made

    async def remove(self, path: str) -> None:
        self.refuse("delete", path, None)
        self.removed.append(path)
        if self.there.pop(path, None) is None:
            raise MissingError("gone")


JOB = "/apis/batch/v1/namespaces/team/jobs/nim-lora-check-1"


def check(api: FakeApi, **fields: Any) -> tuple[AdapterComparison | Exception, list[str]]:
    said: list[str] = []
    try:
        return asyncio.run(check_pvc(api, request(**fields), said.append)), said
    except (CheckError, UnreachableError, RefusedError) as error:
        return error, said


def ended(message: str, code: int = 0) -> Callable[[], list[Object]]:
    return lambda: [pod({"terminated": {"exitCode": code, "reason": "Error", "message": message}})]


def refusing(verb: str, part: str, error: Exception) -> Answer:
    def refuse(asked: str, path: str, _: Any) -> None:
        if asked == verb and part in path:
            raise error

    return refuse


class TestTheRun:
    @pytest.fixture(autouse=True)
    def quick(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(module, "POLL", 0.01)

    def test_result_is_returned_and_job_removed(self):
        api = FakeApi(ended(RIGHT))
        assert check(api) == (AdapterComparison((None,)), [])
        assert api.removed == [JOB] and not [path for path in api.there if "jobs" in path]

    @pytest.mark.parametrize(
        ("verb", "part", "error", "said", "removed"),
        [
            ("list", "/pods", RefusedError(403, 'User "v" cannot list resource "pods"'), "no permission to list pods", False),
            ("create", "/jobs", RefusedError(403, 'User "v" cannot create resource "jobs"'), "no permission to create jobs", False),
            ("create", "/jobs", RefusedError(403, "exceeded quota: count/jobs.batch"), "the cluster refuses to create jobs", False),
            ("create", "/jobs", RejectedError("spec.x: unknown"), "the cluster refuses to create jobs", False),
            ("create", "/jobs", MissingError('namespaces "team" not found'), "Correct --namespace", False),
            ("create", "/jobs", UnreachableError("ReadTimeout"), "ReadTimeout", True),
            ("create", "/configmaps", RefusedError(403, 'User "v" cannot create resource "configmaps"'), "no permission to create configmaps", True),
            ("create", "/configmaps", UnreachableError("status 500"), "status 500", True),
        ],
    )  # fmt: skip
    def test_refusal_is_one_line_and_job_removed(self, verb: str, part: str, error: Exception, said: str, removed: bool):
        api = FakeApi(ended(RIGHT), refusing(verb, part, error))
        found, _ = check(api)
        assert isinstance(found, Exception) and said in str(found) and "\n" not in str(found)
        assert api.removed == ([JOB] if removed else [])

    def test_result_for_other_adapters_is_none(self):
        for message, words in [
            ("", "Error, exit code 1"),
            ("adapter one: x", "adapter one: x"),
            ("sh: python3: not found", "--image"),
            ("/lora/pvc/adapters is not a directory; directories beside it: a: name it", "adapters is not a directory"),
            ("{}", "{}"),
        ]:
            api = FakeApi(ended(message, 1))
            found, _ = check(api)
            assert isinstance(found, CheckError) and words in str(found) and api.removed == [JOB]

    def test_time_out_names_the_state(self):
        api = FakeApi(lambda: [unplaced("0/1 nodes are available: 1 Insufficient cpu.")])
        found, said = check(api, timeout=0.1)
        assert "no result after 0.1 s: no node has cpu free. Free resources: the pod requests 100m cpu" in str(found)
        assert said == ["waiting for a node: no node has cpu free"] and api.removed == [JOB]

    def test_permanent_failure_ends_the_wait(self):
        api = FakeApi(lambda: [waiting("InvalidImageName", "bad")])
        found, _ = check(api, timeout=1000)
        assert "cannot be pulled" in str(found) and api.removed == [JOB]

    def test_short_outage_is_waited_for(self):
        times = iter([UnreachableError("status 503"), UnreachableError("status 503"), None])

        def pods() -> list[Object]:
            if error := next(times):
                raise error
            return ended(RIGHT)()

        found, said = check(FakeApi(pods))
        assert found == AdapterComparison((None,)) and said == ["the cluster does not respond (status 503)"]

    def test_missing_event_permission_is_tolerated(self):
        found, _ = check(FakeApi(ended(RIGHT), refusing("list", "/events", RefusedError(403, "no"))))
        assert found == AdapterComparison((None,))

    def test_failed_removal_warns(self):
        found, said = check(FakeApi(ended(RIGHT), refusing("delete", "/jobs", RefusedError(403, "may not"))))
        assert found == AdapterComparison((None,))
        assert said == ["warning: nim-lora-check-1 could not be removed (may not). The cluster removes it automatically"]

    @pytest.mark.parametrize(
        ("claim", "words"),
        [
            ({"status": {"phase": "Pending"}}, "so it is empty"),
            ({"status": {"phase": "Lost"}}, "volume of the PVC is lost"),
            ({"metadata": {"deletionTimestamp": "x"}, "status": {"phase": "Bound"}}, "being deleted"),
        ],
    )
    def test_pvc_without_volume_gets_no_job(self, claim: Object, words: str):
        api = FakeApi(ended(RIGHT), claim=claim)
        found, _ = check(api)
        assert words in str(found) and api.there == {} and api.removed == []

    @pytest.mark.parametrize("moment", ["before the answer", "after it"])
    def test_stopped_command_removes_its_job(self, moment: str):
        async def run() -> FakeApi:
            asked = asyncio.Event()

            class Slow(FakeApi):
                async def create(self, path: str, body: Object) -> Object:
                    asked.set()
                    if moment == "before the answer":
                        await asyncio.sleep(0.1)
                    return await super().create(path, body)

            api = Slow(list)
            work = asyncio.create_task(check_pvc(api, request(), lambda _: None))
            await asked.wait()
            await asyncio.sleep(0.05)
            work.cancel()
            with pytest.raises(asyncio.CancelledError):
                await work
            return api

        api = asyncio.run(run())
        assert api.removed == [JOB] and JOB not in api.there


def test_check_pods_match_no_service():
    assert render_job(request(), None, [])["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/name"] == APP != "nim"
