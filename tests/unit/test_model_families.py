"""Warnings about options that read metrics of language models, with images of other NIMs."""

from typing import Any

import pytest

from nim_component.args.model_families import FAMILIES, find_family

from .seed import recorded

EMBEDDING = "nvcr.io/nim/nvidia/llama-3.2-nv-embedqa-1b-v2:1.3.0"
PROMETHEUS = {"keda": {"prometheus": "http://prometheus:9090"}}
SCALING = {"autoscaling": {"max_replicas": 2, "presets": ["queue"], **PROMETHEUS}, "cache": {"empty_dir": True}}


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("nvidia/llama-3.2-nv-embedqa-1b-v2", "an embedding NIM"),
        ("nvidia/nv-embedqa-e5-v5", "an embedding NIM"),
        ("snowflake/arctic-embed-l", "an embedding NIM"),
        ("nvidia/llama-nemotron-embed-1b-v2", "an embedding NIM"),
        ("nvidia/llama-3.2-nv-rerankqa-1b-v2", "a reranking NIM"),
        ("nvidia/nv-rerankqa-mistral-4b-v3", "a reranking NIM"),
        ("nvidia/nvclip", "an image embedding NIM"),
        ("nvidia/parakeet-ctc-1.1b-asr", "a speech NIM"),
        ("nvidia/canary-1b", "a speech NIM"),
        ("openai/whisper-large-v3", "a speech NIM"),
        ("nvidia/riva-translate-1.6b", "a speech NIM"),
        ("nvidia/maxine-eye-contact", "a Maxine NIM"),
        ("nvidia/nemoretriever-page-elements-v2", "a document NIM"),
        ("baidu/paddleocr", "a document NIM"),
        ("meta/llama3-8b-instruct", None),
        ("acme/llama3-8b-canary", None),
        ("deepseek-ai/deepseek-ocr", None),
        ("acme/embedded-llama", None),
        ("acme/prerankings", None),
        ("meta/llama-3.2-11b-vision-instruct", None),
    ],
)
def test_family_follows_from_model_name(model: str, family: str | None):
    found = find_family(f"nvcr.io/nim/{model}:1.0.0")
    assert (found.name if found else None) == family


def test_registry_and_tag_are_not_the_model():
    assert find_family("riva.example/nim/meta/llama3-8b-instruct:embed-1") is None


def warnings(**fields: Any) -> list[str]:
    return [each.message for each in recorded(**fields).run.log if "metrics of language models" in each.message]


def test_preset_of_embedding_nim_is_warned_about():
    (text,) = warnings(image=EMBEDDING, **SCALING)
    assert text.startswith(f"autoscaling.presets: reads metrics of language models. By its name, {EMBEDDING} is an embedding NIM;")
    assert "nv_inference_queue_duration_us" in text
    assert text.endswith("no preset scales the service. Use autoscaling.metrics or autoscaling.keda.triggers with a metric of the server.")


def test_alerts_and_dashboard_are_warned_about():
    found = warnings(image=EMBEDDING, metrics={"alerts": {}, "dashboard": {}})
    assert [text.split(":")[0] for text in found] == ["metrics.alerts", "metrics.dashboard"]
    assert "only NIMNotServing can fire" in found[0]


@pytest.mark.parametrize(
    "fields",
    [
        {"image": EMBEDDING},
        {"image": EMBEDDING, "metrics": {"monitor": {}}},
        {"image": EMBEDDING, "metrics": {"alerts": {"queue": None, "kv_cache": None, "first_token": None}}},
        {**SCALING, "metrics": {"alerts": {}, "dashboard": {}}},
    ],
    ids=["nothing", "monitor", "alerts disabled", "language model"],
)
def test_other_services_are_not_warned_about(fields: dict[str, Any]):
    assert warnings(**fields) == []


def test_every_family_has_a_source():
    assert all(each.source.startswith("https://docs.nvidia.com/nim/") for each in FAMILIES)
