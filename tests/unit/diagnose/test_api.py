"""The connection: which kubeconfig, what its answers mean, and what a hostile or broken server can do."""

import asyncio
import json
import re
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from nim_component.cluster import client as module
from nim_component.cluster.client import ClusterClient, GoneError, MissingError, NoClusterError, RefusedError, UnreachableError

from .server import kubeconfig, serving


def ask(config: str, what: Any) -> Any:
    async def run() -> Any:
        async with ClusterClient.connect(config) as api:
            return await what(api)

    return asyncio.run(run())


async def collect(api: ClusterClient, path: str = "/api/v1/pods") -> list[Any]:
    return [each async for each in api.watch(path, "1")]


def line(change: str, **object_: Any) -> bytes:
    return json.dumps({"type": change, "object": object_}, ensure_ascii=False).encode() + b"\n"


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, RefusedError), (403, RefusedError), (404, MissingError), (410, GoneError), (500, UnreachableError), (429, UnreachableError)],
)
def test_a_refusal_is_told_from_a_failure(status: int, error: type[Exception]):
    with serving(lambda _: (status, {"message": "no"})) as config:
        with pytest.raises(error):
            ask(config, lambda api: api.get("/x"))
        with pytest.raises(error):
            ask(config, collect)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"\xff\xfe", b'"text"'])
def test_an_answer_that_is_no_object_is_no_answer(body: bytes):
    with serving(lambda _: (200, body)) as config, pytest.raises(UnreachableError):
        ask(config, lambda api: api.get("/x"))


def test_a_list_is_read_in_pages():
    seen: list[str] = []

    def answer(path: str) -> tuple[int, Any]:
        if "continue=next" in path:
            return 200, {"items": [{"n": 2}, "no object"], "metadata": {"resourceVersion": "9"}}
        return 200, {"items": [{"n": 1}], "metadata": {"resourceVersion": "9", "continue": "next"}}

    with serving(answer, seen) as config:
        assert ask(config, lambda api: api.list("/api/v1/pods", labelSelector="a=b")) == ([{"n": 1}, {"n": 2}], "9")
    assert len(seen) == 2
    assert all("limit=1000" in path and "labelSelector=a%3Db" in path for path in seen)


def test_a_watch_splits_at_line_feeds_only():
    body = line("ADDED", message="a\x85b\u2028c\x0bd") + line("BOOKMARK", metadata={"resourceVersion": "7"})
    with serving(lambda _: (200, body)) as config:
        assert ask(config, collect) == [("ADDED", {"message": "a\x85b\u2028c\x0bd"}), ("BOOKMARK", {"metadata": {"resourceVersion": "7"}})]


def test_a_watch_that_has_expired_says_so():
    with serving(lambda _: (200, line("ERROR", kind="Status", code=410))) as config, pytest.raises(GoneError):
        ask(config, collect)


@pytest.mark.parametrize("body", [b"no json\n", b"{\n", b'{"type": 3, "object": []}\n{'])
def test_a_watch_of_garbage_ends_or_fails_and_no_more(body: bytes):
    with serving(lambda _: (200, body)) as config:
        try:
            assert ask(config, collect) == []
        except UnreachableError:
            pass


def test_a_line_without_an_end_is_not_kept(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "MAX_LINE_BYTES", 10_000)
    with serving(lambda _: (200, b"x" * 1_000_000)) as config, pytest.raises(UnreachableError):
        ask(config, collect)


def test_an_answer_that_drips_is_not_waited_for():
    with serving(lambda _: (200, iter(lambda: time.sleep(0.1) or b" ", None))) as config:
        began = time.monotonic()
        with pytest.raises(UnreachableError, match=r"no answer within 0\.5 s"):
            ask(config, lambda api: api.get("/x", 0.5))
        assert time.monotonic() - began < 2


@pytest.mark.parametrize("skew", [0, 3600, -3600])
def test_the_servers_clock_counts(skew: float):
    with serving(lambda _: (200, {}), skew=skew) as config:

        async def now(api: ClusterClient) -> timedelta:
            await api.get("/x")
            return api.now() - datetime.now(UTC)

        assert abs(ask(config, now) - timedelta(seconds=skew)) < timedelta(seconds=2)


def test_nothing_is_there_to_connect_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(NoClusterError, match=re.escape(f"there is no kubeconfig ({tmp_path}/.kube/config)")):
        ClusterClient.connect()
    with pytest.raises(NoClusterError, match=re.escape(f"there is no kubeconfig ({tmp_path}/missing)")):
        ClusterClient.connect(str(tmp_path / "missing"))


def test_a_context_that_is_not_there_is_named_with_those_that_are():
    config = {
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:9"}}],
        "contexts": [{"name": name, "context": {"cluster": "c"}} for name in ("dev", "staging")],
        "current-context": "dev",
    }
    with pytest.raises(NoClusterError, match="the kubeconfig has no context 'prod'; its contexts: dev, staging"):
        ClusterClient.connect(json.dumps(config), "prod")


@pytest.mark.parametrize("text", ["a: b\n", "- a\n- b\n", "{", "\x00\n", "{}", "clusters: [1]\nusers: 2\n"])
def test_a_broken_kubeconfig_is_one_error_that_quotes_nothing(text: str):
    with pytest.raises(NoClusterError) as caught:
        ClusterClient.connect(f"{text}\n# nvapi-of-nobody")
    assert "nvapi" not in str(caught.value)


def test_without_the_client_there_is_no_cluster(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "is_installed", lambda: False)
    with pytest.raises(NoClusterError, match=r"pip install .nim-component\[diagnose\]"):
        ClusterClient.connect(kubeconfig("http://127.0.0.1:9"))


def test_several_files_are_one_kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with serving(lambda _: (200, {"which": "second"})) as config:
        second = yaml.safe_load(config)
        first = {"current-context": "c", "contexts": second.pop("contexts"), "users": [{"name": "u", "user": {"token": "first"}}]}
        (tmp_path / "one").write_text(yaml.safe_dump(first))
        (tmp_path / "two").write_text(yaml.safe_dump(second))
        monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'one'}:{tmp_path / 'missing'}:{tmp_path / 'two'}")

        async def run() -> Any:
            async with ClusterClient.connect() as api:
                return await api.get("/x")

        assert asyncio.run(run()) == {"which": "second"}


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_a_log_in_program_is_run(tmp_path: Path, version: str):
    program = tmp_path / "login.py"
    program.write_text(
        "import json, os\nassert 'ExecCredential' in os.environ['KUBERNETES_EXEC_INFO']\nprint(json.dumps({'status': {'token': 't'}}))\n"
    )
    with serving(lambda _: (200, {"ok": True})) as config:
        content = yaml.safe_load(config)
        content["users"][0]["user"] = {
            "exec": {"apiVersion": f"client.authentication.k8s.io/{version}", "command": sys.executable, "args": [str(program)]}
        }
        assert ask(yaml.safe_dump(content), lambda api: api.get("/x")) == {"ok": True}


def test_a_log_in_program_that_fails_is_no_answer(tmp_path: Path):
    for command in ("/nowhere", "false"):
        user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": command}}
        with pytest.raises(UnreachableError):
            ask(kubeconfig("http://127.0.0.1:9", user), lambda api: api.get("/x"))
