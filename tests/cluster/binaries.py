"""The programs of the control plane: found in `KUBEBUILDER_ASSETS`, or built once from a Go module that pins them into the user's cache."""

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

MODULE = Path(__file__).parent / "binaries"
HOW_TO_GET_GO = "no Go on PATH and not every program in KUBEBUILDER_ASSETS: install Go 1.26 or newer (https://go.dev/doc/install) to run the cluster tests"


class NoGoError(RuntimeError):
    """A program is missing and nothing can build it."""


PROGRAMS = {
    "etcd": "go.etcd.io/etcd/server/v3",
    "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
    "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
    "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
    "kwok": "sigs.k8s.io/kwok/cmd/kwok",
}
"""Program to Go package."""
_VERSION = "k8s.io/component-base/version"
LINK = (
    f"{_VERSION}.gitVersion=v1.36.3",
    f"{_VERSION}.gitMajor=1",
    f"{_VERSION}.gitMinor=36",
    "sigs.k8s.io/kwok/pkg/consts.Version=v0.8.0",
)
"""Variables that the linker sets. Without a version clients cannot parse what the API server answers."""


def pins_key() -> str:
    """What the built programs depend on, short enough for a folder's name."""
    digest = hashlib.sha256(repr((PROGRAMS, LINK, platform.system(), platform.machine())).encode())
    for name in ("go.mod", "go.sum"):
        digest.update((MODULE / name).read_bytes())
    return digest.hexdigest()[:12]


def cache_folder() -> Path:
    """Where built programs are kept, by the XDG convention."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "nim-component" / "cluster"


def provide_programs(say: Callable[[str], None] = lambda _: None) -> dict[str, Path]:
    """Every program's path. What is missing is built; `NoGoError` where that cannot be."""
    folder = cache_folder() / pins_key()
    found = {name: folder / name for name in PROGRAMS} | find_assets()
    if any(not path.is_file() for path in found.values()):
        build([name for name, path in found.items() if path.parent == folder], folder, say)
    return found


def find_assets() -> dict[str, Path]:
    """What there is in `KUBEBUILDER_ASSETS`, the convention of Kubernetes' own test environments."""
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    return {name: Path(assets) / name for name in PROGRAMS if (Path(assets) / name).is_file()} if assets else {}


def build(names: list[str], folder: Path, say: Callable[[str], None]) -> None:
    """Builds what is not there yet. Two builders at once wait for each other; a program is there whole or not at all."""
    go = shutil.which("go")
    if go is None:
        raise NoGoError(HOW_TO_GET_GO)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        missing = [name for name in names if not (folder / name).is_file()]
        if not missing:
            return
        say(f"Building {', '.join(missing)}: a few minutes, once, and again when their pins change.")
        began = time.monotonic()
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".build-") as place:
            _compile(go, missing, Path(place))
            for name in missing:
                (Path(place) / _output_name(name)).rename(folder / name)
        say(f"Built in {time.monotonic() - began:.0f} s.")


def _output_name(program: str) -> str:
    """What Go calls it: the last part of the package, a major version apart."""
    return next(part for part in reversed(PROGRAMS[program].split("/")) if part != "v3")


def _compile(go: str, names: list[str], place: Path) -> None:
    environment = {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": "-mod=readonly -trimpath -buildvcs=false"}
    link = " ".join(["-s", "-w", *(f"-X {variable}" for variable in LINK)])
    # All in one command: packages are compiled, and programs linked, on every core.
    command = [go, "build", "-ldflags", link, "-o", f"{place}/", *(PROGRAMS[name] for name in names)]
    done = subprocess.run(command, cwd=MODULE, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr[-4000:]}")
