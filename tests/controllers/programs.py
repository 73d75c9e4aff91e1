"""Programs of the controllers, and the files that their projects install with them.

The versions of the definitions are those of the programs.
"""

from collections.abc import Iterable
from pathlib import Path

from tests.cluster.cache import Print, silent
from tests.cluster.crds import SOURCES, Source, provide_files
from tests.cluster.go_programs import Copied, GoPrograms

_FOLDER = Path(__file__).parent / "programs"
MODULES = (
    GoPrograms(
        _FOLDER / "kubernetes",
        {
            "lws": "sigs.k8s.io/lws/cmd",
            "keda-operator": "github.com/kedacore/keda/v2/cmd/operator",
            "keda-adapter": "github.com/kedacore/keda/v2/cmd/adapter",
        },
    ),
    GoPrograms(_FOLDER / "kube-state-metrics", {"kube-state-metrics": "k8s.io/kube-state-metrics/v2"}),
    GoPrograms(_FOLDER / "prometheus-operator", {"prometheus-operator": "github.com/prometheus-operator/prometheus-operator/cmd/operator"}),
    GoPrograms(
        _FOLDER / "prometheus-adapter",
        {
            "prometheus-adapter": "sigs.k8s.io/prometheus-adapter/cmd/adapter",
            "prometheus-adapter-config": "sigs.k8s.io/prometheus-adapter/cmd/config-gen",
        },
    ),
    GoPrograms(_FOLDER / "cyclonus", {"cyclonus": "github.com/mattfenwick/cyclonus/cmd/cyclonus"}),
    GoPrograms(_FOLDER / "gatekeeper", {"gatekeeper": "github.com/open-policy-agent/gatekeeper/v3"}),
    GoPrograms(_FOLDER / "endpoint-picker", {"endpoint-picker": "sigs.k8s.io/gateway-api-inference-extension/cmd/epp"}),
    # Of its service discoveries, only that of Kubernetes: the build takes half the time.
    GoPrograms(
        _FOLDER / "prometheus",
        {"prometheus": "github.com/prometheus/prometheus/cmd/prometheus"},
        tags=("remove_all_sd", "enable_kubernetes_sd"),
    ),
    GoPrograms(
        _FOLDER / "traefik",
        {"traefik": "github.com/traefik/traefik/v3/cmd/traefik"},
        copied=Copied(
            "github.com/go-acme/lego/v5", "v5.4.1", "h1:Jt6xAP9xQrJ3SLLGgxejfDDd3pzdrmuLCWe4oTqHHQc=", "lego", without="providers/dns"
        ),
    ),
)
"""Programs by module.

Some need versions of libraries that the others cannot be built with.
"""
_MONITORING = (
    "alertmanagerconfigs",
    "alertmanagers",
    "podmonitors",
    "probes",
    "prometheusagents",
    "prometheuses",
    "prometheusrules",
    "scrapeconfigs",
    "servicemonitors",
    "thanosrulers",
)
_GATEWAY = ("backendtlspolicies", "gatewayclasses", "gateways", "grpcroutes", "httproutes", "referencegrants", "tlsroutes")


def _pinned(module: str, folder: str, *files: str) -> Source:
    """Return files of a module that the control plane's definitions pin."""
    (source,) = (each for each in SOURCES if each.module == module)
    return source._replace(folder=folder, files=files)


DEFINITIONS = (
    _pinned(
        "sigs.k8s.io/gateway-api",
        "config/crd/standard",
        *(f"gateway.networking.k8s.io_{each}.yaml" for each in _GATEWAY),
    ),
    _pinned(
        "sigs.k8s.io/lws",
        "config/crd/bases",
        "leaderworkerset.x-k8s.io_leaderworkersets.yaml",
        "disaggregatedset.x-k8s.io_disaggregatedsets.yaml",
    ),
    _pinned(
        "github.com/kedacore/keda/v2",
        "config/crd/bases",
        "eventing.keda.sh_cloudeventsources.yaml",
        "eventing.keda.sh_clustercloudeventsources.yaml",
        "keda.sh_clustertriggerauthentications.yaml",
        "keda.sh_scaledjobs.yaml",
        "keda.sh_scaledobjects.yaml",
        "keda.sh_triggerauthentications.yaml",
    ),
    _pinned(
        "github.com/prometheus-operator/prometheus-operator",
        "example/prometheus-operator-crd",
        *(f"monitoring.coreos.com_{each}.yaml" for each in _MONITORING),
    ),
)
"""CustomResourceDefinitions that the controllers watch."""
WEBHOOKS = (_pinned("sigs.k8s.io/lws", "config/webhook", "manifests.yaml"),)
"""Webhook configurations."""

GATEKEEPER = (
    Source(
        "github.com/open-policy-agent/gatekeeper/v3",
        "v3.23.1",
        "h1:njHTm0SJ6ZEhhEgmQTpJKTGQbc99fSs4hGiEp1OIKck=",
        "charts/gatekeeper/crds",
        tuple(
            f"{each}-customresourcedefinition.yaml"
            for each in (
                "assign",
                "assignimage",
                "assignmetadata",
                "config",
                "configpodstatus",
                "connection",
                "connectionpodstatus",
                "constraintpodstatus",
                "constrainttemplate",
                "constrainttemplatepodstatus",
                "expansiontemplate",
                "expansiontemplatepodstatus",
                "modifyset",
                "mutatorpodstatus",
                "provider",
                "providerpodstatus",
                "syncset",
            )
        ),
    ),
)
"""CustomResourceDefinitions of Gatekeeper."""

PICKER = (
    _pinned("sigs.k8s.io/gateway-api-inference-extension", "config/crd/bases", "inference.networking.k8s.io_inferencepools.yaml"),
    Source(
        "sigs.k8s.io/gateway-api-inference-extension",
        "v1.2.1",
        "h1:kQjnFWW8YLCN42EZxDNxTuDE0xHkPkoyaEVpQ5sNCBQ=",
        "config/crd/bases",
        ("inference.networking.x-k8s.io_inferencemodelrewrites.yaml", "inference.networking.x-k8s.io_inferenceobjectives.yaml"),
    ),
)
"""CustomResourceDefinitions that the endpoint picker watches."""


def provide_controllers(names: Iterable[str] | None = None, print_line: Print = silent) -> dict[str, Path]:
    """Return the paths of programs (default: all); build the missing ones.

    Raises:
        NoGoError: Go is missing.
        RuntimeError: A build failed.
    """
    wanted = None if names is None else set(names)
    found: dict[str, Path] = {}
    for module in MODULES:
        found |= module.provide([name for name in module.packages if wanted is None or name in wanted], print_line)
    return found


def provide_definitions(print_line: Print = silent) -> list[Path]:
    """Return the files of `DEFINITIONS`; fetch them at the first call."""
    return provide_files("definitions", DEFINITIONS, print_line)


def provide_webhooks(print_line: Print = silent) -> list[Path]:
    """Return the files of `WEBHOOKS`; fetch them at the first call."""
    return provide_files("webhooks", WEBHOOKS, print_line)


def provide_gatekeeper_definitions(print_line: Print = silent) -> list[Path]:
    """Return the files of `GATEKEEPER`; fetch them at the first call."""
    return provide_files("gatekeeper", GATEKEEPER, print_line)


def provide_picker_definitions(print_line: Print = silent) -> list[Path]:
    """Return the files of `PICKER`; fetch them at the first call."""
    return provide_files("picker", PICKER, print_line)
