"""Adapters that a server cannot load: refused before it starts, in the pod and at preview."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nim_component.args.generation import find_generation
from nim_component.lora_loader.features import read_features, read_tensor_features
from tests.lora.hub import Hub, Repo, adapter, safetensors
from tests.lora.pod import Pod
from tests.lora.test_check import look, shelve
from tests.lora.test_lock import Project

LIMITS = find_generation("2.x-vllm", "").lora
assert LIMITS is not None
VLLM = {"engine": LIMITS.engine, "refused": LIMITS.refused}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "DoRA": ({"use_dora": True}, "DoRA"),
    "full modules": ({"modules_to_save": ["lm_head", "embed_tokens"]}, "modules_to_save"),
    "IA3": ({"peft_type": "IA3"}, "method IA3"),
    "prompt tuning": ({"peft_type": "PROMPT_TUNING"}, "method PROMPT_TUNING"),
}
PLAIN: list[dict[str, Any]] = [
    {},
    {"peft_type": "lora", "use_dora": False, "bias": "none", "modules_to_save": None},
    {"modules_to_save": []},
    {"modules_to_save": ["classifier", "score"]},
    {"use_rslora": True, "rank_pattern": {"q_proj": 8}, "bias": None},
]


@pytest.fixture
def project(tmp_path: Path, hub: Hub) -> Project:
    return Project(tmp_path, hub)


def set_server(pod: Pod, **server: Any) -> None:
    file = pod.mounted / "adapters.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | server))


@pytest.mark.parametrize("case", REFUSED)
def test_refused_feature_fails_before_weights_arrive(hub: Hub, pod: Pod, case: str) -> None:
    more, feature = REFUSED[case]
    hub.repos["org/one"] = Repo({"main": adapter(1, **more)})
    set_server(pod, **VLLM)
    result = pod.run()
    assert (result.code, pod.published(), result.lines["one"]["error"]) == (22, [], "unsupported"), result
    assert f"adapter one (org/one@main): it uses {feature}, which vLLM (NIM 2.x) does not load. Train or export it" in result.last
    assert not [each for each in hub.requests if "adapter_model" in each]


@pytest.mark.parametrize("more", PLAIN)
def test_plain_adapter_has_no_warning(hub: Hub, pod: Pod, more: dict[str, Any]) -> None:
    hub.repos["org/one"] = Repo({"main": adapter(1, **more)})
    set_server(pod, **VLLM)
    result = pod.run()
    assert result.code == 0 and "uses" not in result.out, result


def test_feature_of_tensors_is_refused(hub: Hub, pod: Pod) -> None:
    """The configuration of the adapter does not name it."""
    vectors = safetensors(name="base_model.model.layers.0.q_proj.lora_magnitude_vector")
    hub.repos["org/one"] = Repo({"main": adapter(1) | {"adapter_model.safetensors": vectors}})
    set_server(pod, **VLLM)
    result = pod.run()
    assert (result.code, pod.published()) == (22, []) and "it uses DoRA" in result.last, result


@pytest.mark.parametrize("server", [{}, {"engine": "", "refused": []}, VLLM])
def test_feature_of_unknown_support_is_a_warning(hub: Hub, pod: Pod, server: dict[str, Any]) -> None:
    more = {"bias": "all"} if server == VLLM else {"bias": "all", "use_dora": True}
    hub.repos["org/one"] = Repo({"main": adapter(1, **more)})
    set_server(pod, **server)
    result = pod.run()
    assert result.code == 0, result
    assert "warning: adapter one (org/one@main) uses bias, and its support by the server is unknown" in result.out
    assert ("uses DoRA" in result.out) == ("use_dora" in more)


def test_other_engine_refuses_a_published_adapter(hub: Hub, pod: Pod) -> None:
    hub.repos["org/one"] = Repo({"main": adapter(1, use_dora=True)})
    assert pod.run().code == 0
    set_server(pod, **VLLM)
    result = pod.run()
    assert result.code == 22 and "it uses DoRA" in result.last, result


def test_given_adapter_is_refused(hub: Hub, pod: Pod) -> None:
    shelve(pod, "one", adapter(1, peft_type="ADALORA"))
    look(pod, given=["one"], **VLLM)
    result = pod.run("-S")
    assert result.code == 22 and "it uses method ADALORA" in result.last, result


@pytest.mark.parametrize("features", ["DoRA", [1], {"DoRA": 1}, None, ["\x1b[31mDoRA"]])
def test_features_of_a_manifest_may_be_anything(hub: Hub, pod: Pod, features: Any) -> None:
    assert pod.run().code == 0
    manifest = pod.adapters / "one" / ".nim-lora.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"features": features}))
    set_server(pod, **VLLM)
    result = pod.run()
    assert result.code == 0 and "\x1b" not in result.out + result.err, result


@pytest.mark.parametrize("method", [7, ["LORA"], "a\nb", "x" * 500])
def test_hostile_method_is_shown_as_text(method: Any) -> None:
    (feature,) = read_features({"peft_type": method})
    assert feature.startswith("method ") and feature.isprintable() and len(feature) < 80


def test_tensors_of_plain_lora_have_no_feature() -> None:
    assert read_tensor_features(["base_model.model.layers.0.q_proj.lora_A.weight", "base_model.model.lm_head.lora_B.weight"]) == []


def test_lock_records_features_and_preview_refuses_them(project: Project, hub: Hub) -> None:
    hub.repos["org/one"] = Repo({"main": adapter(1, use_dora=True)})
    project.serve("org/one", "org/two", image="nvcr.io/nim/meta/llama3-8b-instruct:2.0.3")
    locked = project.run("lock")
    assert locked.returncode == 0, locked
    assert "of meta-llama/Meta-Llama-3-8B-Instruct, uses DoRA\n" in locked.stdout
    entries = json.loads(project.lock.read_text())["adapters"]
    assert entries["org/one@main"]["features"] == ["DoRA"]
    assert "features" not in entries["org/two@main"]
    with pytest.raises(Exception, match=r"hf_repo_ids\[0\]: uses DoRA, which vLLM \(NIM 2.x\) does not load \(got 'org/one'\)"):
        project.preview()


@pytest.mark.parametrize("image", ["nvcr.io/nim/meta/llama3-8b-instruct:1.0.3", "nvcr.io/nim/meta/llama3-8b-instruct:latest"])
def test_preview_accepts_features_of_other_engines(project: Project, hub: Hub, image: str) -> None:
    hub.repos["org/one"] = Repo({"main": adapter(1, use_dora=True)})
    project.serve("org/one", image=image)
    assert project.run("lock").returncode == 0
    project.preview()
