"""`adapters check` as a command: arguments, output and imports. No hub, no cluster."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import yaml
from click.testing import Result
from typer.testing import CliRunner

from nim_component.args import LockedAdapter
from nim_component.cli import app
from nim_component.cli.adapters_check import request_for
from nim_component.cli.locked import choose_service, read_locked
from nim_component.lora.lockfile import AdapterLock, write_lock

FILES = {"adapter_config.json": b'{"r": 16}', "adapter_model.safetensors": b"weights"}
RECORDS = {name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in FILES.items()}
LOCKED = LockedAdapter.read({"commit": "a" * 40, "files": RECORDS, "rank": 16}, "lock")


def make_project(folder: Path, **fields: Any) -> Path:
    """Make a project whose program must not be run, and beside it a shelf with its adapter."""
    service = {"secrets": {"ngc_image_secret": "pull", "ngc_secret_key": "K"}, "hf_repo_ids": ["org/one"], **fields}
    config = {"nim:services": {"llama": service, "plain": {}}, "kubernetes:context": "prod"}
    (folder / "Pulumi.yaml").write_text("name: nim\nruntime: python\n")
    (folder / "__main__.py").write_text("raise SystemExit('must not be run')\n")
    (folder / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": config}))
    (folder / "adapters.dev.lock.json").write_text(write_lock(AdapterLock({"org/one@main": LOCKED})))
    (folder / "shelf" / "one").mkdir(parents=True)
    for name, data in FILES.items():
        (folder / "shelf" / "one" / name).write_bytes(data)
    return folder


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["adapters", "check", "--cwd", str(folder), *arguments])


def test_folder_equal_to_lock_passes(tmp_path: Path):
    result = run(make_project(tmp_path), str(tmp_path / "shelf"))
    assert (result.exit_code, result.output) == (0, f"one: as locked, commit {'a' * 12}\n")


def test_json_is_the_only_output(tmp_path: Path):
    make_project(tmp_path)
    (tmp_path / "shelf" / "one" / "adapter_config.json").write_bytes(b'{"r": 61}')
    (tmp_path / "shelf" / "more\x1b[2J").mkdir()
    result = run(tmp_path, str(tmp_path / "shelf"), "--json")
    said = json.loads(result.stdout)
    problem = "adapter_config.json differs from the locked file; its rank is 61"
    adapter = {"adapter": "one", "repo_id": "org/one", "revision": "main", "commit": "a" * 40, "ok": False, "problem": problem}
    assert said == {
        "service": "llama",
        "where": str(tmp_path / "shelf"),
        "ok": False,
        "adapters": [adapter],
        "unlisted": ["more\\x1b[2J"],
    }
    assert result.exit_code == 1 and result.stderr == "error: 1 adapters of llama differ from their locked records\n"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, "give either a folder or --pvc"),
        (["shelf", "--pvc", "shelf"], 2, "give either a folder or --pvc"),
        (["--pvc", "Not/AName"], 2, "--pvc: write the name"),
        (["--pvc", "shelf", "--sub-path", "../up"], 2, "--sub-path: write a folder"),
        (["--pvc", "shelf", "--sub-path", "a b"], 2, "--sub-path: write a folder"),
        (["--pvc", "shelf", "--timeout", "0"], 2, "--timeout"),
        (["nowhere"], 1, "error: nowhere is not a directory"),
        (["shelf", "--service", "plain"], 1, "error: --service plain: is not a service with adapters. Services with adapters: llama"),
        (["shelf", "--stack", "none"], 1, "no stack named 'none' found"),
        (["--pvc", "shelf", "--kubeconfig", "nowhere"], 1, "error: there is no kubeconfig (nowhere). Choose a cluster with --kubeconfig"),
    ],
)
def test_impossible_check_prints_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, words: str):
    make_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    result = run(tmp_path, *arguments)
    assert result.exit_code == code and words in result.output, result.output
    assert not isinstance(result.exception, Exception) or isinstance(result.exception, SystemExit)


def test_missing_client_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("nim_component.cluster.kubeconfig.find_spec", lambda _: None)
    result = run(make_project(tmp_path), "--pvc", "shelf")
    assert (result.exit_code, result.output) == (
        1,
        "error: lightkube is not installed. Run: pip install 'nim-component[diagnose]'\n",
    )


def test_unlocked_adapter_is_an_error(tmp_path: Path):
    make_project(tmp_path)
    lock = tmp_path / "adapters.dev.lock.json"
    lock.write_text(lock.read_text().replace("org/one", "org/other"))
    result = run(tmp_path, str(tmp_path / "shelf"))
    assert result.exit_code == 1 and "adapters.dev.lock.json is out of date" in result.output and "org/one@main" in result.output


def test_missing_lock_file_is_reported_in_json(tmp_path: Path):
    make_project(tmp_path)
    (tmp_path / "adapters.dev.lock.json").unlink()
    error = "adapters.dev.lock.json: does not exist, so there is nothing to compare with. Run nim-component adapters lock"
    result = run(tmp_path, str(tmp_path / "shelf"))
    assert (result.exit_code, result.output) == (1, f"error: {error}\n")
    result = run(tmp_path, str(tmp_path / "shelf"), "--json")
    assert json.loads(result.stdout) == {"command": "adapters check", "error": error}
    assert run(tmp_path, str(tmp_path / "shelf")).stdout == ""  # JSON is owed once


def test_job_uses_identity_of_service_pods(tmp_path: Path):
    make_project(
        tmp_path,
        namespace="team",
        lora_image="r.example/python:3.12",
        run_as_user=7,
        fs_group=9,
        lora={"volume": {"existing_claim": "shelf", "directory": "team/llama"}, "max_rank": 16},
    )
    locked = read_locked(None, tmp_path)
    _, nim, adapters = choose_service(locked, None)
    asked = request_for(nim, adapters, "shelf", None, None, None, 60)
    assert (asked.namespace, asked.pvc, asked.directory) == ("team", "shelf", "team/llama/adapters")
    assert (asked.image, asked.pull_policy, asked.pull_secrets) == ("r.example/python:3.12", "IfNotPresent", ("pull",))
    assert (asked.user, asked.group, asked.volume_group) == (7, 1000, 9)
    assert [each.locked for each in asked.adapters] == [LOCKED]
    assert locked.config["kubernetes:context"] == "prod"
    other = request_for(nim, adapters, "shelf", "other", "/a/b/", "r.example/x:1", 60)
    assert (other.namespace, other.directory, other.image) == ("other", "a/b", "r.example/x:1")
    assert request_for(nim, adapters, "shelf", None, "", None, 60).directory == "" and other.name != asked.name


HEAVY = (
    "pulumi_kubernetes",
    "lightkube",
    "httpx",
    "httpx2",
    "huggingface_hub",
    "rich",
    "nim_component.component.service",
    "nim_component.manifests",
)


@pytest.mark.parametrize("command", [["--help"], ["check", "--help"], ["lock", "--help"], ["check", "shelf"]], ids=" ".join)
def test_command_imports_only_what_it_uses(tmp_path: Path, command: list[str]):
    make_project(tmp_path)
    script = f"""
        import sys
        from nim_component.cli import app
        app(["adapters", *{command!r}], standalone_mode=False)
        print("imported:", *sorted(sys.modules))
    """
    done = subprocess.run([sys.executable, "-c", dedent(script)], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60)
    imported = done.stdout.rpartition("imported:")[2].split()
    light = ("pulumi", "nim_component.args") if "--help" in command else ()
    assert [name for name in imported if name in (*HEAVY, *light) or name.startswith(tuple(f"{each}." for each in HEAVY))] == []


def test_refused_adapter_is_a_warning(tmp_path: Path):
    """Its files equal the lock, but the server would not load them."""
    make_project(tmp_path, image="nvcr.io/nim/meta/llama3-8b-instruct:2.0.3")
    entry = LOCKED.replace(features=["DoRA", "QALoRA"])
    (tmp_path / "adapters.dev.lock.json").write_text(write_lock(AdapterLock({"org/one@main": entry})))
    result = run(tmp_path, str(tmp_path / "shelf"))
    assert result.exit_code == 0 and result.stderr.splitlines() == [
        "warning: llama: hf_repo_ids[0]: uses DoRA, which vLLM (NIM 2.x) does not load (got 'org/one'). Train or export it as plain "
        "LoRA, or merge it into the model. A preview refuses it.",
        "warning: llama: org/one uses QALoRA, and its support by the server is unknown. Test it before a release.",
    ]
