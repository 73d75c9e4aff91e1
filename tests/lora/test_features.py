"""Adapters that a server cannot load: refused before it starts, in the pod and at preview."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from nim_component.args.base_modules import find_modules
from nim_component.args.generation import find_generation
from nim_component.lora.weights_header import FIRST_BYTES
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
    "bias": ({"bias": "all"}, "bias"),
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
    more = {"layer_replication": [[0, 4]]} if server == VLLM else {"layer_replication": [[0, 4]], "use_dora": True}
    hub.repos["org/one"] = Repo({"main": adapter(1, **more)})
    set_server(pod, **server)
    result = pod.run()
    assert result.code == 0, result
    assert "warning: adapter one (org/one@main) uses layer_replication, and its support by the server is unknown" in result.out
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
    names = ["base_model.model.layers.0.q_proj.lora_A.weight", "base_model.model.lm_head.lora_B.weight"]
    assert read_tensor_features({name: {"dtype": "BF16"} for name in names}) == []


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


@pytest.mark.parametrize(
    ("more", "feature"),
    [
        ({"lora_bias": True}, "lora_bias"),
        ({"init_lora_weights": "pissa_niter_16"}, "init_lora_weights pissa_niter_16"),
        ({"alora_invocation_tokens": [1, 2]}, "Activated LoRA"),
        ({"layer_replication": [[0, 4]]}, "layer_replication"),
        ({"use_qalora": True}, "QALoRA"),
        ({"use_bdlora": {"x": 1}}, "BD-LoRA"),
        ({"trainable_token_indices": [7]}, "trainable_token_indices"),
    ],
)
def test_variants_of_peft_are_features(more: dict[str, Any], feature: str) -> None:
    assert read_features({"peft_type": "LORA", **more}) == [feature]
    empty = {name: None if name == "init_lora_weights" else [] for name in more}
    assert read_features({"peft_type": "LORA", **empty, "init_lora_weights": "gaussian"}) == []


def test_types_of_tensors_are_features(hub: Hub, pod: Pod) -> None:
    hub.repos["org/one"] = Repo({"main": adapter(1) | {"adapter_model.safetensors": safetensors(dtype="I8")}})
    set_server(pod, **VLLM)
    result = pod.run()
    assert result.code == 0 and "uses dtype I8, and its support by the server is unknown" in result.out, result


LLAMA = {"served_model": "meta/llama3-8b-instruct", "modules": find_modules("meta/llama3-8b-instruct")}
OTHER = "base_model.model.transformer.h.0.attn.c_attn.lora_A.weight"


def with_tensor(name: str, **more: Any) -> dict[str, bytes]:
    return adapter(1, **more) | {"adapter_model.safetensors": safetensors(name=name)}


@pytest.mark.parametrize("server", [{}, VLLM], ids=["unknown engine", "vLLM"])
def test_adapter_of_other_architecture_is_refused(hub: Hub, pod: Pod, server: dict[str, Any]) -> None:
    hub.repos["org/one"] = Repo({"main": with_tensor(OTHER)})
    set_server(pod, **server, **LLAMA)
    result = pod.run()
    assert (result.code, pod.published()) == (22, []), result
    assert "it changes c_attn, which the base model does not have. Use an adapter of meta/llama3-8b-instruct" in result.last


def test_targets_of_other_architecture_are_refused_before_weights(hub: Hub, pod: Pod) -> None:
    hub.repos["org/one"] = Repo({"main": adapter(1, target_modules=["c_attn", "transformer.h.0.mlp.c_fc"])})
    set_server(pod, **LLAMA)
    result = pod.run()
    assert result.code == 22 and "it changes c_attn, c_fc, which the base model does not have" in result.last, result
    assert not [each for each in hub.requests if "adapter_model" in each]


@pytest.mark.parametrize("targets", [["q_proj", "c_attn"], "all-linear", ".*c_attn", None, ["q_proj"]])
def test_uncertain_targets_are_accepted(hub: Hub, pod: Pod, targets: Any) -> None:
    """PEFT accepts a target module that a model does not have, if another one exists."""
    hub.repos["org/one"] = Repo({"main": with_tensor("base_model.model.layers.0.q_proj.lora_A.weight", target_modules=targets)})
    set_server(pod, **VLLM, **LLAMA)
    result = pod.run()
    assert result.code == 0 and "warning" not in result.out, result


@pytest.mark.parametrize(("server", "code"), [({}, 0), (VLLM, 22)], ids=["unknown engine", "vLLM"])
def test_one_module_of_other_architecture(hub: Hub, pod: Pod, server: dict[str, Any], code: int) -> None:
    pair = {
        name: {"dtype": "F16", "shape": [1], "data_offsets": [2 * at, 2 * at + 2]} for at, name in enumerate((OTHER, "m.q_proj.lora_B.x"))
    }
    header = json.dumps(pair).encode()
    weights = len(header).to_bytes(8, "little") + header + bytes(4)
    hub.repos["org/one"] = Repo({"main": adapter(1) | {"adapter_model.safetensors": weights}})
    set_server(pod, **server, **LLAMA)
    result = pod.run()
    assert result.code == code and "changes c_attn, which the base model does not have" in (result.err if code else result.out), result


def test_undocumented_module_is_a_warning(hub: Hub, pod: Pod) -> None:
    limits = find_generation("1.x", "").lora
    assert limits is not None
    hub.repos["org/one"] = Repo({"main": with_tensor("base_model.model.lm_head.lora_A.weight")})
    set_server(pod, engine=limits.engine, documented=limits.documented, **LLAMA)
    result = pod.run()
    assert result.code == 0 and "changes lm_head, and NIM 1.x documents no support for that" in result.out, result


@pytest.mark.parametrize(
    ("model", "known"),
    [
        ("meta/llama3-8b-instruct", True),
        ("meta/llama-3.1-405b-instruct", True),
        ("meta/llama-3.2-3b-instruct", True),
        ("meta-llama/Meta-Llama-3-8B-Instruct", True),
        ("mistralai/mistral-7b-instruct-v0.3", True),
        ("qwen/qwen2.5-7b-instruct", True),
        ("meta/llama-3.2-11b-vision-instruct", False),
        ("meta/llama-4-scout-17b-16e-instruct", False),
        ("nvidia/llama-3.3-nemotron-super-49b-v1.5", False),
        ("mistralai/mixtral-8x7b-instruct-v0.1", False),
        ("team/llama3-8b-instruct-extended", False),
        (None, False),
    ],
)
def test_modules_are_known_for_plain_models(model: str | None, known: bool) -> None:
    assert ("q_proj" in find_modules(model)) == known


def test_lock_records_targets_and_preview_refuses_them(project: Project, hub: Hub) -> None:
    hub.repos["org/one"] = Repo({"main": adapter(1, target_modules=["c_attn"])})
    hub.repos["org/two"] = Repo({"main": adapter(2, target_modules=["q_proj", "c_attn"])})
    project.serve("org/one", "org/two", image="nvcr.io/nim/meta/llama-3.1-8b-instruct:2.0.3")
    locked = project.run("lock")
    assert locked.returncode == 0, locked
    assert json.loads(project.lock.read_text())["adapters"]["org/two@main"]["target_modules"] == ["c_attn", "q_proj"]
    words = r"hf_repo_ids\[0\]: changes only c_attn, and meta/llama-3.1-8b-instruct has none of these modules \(got 'org/one'\)"
    with pytest.raises(Exception, match=words):
        project.preview()
    project.serve("org/one", "org/two", image="nvcr.io/nim/nvidia/other:2.0.3")
    project.preview()


def test_lock_reads_tensors_without_weights(project: Project, hub: Hub) -> None:
    """The configuration is that of plain LoRA, and the weights are not."""
    names = [*(f"m.layers.{at}.q_proj.lora_magnitude_vector" for at in range(3000)), OTHER]
    tensors = {name: {"dtype": "F16", "shape": [1], "data_offsets": [2 * at, 2 * at + 2]} for at, name in enumerate(names)}
    header = json.dumps(tensors).encode()
    assert len(header) > 2 * FIRST_BYTES, "more than one request"
    hub.repos["org/one"] = Repo(
        {"main": adapter(1) | {"adapter_model.safetensors": len(header).to_bytes(8, "little") + header + bytes(6002)}}
    )
    hub.repos["org/two"] = Repo({"main": with_tensor("m.q_proj.lora_A.weight") | {"adapter_model.safetensors": safetensors(50_000_000)}})
    project.serve("org/one", "org/two", image="nvcr.io/nim/meta/llama3-8b-instruct:1.0.3")
    locked = project.run("lock")
    assert locked.returncode == 0, locked
    entries = json.loads(project.lock.read_text())["adapters"]
    assert (entries["org/one@main"]["features"], entries["org/one@main"]["modules"]) == (["DoRA"], ["c_attn", "q_proj"])
    assert "modules" not in entries["org/two@main"]
    assert hub.bytes_sent < 3_000_000
    doubts = [
        "org/one changes c_attn, which meta/llama3-8b-instruct does not have. Use an adapter of this model.",
        "org/one changes c_attn, and NIM 1.x documents no support for that. Test it first.",
    ]
    assert [each for each in doubts if f"warning: llama: {each}" not in locked.stderr] == [], locked
    assert project.preview().warnings()
    project.serve("org/one", image="nvcr.io/nim/meta/llama3-8b-instruct:2.0.3")
    with pytest.raises(
        Exception, match=r"hf_repo_ids\[0\]: uses DoRA(.|\n)*hf_repo_ids\[0\]: changes c_attn, which meta/llama3-8b-instruct does"
    ):
        project.preview()


@pytest.mark.parametrize("weights", [b"version https://git-lfs.github.com/spec/v1\n", safetensors()[:-1], b"\x00" * 7])
def test_lock_refuses_weights_without_tensors(project: Project, hub: Hub, weights: bytes) -> None:
    hub.repos["org/one"] = Repo({"main": adapter(1) | {"adapter_model.safetensors": weights}})
    project.serve("org/one")
    locked = project.run("lock")
    assert locked.returncode == 1 and not project.lock.exists(), locked
    assert "adapter one (org/one@main): adapter_model.safetensors is not a safetensors file (" in locked.stderr


@pytest.mark.parametrize("trouble", [{"no_range": True}, {"gzip": True}, {"redirect": ""}, {"file_status": 503, "times": 1}])
def test_lock_reads_tensors_from_any_hub(project: Project, hub: Hub, trouble: dict[str, Any]) -> None:
    hub.repos["org/one"] = Repo({"main": with_tensor(OTHER)}, trouble=trouble)
    project.serve("org/one")
    locked = project.run("lock")
    assert locked.returncode == 0, locked
    assert json.loads(project.lock.read_text())["adapters"]["org/one@main"]["modules"] == ["c_attn"]


def test_lock_warns_of_what_a_preview_refuses(project: Project, hub: Hub) -> None:
    hub.repos["org/one"] = Repo({"main": adapter(1, use_dora=True)})
    hub.repos["org/two"] = Repo({"main": adapter(2, rank=32, target_modules=["c_attn"])})
    project.serve("org/one", "org/two", image="nvcr.io/nim/meta/llama3-8b-instruct:2.0.3", lora={"max_rank": 16})
    locked = project.run("lock")
    assert locked.returncode == 0 and project.lock.is_file(), locked
    for words in (
        "warning: llama: hf_repo_ids[0]: uses DoRA, which vLLM (NIM 2.x) does not load (got 'org/one').",
        "warning: llama: hf_repo_ids[1]: has rank 32, above lora.max_rank (16) (got 'org/two').",
        "warning: llama: hf_repo_ids[1]: changes only c_attn, and meta/llama3-8b-instruct has none of these modules (got 'org/two').",
    ):
        assert words in locked.stderr, locked.stderr
    assert locked.stderr.count("A preview refuses it.") == 3


def test_lock_and_preview_print_doubts(project: Project, hub: Hub) -> None:
    hub.repos["org/one"] = Repo({"main": adapter(1, rank=32, base="mistralai/Mistral-7B-v0.1", use_qalora=True)})
    project.serve("org/one", "org/two", image="nvcr.io/nim/meta/llama3-8b-instruct:2.0.3")
    locked = project.run("lock")
    doubts = [
        "org/one uses QALoRA, and its support by the server is unknown. Test it before a release.",
        "org/one was trained on mistralai/Mistral-7B-v0.1, and the server's model is meta/llama3-8b-instruct. Use an adapter of this model.",
        "org/one has rank 32, and the server's default limit is 16. Set lora.max_rank.",
        "org/two has rank 32, and the server's default limit is 16. Set lora.max_rank.",
    ]
    assert locked.returncode == 0 and [line for line in locked.stderr.splitlines() if line.startswith("warning: ")] == [
        f"warning: llama: {doubt}" for doubt in doubts
    ], locked
    warnings = project.preview().warnings()
    assert [doubt for doubt in doubts if not any(doubt in warning for warning in warnings)] == []


def test_plain_adapters_have_no_doubts(project: Project, hub: Hub) -> None:
    project.serve("org/one", "org/two", image="nvcr.io/nim/meta/llama3-8b-instruct:1.0.3")
    locked = project.run("lock")
    assert locked.returncode == 0 and "warning" not in locked.stdout + locked.stderr, locked
    assert not [each for each in project.preview().warnings() if "org/" in each]
