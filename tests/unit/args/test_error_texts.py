"""Errors of wrong arguments: each line consists of path, problem, received value and fix."""

from typing import Any

import pytest

from nim_component.args import NIM, ArgumentError, NIMSecrets
from nim_component.args.problems import Problem

from .error_texts import FIELDS, REFERENCE, SECRETS

PEFT_FIX = 'Set `"env": {"NIM_PEFT_SOURCE": "/opt/nim/peft_adapters"}`.'


def read_errors(**fields: Any) -> list[str]:
    """Return the lines of the error that arguments raise, the header first."""
    with pytest.raises(ArgumentError) as caught:
        NIM.read({"secrets": REFERENCE, **fields}, "NIMService 'llama'")
    return str(caught.value).split("\n")


def test_tables_contain_at_least_sixty_cases():
    assert len(FIELDS) + len(SECRETS) >= 60


@pytest.mark.parametrize(("fields", "line"), FIELDS, ids=lambda value: str(value)[:60])
def test_wrong_field_reports_its_text(fields: dict[str, Any], line: str):
    header, *lines = read_errors(**fields)
    assert header.startswith("NIMService 'llama' has ")
    assert f"  {line}" in lines


@pytest.mark.parametrize(("secrets", "line"), SECRETS, ids=lambda value: str(value)[:60])
def test_wrong_secrets_report_their_text(secrets: dict[str, Any], line: str):
    assert f"  {line}" in read_errors(secrets=secrets)


def test_each_wrong_field_is_one_problem():
    several = {str(fields): lines for fields, _ in FIELDS if len(lines := read_errors(**fields)) != 2}
    assert several == {}


def test_variable_below_secrets_prefix_is_refused():
    secrets = {**REFERENCE, "secrets_prefix": "_FSEC_"}
    line = "  env._FSEC_X: begins with secrets_prefix '_FSEC_', and the component manages these variables. Use another name."
    assert line in read_errors(secrets=secrets, env={"_FSEC_X": "1"})


def test_one_error_reports_wrong_fields_and_rules():
    assert read_errors(prot=1, gpu=-1, replicas=2, hf_repo_ids=["a/x"]) == [
        "NIMService 'llama' has 5 problems:",
        "  gpu: must be at least 0 (got -1). Increase it.",
        "  prot: unknown field. Did you mean 'port'?",
        "  lora_adapter_mem: must be set with hf_repo_ids: it is the memory of the container that downloads the LoRA adapters. "
        'Set `"lora_adapter_mem": "2Gi"`.',
        f"  env.NIM_PEFT_SOURCE: must be set with hf_repo_ids: the server reads the adapters from this directory. {PEFT_FIX}",
        '  cache.access_mode: must allow sharing for 2 replicas (got \'ReadWriteOnce\'). Use `"cache": {"access_mode": "ReadWriteMany"}` '
        'with a storage class that supports it, or a shared PVC in cache.existing_claim, or `"cache": {"empty_dir": True}`, '
        'or `"replicas": 1`.',
    ]


def test_missing_secrets_error_names_keyless():
    with pytest.raises(ValueError, match=r"^NIM has 1 problem:\n  secrets: is required\.") as caught:
        NIM()  # pyright: ignore
    assert str(caught.value).endswith(
        "Name the Secrets of the NGC key, such as "
        '`secrets=NIMSecrets(ngc_image_secret="ngc-pull", ngc_secret_group="ngc-api", ngc_secret_key="NGC_API_KEY")`. '
        "Public images need no key: `secrets=NIMSecrets.keyless()`."
    )


def test_null_secrets_are_not_keyless():
    assert "  secrets: must be a mapping of fields (got None). Pass NIMSecrets(...) or a dict." in read_errors(secrets=None)


def test_option_set_error_names_its_class():
    """An option set that a program constructs is reported under its own name, paths inside it."""
    with pytest.raises(ValueError, match="^NIMSecrets has 1 problem:\n  ngc_secret_key: is required"):
        NIMSecrets(ngc_image_secret="pull")


def test_problem_renders_path_message_value_fix():
    problem = Problem(("env", "A.B", 0), "must be x", "Do y.", "'z'")
    assert problem.render() == "env['A.B'][0]: must be x (got 'z'). Do y."
