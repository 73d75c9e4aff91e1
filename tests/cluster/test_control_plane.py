"""The control plane: a quick start, loopback only, and complete removal."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from .client import Client, wait_until
from .controlplane import ControlPlane
from .crds import provide_crds
from .nodes import INTERACTIVE_NODES, ONE_GPU
from .processes import free_ports

ROOT = Path(__file__).parents[2]
PROGRAMS = {"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok"}

SESSION = """
import os, signal
from pathlib import Path

def test_it(control_plane, cluster):
    signal.signal(signal.SIGINT, signal.default_int_handler)  # background processes of a shell ignore SIGINT
    Path({report!r}).write_text(str(len(list(control_plane.folder.glob("*.pid")))))
    {ending}
"""
ENDINGS = {
    "passes": "assert cluster is not None",
    "fails": "assert cluster is None",
    **{each.name: f"os.kill(os.getpid(), {int(each)}); signal.pause()" for each in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)},
    "Ctrl-C with workers": f"os.killpg(0, {int(signal.SIGINT)}); signal.pause()",  # a terminal signals the whole process group
}
WORKERS = {"Ctrl-C with workers": ["--numprocesses", "2"]}
START = """
from tests.cluster.binaries import provide_programs
from tests.cluster.controlplane import ControlPlane
programs = provide_programs()
print("now", flush=True)
with ControlPlane(programs):
    input()
"""


def processes(folder: Path) -> dict[str, int]:
    return {file.stem: int(file.read_text()) for file in folder.glob("*.pid")}


def leftovers(folder: Path) -> list[str]:
    """Return the processes whose command contains a folder, and the cluster folders in it."""
    folders = [str(each) for each in folder.iterdir() if "nim-component-cluster-" in each.name]
    commands: list[str] = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            commands.append(each.read_bytes().decode(errors="replace").replace("\0", " "))
    return [each for each in commands if str(folder) in each] + folders


def test_start_takes_less_than_fifteen_seconds(control_plane: ControlPlane):
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    if control_plane.seconds_to_ready >= 15 and load > 2 * cores:
        pytest.skip(f"other processes keep this machine busy: a load of {load:.0f} on {cores} cores")
    assert control_plane.seconds_to_ready < 15


def test_server_version_can_be_parsed(cluster: Client):
    """Without the link flags, it is `v0.0.0-master+$Format:%H$`."""
    assert re.fullmatch(r"v1\.\d+\.\d+", cluster.version())


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_programs_listen_on_loopback_only(control_plane: ControlPlane):
    assert processes(control_plane.folder).keys() == PROGRAMS
    sockets: set[str] = set()
    for pid in processes(control_plane.folder).values():
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                sockets.add(str(link.readlink()))
    listening = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *rest = line.split()
            if state == "0A" and f"socket:[{rest[5]}]" in sockets:
                listening.add(local.partition(":")[0])
    assert listening == {"0100007F"}


def test_node_of_fixture_accepts_pods(cluster: Client, nodes):
    nodes(ONE_GPU)
    (found,) = cluster.list("v1", "Node")
    assert found["status"]["allocatable"]["nvidia.com/gpu"] == "1"
    assert "taints" not in found["spec"]


def test_node_renews_heartbeat(cluster: Client, nodes):
    """Without heartbeats, kube-controller-manager marks every pod NotReady after a while."""

    def find_ready() -> dict[str, str]:
        (node,) = cluster.list("v1", "Node")
        (ready,) = (each for each in node["status"]["conditions"] if each["type"] == "Ready")
        return ready

    nodes(ONE_GPU)
    first = find_ready()
    wait_until("a heartbeat", lambda: find_ready()["lastHeartbeatTime"] > first["lastHeartbeatTime"], seconds=25)
    assert (find_ready()["status"], find_ready()["lastTransitionTime"]) == ("True", first["lastTransitionTime"])


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("ending", ENDINGS)
def test_nothing_is_left_after_any_ending(control_plane: ControlPlane, tmp_path: Path, ending: str):
    report, test = tmp_path / "report", tmp_path / "test_session.py"
    test.write_text(SESSION.format(report=str(report), ending=ENDINGS[ending]))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "tests.cluster.fixtures",
        "-p",
        "no:cacheprovider",
        f"--rootdir={tmp_path}",
        *WORKERS.get(ending, []),
        str(test),
    ]
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    session = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        session.wait(timeout=90)
    finally:
        session.kill()
    assert report.read_text() == str(len(PROGRAMS))
    wait_until("an empty folder", lambda: not leftovers(tmp_path), seconds=10)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("seconds", [0.1, 1, 3])
def test_nothing_is_left_after_kill_during_start(control_plane: ControlPlane, tmp_path: Path, seconds: float):
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    start = subprocess.Popen([sys.executable, "-c", START], cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert start.stdout is not None and start.stdout.readline() == b"now\n"
    time.sleep(seconds)
    assert leftovers(tmp_path)
    start.kill()
    start.communicate()
    wait_until("an empty folder", lambda: not leftovers(tmp_path), seconds=10)


def test_taken_port_is_replaced(control_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        choices = iter([[taken.getsockname()[1], *free_ports(2)], free_ports(3)])
        monkeypatch.setattr("tests.cluster.controlplane.free_ports", lambda count: next(choices))
        with ControlPlane(control_plane.programs) as second:
            assert second.client().list("v1", "Node") == []
        assert list(choices) == []


def test_ended_program_is_named_with_its_log(control_plane: ControlPlane, tmp_path: Path):
    broken = tmp_path / "etcd"
    broken.write_text("#!/bin/sh\necho no more disk\nexit 3\n")
    broken.chmod(0o755)
    with pytest.raises(RuntimeError, match="etcd ended with 3:\nno more disk"), ControlPlane({**control_plane.programs, "etcd": broken}):
        pass


@pytest.fixture
def run_command(control_plane: ControlPlane, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], str]]:
    """Return a function that runs `python -m tests.cluster` with its own cache."""
    assets = tmp_path / "assets"
    assets.mkdir()
    for name, path in control_plane.programs.items():
        (assets / name).symlink_to(path)
    cache = tmp_path / "cache/nim-component/cluster"
    cache.mkdir(parents=True)
    (cache / provide_crds()[0].parent.name).symlink_to(provide_crds()[0].parent)
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(assets))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def run(command: str) -> str:
        line = [sys.executable, "-m", "tests.cluster", command]
        return subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    yield run
    run("down")


def test_interactive_cluster_runs_until_stopped(run_command: Callable[[str], str], tmp_path: Path):
    kubeconfig = tmp_path / "cache/nim-component/cluster/running/kubeconfig"
    assert "No cluster is running" in run_command("down")
    with ThreadPoolExecutor() as two:
        assert [f"KUBECONFIG={kubeconfig}" in output for output in two.map(run_command, ["up", "up"])] == [True, True]
    assert "KUBECONFIG=" in run_command("up")
    client = Client(kubeconfig)
    assert {each["metadata"]["name"] for each in client.list("v1", "Node")} == {each["metadata"]["name"] for each in INTERACTIVE_NODES}
    assert client.list("gateway.networking.k8s.io/v1", "HTTPRoute") == []

    # After a kill, no program and no lock is left, and the watchdog does not remove the files of
    # the next cluster.
    os.kill(int(kubeconfig.parent.with_suffix(".lock").read_text()), signal.SIGKILL)
    assert f"KUBECONFIG={kubeconfig}" in run_command("up")
    time.sleep(1)
    assert len(Client(kubeconfig).list("v1", "Node")) == len(INTERACTIVE_NODES)
    assert "Stopped" in run_command("down")
    assert not leftovers(tmp_path / "cache")
    assert not kubeconfig.parent.exists()
