"""The programs of the control plane: found in `KUBEBUILDER_ASSETS`, or built once from pinned Go modules into the user's cache."""

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent / "binaries"
HOW_TO_GET_GO = "no Go on PATH and not every program in KUBEBUILDER_ASSETS: install Go 1.26 or newer (https://go.dev/doc/install) to run the cluster tests"


class NoGoError(RuntimeError):
    """A program is missing and nothing can build it."""


@dataclass(frozen=True)
class Module:
    """A Go module of ours that pins programs of others."""

    name: str
    programs: Mapping[str, str]
    """Program to Go package."""
    link: tuple[str, ...] = ()
    """Variables that the linker sets. Without a version clients cannot parse what the API server answers."""

    @property
    def folder(self) -> Path:
        """Where its go.mod and go.sum are."""
        return HERE / self.name

    def key(self) -> str:
        """What the built programs depend on, short enough for a folder's name."""
        digest = hashlib.sha256(repr((self, platform.system(), platform.machine())).encode())
        for name in ("go.mod", "go.sum"):
            digest.update((self.folder / name).read_bytes())
        return f"{self.name}-{digest.hexdigest()[:12]}"


_VERSION = "k8s.io/component-base/version"
MODULES = (
    Module("etcd", {"etcd": "go.etcd.io/etcd/server/v3"}),
    Module("kwok", {"kwok": "sigs.k8s.io/kwok/cmd/kwok"}, ("sigs.k8s.io/kwok/pkg/consts.Version=v0.8.0",)),
    Module(
        "kubernetes",
        {name: f"k8s.io/kubernetes/cmd/{name}" for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler")},
        (f"{_VERSION}.gitVersion=v1.36.3", f"{_VERSION}.gitMajor=1", f"{_VERSION}.gitMinor=36"),
    ),
)


def cache_folder() -> Path:
    """Where built programs are kept, by the XDG convention."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "nim-component" / "cluster"


def provide_programs(say: Callable[[str], None] = lambda _: None) -> dict[str, Path]:
    """Every program's path. What is missing is built; `NoGoError` where that cannot be."""
    found: dict[str, Path] = {}
    for module in MODULES:
        assets = find_assets(module)
        folder = None if len(assets) == len(module.programs) else build(module, say)
        found |= {name: assets.get(name) or folder / name for name in module.programs}  # pyright: ignore[reportOptionalOperand]
    return found


def find_assets(module: Module) -> dict[str, Path]:
    """What `KUBEBUILDER_ASSETS`, the convention of Kubernetes' own test environments, has of a module."""
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    return {name: Path(assets) / name for name in module.programs if (Path(assets) / name).is_file()} if assets else {}


def build(module: Module, say: Callable[[str], None]) -> Path:
    """The folder with a module's programs. Two builders at once wait for each other; a folder is there whole or not at all."""
    folder = cache_folder() / module.key()
    if folder.is_dir():
        return folder
    go = shutil.which("go")
    if go is None:
        raise NoGoError(HOW_TO_GET_GO)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{module.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.is_dir():
            return folder
        say(f"Building {', '.join(module.programs)}: once, and again when their pins change.")
        began = time.monotonic()
        place = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{module.name}-"))
        try:
            _compile(go, module, place)
            place.rename(folder)
        finally:
            shutil.rmtree(place, ignore_errors=True)
        say(f"Built in {time.monotonic() - began:.0f} s.")
    return folder


def _compile(go: str, module: Module, place: Path) -> None:
    environment = {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": "-mod=readonly -trimpath -buildvcs=false"}
    link = " ".join(["-s", "-w", *(f"-X {variable}" for variable in module.link)])
    for name, package in module.programs.items():
        command = [go, "build", "-ldflags", link, "-o", str(place / name), package]
        done = subprocess.run(command, cwd=module.folder, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)} in {module.folder} failed:\n{done.stderr[-4000:]}")
