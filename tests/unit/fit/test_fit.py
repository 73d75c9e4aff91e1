"""Fit of models: documented cases, sources of the catalogue, the command and the warning."""

import json
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml
from typer.testing import CliRunner

from nim_component import NIM, NIMSecrets
from nim_component.cli import app
from nim_component.cli.fit import print_fits
from nim_component.fit import Fit, Verdict, check_fit, fit_service
from nim_component.fit.catalogue import find_gpu, find_model, gpus, largest_gpu, models
from nim_component.testing import record

from ..seed import recorded, serve

GIB = 1024**3


def fit_verdict(model: str, gpu: str, count: int = 1, **more: Any) -> Verdict:
    return check_fit(find_model(model), find_gpu(gpu), count, **more).verdict


KNOWN: list[tuple[str, str, int, dict[str, Any], Verdict]] = [
    # NVIDIA's support matrix lists these.
    ("meta/llama3-8b-instruct", "NVIDIA-A10G", 1, {}, Verdict.FITS),
    ("meta/llama3-8b-instruct", "NVIDIA-H100-80GB-HBM3", 1, {}, Verdict.FITS),
    ("meta/llama3-70b-instruct", "NVIDIA-H100-80GB-HBM3", 2, {}, Verdict.FITS),
    ("meta/llama3-70b-instruct", "NVIDIA-H100-80GB-HBM3", 1, {}, Verdict.NO),
    ("meta/llama3-70b-instruct", "NVIDIA-A10G", 4, {}, Verdict.NO),
    # In FP8 it fits narrowly, with its short context.
    ("meta/llama3-70b-instruct", "h100", 1, {"precision": "fp8"}, Verdict.FITS),
    ("meta/llama-3.1-70b-instruct", "h100", 1, {"precision": "fp8"}, Verdict.SHORT),
    ("meta/llama-3.1-405b-instruct", "h100", 8, {}, Verdict.NO),
    # Meta publishes it in FP8 for one node of eight.
    ("meta/llama-3.1-405b-instruct", "h100", 8, {"precision": "fp8"}, Verdict.FITS),
    ("meta/llama3-8b-instruct", "t4", 1, {}, Verdict.NO),
    # DeepSeek's own weights are FP8: eight H200 or sixteen H100.
    ("deepseek-ai/deepseek-r1", "h100", 8, {}, Verdict.NO),
    ("deepseek-ai/deepseek-r1", "h200", 8, {}, Verdict.FITS),
    ("deepseek-ai/deepseek-r1", "h100", 16, {}, Verdict.FITS),
    # vLLM refuses 128k tokens of an 8B model on 24 GB, and takes 16k.
    ("meta/llama-3.1-8b-instruct", "NVIDIA-L4", 1, {}, Verdict.SHORT),
    ("meta/llama-3.1-8b-instruct", "NVIDIA-L4", 1, {"context": 16384}, Verdict.FITS),
    ("meta/llama-3.1-8b-instruct", "nvidia.com/mig-1g.10gb", 1, {}, Verdict.NO),
]


@pytest.mark.parametrize(("model", "gpu", "count", "more", "verdict"), KNOWN)
def test_documented_case_has_its_verdict(model: str, gpu: str, count: int, more: dict[str, Any], verdict: Verdict):
    assert fit_verdict(model, gpu, count, **more) == verdict


class TestNumbers:
    def test_8b_model_has_known_sizes(self):
        fit = check_fit(find_model("llama3-8b-instruct"), find_gpu("h100"), 1)
        assert 14.9 < fit.weights / GIB < 15.4
        assert fit.kv_sequence == 8192 * 32 * 2 * 8 * 128 * 2 == 1 * GIB
        assert fit.sequences == int((fit.budget - fit.weights) // fit.kv_sequence) > 50

    def test_adapters_add_their_share(self):
        with_them, without = (check_fit(find_model("llama3-8b-instruct"), find_gpu("h100"), 1, adapters=n) for n in (4, 0))
        assert (without.adapters, with_them.adapters / with_them.weights) == (0, pytest.approx(0.04))
        assert with_them.sequences < without.sequences

    def test_reason_contains_the_figures(self):
        fit = check_fit(find_model("llama3-70b-instruct"), find_gpu("h100"), 1)
        assert fit.reason == "134.0 GiB of weights, 69.7 GiB on 1 x NVIDIA-H100-80GB-HBM3"


class TestUndetermined:
    """Unknown models and GPUs cause neither an error nor a warning."""

    def test_unknown_model_has_no_verdict(self):
        assert check_fit(find_model("my-org/own-model"), find_gpu("t4"), 1).verdict == Verdict.UNDETERMINED

    def test_unknown_gpu_has_no_budget(self):
        fit = check_fit(find_model("llama3-8b-instruct"), None, 1, at_most=largest_gpu())
        assert (fit.verdict, fit.budget, fit.reason) == (Verdict.UNDETERMINED, 0, "the GPU is unknown: name it with a node label or --gpu")
        assert fit.weights > 0 and fit.kv_sequence > 0

    def test_model_too_large_for_every_gpu_fails(self):
        fit = check_fit(find_model("llama-3.1-405b-instruct"), None, 1, at_most=largest_gpu())
        assert (fit.verdict, fit.budget) == (Verdict.NO, 0)
        assert fit.reason == "771.1 GiB of weights, 159.2 GiB on 1 x NVIDIA-B200, and no GPU of the catalogue holds more"

    def test_unknown_precision_has_no_verdict(self):
        assert check_fit(find_model("llama3-8b-instruct"), find_gpu("h100"), 1, precision="fp2").verdict == Verdict.UNDETERMINED


@pytest.mark.parametrize(
    ("fields", "verdict"),
    [
        ({"node_selector": {"nvidia.com/gpu.product": "NVIDIA-L40S"}}, Verdict.FITS),
        ({"node_selector": {"nvidia.com/gpu.product": "Tesla-T4"}}, Verdict.NO),
        ({"node_selector": {"nvidia.com/gpu.product": "NVIDIA-A10G-SHARED"}}, Verdict.FITS),
        ({"node_selector": {"cloud.google.com/gke-accelerator": "nvidia-tesla-t4"}}, Verdict.NO),
        ({"node_selector": {"pool": "gpu"}}, Verdict.UNDETERMINED),
        ({"gpu_resource": "nvidia.com/mig-1g.10gb"}, Verdict.NO),
        ({"gpu_resource": "nvidia.com/mig-3g.40gb"}, Verdict.FITS),
        ({"model_profile": "vllm-bf16-tp2-pp1"}, Verdict.MISMATCH),
        ({"model_profile": "vllm-bf16-tp2-pp2", "gpu": 4}, Verdict.UNDETERMINED),
        ({"model_profile": "8835c31752fbc67ef658b20a9f78e056914fdef0660206d82f252d62fd96064d"}, Verdict.UNDETERMINED),
        ({"env": {"NIM_TENSOR_PARALLEL_SIZE": "4"}}, Verdict.MISMATCH),
        ({"env": {"NIM_TENSOR_PARALLEL_SIZE": "4"}, "gpu": 4}, Verdict.UNDETERMINED),
        ({"generation": "2.x-vllm", "args": ["--tensor-parallel-size", "2"]}, Verdict.MISMATCH),
        ({"generation": "2.x-vllm", "args": ["--tensor-parallel-size=2", "--pipeline-parallel-size=2"], "gpu": 4}, Verdict.UNDETERMINED),
        ({"image": "a/b/own:1"}, Verdict.UNDETERMINED),
        ({"image": "a/b/own:2", "env": {"NIM_MODEL_PATH": "hf://meta-llama/Llama-3.1-405B-Instruct"}}, Verdict.NO),
        ({"image": "nvcr.io/nim/meta/llama-3.1-405b-instruct:1.8", "gpu": 8, "model_profile": "vllm-fp8-tp8"}, Verdict.UNDETERMINED),
    ],
    ids=str,
)
def test_arguments_decide_the_verdict(fields: dict[str, Any], verdict: Verdict):
    assert fit_service(NIM(secrets=NIMSecrets.keyless(), **fields)).verdict == verdict


def test_named_gpu_overrides_arguments():
    nim = NIM(secrets=NIMSecrets.keyless(), node_selector={"nvidia.com/gpu.product": "NVIDIA-L40S"})
    assert fit_service(nim, "t4").verdict == Verdict.NO


@pytest.mark.parametrize("gpu", [1, 0])
def test_host_memory_excludes_shm(gpu: int):
    claims = [{"name": "gpus", "claim": "gpus"}]
    nim = NIM(secrets=NIMSecrets.keyless(), mem="48Gi", shm_size="16Gi", gpu=gpu, resource_claims=None if gpu else claims)  # pyright: ignore
    assert fit_service(nim).host == 32 * GIB


def test_output_memory_is_unknown():
    def program() -> None:
        nim = NIM(secrets=NIMSecrets.keyless(), mem=pulumi.Output.from_input("48Gi"))
        assert fit_service(nim).host == 0

    record(program)


class TestCatalogue:
    def test_models_have_source_and_plausible_figures(self):
        for model in models().values():
            assert model.source.count("/") == 1
            assert 0.5 < model.parameters < 2000 and 8 <= model.layers <= 200 and model.context >= 4096
            # Weights grow about with the square of the width: a slip by a factor is far outside.
            assert 256 <= model.kv_per_layer <= 16384

    def test_gpus_have_plausible_memory(self):
        assert all(8 * GIB <= gpu.memory <= 300 * GIB for gpu in gpus().values())
        assert largest_gpu().name == "NVIDIA-B200"

    def test_mig_slice_has_less_than_its_name(self):
        for name, shown in {"1g.5gb": 4.75, "2g.20gb": 19.5, "3g.40gb": 39.25}.items():
            found = find_gpu(f"nvidia.com/mig-{name}")
            assert found is not None and 0.9 * shown <= found.memory / GIB <= shown


class TestWarning:
    def test_misfit_warns_at_preview(self):
        (warning,) = recorded(image="nvcr.io/nim/meta/llama-3.1-405b-instruct:1.8.0", cache={"size": "900Gi"}).warnings()
        assert warning.startswith("gpu: does not fit: 771.1 GiB of weights, 159.2 GiB on 1 x NVIDIA-B200, and no GPU")

    def test_wrong_gpu_count_warns_at_preview(self):
        (warning,) = recorded(model_profile="vllm-bf16-tp4-pp1").warnings()
        assert warning.startswith("gpu: wrong number of GPUs: tensor x pipeline parallel size is 4, and the server has 1 GPU.")

    @pytest.mark.parametrize("fields", [{}, {"image": "a/b/own:1.0.0"}, {"gpu_resource": "example.com/gpu"}], ids=str)
    def test_fit_or_unknown_prints_no_warning(self, fields: dict[str, Any]):
        assert recorded(**fields).warnings() == []

    def test_output_prints_no_warning(self):
        assert record(lambda: serve(gpu=pulumi.Output.from_input(1), image=pulumi.Output.from_input("a/b/c:1.0.0"))).warnings() == []


LARGE: dict[str, Any] = {"image": "nvcr.io/nim/meta/llama-3.1-70b-instruct:1.8.0", "gpu": 8}


class TestCacheWarning:
    @pytest.mark.parametrize(
        ("fields", "text"),
        [
            (LARGE, "131 GiB of weights in bf16. Set cache.size, such as 150Gi."),
            ({**LARGE, "gpu": 4, "model_profile": "vllm-fp8-tp4-pp1"}, "66 GiB of weights in fp8."),
            ({**LARGE, "cache": {"empty_dir": True}}, "131 GiB"),
            ({**LARGE, "cache": {"ephemeral": True}}, "131 GiB"),
            (
                {"image": "a/b/model-free-nim:2.1.5", "gpu": 8, "env": {"NIM_MODEL_PATH": "hf://meta-llama/Llama-3.1-70B-Instruct"}},
                "131 GiB",
            ),
        ],
        ids=str,
    )
    def test_default_below_model_warns(self, fields: dict[str, Any], text: str):
        (warning,) = recorded(**fields).warnings()
        assert warning.startswith(f"cache.size: the default of 50Gi is smaller than the model, which has {text}")

    @pytest.mark.parametrize(
        "fields",
        [
            {},
            {**LARGE, "cache": {"size": "200Gi"}},
            {**LARGE, "cache": {"size": "50Gi"}},
            {**LARGE, "cache": {"existing_claim": "models"}},
            {**LARGE, "cache": {"host_path": "/models"}},
            {**LARGE, "cache": {"volume_name": "models"}},
            {"image": "a/b/own:1.0.0"},
            {**LARGE, "gpu": 2, "model_profile": "vllm-nvfp4-tp2-pp1"},
        ],
        ids=str,
    )
    def test_sufficient_or_unknown_prints_no_warning(self, fields: dict[str, Any]):
        assert recorded(**fields).warnings() == []

    def test_output_size_prints_no_warning(self):
        assert record(lambda: serve(**LARGE, cache={"size": pulumi.Output.from_input("50Gi")})).warnings() == []


class TestCommand:
    def project(self, tmp_path: Path, services: dict[str, Any]) -> list[str]:
        (tmp_path / "Pulumi.yaml").write_text("name: fit\nruntime: python\n")
        (tmp_path / "__main__.py").write_text("from nim_component.stack import deploy_stack\n\ndeploy_stack()\n")
        keyless = {name: {"secrets": {"without_key": True}, **fields} for name, fields in services.items()}
        (tmp_path / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": {"fit:services": keyless}}))
        return ["fit", "--stack", "dev", "--cwd", str(tmp_path)]

    def test_fitting_service_is_listed(self, tmp_path: Path):
        result = CliRunner().invoke(app, [*self.project(tmp_path, {"llama": {}}), "--gpu", "l40s"])
        assert result.exit_code == 0, result.output
        assert result.stdout.splitlines()[1].split()[:2] == ["llama", "fits"]
        title, row = result.stdout.splitlines()[:2]
        assert title.split()[-1] == "host" and row.split()[-1] == "4.0"

    def test_unknown_gpu_shows_no_budget(self, tmp_path: Path):
        result = CliRunner().invoke(app, self.project(tmp_path, {"llama": {}}))
        assert result.exit_code == 0, result.output
        row = result.stdout.splitlines()[1].split()
        assert row[:2] == ["llama", "unknown"] and "159.2" not in result.stdout
        shown = json.loads(CliRunner().invoke(app, [*self.project(tmp_path, {"llama": {}}), "--json"]).stdout)["llama"]
        assert (shown["budget"], shown["host"]) == (0, 4 * GIB)

    def test_misfit_exits_with_reason(self, tmp_path: Path):
        services = {"small": {}, "large": {"image": "nvcr.io/nim/meta/llama3-70b-instruct:1.0.0", "gpu": 2}}
        result = CliRunner().invoke(app, [*self.project(tmp_path, services), "--gpu", "NVIDIA-L4"])
        assert result.exit_code == 4
        assert "large: 134.0 GiB of weights, 36.5 GiB on 2 x NVIDIA-L4" in result.stdout

    def test_json_has_the_figures(self, tmp_path: Path):
        result = CliRunner().invoke(app, [*self.project(tmp_path, {"llama": {"env": {"A": "b"}}}), "--gpu", "h100", "--json"])
        shown = json.loads(result.stdout)["llama"]
        assert (shown["verdict"], shown["kv_sequence"], result.exit_code) == ("fits", GIB, 0)

    def test_unknown_gpu_is_no_error(self, tmp_path: Path):
        result = CliRunner().invoke(app, [*self.project(tmp_path, {"llama": {}}), "--gpu", "mi300x"])
        assert result.exit_code == 0
        assert "mi300x is not in the catalogue" in result.stderr

    def test_invalid_stack_fails_as_in_preview(self, tmp_path: Path):
        result = CliRunner().invoke(app, self.project(tmp_path, {"llama": {"gpu": 0}}))
        assert result.exit_code == 1
        assert "gpu: must be at least 1" in result.stderr

    def test_misspelt_gpu_suggests_nearest(self, tmp_path: Path):
        result = CliRunner().invoke(app, [*self.project(tmp_path, {"llama": {}}), "--gpu", "h1000"])
        assert "note: --gpu h1000 is not in the catalogue of GPUs, so its memory is unknown. Did you mean 'h100'?" in result.stderr


def test_table_fits_eighty_columns(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """Longest verdict and figures of three digits: no row is wider than the terminal."""
    monkeypatch.setenv("COLUMNS", "80")
    size = 999.9 * GIB
    print_fits({"a-service-with-a-long-name": Fit(Verdict.MISMATCH, "reason", size, size, size, size, 999, size)})
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["service", "verdict", "weights", "adapters", "usable", "sequence", "count", "host"]
    assert lines[1].split()[-6:] == ["999.9", "999.9", "999.9", "999.9", "999", "999.9"]
