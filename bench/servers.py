"""API servers of the benchmarks, each in a process of its own."""

import json
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from .__main__ import ROOT


@contextmanager
def serving(command: Sequence[str]) -> Iterator[str]:
    """Start a server that prints its port, and yield the path of a kubeconfig for it."""
    with (
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server,
        tempfile.NamedTemporaryFile("w", suffix=".json") as file,
    ):
        assert server.stdout is not None
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}"
        config = {
            "current-context": "c",
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": {"server": url}}],
            "users": [{"name": "u", "user": {"token": "t"}}],
        }
        json.dump(config, file)
        file.flush()
        try:
            yield file.name
        finally:
            server.terminate()
