"""Generation of the container: derived from the image's tag, or set by the user."""

from dataclasses import fields
from typing import Any

import pulumi
import pytest

from nim_component.args import NIM, ArgumentError, NIMSecrets
from nim_component.args.generation import ONE, TWO_SGLANG, TWO_VLLM, UNKNOWN_GENERATION, Generation, Metrics, find_generation
from nim_component.manifests.generation import find_server_generation
from tests.unit.seed import recorded

DIGEST = "@sha256:" + "1" * 64


@pytest.mark.parametrize(
    ("image", "generation"),
    [
        ("nvcr.io/nim/meta/llama3-8b-instruct:1.0.0", ONE),
        ("nvcr.io/nim/meta/llama3-8b-instruct:1.12.0-rtx", ONE),
        ("nvcr.io/nim/meta/llama3-8b-instruct:24.05.rc15", ONE),
        ("nvcr.io/nim/meta/llama-3.1-8b-instruct:2.0.4-pb6", TWO_VLLM),
        ("nvcr.io/nim/meta/llama-3.1-8b-instruct:v2" + DIGEST, TWO_VLLM),
        ("nvcr.io/nim/meta/llama-3.1-8b-instruct:3.0.0", TWO_VLLM),
        ("nvcr.io/nim/nvidia/model-free-nim:2.1.5-sglang", TWO_SGLANG),
        ("nvcr.io/nim/nvidia/sglang-nim:2.1.2", TWO_SGLANG),
        ("registry.example:1234/nim/llama", UNKNOWN_GENERATION),
        ("nvcr.io/nim/meta/llama3-8b-instruct" + DIGEST, UNKNOWN_GENERATION),
        ("nvcr.io/nim/meta/llama3-8b-instruct:latest", UNKNOWN_GENERATION),
        ("registry.example/llama:prod-1.0", UNKNOWN_GENERATION),
        ("registry.example/llama:20260101", UNKNOWN_GENERATION),
        ("registry.example/llama:1a2b3c", UNKNOWN_GENERATION),
    ],
)
def test_tag_decides_generation(image: str, generation: Generation):
    assert find_generation(None, image) is generation


@pytest.mark.parametrize("generation", [ONE, TWO_VLLM, TWO_SGLANG], ids=lambda generation: generation.name)
def test_explicit_generation_overrides_tag(generation: Generation):
    assert find_generation(generation.name, "nvcr.io/nim/meta/llama3-8b-instruct:1.0.0") is generation


def test_unknown_generation_has_all_metric_names():
    for each in fields(Metrics)[1:]:
        names = [name for generation in (ONE, TWO_VLLM, TWO_SGLANG) for name in getattr(generation.metrics, each.name)]
        assert list(getattr(UNKNOWN_GENERATION.metrics, each.name)) == names


def test_generation_of_output_image_resolves():
    seen: list[Any] = []

    def program() -> None:
        nim = NIM(secrets=NIMSecrets.keyless(), image=pulumi.Output.from_input("nvcr.io/nim/meta/llama:2.0.4"))
        generation = find_server_generation(nim)
        assert isinstance(generation, pulumi.Output)
        generation.apply(seen.append)
        assert find_server_generation(nim.model_copy(update={"generation": "1.x"})) is ONE

    from nim_component.testing import record

    record(program)
    assert seen == [TWO_VLLM]


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        (
            {"generation": "2.x"},
            "generation: must be one of '1.x', '2.x-vllm' or '2.x-sglang' (got '2.x'). Use one of these values.",
        ),
        (
            {"image": "nvcr.io/a/b:2.0.4", "env": {"NIM_KVCACHE_PERCENT": "0.9"}},
            "env.NIM_KVCACHE_PERCENT: is ignored by NIM 2.x-vllm, where its name is NIM_GPU_MEM_FRACTION. "
            "Rename it, or set generation if the image is not NIM 2.x-vllm.",
        ),
        (
            {"env": {"NIM_GPU_MEM_FRACTION": "0.9"}},
            "env.NIM_GPU_MEM_FRACTION: is ignored by NIM 1.x, where its name is NIM_KVCACHE_PERCENT. "
            "Rename it, or set generation if the image is not NIM 1.x.",
        ),
        (
            {"image": "registry.example/llama:prod", "generation": "2.x-sglang", "port": 8001},
            "port: must not be 8001 with NIM 2.x-sglang, whose engine uses it (got 8001). Use another port, such as `port=8000`.",
        ),
    ],
)
def test_wrong_generation_reports_its_text(fields: dict[str, Any], line: str):
    with pytest.raises(ArgumentError) as raised:
        recorded(**fields)
    assert line in str(raised.value)


def test_both_variable_names_are_accepted():
    """Both names together serve both generations. An unknown generation accepts each alone."""
    both = {"NIM_KVCACHE_PERCENT": "0.9", "NIM_GPU_MEM_FRACTION": "0.9"}
    assert recorded(env=both).env("llama")["NIM_GPU_MEM_FRACTION"] == "0.9"
    assert recorded(image="registry.example/llama:prod", env={"NIM_KVCACHE_PERCENT": "0.9"}, port=8001)
