"""Names accepted by the loader are valid by the rules of the hub."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from huggingface_hub.utils import HFValidationError, validate_repo_id
from hypothesis import given, settings
from hypothesis import strategies as st

from nim_component.lora_loader.adapter_list import read_adapter_list
from nim_component.lora_loader.outcome import LoadError, clean

HOSTILE = st.text(st.sampled_from("aZ09-_./\\ $`;|&'\"\n\0%?#@:~*оａ\u202e\u2215\u2044．"), min_size=1, max_size=12) | st.text(max_size=20)


def accepted(**entry: object) -> bool:
    with tempfile.NamedTemporaryFile("w", suffix=".json") as f:
        json.dump({"served_model": "m", "adapters": [{"name": "n", "repo_id": "org/one", "revision": "main", "files": None} | entry]}, f)
        f.flush()
        try:
            read_adapter_list(Path(f.name))
        except LoadError as e:
            assert e.kind == "adapter-list" and str(e).isascii() and "\n" not in clean(e)
            return False
    return True


@settings(max_examples=150, deadline=None)
@given(HOSTILE)
def test_repo_ids_follow_the_grammar(text: str) -> None:
    if accepted(repo_id=text):
        try:
            validate_repo_id(text)
        except HFValidationError as e:
            raise AssertionError(f"the hub refuses {text!r}") from e


@settings(max_examples=150, deadline=None)
@given(HOSTILE)
def test_names_and_files_are_one_path_segment(text: str) -> None:
    if accepted(name=text):
        assert text.isascii() and Path(text).name == text and text[0] not in ".-" and not set(text) & set("/\\\0 $`;|&'\"\n%?#@:~*")
    if accepted(files=["adapter_config.json", f"{text}/adapter_model.safetensors"]):
        assert ".." not in text and not text.startswith("/") and not set(text) & set("\\\0 $`;|&'\"\n%?#@:~*")


@settings(max_examples=150, deadline=None)
@given(HOSTILE)
def test_revisions_follow_the_grammar(text: str) -> None:
    if text and accepted(revision=text):
        assert text.isascii() and ".." not in text and "//" not in text and text[0] not in "-./" and text[-1] not in "./"
        assert not set(text) & set("\\\0 $`;|&'\"\n%?#@:~*^[")


def test_common_names_are_accepted() -> None:
    assert accepted(repo_id="my-org/my-lora-adapter-1", revision="refs/pr/7") and accepted(repo_id="gpt2_lora.v1", revision="a" * 40)
    assert accepted(name="My_LoRA-1.0", revision="feature/x") and accepted(name="team--adapter", revision="v1.0+cu12")
