"""Models that do not fit on their GPUs: critical if certain, else a warning."""

from typing import Any

import pytest

from nim_component.review.sentences import plain_text
from nim_component.review.stack_review import StackReview

from .changes import SERVICE, deployment, render_objects, render_service, render_services, review_renders

LARGE = "nvcr.io/nim/meta/llama3-70b-instruct:1.0.0"
LONG = "nvcr.io/nim/meta/llama-3.1-70b-instruct:1.3.0"


def on(product: str) -> dict[str, Any]:
    return {"node_selector": {"nvidia.com/gpu.product": product}}


H100, H200, MIG = on("NVIDIA-H100-80GB-HBM3"), on("NVIDIA-H200"), {"gpu_resource": "nvidia.com/mig-3g.40gb"}


def misfits(found: StackReview) -> list[tuple[str, str]]:
    return [
        (each.severity.value, plain_text((*each.text, " ", *each.consequence))) for each in found.findings if each.rule == "does-not-fit"
    ]


def change_gpus(old: int, new: int, **fields: Any) -> StackReview:
    return review_renders(render_service(**fields, gpu=old), render_service(**fields, gpu=new))


def test_fewer_gpus_than_weights_are_critical_first():
    found = change_gpus(4, 1, image=LARGE, **H100)
    assert misfits(found) == [
        (
            "critical",
            "The model does not fit on its GPUs: 134.0 GiB of weights, 69.7 GiB on 1 x NVIDIA-H100-80GB-HBM3. "
            "The server cannot start: new pods restart again and again, and serve no request.",
        )
    ]
    assert found.findings[0].rule == "does-not-fit"
    # Once: the warning of the component and the consequence of the changed number say the same.
    assert not [each for each in found.findings if each.rule == "failed"]
    (gpus,) = (each for each in found.findings if each.rule == "gpus")
    assert gpus.consequence == ()


@pytest.mark.parametrize(
    ("fields", "severity"),
    [
        ({"image": LARGE, **H100}, "critical"),
        ({"image": LARGE, **MIG}, "critical"),
        ({"image": LARGE, **H100, "model_profile": "vllm-bf16-tp1-pp1"}, "critical"),
        ({"image": LARGE, **H100, "env": {"NIM_TENSOR_PARALLEL_SIZE": "4"}}, "critical"),
        # Without a name of the profile, the server may select 8 bits; with an id, the profile may
        # have 4 bits.
        ({"image": LONG, **H200}, "warning"),
        ({"image": LARGE, **H100, "model_profile": "a" * 64}, "warning"),
        ({"image": LARGE, **H100, "generation": "2.x-vllm", "args": ["--quantization", "fp8"]}, "warning"),
        ({"image": LARGE, **H100, "generation": "2.x-vllm", "args": ["--cpu-offload-gb=80"]}, "warning"),
        ({"image": LONG, **H100, "model_profile": "vllm-fp8-tp1-pp1"}, "warning"),  # too little for 128k tokens
        ({"image": LARGE}, "warning"),  # the GPU is unknown
    ],
)
def test_misfit_is_critical_only_without_assumption(fields: dict[str, Any], severity: str):
    assert [found for found, _ in misfits(change_gpus(4, 1, **fields))] == [severity]


@pytest.mark.parametrize(
    "fields",
    [
        {"image": LARGE, **H100, "model_profile": "vllm-fp8-tp1-pp1"},
        {"image": LARGE, **H100, "model_profile": "vllm-nvfp4-tp1-pp1"},
        {"image": LARGE, **on("NVIDIA-B200")},
        {"image": "nvcr.io/nim/nvidia/parakeet:1.0", **H100},
        {"image": LARGE, "gpu_resource": "amd.com/gpu"},
        {**H100},
    ],
)
def test_fitting_or_unknown_model_has_no_finding(fields: dict[str, Any]):
    assert misfits(change_gpus(4, 1, **fields)) == []


def test_unknown_gpu_names_its_assumption():
    ((_, text),) = misfits(change_gpus(4, 1, image=LARGE))
    assert "may not fit on its GPUs: 134.0 GiB of weights, 69.7 GiB on 1 x NVIDIA-H100-80GB-HBM3." in text
    assert text.endswith("The server cannot start, if the GPUs, which no node selector names, have 80 GB.")


def test_new_service_and_other_model_are_reported():
    large, small = {**SERVICE, "image": LARGE, **H100}, {**SERVICE, **H100}
    assert [severity for severity, _ in misfits(review_renders(render_service(**small), render_service(**large)))] == ["critical"]
    added = review_renders(render_services(a=small), render_services(a=small, b=large))
    assert [(severity, each.service) for severity, each in zip(["critical"], added.findings, strict=False)] == [("critical", "b")]
    assert misfits(review_renders(render_service(**H200, image=LARGE, gpu=2), render_service(**H100, image=LARGE, gpu=2))) == []


def test_known_misfit_is_not_repeated():
    large = {"image": LARGE, **H100}
    assert misfits(review_renders(render_service(**large), render_service(**large, pod_labels={"a": "b"}))) == []


def test_node_group_counts_all_nodes():
    group = {"image": LARGE, **H100, "generation": "2.x-vllm", "cache": {"access_mode": "ReadWriteMany"}}
    two = {"multi_node": {"nodes": 2}}
    assert misfits(review_renders(render_service(**group, gpu=4, **two), render_service(**group, gpu=1, **two))) == []
    assert [severity for severity, _ in misfits(review_renders(render_service(**group, gpu=4, **two), render_service(**group, gpu=1)))] == [
        "critical"
    ]


def test_plain_deployment_is_read_like_a_service():
    def large(count: int) -> dict[str, Any]:
        container = {"image": LARGE, "resources": {"limits": {"nvidia.com/gpu": str(count)}}}
        return render_objects(deployment(container=container, pod={"nodeSelector": H100["node_selector"]}))

    assert [severity for severity, _ in misfits(review_renders(large(4), large(1)))] == ["critical"]


def test_more_gpus_than_the_node_has_are_critical():
    fields = {"node_selector": {"nvidia.com/gpu.count": "8"}}
    assert misfits(change_gpus(4, 8, **fields)) == []
    assert misfits(change_gpus(8, 16, **fields)) == [
        (
            "critical",
            "Each pod requests 16 GPUs, and its node selector requires nodes with 8 (nvidia.com/gpu.count). "
            "No node can run the new pods: they stay Pending.",
        )
    ]
