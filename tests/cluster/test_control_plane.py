"""The control plane itself: quick, on this machine only, and gone when it is no longer needed."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from .client import Client, wait_until
from .controlplane import ControlPlane
from .nodes import LOOKING, ONE_GPU
from .processes import free_ports

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


def test_clients_can_parse_the_servers_version(cluster: Client):
    # Without the link flags it is "v0.0.0-master+$Format:%H$".
    assert re.fullmatch(r"v1\.\d+\.\d+", cluster.version())


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
    wait_until("the end of every program", lambda: not [pid for pid in pids if is_alive(int(pid))], seconds=10)


def test_a_port_that_is_taken_meanwhile_is_chosen_anew(control_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        choices = iter([[taken.getsockname()[1], *free_ports(2)], free_ports(3)])
        monkeypatch.setattr("tests.cluster.controlplane.free_ports", lambda count: next(choices))
        with ControlPlane(control_plane.programs) as second:
            assert second.client().list("v1", "Node") == []
        assert list(choices) == []


def test_a_program_that_cannot_run_is_named_with_its_last_words(control_plane: ControlPlane, tmp_path: Path):
    broken = tmp_path / "etcd"
    broken.write_text("#!/bin/sh\necho no more disk\nexit 3\n")
    broken.chmod(0o755)
    with pytest.raises(RuntimeError, match="etcd ended with 3:\nno more disk"), ControlPlane({**control_plane.programs, "etcd": broken}):
        pass


def test_one_is_left_to_look_at_until_it_is_ended(control_plane: ControlPlane, tmp_path: Path):
    for name, path in control_plane.programs.items():
        (tmp_path / name).symlink_to(path)
    environment = {**os.environ, "KUBEBUILDER_ASSETS": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    kubeconfig = tmp_path / "cache/nim-component/cluster/running/kubeconfig"

    def run(command: str) -> str:
        words = [sys.executable, "-m", "tests.cluster", command]
        return subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout

    assert "No cluster is running" in run("down")
    try:
        assert f"KUBECONFIG={kubeconfig}" in run("up")
        assert len(Client(kubeconfig).list("v1", "Node")) == len(LOOKING)
        assert f"KUBECONFIG={kubeconfig}" in run("up")
    finally:
        run("down")
    assert not kubeconfig.parent.exists()
