"""The NIM Operator's samples, each as a `NIM(...)` of fewer lines."""

import ast
from pathlib import Path

import pytest

from nim_component.testing import record_project

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "examples" / "from-operator" / "__main__.py"

# Lines of the samples at NVIDIA/k8s-nim-operator f63f74d7, without comments and blank lines; of a pipeline, its services and caches by three.
LINES = {
    "serving/standalone/basic/llm": 45,
    "serving/standalone/basic/multi-llm": 51,
    "serving/standalone/no-precaching/llm": 27,
    "serving/standalone/no-precaching/llm-emptydir": 24,
    "serving/standalone/no-precaching/multi-llm-hf": 36,
    "serving/standalone/no-precaching/multi-llm-ngc": 36,
    "serving/standalone/lora/llm": 33,
    "serving/standalone/lora/multi-llm": 39,
    "serving/standalone/autoscaling/llm": 67,
    "serving/standalone/autoscaling/multi-llm": 73,
    "serving/standalone/full/llm": 82,
    "serving/standalone/full/multi-llm": 88,
    "serving/standalone/routers/httproutes/llm": 51,
    "serving/standalone/routers/httproutes/multi-llm": 57,
    "serving/standalone/routers/ingress/llm": 49,
    "serving/standalone/routers/ingress/multi-llm": 55,
    "serving/standalone/confidential-computing/llm-kata-sandbox": 29,
    "serving/kserve/knative/llm": 59,
    "serving/kserve/knative/multi-llm": 58,
    "serving/kserve/standard/llm": 67,
    "serving/kserve/standard/multi-llm": 56,
    "serving/advanced/dra/auto-creation/example0/llm": 46,
    "serving/advanced/dra/auto-creation/example1/llm": 57,
    "serving/advanced/dra/auto-creation/example2/llm": 52,
    "serving/advanced/dra/manual/llm": 58,
    "serving/advanced/epp/nimservice": 50,
    "serving/advanced/multi-node/multi-node-nimservice": 89,
    "serving/advanced/multi-node/multi-node-nimservice-rdma": 97,
    "pipelines/guardrail/content-safety-guard": 45,
    "pipelines/guardrail/topic-control-guard": 45,
    "pipelines/guardrail/jailbreak-detect-guard": 45,
    "pipelines/rag/meta-llama3-8b-instruct": 46,
    "pipelines/rag/nv-embedqa-1b-v2": 46,
    "pipelines/rag/nv-rerankqa-1b-v2": 46,
}


def calls() -> dict[str, ast.expr]:
    """Each sample and its `NIM(...)`."""
    assigned = next(
        each.value
        for each in ast.parse(PROGRAM.read_text(encoding="utf-8")).body
        if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name) and each.targets[0].id == "SAMPLES"
    )
    assert isinstance(assigned, ast.Dict)
    return {str(ast.literal_eval(key)): value for key, value in zip(assigned.keys, assigned.values, strict=True) if key is not None}


def test_every_sample_is_there():
    assert calls().keys() == LINES.keys()


@pytest.mark.parametrize("sample", LINES)
def test_it_takes_fewer_lines_here(sample: str):
    call = calls()[sample]
    assert (call.end_lineno or 0) - call.lineno + 1 < LINES[sample]


def test_each_becomes_a_service_without_a_warning():
    seen = record_project(PROGRAM.parent, "dev")
    assert len(seen.find("nim:index:NIMService")) == len(LINES)
    assert seen.warnings() == []
