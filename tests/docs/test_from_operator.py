"""The NIM Operator's samples, each as a `NIM(...)` of fewer lines."""

import ast
from pathlib import Path

import pytest

from nim_component.testing import record_project

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "examples" / "from-operator" / "__main__.py"

# Lines of the samples below `config/samples` at NVIDIA/k8s-nim-operator f63f74d7, without comments,
# blank lines and separators. A service of a pipeline of three counts a third of the pipeline, and
# its own cache. Every sample with a NIMService is here. The others contain only caches, or NeMo's
# own services.
LINES = {
    "nim/serving/standalone/basic/llm": 45,
    "nim/serving/standalone/basic/multi-llm": 51,
    "nim/serving/standalone/no-precaching/llm": 27,
    "nim/serving/standalone/no-precaching/llm-emptydir": 24,
    "nim/serving/standalone/no-precaching/multi-llm-hf": 36,
    "nim/serving/standalone/no-precaching/multi-llm-ngc": 36,
    "nim/serving/standalone/lora/llm": 33,
    "nim/serving/standalone/lora/multi-llm": 39,
    "nim/serving/standalone/autoscaling/llm": 67,
    "nim/serving/standalone/autoscaling/multi-llm": 73,
    "nim/serving/standalone/full/llm": 82,
    "nim/serving/standalone/full/multi-llm": 88,
    "nim/serving/standalone/routers/httproutes/llm": 51,
    "nim/serving/standalone/routers/httproutes/multi-llm": 57,
    "nim/serving/standalone/routers/grpcroutes/llm": 49,
    "nim/serving/standalone/routers/ingress/llm": 49,
    "nim/serving/standalone/routers/ingress/multi-llm": 55,
    "nim/serving/standalone/confidential-computing/llm-kata-sandbox": 29,
    "nim/serving/kserve/knative/llm": 59,
    "nim/serving/kserve/knative/multi-llm": 58,
    "nim/serving/kserve/standard/llm": 67,
    "nim/serving/kserve/standard/multi-llm": 56,
    "nim/serving/advanced/dra/auto-creation/example0/llm": 46,
    "nim/serving/advanced/dra/auto-creation/example1/llm": 57,
    "nim/serving/advanced/dra/auto-creation/example2/llm": 52,
    "nim/serving/advanced/dra/manual/llm": 58,
    "nim/serving/advanced/epp/nimservice": 50,
    "nim/serving/advanced/multi-node/multi-node-nimservice": 89,
    "nim/serving/advanced/multi-node/multi-node-nimservice-rdma": 97,
    "nim/pipelines/guardrail/content-safety-guard": 45,
    "nim/pipelines/guardrail/topic-control-guard": 45,
    "nim/pipelines/guardrail/jailbreak-detect-guard": 45,
    "nim/pipelines/rag/meta-llama3-8b-instruct": 46,
    "nim/pipelines/rag/nv-embedqa-1b-v2": 45,
    "nim/pipelines/rag/nv-rerankqa-1b-v2": 45,
    "nemo/25.04/llama3-1b-pipeline": 60,
    "nemo/25.06/llama3-1b-pipeline": 60,
    "nemo/latest/llama3-1b-pipeline": 60,
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


def test_converted_program_has_quarter_of_lines():
    lines = [line for line in PROGRAM.read_text(encoding="utf-8").splitlines() if line.strip() and not line.strip().startswith("#")]
    assert 4 * len(lines) < sum(LINES.values())


def test_each_becomes_a_service_without_a_warning():
    seen = record_project(PROGRAM.parent, "dev")
    assert len(seen.find("nim:index:NIMService")) == len(LINES)
    assert seen.warnings() == []
