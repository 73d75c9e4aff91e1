"""Result of the Job for a PVC: its rendered command as a process, on valid and invalid folders."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from nim_component import LoRAAdapter
from nim_component.lora.pvc_check.pod import read_comparison
from nim_component.lora_loader.compare import AdapterComparison
from tests.lora.hub import adapter
from tests.lora.pod import Pod, as_user
from tests.lora.pvc_job import locked, request, run_job

FILES = ("adapter_config.json", "adapter_model.safetensors")


def shelve(pod: Pod, *names: str) -> list[LoRAAdapter]:
    """Adapters on the volume, each as it is locked."""
    return [put(pod, name, adapter(seed)) for seed, name in enumerate(names)]


def put(pod: Pod, name: str, files: dict[str, bytes]) -> LoRAAdapter:
    directory = pod.adapters / name
    directory.mkdir(parents=True)
    for file in FILES:
        (directory / file).write_bytes(files[file])
    return locked(name, {file: {"size": len(files[file]), "sha256": hashlib.sha256(files[file]).hexdigest()} for file in FILES})


def test_equal_adapters_are_reported_as_locked(pod: Pod) -> None:
    adapters = shelve(pod, "one", "two")
    before = {str(path): (path.stat().st_mtime_ns, path.stat().st_mode) for path in pod.root.rglob("*")}
    outcome = run_job(request(*adapters), pod.root)
    assert outcome.code == 0, outcome
    assert read_comparison(outcome.message, 2) == AdapterComparison((None, None))
    assert outcome.out.splitlines() == [f"one: as locked, commit {'a' * 12}", f"two: as locked, commit {'a' * 12}"]
    assert {str(path): (path.stat().st_mtime_ns, path.stat().st_mode) for path in pod.root.rglob("*")} == before


def test_adapters_of_one_repository_are_compared(pod: Pod) -> None:
    """Locked paths contain the folder of the repository, and the PVC does not."""
    adapters: list[LoRAAdapter] = []
    for seed, name in enumerate(("sales", "support")):
        alone = put(pod, name, adapter(seed)).locked
        assert alone is not None
        files = {f"adapters/{name}/{file}": record.model_dump() for file, record in alone.files.items()}
        record = {"commit": "a" * 40, "files": files, "rank": 16}
        adapters.append(LoRAAdapter(repo_id="org/many", subfolder=f"adapters/{name}", locked=record))  # type: ignore[arg-type]
    assert run_job(request(*adapters), pod.root).out.splitlines() == [
        f"{each}: as locked, commit {'a' * 12}" for each in ("sales", "support")
    ]
    weights = [pod.adapters / name / "adapter_model.safetensors" for name in ("sales", "support")]
    weights[0].write_bytes(weights[1].read_bytes())
    outcome = run_job(request(*adapters), pod.root)
    assert outcome.code == 17 and read_comparison(outcome.message, 2).problems == (
        "adapter_model.safetensors differs from the locked file",
        None,
    )


def damage(pod: Pod, how: str) -> None:
    one = pod.adapters / "one"
    weights = one / "adapter_model.safetensors"
    data = weights.read_bytes()
    match how:
        case "flip":
            weights.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        case "cut":
            weights.write_bytes(data[:-1])
        case "no file":
            weights.unlink()
        case "directory":
            weights.unlink()
            weights.mkdir()
        case "pipe":
            weights.unlink()
            os.mkfifo(weights)
        case "missing":
            one.rename(pod.root / "elsewhere")
        case "a file":
            one.rename(pod.root / "elsewhere")
            one.write_text("")
        case "rank":
            (one / "adapter_config.json").write_bytes(adapter(0, rank=64)["adapter_config.json"])
        case "same size, rank":
            text = (one / "adapter_config.json").read_bytes()
            (one / "adapter_config.json").write_bytes(text.replace(b'"r": 16', b'"r": 61'))
        case "deep config":
            (one / "adapter_config.json").write_text("[" * 100_000)
        case "huge config":
            os.truncate(one / "adapter_config.json", 3 << 30)
        case "link out":
            weights.rename(pod.directory / "weights")
            weights.symlink_to(pod.directory / "weights")
        case "link nowhere":
            weights.unlink()
            weights.symlink_to("/nowhere")
        case "loop":
            weights.unlink()
            weights.symlink_to(weights)
        case "directory out":
            one.rename(pod.directory / "one")
            one.symlink_to(pod.directory / "one")
        case "unreadable":
            weights.chmod(0)


@pytest.mark.parametrize(
    ("how", "problem"),
    [
        ("flip", "adapter_model.safetensors differs from the locked file"),
        ("cut", r"adapter_model.safetensors has \d+ bytes; \d+ are locked"),
        ("no file", "adapter_model.safetensors is missing"),
        ("directory", "adapter_model.safetensors is not a file"),
        ("pipe", "adapter_model.safetensors is not a file"),
        ("missing", "is missing"),
        ("a file", "is not a directory"),
        ("rank", "adapter_config.json differs from the locked file; its rank is 64"),
        ("same size, rank", "adapter_config.json differs from the locked file; its rank is 61"),
        ("deep config", r"adapter_config.json has 100000 bytes; \d+ are locked"),
        ("huge config", r"adapter_config.json has 3221225472 bytes; \d+ are locked"),
        ("link out", "adapter_model.safetensors is a link that leads out of the directory"),
        ("link nowhere", "adapter_model.safetensors is not a file"),
        ("loop", "adapter_model.safetensors is not a file"),
        ("directory out", "adapter_config.json is a link that leads out of the directory"),
        ("unreadable", r"adapter_model.safetensors cannot be read by uid 1000 \(Permission denied\)"),
    ],
)
def test_different_adapter_is_named_others_compared(pod: Pod, how: str, problem: str) -> None:
    adapters = shelve(pod, "one", "two")
    damage(pod, how)
    if how == "unreadable" and (not as_user() or "dac_read_search" in " ".join(as_user())):
        pytest.skip("root may read everything")
    outcome = run_job(request(*adapters), pod.root)
    verdict = read_comparison(outcome.message, 2)
    assert verdict is not None and verdict.problems[1] is None and verdict.wrong == 1, outcome
    assert re.fullmatch(problem, verdict.problems[0] or ""), outcome
    assert outcome.code == 17 and f"one: {verdict.problems[0]}" in outcome.out.splitlines()
    assert "1 of 2 adapters differ from their locked records" in outcome.err


def test_links_inside_the_directory_pass(pod: Pod) -> None:
    (one,) = shelve(pod, "one")
    (pod.adapters / "one").rename(pod.adapters / "store")
    (pod.adapters / "one").mkdir()
    for file in FILES:
        (pod.adapters / "one" / file).symlink_to(Path("..") / "store" / file)
    assert run_job(request(one), pod.root).code == 0


def test_unlisted_directories_are_reported_with_any_name(pod: Pod) -> None:
    (one,) = shelve(pod, "one")
    names = [b"more", b"lost+found", b"esc\x1b[2J", b"line\nfeed", b"bytes\xff", "Ünï".encode(), b'quo"te', b"l" * 255]
    for name in names:
        (pod.adapters / os.fsdecode(name)).mkdir()
    (pod.adapters / "a-file").write_text("")
    outcome = run_job(request(one), pod.root)
    verdict = read_comparison(outcome.message, 1)
    assert outcome.code == 0 and verdict is not None, outcome
    assert set(verdict.unlisted) == {
        *("more", r"esc\x1b[2J", r"line\nfeed", r"bytes\udcff", r"\xdcn\xef", 'quo"te'),
        "l" * 200,
    }
    assert outcome.out.isprintable() or "\x1b" not in outcome.out
    assert "warning: more is not listed, and the server may serve it" in outcome.out


def test_many_problems_fit_the_message(pod: Pod) -> None:
    pod.adapters.mkdir()
    adapters = [locked(f"adapter-{number:04}") for number in range(300)]
    for number in range(300):
        (pod.adapters / f"unlisted-{number:04}").mkdir()
    outcome = run_job(request(*adapters), pod.root)
    assert len(outcome.message.encode()) <= 4000
    verdict = read_comparison(outcome.message, 300)
    assert verdict is not None and verdict.wrong == 300
    assert set(verdict.problems) == {"is missing", "differs from its locked record"}
    assert len(verdict.unlisted) + verdict.left_out == 300
    outcome = run_job(request(*(locked(f"adapter-{number:04}") for number in range(900))), pod.root)
    verdict = read_comparison(outcome.message, 900)
    assert verdict is not None and verdict.wrong == 900, "an adapter without a result is not right"
    assert verdict.problems[-1] == "was not reported: the message had no space left"


def test_missing_directory_names_its_siblings(pod: Pod) -> None:
    (pod.root / "models").mkdir()
    outcome = run_job(request(), pod.root)
    assert outcome.code == 13, outcome
    message = "/lora/pvc/adapters is not a directory; directories beside it: models. Name the one that contains the adapters"
    assert outcome.message == outcome.err.strip() == message


def test_root_of_pvc_is_compared(pod: Pod) -> None:
    (one,) = shelve(pod, "one")
    assert run_job(request(one, directory=""), pod.adapters).code == 0


def test_unlocked_adapter_is_not_compared(pod: Pod) -> None:
    shelve(pod, "one")
    outcome = run_job(request(LoRAAdapter(repo_id="org/one")), pod.root)
    assert outcome.code == 2 and "adapters[0].locked: is required for a comparison" in outcome.message


HOSTILE: list[Any] = ["", "{", "[]", "null", "7", '"a"', "{}", '{"adapters": 1}', "[" * 10_000]
HOSTILE += [
    {"adapters": 2, "wrong": 0, "problems": {}, "unlisted": [], "left_out": 0},
    {"adapters": 1, "wrong": 0, "problems": {"0": "x"}, "unlisted": [], "left_out": 0},
    {"adapters": 1, "wrong": 1, "problems": {"5": "x"}, "unlisted": [], "left_out": 0},
    {"adapters": 1, "wrong": 1, "problems": {"x": "x"}, "unlisted": [], "left_out": 0},
    {"adapters": 1, "wrong": 1, "problems": [], "unlisted": [], "left_out": 0},
    {"adapters": 1, "wrong": "many", "problems": {}, "unlisted": [], "left_out": 0},
    {"adapters": 1, "wrong": 0, "problems": {}, "unlisted": 7, "left_out": 0},
]


@pytest.mark.parametrize("message", HOSTILE, ids=lambda message: str(message)[:60])
def test_foreign_message_is_no_result(message: Any) -> None:
    assert read_comparison(message if isinstance(message, str) else json.dumps(message), 1) is None


def test_message_content_is_sanitized() -> None:
    result = {"adapters": 1, "wrong": 1, "problems": {"0": "\x1b[2Jgone\nover hf_" + "a" * 30}, "unlisted": ["\x1b]0;x\x07"], "left_out": 0}
    assert read_comparison(json.dumps(result), 1) == AdapterComparison(("gone over ***",), ("",))
