"""Programs of the control plane: found in `KUBEBUILDER_ASSETS`, or built from their module."""

import os
import re
import subprocess
from pathlib import Path

from nim_component.kubernetes.version import KUBERNETES_VERSION

from .cache import Print, silent
from .go_programs import GoPrograms, read_version

MODULE = Path(__file__).parent / "binaries"
PACKAGES = {
    "etcd": "go.etcd.io/etcd/server/v3",
    "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
    "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
    "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
    "kwok": "sigs.k8s.io/kwok/cmd/kwok",
}
_VERSION = "k8s.io/component-base/version"
MINOR = int(KUBERNETES_VERSION.partition(".")[2])
"""Minor version of Kubernetes."""
LINK = (
    f"{_VERSION}.gitVersion={read_version(MODULE, 'k8s.io/kubernetes')}",
    f"{_VERSION}.gitMajor=1",
    f"{_VERSION}.gitMinor={MINOR}",
    f"sigs.k8s.io/kwok/pkg/consts.Version={read_version(MODULE, 'sigs.k8s.io/kwok')}",
)
"""Variables that the linker sets.

Without a version, clients cannot parse the API server's version response.
"""
PROGRAMS = GoPrograms(MODULE, PACKAGES, LINK)


def provide_programs(print_line: Print = silent) -> dict[str, Path]:
    """Return every program's path; build the missing ones.

    Raises:
        NoGoError: Go is missing.
        RuntimeError: The build failed.
    """
    assets = find_assets()
    missing = [name for name in PACKAGES if name not in assets]
    if missing and assets:
        _check_versions(assets, missing)
    return {**PROGRAMS.provide(missing, print_line), **assets}


def find_assets() -> dict[str, Path]:
    """Return the programs in `KUBEBUILDER_ASSETS`, the convention of Kubernetes' test environments.

    Raises:
        RuntimeError: The folder has none of the programs, or a file that cannot be run.
    """
    if not (assets := os.environ.get("KUBEBUILDER_ASSETS")):
        return {}
    folder = Path(assets).absolute()
    found = {name: folder / name for name in PACKAGES if (folder / name).exists()}
    if not found:
        raise RuntimeError(f"KUBEBUILDER_ASSETS={assets} has none of {', '.join(PACKAGES)}. Correct it, or unset it to build them")
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
