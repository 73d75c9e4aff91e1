"""Hostile responses of a hub, mirror or proxy: one line, an exit code, no published adapter."""

from __future__ import annotations

import json
import os
import re
import struct
import time
from email.utils import formatdate
from typing import Any

import pytest

from tests.lora.hub import Hub, Repo, adapter, config, safetensors
from tests.lora.pod import Pod

WHOLE = adapter(1, 100_000)


def with_weights(data: bytes) -> dict[str, bytes]:
    return WHOLE | {"adapter_model.safetensors": data}


def altered(**lfs: Any) -> Any:
    """Another record of the large file."""
    return lambda record: {**record, "lfs": {**record["lfs"], **lfs}} if "lfs" in record else record


def small(**fields: Any) -> Any:
    """Another record of the small ones."""
    return lambda record: record if "lfs" in record else {**record, **fields}


CASES: dict[str, tuple[Repo, int, str]] = {
    "endless redirects": (Repo({"main": WHOLE}, trouble={"redirect_loop": True}), 19, "TooManyRedirects"),
    "promises more than it sends": (
        Repo({"main": WHOLE}, trouble={"length_off": 5000, "record": altered(size=len(WHOLE["adapter_model.safetensors"]) + 5000)}),
        19,
        "Check HF_ENDPOINT, proxy and network",
    ),
    "sends more than it promises": (Repo({"main": WHOLE}, trouble={"length_off": -5000, "no_range": True}), 19, "ended at byte"),
    "a captive portal": (Repo({"main": WHOLE}, trouble={"api_body": b"<html>log in</html>"}), 19, "Check HF_ENDPOINT, proxy and network"),
    "nothing": (Repo({"main": WHOLE}, trouble={"api_body": b""}), 19, "Check HF_ENDPOINT"),
    "another JSON": (Repo({"main": WHOLE}, trouble={"api_body": b"[1]"}), 19, "Check HF_ENDPOINT"),
    "no commit": (Repo({"main": WHOLE}, trouble={"api_body": b'{"id": "org/one", "sha": "main", "siblings": []}'}), 19, "no commit"),
    "no files": (
        Repo({"main": WHOLE}, trouble={"api_body": json.dumps({"id": "org/one", "sha": "a" * 40, "siblings": None}).encode()}),
        14,
        "among the repo's 0 files",
    ),
    "a deep record": (Repo({"main": WHOLE}, trouble={"api_body": b"[" * 100_000}), 19, "the record is nested too deeply"),
    "a huge record": (Repo({"main": WHOLE}, trouble={"api_body": b" " * (17 << 20)}), 19, "the record of the repo takes more than"),
    "files that are texts": (
        Repo({"main": WHOLE}, trouble={"api_body": json.dumps({"sha": "a" * 40, "siblings": ["a", 7]}).encode()}),
        19,
        "Check HF_ENDPOINT",
    ),
    "a size that is text": (Repo({"main": WHOLE}, trouble={"record": altered(size="12")}), 17, "no size or hash"),
    "a size below nothing": (Repo({"main": WHOLE}, trouble={"record": altered(size=-1)}), 17, "no size or hash"),
    "a size beyond all": (Repo({"main": WHOLE}, trouble={"record": altered(size=10**18)}), 15, "free. Enlarge it"),
    "a hash that is none": (Repo({"main": WHOLE}, trouble={"record": altered(sha256="../../x")}), 17, "no size or hash"),
    "no hash": (Repo({"main": WHOLE}, trouble={"record": small(blobId=None, oid=None)}), 17, "no size or hash"),
    "a configuration of a gigabyte": (Repo({"main": WHOLE}, trouble={"record": small(size=1 << 30)}), 17, "more than the limit of 1048576"),
    "a large configuration": (
        Repo({"main": WHOLE | {"adapter_config.json": config(pad="x" * (1 << 20))}}),
        17,
        "more than the limit of 1048576",
    ),
    "a deep configuration": (Repo({"main": WHOLE | {"adapter_config.json": b"[" * 100_000}}), 17, "not a JSON object"),
    "a header of 2 GB": (Repo({"main": with_weights(struct.pack("<Q", 2 << 30) + bytes(5000))}), 17, "not a safetensors file"),
    "a header beyond the file": (Repo({"main": with_weights(struct.pack("<Q", 5000) + bytes(100))}), 17, "not a safetensors file"),
    "a header of numbers": (Repo({"main": with_weights(struct.pack("<Q", 2) + b"17")}), 17, "not a safetensors file"),
    "a deep header": (Repo({"main": with_weights(struct.pack("<Q", 100_000) + b"[" * 100_000)}), 17, "not a safetensors file"),
    "tensors over one another": (
        Repo({"main": with_weights(safetensors().replace(b"[0, 4096]", b"[1, 4096]"))}),
        17,
        "not a safetensors file",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_hostile_hub_prints_one_line_publishes_nothing(hub: Hub, pod: Pod, case: str) -> None:
    repo, code, words = CASES[case]
    hub.repos = {"org/one": repo}
    result = pod.run(LORA_RETRIES="2")
    assert (result.code, pod.published(), pod.staged()) == (code, [], []), result
    assert words in result.last and result.last.startswith("adapter one (org/one@main): "), result.last
    assert result.termination == result.last and "Traceback" not in result.err
    if "configuration" in case:
        assert hub.bytes_sent < 200_000 and not [each for each in hub.requests if "safetensors" in each], "what is refused is not fetched"


def test_compressing_proxy_works(hub: Hub, pod: Pod) -> None:
    hub.repos["org/one"] = Repo({"main": WHOLE}, trouble={"gzip": True})
    result = pod.run()
    assert result.code == 0, result
    assert (pod.adapters / "one" / "adapter_model.safetensors").read_bytes() == WHOLE["adapter_model.safetensors"]


def test_decompression_bomb_is_stopped(hub: Hub, pod: Pod) -> None:
    hub.repos["org/one"] = Repo(
        {"main": WHOLE | {"adapter_model.safetensors": bytes(40_000_000)}}, trouble={"gzip": True, "record": altered(size=100)}
    )
    result = pod.run(LORA_STALL_SECONDS="30")  # on a busy machine, the hub needs seconds to compress
    assert (result.code, pod.published(), pod.staged()) == (17, [], []), result


@pytest.mark.parametrize("hours", [-5, 0, 5])
def test_wrong_clock_does_not_change_the_wait(hub: Hub, pod: Pod, hours: int) -> None:
    """Retry-After as a date uses the clock of the hub, which its Date header shows."""
    now = time.time() + 3600 * hours
    dates = {"Retry-After": formatdate(now + 2, usegmt=True), "Date": formatdate(now, usegmt=True)}
    hub.repos["org/one"] = Repo({"main": WHOLE}, trouble={"api_status": 429, "times": 1, "headers": dates})
    result = pod.run()
    delay = re.search(r"the hub returned 429, next attempt in ([\d.]+) s", result.out)
    assert result.code == 0 and delay is not None and 2 <= float(delay[1]) <= 2.6, result


def test_foreign_directory_is_kept(hub: Hub, pod: Pod) -> None:
    pod.adapters.mkdir()
    pod.adapters.chmod(0o777)
    (pod.adapters / "one").write_text("a file")
    result = pod.run()
    assert result.code == 3 and "was not created by this loader" in result.last, result
    assert (pod.adapters / "one").read_text() == "a file" and hub.requests == []
    (pod.adapters / "one").unlink()
    (pod.directory / "elsewhere").mkdir()
    (pod.adapters / "one").symlink_to(pod.directory / "elsewhere")
    assert pod.run().code == 3 and list((pod.directory / "elsewhere").iterdir()) == []


def test_names_differing_by_case_are_refused(hub: Hub, pod: Pod) -> None:
    pod.list_adapters({"repo_id": "org/one", "name": "Chat"}, {"repo_id": "org/two", "name": "chat"})
    result = pod.run()
    assert (result.code, hub.requests) == (2, []) and "differs from another name only by case" in result.last, result


def test_unwritable_staging_fails(hub: Hub, pod: Pod) -> None:
    for path in (pod.adapters, pod.root / "staging"):
        path.mkdir()
        path.chmod(0o777)
    (pod.root / "staging").chmod(0o555)
    result = pod.run()
    assert (result.code, hub.requests, pod.published()) == (16, [], []) and "Mount the volume writable" in result.last, result


NAMES = [b"esc\x1b[2J", b"line\nfeed", b"bytes\xff", b"bell\x07", "right\u202eleft".encode()]


@pytest.mark.parametrize("mode", ["bring", "look", "compare"])
def test_volume_names_print_as_plain_lines(hub: Hub, pod: Pod, mode: str) -> None:
    assert pod.run().code == 0
    for name in NAMES:
        (pod.adapters / os.fsdecode(name)).mkdir()
        (pod.adapters / os.fsdecode(name)).chmod(0o777)  # so that the loader may move it
    if mode != "bring":
        wanted: dict[str, Any] = {"published": True} if mode == "look" else {"compared": True, "adapters": []}
        (pod.mounted / "adapters.json").write_text(json.dumps({"served_model": "x", **wanted}))
    result = pod.run()
    assert result.code == 0, result
    lines = [line for line in (result.out + result.err).splitlines() if "is not listed" in line]
    assert len(lines) == len(NAMES) + (mode == "compare")
    assert all(line.isprintable() for line in (result.out + result.err).splitlines())
    assert any(r"bytes\udcff" in line for line in lines) and any(r"esc\x1b[2J" in line for line in lines)


@pytest.mark.parametrize("base", ["x\x1b[2J", "x\ny", "x" * 1000, 7, None, ["a"]])
def test_base_model_is_name_or_none(hub: Hub, pod: Pod, base: Any) -> None:
    hub.repos["org/one"] = Repo({"main": adapter(1, base=base)})
    result = pod.run()
    assert result.code == 0 and result.lines["one"]["base_model"] is None, result
    assert len(result.out) < 2000 and result.out.replace("\n", "").isprintable()


@pytest.mark.parametrize(("rank", "known"), [(True, None), ("64", None), (-8, -8), (10**30, 10**30), ({}, None)])
def test_rank_is_int_or_none(hub: Hub, pod: Pod, rank: Any, known: int | None) -> None:
    hub.repos["org/one"] = Repo({"main": WHOLE | {"adapter_config.json": json.dumps({"r": rank}).encode()}})
    result = pod.run(NIM_MAX_LORA_RANK="64")
    assert (result.code, result.lines["one"].get("rank")) == ((20, None) if known == 10**30 else (0, known)), result


@pytest.mark.parametrize("facts", [{"rank": "64"}, {"rank": [1]}, {"base_model": 7}])
def test_manifest_content_may_be_anything(hub: Hub, pod: Pod, facts: dict[str, Any]) -> None:
    assert pod.run().code == 0
    manifest = pod.adapters / "one" / ".nim-lora.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | facts))
    assert pod.run(NIM_MAX_LORA_RANK="16").code == 0
