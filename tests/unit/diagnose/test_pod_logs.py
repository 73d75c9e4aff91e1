"""Logs of failed servers that `explain` reads."""

import pytest

from nim_component.cluster.errors import MissingError, RefusedError, UnreachableError
from nim_component.diagnose.pod_logs import FailedContainer, list_failed_containers, put_logs

from .fake_client import FakeClient
from .kubernetes_objects import ago, crashed, pod, snapshot
from .test_explain import deployment, explain, labelled


class LogClient(FakeClient):
    """Client with one failed pod, whose whole log contains the reason."""

    def __init__(self, log: str | Exception) -> None:
        super().__init__(
            pods=[labelled(crashed("INFO 11-24 12:00:00 [launcher.py:80] Shutting down"), "llama")], deployments=[deployment()]
        )
        self.answer = log
        self.queries: list[dict[str, str]] = []

    async def text(self, path: str, **query: str) -> str:
        self.queries.append({"path": path, **query})
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


REASON = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 224.00 MiB.\nINFO: end\n"


def test_log_with_unexplained_end_is_read():
    client = LogClient(REASON)
    (found,), notes = explain(client)
    assert [each.cause for each in found.diagnoses] == ["gpu-out-of-memory"]
    assert notes == ["read the last 2 lines of the log of pod/llama-5d9-x, container nim"]
    (query,) = client.queries
    assert query["path"] == "/api/v1/namespaces/ml/pods/llama-5d9-x/log"
    assert (query["container"], query["previous"], query["tailLines"], query["limitBytes"]) == ("nim", "true", "400", "262144")


@pytest.mark.parametrize(
    ("answer", "note"),
    [
        (RefusedError(403, "no"), "logs cannot be read in namespace ml: only their end is known (requires get on pods/log)"),
        (UnreachableError("no answer"), None),
        (MissingError("no pod"), None),
    ],
)
def test_unreadable_log_leaves_the_general_cause(answer: Exception, note: str | None):
    (found,), notes = explain(LogClient(answer))
    assert [each.cause for each in found.diagnoses] == ["crash-loop"]
    assert notes == ([note] if note else [])


def test_known_reason_needs_no_log():
    client = LogClient(REASON)
    state = client.objects["pods"][0]["status"]["containerStatuses"][0]
    state["lastState"]["terminated"]["message"] = REASON
    (found,), notes = explain(client)
    assert ([each.cause for each in found.diagnoses], notes, client.queries) == (["gpu-out-of-memory"], [], [])


def test_log_of_earlier_restart_is_left_out():
    failed = crashed("Shutting down")
    earlier = FailedContainer("ml", "llama-5d9-x", "nim", 1, True)
    assert put_logs([failed], {earlier: REASON}) == [failed]
    (replaced,) = put_logs([failed], {earlier._replace(restarts=2): REASON})
    assert replaced["status"]["containerStatuses"][0]["lastState"]["terminated"]["message"] == REASON
    assert failed["status"]["containerStatuses"][0]["lastState"]["terminated"]["message"] == "Shutting down"


@pytest.mark.parametrize(("state", "is_previous"), [("waiting", True), ("running", True), ("terminated", False)])
def test_previous_log_is_read_after_a_restart(state: str, is_previous: bool):
    ended = {"terminated": {"exitCode": 1, "reason": "Error"}}
    status = {"name": "nim", "restartCount": 3, "state": {state: {"exitCode": 1, "reason": "x", "startedAt": ago(5)}}, "lastState": ended}
    (found,) = list_failed_containers(snapshot(pod(node="gpu-0", containerStatuses=[status])))
    assert found == FailedContainer("ml", "llama-5d9-x", "nim", 3, is_previous)
