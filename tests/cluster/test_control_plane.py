"""The control plane itself: quick, on this machine only, and gone when it is no longer needed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from .client import Client, wait_until
from .controlplane import ControlPlane
from .nodes import ONE_GPU

ROOT = Path(__file__).parents[2]
PROGRAMS = {"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok"}

SESSION = """
from pathlib import Path
import os, signal

def test_it(control_plane, cluster):
    report = Path({report!r})
    pids = [file.read_text() for file in control_plane.folder.glob("*.pid")]
    report.with_suffix(".part").write_text(" ".join([str(control_plane.folder), *pids]))
    report.with_suffix(".part").rename(report)
    os.kill(os.getpid(), {signal})
    signal.pause()
"""


def processes(folder: Path) -> dict[str, int]:
    return {file.stem: int(file.read_text()) for file in folder.glob("*.pid")}


def is_alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def test_it_is_ready_within_fifteen_seconds(control_plane: ControlPlane):
    assert control_plane.seconds_to_ready < 15


def test_the_server_is_of_the_pinned_version(control_plane: ControlPlane, cluster: Client):
    assert cluster.version() == "v1.36.3"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_it_listens_on_the_loopback_interface_only(control_plane: ControlPlane):
    assert processes(control_plane.folder).keys() == PROGRAMS
    ours = {
        str(link.readlink())
        for pid in processes(control_plane.folder).values()
        for link in Path(f"/proc/{pid}/fd").iterdir()
        if link.is_symlink()
    }
    listening = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *rest = line.split()
            if state == "0A" and f"socket:[{rest[5]}]" in ours:
                listening.add(local.partition(":")[0])
    assert listening == {"0100007F"}


def test_a_node_takes_pods_when_the_fixture_says_so(cluster: Client, nodes):
    nodes(ONE_GPU)
    (found,) = cluster.list("v1", "Node")
    assert found["status"]["allocatable"]["nvidia.com/gpu"] == "1"
    assert "taints" not in found["spec"]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_when_the_tests_are_ended(control_plane: ControlPlane, tmp_path: Path, number: signal.Signals):
    report, test = tmp_path / "report", tmp_path / "test_session.py"
    test.write_text(SESSION.format(report=str(report), signal=int(number)))
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
        str(test),
    ]
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    session = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    wait_until("a control plane", report.exists, seconds=60)
    folder, *pids = report.read_text().split()
    assert len(pids) == len(PROGRAMS)
    session.wait(timeout=30)
    wait_until("an empty place", lambda: not Path(folder).exists(), seconds=10)
    assert not [pid for pid in pids if is_alive(int(pid))]
