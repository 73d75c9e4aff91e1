"""Adapters are published complete, found again without a request, and removed if unlisted."""

from __future__ import annotations

import json
import os
import re
import stat
import urllib.request

import pytest

from tests.lora.hub import Hub, Repo, adapter, config, pickled, safetensors
from tests.lora.pod import TOKEN, Pod, as_user
from tests.lora.stub_nim import StubNIM


def resolved(hub: Hub) -> list[str]:
    return [r.rsplit("/", 1)[-1] for r in hub.requests if "/resolve/" in r]


def test_both_adapters_are_published_and_listed(hub: Hub, pod: Pod) -> None:
    pod.list_adapters("org/one", {"repo_id": "org/two", "name": "second"})
    result = pod.run()
    assert result.code == 0, result
    for name, repo in {"one": "org/one", "second": "org/two"}.items():
        files = hub.repos[repo].revisions["main"]
        directory = pod.adapters / name
        assert sorted(p.name for p in directory.iterdir()) == [".nim-lora.json", "adapter_config.json", "adapter_model.safetensors"]
        for file in ("adapter_config.json", "adapter_model.safetensors"):
            assert (directory / file).read_bytes() == files[file]
            assert stat.S_IMODE((directory / file).stat().st_mode) == 0o777
        assert stat.S_IMODE(directory.stat().st_mode) == 0o777
        line = result.lines[name]
        assert (line["status"], line["commit"], line["repo_id"]) == ("downloaded", hub.repos[repo].commit("main"), repo)
    assert result.lines["second"]["rank"] == 32
    assert result.lines["one"]["base_model"] == "meta-llama/Meta-Llama-3-8B-Instruct"
    assert "warning" not in result.out, "NIM's name and the hub's name of the same model"
    assert result.termination == "" and pod.staged() == []
    assert len(hub.requests) == 6, "one look-up and two files for each adapter"
    with StubNIM(pod.adapters) as nim, urllib.request.urlopen(f"{nim.url}/v1/models") as answer:
        assert [m["id"] for m in json.load(answer)["data"]] == ["meta/llama3-8b-instruct", "one", "second"]


def test_log_shows_progress(hub: Hub, pod: Pod) -> None:
    """Adapter, files, bytes and rate: at the start, every five seconds, and at the end."""
    repo = hub.repos["org/one"] = Repo({"main": adapter(1, 1_400_000)}, trouble={"piece": 100_000, "slow": 0.5})
    result = pod.run(LORA_STALL_SECONDS="5")
    commit = (repo.commit("main") or "")[:12]
    lines = [line for line in result.out.splitlines() if line.startswith("one: ")]
    assert lines[0] == f"one: org/one@main is commit {commit}, 2 files, 1.4 MB"
    assert re.fullmatch(r"one: (0\.[5-9]|1\.[0-3]) MB of 1\.4 MB, 0\.[1-3] MB/s", lines[1]), lines
    assert re.fullmatch(r"one: 2 files, 1\.4 MB verified in \d+\.\d s \(0\.[1-3] MB/s\)", lines[-1]), lines
    assert "1 of 1 adapters are present after" in result.out


def test_second_start_makes_no_request(hub: Hub, pod: Pod) -> None:
    assert pod.run().code == 0
    hub.requests.clear()
    hub.repos["org/one"].revisions = {"main": adapter(77)}  # the branch moved on: what it meant at first stays
    result = pod.run("-S", HF_ENDPOINT="http://127.0.0.1:9")  # nor the library
    assert (result.code, result.lines["one"]["status"], hub.requests) == (0, "reused", []), result


def test_start_without_work_imports_no_http(hub: Hub, pod: Pod) -> None:
    assert pod.run().code == 0
    result = pod.run("-X", "importtime")
    imported = {line.rpartition("|")[2].strip() for line in result.err.splitlines() if line.startswith("import time:")}
    assert result.code == 0 and {"lora_loader.run", "lora_loader.volume"} <= imported
    heavy = {
        "lora_loader.hub",
        "lora_loader.library",
        "lora_loader.check",
        "lora_loader.compare",
        "importlib.metadata",
        "subprocess",
        "socket",
    }
    assert imported & (heavy | {"huggingface_hub", "email.utils", "secrets", "random"}) == set()


@pytest.mark.parametrize("damage", ["flip", "truncate", "remove", "manifest", "symlink"])
def test_damage_on_disk_is_repaired(hub: Hub, pod: Pod, damage: str) -> None:
    assert pod.run().code == 0
    weights = pod.adapters / "one" / "adapter_model.safetensors"
    good = weights.read_bytes()
    if damage == "flip":
        weights.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    elif damage == "truncate":
        weights.write_bytes(good[:-1])
    elif damage == "manifest":
        (pod.adapters / "one" / ".nim-lora.json").write_text("")
    else:
        weights.unlink()
    if damage == "symlink":
        (pod.directory / "elsewhere").write_bytes(good)
        weights.symlink_to(pod.directory / "elsewhere")
    result = pod.run()
    assert (result.code, result.lines["one"]["status"]) == (0, "downloaded"), result
    assert weights.read_bytes() == good and not weights.is_symlink()
    assert "damaged on disk" in result.out


def test_damaged_adapter_is_removed_while_hub_down(hub: Hub, pod: Pod) -> None:
    assert pod.run().code == 0
    (pod.adapters / "one" / "adapter_model.safetensors").write_bytes(b"x")
    result = pod.run(HF_ENDPOINT="http://127.0.0.1:9")
    assert (result.code, pod.published()) == (19, [])


def test_repin_replaces_and_failed_repin_keeps(hub: Hub, pod: Pod) -> None:
    repo = hub.repos["org/one"] = Repo({"main": adapter(1), "v2": adapter(3)})
    assert pod.run().code == 0
    pod.list_adapters("org/one@nowhere")
    assert pod.run().code == 13
    assert pod.published() == ["one"] and not pod.torn()
    pod.list_adapters("org/one@v2")
    assert pod.run().lines["one"]["commit"] == repo.commit("v2")
    assert (pod.adapters / "one" / "adapter_model.safetensors").read_bytes() == repo.revisions["v2"]["adapter_model.safetensors"]
    hub.requests.clear()
    pod.list_adapters(f"org/one@{repo.commit('v2')}")  # pinned to what it already is
    assert (pod.run().lines["one"]["status"], hub.requests) == ("reused", [])


def test_renamed_branch_keeps_the_adapter(hub: Hub, pod: Pod) -> None:
    assert pod.run().code == 0
    repo = hub.repos["org/one"]
    repo.revisions = {"trunk": repo.revisions.pop("main")}
    assert pod.run().code == 0, "what is there does not need the branch"
    pod.list_adapters("org/one@trunk")
    assert pod.run().code == 0
    pod.list_adapters("org/one@main")
    result = pod.run()
    assert result.code == 13 and "no revision main" in result.last


def test_one_failure_publishes_nothing_keeps_downloads(hub: Hub, pod: Pod) -> None:
    pod.list_adapters("org/one", "org/missing")
    result = pod.run()
    assert (result.code, pod.published()) == (13, [])
    assert (result.lines["one"]["status"], result.lines["missing"]["status"]) == ("staged", "failed")
    hub.requests.clear()
    pod.list_adapters("org/one", "org/two")
    result = pod.run()
    assert (result.code, result.lines["one"]["status"], pod.published()) == (0, "recovered", ["one", "two"])
    assert not [r for r in hub.requests if "org/one" in r]
    assert pod.staged() == []


def test_unlisted_adapters_go_foreign_entries_move_out(hub: Hub, pod: Pod) -> None:
    pod.list_adapters("org/one", "org/two")
    assert pod.run().code == 0
    (pod.adapters / "by-hand").mkdir()
    (pod.adapters / "by-hand").chmod(0o777)
    (pod.adapters / "by-hand" / "file").write_text("kept")
    (pod.root / "staging" / "dead").mkdir()
    (pod.root / "staging" / "dead").chmod(0o777)  # as the loader makes them
    (pod.root / "staging" / "dead" / "left.incomplete").write_text("x")
    pod.list_adapters("org/two")
    result = pod.run()
    assert (result.code, pod.published(), pod.staged()) == (0, ["two"], [])
    assert "by-hand is not listed and was not created by this loader" in result.err
    assert (pod.root / "foreign" / "by-hand" / "file").read_text() == "kept"
    (pod.adapters / "by-hand").mkdir()
    pod.list_adapters({"repo_id": "org/one", "name": "by-hand"})
    result = pod.run()
    assert result.code == 3 and "was not created by this loader" in result.last and (pod.adapters / "by-hand").is_dir()


def test_bin_weights_and_explicit_files_download(hub: Hub, pod: Pod) -> None:
    weights = pickled()
    hub.repos["org/bin"] = Repo({"main": {"adapter_config.json": config(), "adapter_model.bin": weights}})
    hub.repos["org/deep"] = Repo({"main": {f"last/{k}": v for k, v in adapter(5).items()}})
    pod.list_adapters(
        {"repo_id": "org/bin", "allow_pickle": True},
        {"repo_id": "org/deep", "files": ["last/adapter_config.json", "last/adapter_model.safetensors", "last/README.md"]},
    )
    result = pod.run()
    assert result.code == 0, result
    assert (pod.adapters / "bin" / "adapter_model.bin").read_bytes() == weights
    assert sorted(result.lines["deep"]["files"]) == ["README.md", "adapter_config.json", "adapter_model.safetensors"]
    assert (pod.adapters / "deep" / "adapter_model.safetensors").is_file()


@pytest.mark.parametrize(
    "trouble",
    [
        {"api_status": 429, "times": 2, "headers": {"Retry-After": "1"}},
        {"file_status": 503, "times": 2},
        {"cut_after": 30_000, "times": 2},
        {"cut_after": 30_000, "times": 2, "no_range": True},
        {"stall_after": 30_000, "times": 1},
        {"wrong_bytes": True, "times": 1},
    ],
    ids=["429", "503", "cut", "cut-no-range", "stall", "wrong-once"],
)
def test_temporary_errors_are_retried(hub: Hub, pod: Pod, trouble: dict[str, object]) -> None:
    repo = hub.repos["org/one"] = Repo({"main": adapter(1, 100_000)}, trouble=trouble)
    result = pod.run()
    assert result.code == 0, result
    assert (pod.adapters / "one" / "adapter_model.safetensors").read_bytes() == repo.revisions["main"]["adapter_model.safetensors"]
    if "headers" in trouble:
        assert result.seconds > 2, "Retry-After is heeded, twice"
    if "cut_after" in trouble and "no_range" not in trouble:
        assert hub.bytes_sent < 101_000, "goes on at the byte where it was cut"


def test_token_is_sent_to_hub_only(hub: Hub, pod: Pod) -> None:
    elsewhere = f"http://localhost:{hub.server_port}"
    hub.repos["org/one"] = Repo({"main": adapter(1)}, token=TOKEN, gated=True, trouble={"redirect": elsewhere})
    open_copy = hub.repos["org/one"]
    result = pod.run(HF_TOKEN=TOKEN + "\n")  # a Secret made with echo ends in a newline
    seen = {host.partition(":")[0]: auth for host, auth in hub.authorizations}
    assert seen["127.0.0.1"] == f"Bearer {TOKEN}" and seen["localhost"] is None
    assert result.code == 12, "the other host gets a request without the token, and this one is gated there too"
    open_copy.trouble["open_cdn"] = True
    assert pod.run(HF_TOKEN=TOKEN).code == 0


def test_different_base_model_warns(hub: Hub, pod: Pod) -> None:
    hub.repos["org/one"] = Repo({"main": adapter(1, base="mistralai/Mistral-7B-v0.1")})
    result = pod.run()
    assert result.code == 0 and "trained on mistralai/Mistral-7B-v0.1" in result.out


def test_read_only_volume_with_all_adapters_passes(hub: Hub, pod: Pod) -> None:
    if os.getuid() == 0 and not as_user():
        pytest.skip("root writes everywhere, and uid 1000 cannot run this interpreter")
    assert pod.run().code == 0
    lock = pod.root / "lock"
    lock.chmod(0o555)
    for path in lock.iterdir():
        path.chmod(0o444)
    os.chown(lock, 0, 0) if os.getuid() == 0 else None
    result = pod.run()
    assert result.code == 0 and "not needed now" in result.out, result


def test_config_map_size_is_below_limit(pod: Pod) -> None:
    files = list(pod.mounted.iterdir())
    assert {"__init__.py", "__main__.py", "hub.py", "requirements.txt", "adapters.json"} <= {f.name for f in files}
    assert sum(f.stat().st_size for f in files) < 200_000
    assert "://" not in (pod.mounted / "requirements.txt").read_text()
    assert safetensors(64)
