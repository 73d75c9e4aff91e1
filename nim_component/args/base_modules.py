"""Modules of base models, as far as they are certain: an adapter for others cannot be loaded.

Sources are the model classes of Transformers, whose names of modules PEFT uses:

- https://github.com/huggingface/transformers/blob/main/src/transformers/models/llama/modeling_llama.py
- https://github.com/huggingface/transformers/blob/main/src/transformers/models/mistral/modeling_mistral.py
- https://github.com/huggingface/transformers/blob/main/src/transformers/models/qwen2/modeling_qwen2.py
"""

import re

_DENSE = ("down_proj", "embed_tokens", "gate_proj", "k_proj", "lm_head", "o_proj", "q_proj", "up_proj", "v_proj")
_NAMES = re.compile(
    r"(?:meta-)?llama-?(?:2|3|3\.1|3\.3)-\d+b(?:-(?:instruct|chat))?(?:-hf)?|llama-3\.2-[13]b(?:-instruct)?"
    r"|mistral-7b(?:-instruct)?(?:-v0\.\d)?|mistral-nemo-12b-instruct"
    r"|qwen2\.5-\d+b(?:-instruct)?"
)
"""Names of text models without experts. Models with images, or derived ones, have other modules."""


def find_modules(base_model: str | None) -> tuple[str, ...]:
    """Return the names of a base model's modules; empty if they are not certain."""
    name = (base_model or "").rpartition("/")[2].lower()
    return _DENSE if _NAMES.fullmatch(name) else ()
