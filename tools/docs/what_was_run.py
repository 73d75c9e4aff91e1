"""Page of the controllers that the tests run, from their modules and the tests themselves."""

import ast
from pathlib import Path
from textwrap import fill

from tests.cluster.go_programs import read_version

from .markdown import page, table

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "controllers"
MODULES = {
    "KEDA, operator and metrics adapter": ("kubernetes", "github.com/kedacore/keda/v2"),
    "LeaderWorkerSet controller": ("kubernetes", "sigs.k8s.io/lws"),
    "Prometheus": ("prometheus", "github.com/prometheus/prometheus"),
    "Prometheus Operator": ("prometheus-operator", "github.com/prometheus-operator/prometheus-operator"),
    "prometheus-adapter": ("prometheus-adapter", "sigs.k8s.io/prometheus-adapter"),
    "Cyclonus, which evaluates NetworkPolicies": ("cyclonus", "github.com/mattfenwick/cyclonus"),
    "Traefik": ("traefik", "github.com/traefik/traefik/v3"),
    "Gatekeeper": ("gatekeeper", "github.com/open-policy-agent/gatekeeper/v3"),
    "Endpoint picker of the Gateway API inference extension": ("endpoint-picker", "sigs.k8s.io/gateway-api-inference-extension"),
    "kube-state-metrics": ("kube-state-metrics", "k8s.io/kube-state-metrics/v2"),
}
"""Name of each program, with the folder of its module and the module that is pinned there."""


def render() -> str:
    """Return the page `docs/contributing/what-was-run.md`."""
    rows = [[name, read_version(FOLDER / "programs" / folder, module).removeprefix("v")] for name, (folder, module) in MODULES.items()]
    sections = [_describe(path) for path in sorted(FOLDER.glob("test_*.py"))]
    return page(
        "What was run",
        "`make controllers` runs these controllers as processes beside the\n"
        "[control plane of the tests](cluster-tests.md). Pods are simulated; a stub process answers for each\n"
        "pod of a service, with the metric names of the documentation. Behind Traefik the tests play the\n"
        "kubelet: probes, `preStop`, SIGTERM and grace period of the pod act on that process.",
        table(["Controller", "Version"], rows),
        *sections,
    )


def _describe(path: Path) -> str:
    """Return the section of a test module: its docstring, and what each test shows."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    tests = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    lines = [fill(_sentence(test), 100, initial_indent="- ", subsequent_indent="  ") for test in tests]
    title, *rest = (ast.get_docstring(tree) or "").split("\n\n")
    return "\n\n".join([f"## {title.rstrip('.')}", *rest, "\n".join(lines)])


def _sentence(test: ast.FunctionDef) -> str:
    """Return the name of a test as a sentence, with its docstring."""
    name = test.name.removeprefix("test_").replace("_", " ").capitalize()
    detail = " ".join((ast.get_docstring(test) or "").split())
    return f"{name}.{f' {detail}' if detail else ''}"
