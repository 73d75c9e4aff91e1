"""Processes that are killed, stopped, started three at once, or have no library."""

from __future__ import annotations

import ast
import contextlib
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.lora.hub import Hub, Repo, adapter
from tests.lora.pod import SHIPPED, TOKEN, Pod

MOMENTS = int(os.environ.get("LORA_KILL_MOMENTS", "50" if os.environ.get("CI") == "true" else "8"))
SEED = int(os.environ.get("LORA_KILL_SEED", "20"))


def until(condition: object, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.02)


def test_kill_at_random_moments_then_success(hub: Hub, pod: Pod) -> None:
    """Half by SIGTERM, half by SIGKILL; each run requests another version, so one is replaced."""
    rng = random.Random(SEED)
    versions = {"v0": adapter(1, 200_000), "v1": adapter(2, 200_000)}
    for name in ("org/one", "org/two"):
        hub.repos[name] = Repo(versions, trouble={"piece": 4000, "slow": 0.02})
    killed = 0
    for moment in range(MOMENTS):
        pod.list_adapters(f"org/one@v{moment % 2}", f"org/two@v{moment % 2}")
        process = pod.start()
        if moment % 5:  # most moments fall into the work proper; a fifth anywhere from the very start
            until(pod.staged)
        time.sleep(rng.uniform(0.0, 1.0))
        how = signal.SIGTERM if moment % 4 < 2 else signal.SIGKILL
        process.send_signal(how)
        result = pod.wait(process, 10)
        assert pod.torn() == [], f"moment {moment}"
        if how == signal.SIGTERM and result.code == 143:
            staged = {s.rsplit("/", 1)[0] for s in pod.staged() if s.count("/") == 2}
            assert all((pod.root / "staging" / s / ".nim-lora.json").is_file() for s in staged), "only whole ones stay"
            assert result.last.startswith("stopped by SIGTERM") and result.termination == result.last
        killed += result.code != 0
        for repo in hub.repos.values():
            repo.trouble = {}
        result = pod.run()
        assert (result.code, pod.published(), pod.staged()) == (0, ["one", "two"], []), f"moment {moment}: {result}"
        wanted = versions[f"v{moment % 2}"]["adapter_model.safetensors"]
        assert [(pod.adapters / n / "adapter_model.safetensors").read_bytes() == wanted for n in ("one", "two")] == [True, True]
        for repo in hub.repos.values():
            repo.trouble = {"piece": 4000, "slow": 0.02}
    assert killed >= MOMENTS // 2, "most moments fell into the work"


def test_sigterm_ends_while_hub_hangs(hub: Hub, pod: Pod) -> None:
    hub.repos["org/one"] = Repo({"main": adapter(1, 100_000)}, trouble={"stall_after": 1000, "stall": 30})
    process = pod.start(LORA_STALL_SECONDS="30")
    until(lambda: hub.bytes_sent)
    time.sleep(0.2)
    stopped = time.monotonic()
    process.terminate()
    result = pod.wait(process)
    assert (result.code, pod.published(), pod.staged()) == (143, [], []), result
    assert time.monotonic() - stopped < 5


def test_crash_between_renames_is_recovered_without_request(hub: Hub, pod: Pod) -> None:
    assert pod.run().code == 0
    aside = pod.root / "staging" / "0123456789abcdef" / ".old"
    aside.mkdir(parents=True)
    (pod.adapters / "one").rename(aside / "one")
    for path in (aside, aside.parent):
        path.chmod(0o777)
    hub.requests.clear()
    result = pod.run(HF_ENDPOINT="http://127.0.0.1:9")
    assert (result.code, result.lines["one"]["status"], pod.staged()) == (0, "recovered", []), result


def test_three_loaders_download_once(hub: Hub, pod: Pod) -> None:
    for name in ("org/one", "org/two"):
        hub.repos[name].trouble = {"piece": 500, "slow": 0.05}
    pod.list_adapters("org/one", "org/two")
    processes = [pod.start() for _ in range(3)]
    results = [pod.wait(p) for p in processes]
    assert [r.code for r in results] == [0, 0, 0], results
    assert len(hub.requests) == 6
    assert sorted(r.lines["one"]["status"] for r in results) == ["downloaded", "reused", "reused"]
    assert any("waiting for the loader" in r.out for r in results)


def test_killed_holder_blocks_no_loader(hub: Hub, pod: Pod) -> None:
    hub.repos["org/one"] = Repo({"main": adapter(1, 100_000)}, trouble={"stall_after": 1000, "stall": 60})
    holder = pod.start(LORA_STALL_SECONDS="60")
    until(lambda: hub.bytes_sent)
    others = [pod.start() for _ in range(2)]
    time.sleep(0.5)
    hub.repos["org/one"].trouble = {}
    holder.kill()
    holder.communicate()
    results = [pod.wait(p) for p in others]
    assert [r.code for r in results] == [0, 0] and pod.torn() == []
    assert max(r.seconds for r in results) < 10, "its death was seen, not waited for"


def test_stale_lock_of_other_pod_is_taken(hub: Hub, pod: Pod) -> None:
    lock = pod.root / "lock"
    lock.mkdir()
    lock.chmod(0o777)
    (lock / "41").write_text("other-pod pid:[4026531836] 7 12345 0123456789abcdef 3".ljust(200))
    result = pod.run(LORA_STALE_SECONDS="2")
    assert result.code == 0 and result.seconds > 2 and "waiting for the loader on other-pod" in result.out
    assert [p.name for p in lock.iterdir()] == ["42"]


def test_lock_with_heartbeat_is_respected(hub: Hub, pod: Pod) -> None:
    lock = pod.root / "lock"
    lock.mkdir()
    lock.chmod(0o777)
    over = threading.Event()

    def beat() -> None:
        for n in range(10**6):
            (lock / "1").write_text("free" if over.is_set() else f"other-pod pid:[1] 7 12345 0123456789abcdef {n}")
            if over.wait(0.2):
                (lock / "1").write_text("free")
                return

    thread = threading.Thread(target=beat)
    thread.start()
    process = pod.start(LORA_STALE_SECONDS="1")
    time.sleep(2)
    assert process.poll() is None and hub.requests == []
    over.set()
    thread.join()
    assert pod.wait(process).code == 0


@pytest.mark.parametrize("seconds", ["1", "600"], ids=["its next beat notices", "long before its next beat"])
def test_suspended_holder_changes_nothing_after_take_over(hub: Hub, pod: Pod, seconds: str) -> None:
    hub.repos["org/one"] = Repo({"main": adapter(1, 100_000)}, trouble={"piece": 2000, "slow": 0.1})
    holder = pod.start(LORA_STALE_SECONDS=seconds)
    until(lambda: hub.bytes_sent)
    holder.send_signal(signal.SIGSTOP)
    hub.repos["org/one"].trouble = {}
    assert pod.run(LORA_STALE_SECONDS="1").code == 0
    holder.send_signal(signal.SIGCONT)
    result = pod.wait(holder)
    assert result.code == 21 and "another loader took the lock" in result.last, result
    assert pod.torn() == [] and pod.run().lines["one"]["status"] == "reused"


def test_suspended_holder_keeps_staging_of_successor(hub: Hub, pod: Pod) -> None:
    assert pod.run().code == 0
    gate = pod.directory / "gate"  # the first hash waits until it was opened and closed
    os.mkfifo(gate)
    gate.chmod(0o666)
    (pod.directory / "sitecustomize.py").write_text(
        "import hashlib\n"
        "sha256 = hashlib.sha256\n"
        "def wait(*a, **k):\n"
        "    hashlib.sha256 = sha256\n"
        f"    open({str(gate)!r}).read()\n"
        "    return sha256(*a, **k)\n"
        "hashlib.sha256 = wait\n"
    )
    holder = pod.start(LORA_STALE_SECONDS="600", PYTHONPATH=str(pod.directory))
    opened: list[int] = []

    def is_read() -> bool:
        with contextlib.suppress(OSError):
            opened.append(os.open(gate, os.O_WRONLY | os.O_NONBLOCK))
        return bool(opened)

    until(is_read)
    hub.repos["org/two"] = Repo({"main": adapter(2, 100_000)}, trouble={"piece": 2000, "slow": 0.1})
    pod.list_adapters("org/two")
    sent = hub.bytes_sent
    successor = pod.start(LORA_STALE_SECONDS="1")
    until(lambda: hub.bytes_sent > sent)
    os.close(opened[0])
    result = pod.wait(holder)
    assert result.code == 21 and "another loader took the lock" in result.last, result
    result = pod.wait(successor)
    assert result.code == 0 and pod.published() == ["two"] and pod.torn() == [], result


def everything_written(directory: Path) -> bytes:
    return b"".join(p.read_bytes() for p in directory.rglob("*") if p.is_file())


def command_lines(parent: int, seen: set[bytes], over: threading.Event) -> None:
    """Collect the command lines of the loader and its children while they run."""
    while not over.wait(0.02):
        for process in Path("/proc").glob("[0-9]*"):
            try:
                session = (process / "stat").read_text().rpartition(")")[2].split()
                if process.name == str(parent) or session[1] == str(parent):
                    seen.add((process / "cmdline").read_bytes())
                    seen.add(b"" if process.name == str(parent) else (process / "environ").read_bytes())
            except (OSError, IndexError):
                continue


def index_answers() -> bool:
    """Return True if pip reaches a package index, as the loader requires."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-cache-dir", "--retries", "0", "--timeout", "15", "-q", "idna"]
    directory = Path(os.environ.get("TMPDIR", "/tmp")) / f"index-probe-{os.getpid()}"
    try:
        return subprocess.run([*command, "-d", str(directory)], capture_output=True, check=False).returncode == 0
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def test_library_is_installed_once_without_token(hub: Hub, pod: Pod) -> None:
    """The real pip, the real index, the shipped pins.

    With `-S` the loader does not find the environment's own huggingface_hub.
    """
    if os.environ.get("CI") != "true" and not index_answers():
        pytest.skip("no package index answers")
    hub.repos["org/one"] = Repo({"main": adapter(1)}, token=TOKEN)
    seen: set[bytes] = set()
    over = threading.Event()
    process = pod.start("-S", HF_TOKEN=TOKEN, _FSEC_HUGGINGFACE_HF_TOKEN=TOKEN, LORA_DEADLINE_SECONDS="170")
    watcher = threading.Thread(target=command_lines, args=(process.pid, seen, over))
    watcher.start()
    result = pod.wait(process, 180)
    over.set()
    watcher.join()
    assert result.code == 0 and "installing huggingface_hub" in result.out, result
    assert any(b"pip\0install" in line and b"--require-hashes" in line for line in seen)
    assert not [line for line in seen if TOKEN.encode() in line], "argv, and pip's environment"
    assert TOKEN not in result.out + result.err + result.termination
    assert TOKEN.encode() not in everything_written(pod.directory)
    pod.list_adapters("org/one", "org/two")  # something to do, with no index to ask
    result = pod.run("-S", HF_TOKEN=TOKEN, PIP_INDEX_URL="http://127.0.0.1:9/simple", PIP_RETRIES="0", PIP_FIND_LINKS="")
    assert (result.code, pod.published()) == (0, ["one", "two"]) and "installing" not in result.out, result
    library = next((pod.scratch / "lora-loader" / "library").iterdir())
    shutil.rmtree(library / "huggingface_hub" / "utils")  # broken on disk: installed again, or reported
    pod.list_adapters("org/one@main", {"repo_id": "org/two", "name": "again"})
    result = pod.run("-S", HF_TOKEN=TOKEN, PIP_INDEX_URL="http://127.0.0.1:9/simple", PIP_RETRIES="0", PIP_FIND_LINKS="")
    assert result.code == 10 and "PIP_INDEX_URL" in result.last and pod.published() == ["one", "two"], result
    assert pod.run("-S", HF_TOKEN=TOKEN, LORA_DEADLINE_SECONDS="170", timeout=180).code == 0
    assert pod.published() == ["again", "one"]


def read_only_but(*writable: Path) -> list[str]:
    """Start a command that may write only to these paths; requires the right to mount."""
    binds = "; ".join(f"mount --bind {path} {path}" for path in writable)
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", f'{binds}; mount -o remount,bind,ro /; exec "$@"', "sh"]
    try:
        if subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0:
            assert subprocess.run([*command, "touch", "/tmp/new"], capture_output=True, check=False).returncode
            return command
    except OSError:
        pass
    return pytest.skip("may not mount")


@pytest.mark.parametrize("library", ["of the image", "installed"])
def test_loader_writes_to_its_volume_only(hub: Hub, pod: Pod, library: str) -> None:
    within = read_only_but(pod.root, pod.scratch, pod.termination)
    if library == "installed" and not index_answers():
        pytest.skip("no package index answers")
    flags = ["-S"] if library == "installed" else []
    result = pod.wait(pod.start(*flags, within=within, LORA_DEADLINE_SECONDS="170"), 180)
    assert (result.code, pod.published(), pod.staged()) == (0, ["one"], []), result
    assert pod.wait(pod.start("-S", within=within)).code == 0
    pod.list_adapters("org/none")
    result = pod.wait(pod.start(*flags, within=within))
    assert result.code == 13 and result.termination == result.last, result


def test_missing_library_and_index_print_one_line(hub: Hub, pod: Pod) -> None:
    secret = "http://robot:hunter2@127.0.0.1:9/simple"
    result = pod.run("-S", PIP_INDEX_URL=secret, PIP_RETRIES="0", PIP_FIND_LINKS="", HF_TOKEN=TOKEN)
    assert (result.code, pod.published(), pod.staged(), hub.requests) == (10, [], [], []), result
    assert "could not be installed" in result.last and "lora_image" in result.last
    assert "hunter2" not in result.out + result.err + result.termination
    assert not (pod.scratch / "lora-loader" / "library").exists() and not (pod.root / "library").exists()


def test_tampered_package_is_refused(hub: Hub, pod: Pod) -> None:
    """A mirror serves other bytes under the pinned version. The loader's pip checks the hash."""
    links = pod.directory / "links"
    links.mkdir()
    (links / "idna-3.20-py3-none-any.whl").write_bytes(b"PK\x05\x06" + bytes(18))
    links.chmod(0o755)
    (pod.mounted / "requirements.txt").write_text("idna==3.20 --hash=sha256:" + "0" * 64 + "\n")
    result = pod.run("-S", PIP_NO_INDEX="1", PIP_FIND_LINKS=str(links))
    assert result.code == 10 and "HASH" in result.last.upper(), result
    assert not (pod.scratch / "lora-loader" / "library").exists() and not (pod.root / "library").exists()


def threads(process: int) -> list[int]:
    """The main one first."""
    return sorted(int(each.name) for each in Path(f"/proc/{process}/task").iterdir())


def accepts_sigterm(process: int, thread: int) -> bool:
    """Return True if the kernel may deliver SIGTERM to a thread."""
    status = Path(f"/proc/{process}/task/{thread}/status").read_text()
    return not int(re.search(r"SigBlk:\s*(\w+)", status)[1], 16) >> (signal.SIGTERM - 1) & 1


def test_stopped_install_leaves_no_partial_library(hub: Hub, pod: Pod) -> None:
    with socket.socket() as deaf:  # an index that accepts the connection and sends nothing
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        process = pod.start("-S", PIP_INDEX_URL=f"http://127.0.0.1:{deaf.getsockname()[1]}/simple", PIP_FIND_LINKS="")
        deaf.settimeout(20)
        connection, _ = deaf.accept()
        assert [accepts_sigterm(process.pid, thread) for thread in threads(process.pid)] == [True] + [False] * (
            len(threads(process.pid)) - 1
        )
        process.terminate()
        result = pod.wait(process)
        connection.close()
    assert (
        (result.code, pod.staged()) == (143, [])
        and not (pod.scratch / "lora-loader" / "library").exists()
        and not (pod.root / "library").exists()
    ), result
    assert str(pod.root).encode() not in b"".join(p.read_bytes() for p in Path("/proc").glob("[0-9]*/cmdline") if p.exists())


@pytest.mark.parametrize("file", sorted(SHIPPED.glob("*.py")), ids=lambda file: file.name)
def test_oldest_supported_python_compiles_the_loader(file: Path) -> None:
    ast.parse(file.read_text(), feature_version=(3, 10))


def test_json_lines_are_json(hub: Hub, pod: Pod) -> None:
    result = pod.run()
    assert json.loads(result.out.strip().splitlines()[-1])["adapter"] == "one"
