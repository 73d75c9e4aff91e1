"""Every failure: its exit code, one line with adapter and fix, and no published adapter."""

from __future__ import annotations

import os
import resource
import subprocess
from pathlib import Path
from typing import Any

import pytest

from nim_component.lora_loader import outcome, settings
from nim_component.lora_loader.adapter_list import read_adapter_list
from tests.lora.hub import Hub, Repo, adapter, config, safetensors
from tests.lora.pod import TOKEN, Pod, as_user

WHOLE = adapter(1, 100_000)
POINTER = WHOLE | {"adapter_model.safetensors": b"version https://git-lfs"}
PATIENCE = {"api_status": 429, "headers": {"Retry-After": "900"}}
NO_LORA: dict[str, bytes] = {"config.json": b"{}", "model.safetensors": safetensors()}
CASES: dict[str, tuple[Repo | None, dict[str, str], int, str]] = {
    "no token": (Repo({"main": WHOLE}, token="right"), {}, 11, "set a token (hf_token_key)"),
    "wrong token": (Repo({"main": WHOLE}, token="right"), {"HF_TOKEN": TOKEN}, 11, "Renew it in its Secret"),
    "gated, no token": (Repo({"main": WHOLE}, token="right", gated=True), {}, 12, "Accept its terms on its page"),
    "gated, wrong token": (Repo({"main": WHOLE}, token="right", gated=True), {"HF_TOKEN": TOKEN}, 12, "with the account of the token"),
    "denied": (Repo({"main": WHOLE}, trouble={"file_status": 403}), {"HF_TOKEN": TOKEN}, 12, "Give the token read access"),
    "no repo": (None, {}, 13, "Correct the repo id"),
    "no revision": (Repo({"trunk": WHOLE}), {}, 13, "Correct the revision"),
    "nothing matched": (Repo({"main": NO_LORA}), {}, 14, "no adapter_config.json and no adapter_model.safetensors"),
    "no weights": (Repo({"main": {"adapter_config.json": config()}}), {}, 14, "no adapter_model.safetensors"),
    "wrong bytes": (Repo({"main": WHOLE}, trouble={"wrong_bytes": True}), {}, 17, "arrived damaged twice"),
    "not safetensors": (Repo({"main": POINTER}), {}, 17, "not a safetensors file"),
    "short tensors": (Repo({"main": WHOLE | {"adapter_model.safetensors": safetensors()[:-1]}}), {}, 17, "do not fill the file"),
    "config not JSON": (Repo({"main": WHOLE | {"adapter_config.json": b"{'r': 8}"}}), {}, 17, "not a JSON object"),
    "config a list": (Repo({"main": WHOLE | {"adapter_config.json": b"[]"}}), {}, 17, "not a JSON object"),
    "rate limit, short": (Repo({"main": WHOLE}, trouble={"api_status": 429}), {}, 18, "Start later, or set a token"),
    "rate limit, long": (Repo({"main": WHOLE}, trouble=PATIENCE), {}, 18, "Retry-After 900 s"),
    "5xx": (Repo({"main": WHOLE}, trouble={"api_status": 503}), {}, 19, "returned 503"),
    "stalled": (Repo({"main": WHOLE}, trouble={"stall_after": 0, "stall": 5}), {"LORA_RETRIES": "1"}, 19, "sent nothing for 1 s"),
    "cut": (Repo({"main": WHOLE}, trouble={"cut_after": 50_000, "no_range": True}), {}, 19, "Check HF_ENDPOINT, proxy and network"),
    "hub down": (Repo({"main": WHOLE}), {"HF_ENDPOINT": "http://127.0.0.1:9"}, 19, "Check HF_ENDPOINT, proxy and network"),
    "rank": (Repo({"main": adapter(1, rank=8, rank_pattern={"q_proj": 64})}), {"NIM_MAX_LORA_RANK": "32"}, 20, "rank 64 is above"),
}


@pytest.mark.parametrize("case", CASES)
def test_failure_prints_one_line_and_publishes_nothing(hub: Hub, pod: Pod, case: str) -> None:
    repo, env, code, words = CASES[case]
    hub.repos = {"org/one": repo} if repo else {}
    result = pod.run(**env)
    assert (result.code, pod.published(), pod.staged()) == (code, [], []), result
    assert words in result.last and result.last.startswith("adapter one (org/one@main): "), result.last
    assert result.termination == result.last
    assert result.lines["one"]["status"] == "failed"
    assert TOKEN not in result.out + result.err and "Traceback" not in result.err
    if case == "rank":
        assert not [r for r in hub.requests if "adapter_model" in r], "the weights were not moved for nothing"
    if case == "rate limit, long":
        assert result.seconds < 10, "does not wait for what cannot come in time"


def test_lowered_rank_limit_is_checked_again(hub: Hub, pod: Pod) -> None:
    assert pod.run(NIM_MAX_LORA_RANK="16").code == 0
    assert pod.run(NIM_MAX_LORA_RANK="8").code == 20


def test_deadline_ends_the_loader(hub: Hub, pod: Pod) -> None:
    hub.repos["org/one"] = Repo({"main": WHOLE}, trouble={"piece": 1000, "slow": 0.2})
    result = pod.run(LORA_DEADLINE_SECONDS="6", LORA_STALL_SECONDS="5")
    assert (result.code, pod.published(), pod.staged()) == (124, [], []), result
    assert "LORA_DEADLINE_SECONDS is over" in result.last and "not downloaded yet: one" in result.last
    assert result.seconds < 15


def test_several_failures_print_one_line_each(hub: Hub, pod: Pod) -> None:
    pod.list_adapters("org/none", "org/nothing", "org/one")
    result = pod.run()
    assert result.code == 13 and "(and 1 more, see the log)" in result.termination
    assert {"org/none@main", "org/nothing@main"} <= {line.partition("(")[2].partition(")")[0] for line in result.out.splitlines()}


def test_file_size_limit_fails(hub: Hub, pod: Pod) -> None:
    hub.repos["org/one"] = Repo({"main": WHOLE})
    result = pod.run(before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000)))
    assert (result.code, pod.published(), pod.staged()) == (15, [], []), result
    assert "is full" in result.last and "Enlarge it" in result.last


def test_full_disk_fails(hub: Hub, pod: Pod) -> None:
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k,mode=777", "tmpfs", str(pod.root)], capture_output=True, check=False)
    if mount.returncode:
        pytest.skip("may not mount a small tmpfs here; the file size limit above covers the line")
    try:
        hub.repos["org/one"] = Repo({"main": adapter(1, 1_000_000)})
        result = pod.run()
        assert (result.code, pod.published(), pod.staged()) == (15, [], []), result
        hub.repos["org/one"] = Repo({"main": adapter(1, 100_000)})
        assert pod.run().code == 0
    finally:
        subprocess.run(["umount", str(pod.root)], check=True)


def test_read_only_volume_fails(hub: Hub, pod: Pod) -> None:
    if os.getuid() == 0 and not as_user():
        pytest.skip("root writes everywhere, and uid 1000 cannot run this interpreter")
    pod.root.chmod(0o555)
    result = pod.run()
    assert (result.code, hub.requests) == (16, []), result
    assert "cannot be written by uid" in result.last and "Mount the volume writable" in result.last


HOSTILE: list[dict[str, Any]] = [
    {"repo_id": "x/y; touch PWNED"},
    {"repo_id": "x/$(touch PWNED)"},
    {"repo_id": "../../etc"},
    {"repo_id": "a/b/c"},
    {"repo_id": "org/оne"},  # a Cyrillic o
    {"repo_id": "org/one\n"},
    {"repo_id": "org/one\u202e"},
    {"repo_id": "org/one@main"},
    {"repo_id": "org/one.git"},
    {"repo_id": "org/o--ne"},
    {"repo_id": "org/" + "a" * 97},
    {"repo_id": 7, "name": "a"},
    {"revision": "../../../api"},
    {"revision": "main?x=1"},
    {"revision": "main#x"},
    {"revision": "-rf"},
    {"revision": "a//b"},
    {"revision": "a.lock"},
    {"revision": "main "},
    {"revision": "ｍain"},
    {"revision": "m" * 300},
    {"name": "../one"},
    {"name": "a/b"},
    {"name": ".hidden"},
    {"name": "a\0b"},
    {"name": "..", "repo_id": "org/one"},
    {"name": "meta/llama3-8b-instruct"},
    {"name": "llama"},
    {"files": ["adapter_config.json", "../adapter_model.bin"]},
    {"files": ["adapter_config.json", "/etc/adapter_model.bin"]},
    {"files": ["adapter_config.json"]},
    {"files": ["a/adapter_config.json", "b/adapter_config.json", "adapter_model.bin"]},
    {"files": "adapter_config.json"},
]


def test_hostile_entries_are_refused_in_one_line(hub: Hub, pod: Pod) -> None:
    pod.list_adapters(*({"repo_id": "org/one", "name": f"n{i}"} | entry for i, entry in enumerate(HOSTILE)), served="llama")
    result = pod.run()
    assert (result.code, hub.requests, list(pod.root.iterdir())) == (2, [], []), result
    assert len(result.err.strip().splitlines()) == 1 and result.err.isascii()
    refused = {int(part.partition("]")[0]) for part in result.last.split("adapters[")[1:]}
    assert [HOSTILE[i] for i in range(len(HOSTILE)) if i not in refused] == []


def test_broken_adapter_list_ends_the_process(pod: Pod) -> None:
    (pod.mounted / "adapters.json").write_text("{")
    result = pod.run()
    assert result.code == 2 and "Render the ConfigMap again" in result.last, result


@pytest.mark.parametrize("text", ["", "[]", '{"adapters": {}}', '{"adapters": [1]}', '{"adapters": [{"name": "a"}]}', "[" * 100_000])
def test_broken_adapter_list_fails(tmp_path: Path, text: str) -> None:
    (tmp_path / "adapters.json").write_text(text)
    with pytest.raises(outcome.LoadError, match="Render the ConfigMap again"):
        read_adapter_list(tmp_path / "adapters.json")


@pytest.mark.parametrize(
    "env",
    [
        {"NIM_PEFT_SOURCE": "adapters"},
        {"NIM_PEFT_SOURCE": "/adapters"},
        {"NIM_PEFT_SOURCE": "/lora/../etc"},
        {"LORA_DEADLINE_SECONDS": "soon"},
        {"LORA_DEADLINE_SECONDS": "-1"},
        {"HF_ENDPOINT": "ftp://hub"},
        {"HF_ENDPOINT": "http://"},
        {"HF_TOKEN": "hf_Tok en"},
        {"NIM_MAX_LORA_RANK": "nan"},
    ],
)
def test_invalid_environment_fails(monkeypatch: pytest.MonkeyPatch, env: dict[str, str]) -> None:
    monkeypatch.setattr(settings, "secret_values", [])
    for name, value in ({"NIM_PEFT_SOURCE": "/lora/adapters"} | env).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(outcome.LoadError, match=next(iter(env))) as raised:
        settings.read_settings(Path("requirements.txt"))
    assert raised.value.kind == "adapter-list" and "Tok en" not in str(raised.value)
