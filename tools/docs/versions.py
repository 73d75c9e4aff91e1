"""Page of the supported versions, from the files that pin them."""

import re
import tomllib
from pathlib import Path
from typing import get_args

import yaml

from nim_component.args.generation import GenerationName
from nim_component.kubernetes.version import KUBERNETES_VERSION, OLDEST_VERSION
from nim_component.local.schema_files import bundled_versions
from tests.cluster.go_programs import read_version

from .markdown import NOTICE, code, table

ROOT = Path(__file__).parents[2]
GENERATIONS = {
    "1.x": "one image with several engines, configured by environment variables",
    "2.x-vllm": "2.x and 3.x images with vLLM; engine flags in `args`",
    "2.x-sglang": "2.1 and later images with SGLang; engine flags in `args`",
}


def render() -> str:
    """Return the page `docs/supported-versions.md`."""
    project = tomllib.loads(_read("pyproject.toml"))["project"]
    ranges = dict(re.fullmatch(r"([\w-]+)(?:\[.*\])?(.*)", each).groups() for each in project["dependencies"])  # pyright: ignore
    pins = dict(re.findall(r"^([\w-]+)==(\S+)$", _read("requirements.txt"), re.MULTILINE))
    matrix = yaml.safe_load(_read(".github/workflows/test.yml"))["jobs"]["test"]["strategy"]["matrix"]["python"]
    server = read_version(ROOT / "tests/cluster/binaries", "k8s.io/kubernetes").removeprefix("v")
    schemas = bundled_versions()
    assert set(GENERATIONS) == set(get_args(GenerationName))
    rows = [
        ["Python", project["requires-python"], f"tests on {', '.join(matrix)}"],
        ["Pulumi SDK", ranges["pulumi"], f"tests with {pins['pulumi']}"],
        ["Pulumi Kubernetes provider", ranges["pulumi-kubernetes"], f"tests with {pins['pulumi_kubernetes']}"],
        ["pydantic", ranges["pydantic"], f"tests with {pins['pydantic']}"],
        ["Kubernetes, API server", f"{OLDEST_VERSION} or later", f"tests with {server}; `nim-component check` warns of older ones"],
        [
            "Kubernetes, schemas",
            f"{schemas[0]} to {schemas[-1]}",
            f"tests with {', '.join(schemas[-3:])}; stacks use {KUBERNETES_VERSION} by default",
        ],
    ]
    return (
        "\n\n".join(
            [
                NOTICE,
                "# Supported versions",
                "## Software",
                table(["Software", "Supported", "Tested"], rows),
                "`nim:kubernetesVersion` in a stack file selects the schemas that the local engine validates against. Single fields need\n"
                "a newer Kubernetes; their [reference](reference/arguments/index.md) contains the version.",
                "## Generations of the NIM container",
                table(["`generation`", "Images"], [[code(name), meaning] for name, meaning in GENERATIONS.items()]),
                "The component reads the generation from the tag of `image`. Set [`generation`](reference/arguments/index.md) for a tag\n"
                "that does not contain a version, and for images by digest.",
                "## Optional software in the cluster",
                table(
                    ["Option set", "Needs"],
                    [
                        [
                            "`autoscaling`",
                            "prometheus-adapter for presets; KEDA with `keda`, see its [versions](guides/autoscaling.md#with-keda)",
                        ],
                        ["`http_route`, `grpc_route`", "a Gateway API controller"],
                        ["`inference_pool`", "the Gateway API inference extension, `inference.networking.k8s.io/v1`"],
                        ["`metrics`", "the Prometheus operator"],
                        ["`multi_node`", "the LeaderWorkerSet controller, 0.9 or later to wait for an update"],
                        ["`resource_claims`", "a driver for Dynamic Resource Allocation"],
                        ["`network_policy`", "a network plugin that enforces NetworkPolicy"],
                    ],
                ),
            ]
        )
        + "\n"
    )


def _read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")
