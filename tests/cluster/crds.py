"""CustomResourceDefinitions of possible children, from the Go modules of their projects."""

import hashlib
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import yaml

from .cache import Print, provide_folder, silent, timed
from .client import Client, Object, condition, wait_until
from .go_programs import download_module, find_go


class Source(NamedTuple):
    """Source of definitions: a Go module with its checksum (`go.sum`), a folder, and files."""

    module: str
    version: str
    checksum: str
    folder: str
    files: tuple[str, ...]


SOURCES = (
    Source(
        "sigs.k8s.io/gateway-api",
        "v1.6.3",
        "h1:lKpJa5bGlraC/QeACvCpsHLdmO6y0iKfzVl6gzaFEYc=",
        "config/crd/standard",
        (
            "gateway.networking.k8s.io_gatewayclasses.yaml",
            "gateway.networking.k8s.io_gateways.yaml",
            "gateway.networking.k8s.io_grpcroutes.yaml",
            "gateway.networking.k8s.io_httproutes.yaml",
            "gateway.networking.k8s.io_referencegrants.yaml",
        ),
    ),
    Source(
        "sigs.k8s.io/gateway-api-inference-extension",
        "v1.6.0",
        "h1:cjtwMJYcTnLXBYE5ffR1/hHhn7U1aIFfe2RITYmOXVA=",
        "config/crd/bases",
        ("inference.networking.k8s.io_inferencepools.yaml",),
    ),
    Source(
        "github.com/kedacore/keda/v2",
        "v2.21.0",
        "h1:R6z2HZvstK4RLUMxroNACzBj74xGxt3kG59b5Xc+Xps=",
        "config/crd/bases",
        ("keda.sh_clustertriggerauthentications.yaml", "keda.sh_scaledobjects.yaml", "keda.sh_triggerauthentications.yaml"),
    ),
    Source(
        "github.com/prometheus-operator/prometheus-operator",
        "v0.85.0",
        "h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=",
        "example/prometheus-operator-crd",
        (
            "monitoring.coreos.com_podmonitors.yaml",
            "monitoring.coreos.com_prometheusrules.yaml",
            "monitoring.coreos.com_servicemonitors.yaml",
        ),
    ),
    Source(
        "k8s.io/autoscaler/vertical-pod-autoscaler",
        "v1.8.1",
        "h1:Pe8bV1wozN4gOKO1rleiIY5alIyAXN+DnXDbXQcL4fI=",
        "deploy",
        ("vpa-v1-crd-gen.yaml",),
    ),
    Source(
        "sigs.k8s.io/lws",
        "v0.9.0",
        "h1:DcJCgxjjoGOx//QHZkeKpyiblxYq70aCRZNYSfykWyI=",
        "config/crd/bases",
        ("leaderworkerset.x-k8s.io_leaderworkersets.yaml",),
    ),
)


class _Loader(yaml.CSafeLoader):
    """Loader in which a plain `=` is a string, as in YAML 1.2."""


_Loader.add_constructor("tag:yaml.org,2002:value", yaml.CSafeLoader.construct_yaml_str)


def provide_crds(print_line: Print = silent) -> list[Path]:
    """Return the files of `SOURCES`."""
    return provide_files("CRDs", SOURCES, print_line)


def provide_files(what: str, sources: tuple[Source, ...], print_line: Print = silent) -> list[Path]:
    """Return the files of the sources; fetch them at the first call.

    Args:
        what: What they contain, for the progress line and, in lower case, the folder's name.
        sources: Their places.
        print_line: Prints progress.

    Raises:
        NoGoError: Go is missing.
        RuntimeError: A module cannot be fetched, or has another checksum.
    """

    def fetch(folder: Path) -> None:
        go = find_go(f"to fetch {what}")
        with timed(print_line, f"Fetching {what}: once, and again when their pins change.", "Fetched"):
            for source in sources:
                _fetch(go, source, folder)

    key = hashlib.sha256(repr(sources).encode()).hexdigest()[:12]
    return sorted(provide_folder(what.lower(), key, fetch).glob("*.yaml"))


def _fetch(go: str, source: Source, folder: Path) -> None:
    module = download_module(go, source.module, source.version, source.checksum)
    for name in source.files:
        shutil.copyfile(module / source.folder / name, folder / name)


def install_crds(cluster: Client, files: Iterable[Path] | None = None) -> None:
    """Install the definitions that are missing, and wait until the cluster serves them.

    Default: those of `SOURCES`.
    """
    # A file may contain several definitions.
    definitions = [each for file in files or provide_crds() for each in yaml.load_all(file.read_text(), _Loader) if each]
    names = [each["metadata"]["name"] for each in definitions]
    for name, definition in zip(names, definitions, strict=True):
        if _find(cluster, name) is None:
            cluster.create(definition)
    for name in names:
        wait_until(f"the kind {name}", lambda name=name: condition(_find(cluster, name) or {}, "Established").get("status") == "True")


def _find(cluster: Client, name: str) -> Object | None:
    return cluster.find("apiextensions.k8s.io/v1", "CustomResourceDefinition", name)
