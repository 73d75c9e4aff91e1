"""Families of NIMs that are not language models, and the metrics that NVIDIA documents for them.

The presets of `autoscaling`, the alerts and the dashboard read the metrics of language models.
"""

import re
from dataclasses import dataclass

from ..names import model_of_image

_TRITON = "nv_inference_queue_duration_us and nv_inference_request_success of Triton, on port 8002 at /metrics"


@dataclass(frozen=True)
class ModelFamily:
    """Family of NIMs with metrics of their own."""

    name: str
    """Name with its article, such as `an embedding NIM`."""
    pattern: re.Pattern[str]
    """Pattern of a model's name."""
    metrics: str
    """Documented metrics, as a part of a sentence."""
    source: str
    """Page of NVIDIA's documentation."""


def _words(*names: str) -> re.Pattern[str]:
    """Return a pattern for names that are whole parts of a name with hyphens."""
    return re.compile(rf"(?:^|[-_./])(?:{'|'.join(names)})(?:$|[-_.:0-9])", re.IGNORECASE)


_DOCS = "https://docs.nvidia.com/nim"
FAMILIES = (
    ModelFamily(
        "an embedding NIM",
        _words("embed", "embedqa"),
        _TRITON,
        f"{_DOCS}/nemo-retriever/text-embedding/latest/observability.html",
    ),
    ModelFamily(
        "a reranking NIM",
        _words("rerank", "rerankqa"),
        _TRITON,
        f"{_DOCS}/nemo-retriever/text-reranking/latest/observability.html",
    ),
    ModelFamily("an image embedding NIM", _words("nvclip"), _TRITON, f"{_DOCS}/nvclip/latest/observability.html"),
    ModelFamily(
        "a speech NIM",
        _words("riva", "parakeet", "nvidia/canary", "conformer", "fastpitch", "magpie-tts", "whisper"),
        "gpu_utilization and gpu_memory_used_bytes, on port 9000 at /v1/metrics",
        f"{_DOCS}/riva/asr/latest/observability.html",
    ),
    ModelFamily(
        "a Maxine NIM",
        _words("maxine", "eye-contact", "body-pose", "lipsync", "studio-voice"),
        "gpu_utilization and request_count_total, on port 8000 at /v1/metrics",
        f"{_DOCS}/maxine/eye-contact/latest/observability.html",
    ),
    ModelFamily(
        "a document NIM",
        _words("nemoretriever-ocr", "nemotron-ocr", "paddleocr", "page-elements", "graphic-elements", "table-structure"),
        "the metrics at /v1/metrics on port 8000",
        f"{_DOCS}/ingestion/image-ocr/2.0/observability.html",
    ),
)
"""Families, by the name of the model in the image."""


def find_family(image: str) -> ModelFamily | None:
    """Return the family of an image by its name, or None for a language model or an unknown one."""
    model = model_of_image(image)
    return next((each for each in FAMILIES if each.pattern.search(model)), None)
