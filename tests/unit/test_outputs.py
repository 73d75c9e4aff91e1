"""Outputs and attributes of a service."""

from typing import Any

import pulumi
import pytest

from nim_component import CacheArgs
from nim_component.testing import PVC, UNKNOWN, record

from .seed import LORA, serve


def attributes(**fields: object) -> dict[str, object]:
    def program() -> None:
        service = serve(**fields)
        for name in ("url", "host", "port", "model_names", "cache_claim"):
            pulumi.export(name, getattr(service, name))

    return dict(record(program, preview=True).outputs)


def test_name_based_outputs_are_known_at_preview():
    assert attributes(namespace="serving", port=9000, service_name="chat", **LORA) == {
        "url": "http://chat.serving.svc.cluster.local:9000",
        "host": "chat.serving.svc.cluster.local",
        "port": 9000,
        "model_names": ["meta/llama3-8b-instruct", "one", "two"],
        "cache_claim": "chat-cache-02f92909",
    }


@pytest.mark.parametrize(
    ("image", "model"),
    [
        ("nvcr.io/nim/meta/llama3-8b-instruct:1.0.0", "meta/llama3-8b-instruct"),
        ("nvcr.io/nim/nvidia/nv-embedqa@sha256:" + "a" * 64, "nvidia/nv-embedqa"),
        ("registry.example:5000/mirror/meta/llama:1", "meta/llama"),
        ("my-nim:1", "my-nim"),
    ],
)
def test_base_model_is_in_image_name(image: str, model: str):
    assert attributes(image=image)["model_names"] == [model]


@pytest.mark.parametrize(
    ("fields", "model"),
    [
        ({"env": {"NIM_MODEL_PATH": "hf://meta-llama/Llama-3.1-8B-Instruct"}}, "meta-llama/Llama-3.1-8B-Instruct"),
        ({"env": {"NIM_MODEL_PATH": "ngc://nim/meta/llama-3.3-70b-instruct:hf"}}, "nim/meta/llama-3.3-70b-instruct"),
        ({"env": {"NIM_MODEL_PATH": pulumi.Output.from_input("hf://org/model:v1")}}, "org/model"),
        ({"args": ["hf://org/model", "--max-model-len=8"], "env": {"NIM_MODEL_PATH": "hf://org/other"}}, "org/model"),
        ({"env": {"NIM_MODEL_PATH": "hf://org/model"}, "served_model_name": "chat"}, "chat"),
    ],
)
@pytest.mark.parametrize("image", ["vllm-model-free-nim", "model-free-nim"])
def test_model_free_image_serves_its_source(image: str, fields: dict[str, Any], model: str):
    assert attributes(image=f"nvcr.io/nim/nvidia/{image}:2.1.5", **fields)["model_names"] == [model]


@pytest.mark.parametrize(
    ("image", "fields"),
    [
        ("vllm-model-free-nim:2.1.5", {}),
        ("sglang-model-free-nim:2.1.5", {"args": ["--max-model-len=8"]}),
        ("vllm-model-free-nim:2.1.5", {"env": {"NIM_MODEL_PATH": "/models/mine"}}),
        ("vllm-model-free-nim:2.1.5", {"env": {"NIM_MODEL_PATH": "s3://a:b/c:d:e"}}),
        ("vllm-model-free-nim:2.1.5", {"env": {"NIM_MODEL_PATH": {"valueFrom": {"configMapKeyRef": {"name": "a", "key": "b"}}}}}),
        ("llm-nim:1.12.0", {"env": {"NIM_MODEL_NAME": "hf://org/model"}}),
        ("llm-nim:1.12.0", LORA),
    ],
    ids=str,
)
def test_unknown_base_model_has_no_model_names(image: str, fields: dict[str, Any]):
    assert "model_names" not in attributes(image=f"nvcr.io/nim/nvidia/{image}", **fields)


def test_adapter_may_have_name_of_model_free_image():
    """The image's name is not a model, so no name is taken twice."""
    adapters = {**LORA, "hf_repo_ids": [{"repo_id": "org/a", "name": "vllm-model-free-nim"}]}
    env = {**LORA["env"], "NIM_MODEL_PATH": "hf://org/model"}
    seen = attributes(image="nvcr.io/nim/nvidia/vllm-model-free-nim:2.1.5", **{**adapters, "env": env})
    assert seen["model_names"] == ["org/model", "vllm-model-free-nim"]


def test_served_model_name_replaces_base_model():
    assert attributes(served_model_name="chat")["model_names"] == ["chat"]


def test_existing_pvc_is_cache_claim():
    assert attributes(cache=CacheArgs(existing_claim="mine"))["cache_claim"] == "mine"


def test_cache_without_pvc_has_no_cache_claim():
    assert "cache_claim" not in attributes(cache=CacheArgs(empty_dir=True))


def test_unknown_namespace_makes_url_unknown():
    def program() -> None:
        import pulumi_kubernetes as k8s

        namespace = k8s.core.v1.Namespace("ns")
        service = serve(namespace=namespace.status.apply(lambda status: status["phase"]))
        pulumi.export("url", service.url)

    seen = record(program, preview=True)
    assert seen.outputs["url"] is UNKNOWN
    assert seen.child("llama", PVC).inputs["metadata"]["namespace"] is UNKNOWN


def test_children_are_attributes():
    def program() -> None:
        service = serve()
        assert service.leader_worker_set is None
        assert service.deployment is service.workload
        pulumi.export("deployment", service.workload.metadata["name"])
        pulumi.export("service", service.service.metadata["name"])
        pulumi.export("secrets", sorted(service.secrets))

    assert record(program).outputs == {"deployment": "llama", "service": "llama", "secrets": ["llama-secret-pull"]}


def test_component_registers_same_outputs():
    seen = record(lambda: serve(**LORA))
    assert seen.service("llama").outputs == {
        "url": "http://llama.default.svc.cluster.local:8000",
        "host": "llama.default.svc.cluster.local",
        "port": 8000,
        "modelNames": ["meta/llama3-8b-instruct", "one", "two"],
        "cacheClaim": "llama-cache-02f92909",
    }


@pytest.mark.parametrize("image", ["a/b/c:latest", "a/b/c:1.0", "a/b/c:prod", "a/b/c", "registry.example:5000/c"])
def test_moving_tag_logs_warning(image: str):
    (warning,) = record(lambda: serve(image=image)).warnings()
    assert image in warning
    assert "restart may serve another model" in warning


@pytest.mark.parametrize("image", ["a/b/c:1.0.0", "a/b/c@sha256:" + "0" * 64, "a/b/c:latest@sha256:" + "0" * 64])
def test_fixed_tag_logs_no_warning(image: str):
    assert record(lambda: serve(image=image)).warnings() == []
