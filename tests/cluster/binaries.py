"""Programs of the control plane.

They are found in `KUBEBUILDER_ASSETS`, or built once into the user's cache from a Go module that
pins them.
"""

import hashlib
import os
import platform
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from nim_component.kubernetes.version import KUBERNETES_VERSION

from .cache import Print, cache_folder, locked, silent, timed

MODULE = Path(__file__).parent / "binaries"
INSTALL_GO = "install Go 1.26 or newer (https://go.dev/doc/install)"


class NoGoError(RuntimeError):
    """A missing Go toolchain."""


PROGRAMS = {
    "etcd": "go.etcd.io/etcd/server/v3",
    "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
    "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
    "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
    "kwok": "sigs.k8s.io/kwok/cmd/kwok",
}
"""Program name to Go package."""
_VERSION = "k8s.io/component-base/version"


def _read_version(module: str) -> str:
    """Return the version of a module in `go.mod`."""
    (version,) = re.findall(rf"^\s*{module} (v\S+)", (MODULE / "go.mod").read_text(encoding="utf-8"), re.MULTILINE)
    return version


MINOR = int(KUBERNETES_VERSION.partition(".")[2])
"""Minor version of Kubernetes."""
LINK = (
    f"{_VERSION}.gitVersion={_read_version('k8s.io/kubernetes')}",
    f"{_VERSION}.gitMajor=1",
    f"{_VERSION}.gitMinor={MINOR}",
    f"sigs.k8s.io/kwok/pkg/consts.Version={_read_version('sigs.k8s.io/kwok')}",
)
"""Variables that the linker sets.

Without a version, clients cannot parse the API server's version response.
"""
_BUILD_PREFIX = ".build-"


def pins_key() -> str:
    """Return a digest of everything that the built programs depend on."""
    digest = hashlib.sha256(repr((PROGRAMS, LINK, platform.system(), platform.machine())).encode())
    for name in ("go.mod", "go.sum"):
        digest.update((MODULE / name).read_bytes())
    return digest.hexdigest()[:12]


def provide_programs(print_line: Print = silent) -> dict[str, Path]:
    """Return every program's path; build the missing ones.

    Raises:
        NoGoError: Go is missing.
        RuntimeError: The build failed.
    """
    folder, assets = cache_folder() / pins_key(), find_assets()
    missing = [name for name in PROGRAMS if name not in assets]
    if missing and assets:
        _check_versions(assets, missing)
    if any(not (folder / name).is_file() for name in missing):
        build(missing, folder, print_line)
    return {name: assets.get(name, folder / name) for name in PROGRAMS}


def find_assets() -> dict[str, Path]:
    """Return the programs in `KUBEBUILDER_ASSETS`, the convention of Kubernetes' test environments.

    Raises:
        RuntimeError: The folder has none of the programs, or a file that cannot be run.
    """
    if not (assets := os.environ.get("KUBEBUILDER_ASSETS")):
        return {}
    folder = Path(assets).absolute()
    found = {name: folder / name for name in PROGRAMS if (folder / name).exists()}
    if not found:
        raise RuntimeError(f"KUBEBUILDER_ASSETS={assets} has none of {', '.join(PROGRAMS)}. Correct it, or unset it to build them")
    for name, path in found.items():
        if not (path.is_file() and os.access(path, os.X_OK)):
            raise RuntimeError(f"KUBEBUILDER_ASSETS={assets}: {name} is not an executable file")
    return found


def _check_versions(assets: dict[str, Path], missing: list[str]) -> None:
    """Check that all programs of Kubernetes have the same minor version."""
    kubernetes = [name for name in missing if name.startswith("kube-")]
    for name, path in assets.items():
        if kubernetes and name.startswith("kube-"):
            output = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout.strip()
            if not re.search(rf"\bv1\.{MINOR}\.", output):
                raise RuntimeError(
                    f"KUBEBUILDER_ASSETS has {name} of version {output!r} and lacks {', '.join(kubernetes)}, which would be built as v1.{MINOR}. "
                    f"Complete that folder, use v1.{MINOR} there, or unset KUBEBUILDER_ASSETS to build all of them"
                )


def find_go(purpose: str) -> str:
    """Return Go's path.

    Raises:
        NoGoError: Go is missing; the text contains `purpose`.
    """
    if (go := shutil.which("go")) is None:
        raise NoGoError(f"no Go on PATH {purpose}: {INSTALL_GO}")
    return go


def build(names: list[str], folder: Path, print_line: Print) -> None:
    """Build the missing programs.

    Parallel builds wait for each other; a program is complete or absent.
    """
    go = find_go(f"to build {', '.join(names)}")
    with locked("build"):
        missing = [name for name in names if not (folder / name).is_file()]
        if not missing:
            return
        for leftover in cache_folder().glob(f"{_BUILD_PREFIX}*"):  # of a build that was killed
            shutil.rmtree(leftover, ignore_errors=True)
        folder.mkdir(exist_ok=True)
        beginning = f"Building {', '.join(missing)}: a few minutes, once, and again when their pins change."
        with timed(print_line, beginning, "Built"), tempfile.TemporaryDirectory(dir=cache_folder(), prefix=_BUILD_PREFIX) as place:
            _compile(go, missing, Path(place))
            for name in missing:
                (Path(place) / _output_name(name)).rename(folder / name)


def _output_name(program: str) -> str:
    """Return Go's name of the program: the last element of the package, without a version."""
    return next(part for part in reversed(PROGRAMS[program].split("/")) if part != "v3")


def _compile(go: str, names: list[str], place: Path) -> None:
    environment = {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": "-mod=readonly -trimpath -buildvcs=false"}
    link = " ".join(["-s", "-w", *(f"-X {variable}" for variable in LINK)])
    # One command, so that Go compiles and links on every core.
    command = [go, "build", "-ldflags", link, "-o", f"{place}/", *(PROGRAMS[name] for name in names)]
    done = subprocess.run(command, cwd=MODULE, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr[-4000:]}")
