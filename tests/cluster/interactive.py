"""Cluster for interactive use: one for each user, in its own process until it is stopped."""

import fcntl
import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from .binaries import provide_programs
from .cache import Print, cache_folder, locked
from .client import wait_until
from .controlplane import ControlPlane
from .crds import install_crds, provide_crds
from .nodes import INTERACTIVE_NODES


def start_cluster(print_line: Print) -> None:
    """Start a cluster with one node of each kind, and leave it running.

    Raises:
        RuntimeError: It did not start.
    """
    provide_programs(print_line)
    provide_crds(print_line)
    with locked("interactive"):
        if _holder() is None:
            shutil.rmtree(_folder(), ignore_errors=True)
            _start_holder()
    kubeconfig = shlex.quote(str(_folder() / "kubeconfig"))
    print_line(f"Running. Example: KUBECONFIG={kubeconfig} kubectl get nodes")
    print_line("Nodes have GPUs and run nothing: pods become Ready without a container. Stop it with: make cluster-down")


def stop_cluster(print_line: Print) -> None:
    """Stop the cluster, if it runs."""
    with locked("interactive"):
        holder = _holder()
        if holder is None:
            print_line("No cluster is running.")
            return
        os.kill(holder, signal.SIGTERM)
        wait_until("the end of the cluster", lambda: _holder() is None)
    print_line("Stopped.")


def hold() -> None:
    """Run the cluster until a signal arrives."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(0))
    with _lock().open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        _folder().mkdir(mode=0o700)
        with ControlPlane(provide_programs(), _folder()) as cluster:
            client = cluster.client()
            install_crds(client)
            for each in INTERACTIVE_NODES:
                client.create(each)
            (_folder() / "ready").touch()
            while True:
                signal.pause()


def _start_holder() -> None:
    log = cache_folder() / "running.log"
    with log.open("w") as output:
        holder = subprocess.Popen(
            [sys.executable, "-m", "tests.cluster", "hold"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )

    def is_ready() -> bool:
        if holder.poll() is not None:
            raise RuntimeError(log.read_text())
        return (_folder() / "ready").exists()

    try:
        wait_until("a cluster", is_ready, seconds=120)
    except BaseException:  # also Ctrl-C: an incomplete cluster must not stay
        holder.terminate()
        holder.wait()
        raise


def _folder() -> Path:
    return cache_folder() / "running"


def _lock() -> Path:
    return cache_folder() / "running.lock"


def _holder() -> int | None:
    """Return the id of the process that holds the cluster, or None.

    The process also holds the lock, so the id of an ended process is never returned.
    """
    with _lock().open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            return int(lock.read())
    return None
