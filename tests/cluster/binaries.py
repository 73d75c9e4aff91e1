"""The programs of the control plane: found in `KUBEBUILDER_ASSETS`, or built once from a Go module that pins them into the user's cache."""

import hashlib
import os
import platform
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from .cache import Say, alone, cache_folder, quiet, timed

MODULE = Path(__file__).parent / "binaries"
HOW_TO_GET_GO = "install Go 1.26 or newer (https://go.dev/doc/install)"


class NoGoError(RuntimeError):
    """Something is missing that only Go can provide."""


PROGRAMS = {
    "etcd": "go.etcd.io/etcd/server/v3",
    "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
    "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
    "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
    "kwok": "sigs.k8s.io/kwok/cmd/kwok",
}
"""Program to Go package."""
_VERSION = "k8s.io/component-base/version"
MINOR = 36
"""Kubernetes' minor version, as in `go.mod`."""
LINK = (
    f"{_VERSION}.gitVersion=v1.{MINOR}.3",
    f"{_VERSION}.gitMajor=1",
    f"{_VERSION}.gitMinor={MINOR}",
    "sigs.k8s.io/kwok/pkg/consts.Version=v0.8.0",
)
"""Variables that the linker sets. Without a version clients cannot parse what the API server answers."""
_PLACE = ".build-"


def pins_key() -> str:
    """What the built programs depend on, short enough for a folder's name."""
    digest = hashlib.sha256(repr((PROGRAMS, LINK, platform.system(), platform.machine())).encode())
    for name in ("go.mod", "go.sum"):
        digest.update((MODULE / name).read_bytes())
    return digest.hexdigest()[:12]


def provide_programs(say: Say = quiet) -> dict[str, Path]:
    """Every program's path. What is missing is built; `NoGoError` where that cannot be, `RuntimeError` where it went wrong."""
    folder, assets = cache_folder() / pins_key(), find_assets()
    missing = [name for name in PROGRAMS if name not in assets]
    if missing and assets:
        _check_versions(assets, missing)
    if any(not (folder / name).is_file() for name in missing):
        build(missing, folder, say)
    return {name: assets.get(name, folder / name) for name in PROGRAMS}


def find_assets() -> dict[str, Path]:
    """What there is in `KUBEBUILDER_ASSETS`, the convention of Kubernetes' own test environments. `RuntimeError` where it cannot be used."""
    if not (assets := os.environ.get("KUBEBUILDER_ASSETS")):
        return {}
    folder = Path(assets).absolute()
    found = {name: folder / name for name in PROGRAMS if (folder / name).exists()}
    if not found:
        raise RuntimeError(f"KUBEBUILDER_ASSETS={assets} has none of {', '.join(PROGRAMS)}: correct it, or unset it to have them built")
    for name, path in found.items():
        if not (path.is_file() and os.access(path, os.X_OK)):
            raise RuntimeError(f"KUBEBUILDER_ASSETS={assets}: {name} is there but is no program that may be run")
    return found


def _check_versions(assets: dict[str, Path], missing: list[str]) -> None:
    """Kubernetes' own programs are of one minor version, or nobody knows what is tested."""
    kubernetes = [name for name in missing if name.startswith("kube-")]
    for name, path in assets.items():
        if kubernetes and name.startswith("kube-"):
            said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout.strip()
            if not re.search(rf"\bv1\.{MINOR}\.", said):
                raise RuntimeError(
                    f"KUBEBUILDER_ASSETS has {name} of version {said!r} and lacks {', '.join(kubernetes)}, which would be built as v1.{MINOR}: "
                    f"complete that folder, take v1.{MINOR} there, or unset KUBEBUILDER_ASSETS to have all of them built"
                )


def find_go(purpose: str) -> str:
    """Go's path. `NoGoError` says for what it is missed."""
    if (go := shutil.which("go")) is None:
        raise NoGoError(f"no Go on PATH {purpose}: {HOW_TO_GET_GO}")
    return go


def build(names: list[str], folder: Path, say: Say) -> None:
    """Builds what is not there yet. Two builders at once wait for each other; a program is there whole or not at all."""
    go = find_go(f"to build {', '.join(names)}")
    with alone("build"):
        missing = [name for name in names if not (folder / name).is_file()]
        if not missing:
            return
        for left in cache_folder().glob(f"{_PLACE}*"):  # by a builder that was ended
            shutil.rmtree(left, ignore_errors=True)
        folder.mkdir(exist_ok=True)
        beginning = f"Building {', '.join(missing)}: a few minutes, once, and again when their pins change."
        with timed(say, beginning, "Built"), tempfile.TemporaryDirectory(dir=cache_folder(), prefix=_PLACE) as place:
            _compile(go, missing, Path(place))
            for name in missing:
                (Path(place) / _output_name(name)).rename(folder / name)


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
