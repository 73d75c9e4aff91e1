"""Credentials in each output, and texts that resemble credentials."""

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nim_component.args.problems import format_value
from nim_component.local.engine import redact_secrets
from nim_component.lora_loader import outcome
from nim_component.review.sources.preview import read_preview
from nim_component.review.stack_review import review
from nim_component.review.views import render
from nim_component.text.field_paths import show_argument_path
from nim_component.text.redaction import (
    contains_key,
    is_probably_secret_variable,
    is_secret_flag,
    is_secret_variable,
    looks_like_credential,
    redact,
)
from nim_component.text.sanitizing import sanitize, sanitize_tail

from ..args.error_texts import FIELDS, SECRETS

ROOT = Path(__file__).parents[3]


def word(seed: int, length: int) -> str:
    """Return a random word in the alphabet of base64url, the same for the same seed."""
    digests = b"".join(hashlib.sha256(f"{seed}/{index}".encode()).digest() for index in range(length // 32 + 1))
    return base64.urlsafe_b64encode(digests).decode()[:length]


def alphanumeric(seed: int, length: int) -> str:
    return word(seed, 2 * length).replace("-", "").replace("_", "")[:length]


def hexadecimal(seed: int, length: int) -> str:
    return hashlib.sha512(str(seed).encode()).hexdigest()[:length]


def encode(value: object) -> str:
    """Return compact JSON in base64url, as in a JSON Web Token."""
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).decode().rstrip("=")


Planted = tuple[str, str]
"""A text, and the part of it that no output may contain."""


def whole(text: str) -> Planted:
    return text, text


def around(secret: str, before: str, after: str = "") -> Planted:
    return f"{before}{secret}{after}", secret


CERTAIN: dict[str, Callable[[int], Planted]] = {
    "NGC": lambda seed: whole(f"nvapi-{word(seed, 64)}"),
    "Hugging Face": lambda seed: whole(f"hf_{alphanumeric(seed, 34)}"),
    "GitHub": lambda seed: whole(f"ghp_{alphanumeric(seed, 36)}"),
    "GitHub, fine-grained": lambda seed: whole(f"github_pat_{alphanumeric(seed, 22)}_{alphanumeric(seed, 59)}"),
    "GitLab": lambda seed: whole(f"glpat-{word(seed, 20)}"),
    "Pulumi": lambda seed: whole(f"pul-{hexadecimal(seed, 40)}"),
    "AWS": lambda seed: whole(f"AKIA{alphanumeric(seed, 16).upper()}"),
    "AWS, temporary": lambda seed: whole(f"ASIA{alphanumeric(seed, 16).upper()}"),
    "Slack": lambda seed: whole(f"xoxb-{alphanumeric(seed, 30)}"),
    "JSON Web Token": lambda seed: around(f"{encode({'sub': str(seed)})}.{word(seed, 43)}", f"{encode({'alg': 'RS256', 'typ': 'JWT'})}."),
    "private key": lambda seed: around(word(seed, 60), "-----BEGIN RSA PRIVATE KEY-----\n", "\n-----END RSA PRIVATE KEY-----"),
    "private key without its end": lambda seed: around(word(seed, 60), "-----BEGIN PRIVATE KEY-----\n"),
    "registry login": lambda seed: around(word(seed, 20), '{"auths": {"nvcr.io": {"password": "', '"}}}'),
    "registry login in base64": lambda seed: whole(encode({"auths": {"nvcr.io": {"auth": word(seed, 20)}}})),
}
"""Keys of known issuers."""

PROBABLE: dict[str, Callable[[int], Planted]] = {
    "old NGC key": lambda seed: whole(word(seed, 84)),
    "assignment": lambda seed: around(word(seed, 12), "NGC_API_KEY="),
    "assignment of digits": lambda seed: around(hexadecimal(seed, 12), "export PASSWORD="),
    "AWS secret key": lambda seed: around(word(seed, 40), "aws_secret_access_key = "),
    "YAML": lambda seed: around(word(seed, 12), "client_secret: "),
    "YAML with quotes": lambda seed: around(word(seed, 12), "password: 'two words, ", "'"),
    "JSON": lambda seed: around(word(seed, 12), '{"password": "two words, ', '"}'),
    "JSON in JSON": lambda seed: around(word(seed, 12), '"{\\"hf_token\\": \\"', '\\"}"'),
    "option": lambda seed: around(word(seed, 12), "--api-key="),
    "address with password": lambda seed: around(word(seed, 12), "postgres://me:", "@db:5432/x"),
    "address with @ in password": lambda seed: around(word(seed, 12), "https://me:a@", "@host/x"),
    "address with user": lambda seed: around(word(seed, 12), "https://", "@host/x"),
    "signed address": lambda seed: around(word(seed, 12), "https://cdn.example/f?Expires=1&Policy="),
    "header": lambda seed: around(word(seed, 12), "Authorization: Bearer "),
    "header without scheme": lambda seed: around(word(seed, 12), "authorization: "),
    "bearer token": lambda seed: around(word(seed, 12), "used bearer "),
    "basic login": lambda seed: around(base64.b64encode(f"me:{seed}".encode()).decode(), "Basic "),
}
"""Texts that are probably credentials."""

NEAR_MISSES = [
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "1b6453892473a467d07372d45eb05abc2031647a",
    "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
    "3F2504E0-4F89-11D3-9A0C-0305E82C3301",
    "nvcr.io/nim/meta/llama3-8b-instruct:1.0.3",
    "nvcr.io/nim/meta/llama3-8b-instruct@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "meta-llama/Meta-Llama-3-70B-Instruct-GPTQ-Int4",
    "neuralmagic/Meta-Llama-3.1-405B-Instruct-quantized.w4a16",
    "nvidia/Llama-3_3-Nemotron-Super-49B-v1_5-NVFP4-and-a-long-suffix",
    "Qwen/Qwen3-Coder-480B-A35B-Instruct-FP8-with-8x7B-experts",
    "my-org/hf_adapter@1b6453892473a467d07372d45eb05abc2031647a",
    "/models/hub/models--meta-llama--Meta-Llama-3-8B/snapshots/1b6453892473a467d07372d45eb05abc2031647a/config.json",
    "tensorrt_llm-h100-fp8-tp2-pp1-throughput-2330:10de-lora",
    "llama3-8b-cache-1b645389",
    "kubernetes:apps/v1:Deployment",
    "feature.node.kubernetes.io/cpu-cpuid.AVX512VNNI",
    "NIM_MAX_TOKENS=5",
    "max_tokens: 4096",
    "tokenizer: slow",
    "secretName: ngc-api",
    'secrets={"ngc_image_secret": "ngc-pull"}',
    "imagePullSecret: ngc-pull",
    'secret "ngc-api" not found',
    "couldn't find key NGC_API_KEY in Secret nim/ngc-api",
    "basic authentication is required",
    "the bearer token is missing",
    "http://llama.nim.svc.cluster.local:8000/v1/models",
    "git@github.com:my-org/my-repo.git",
    "https://github.com/my-org/my-repo.git",
    "author: somebody",
    "-H 'Content-Type: application/json'",
]


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


@pytest.mark.parametrize("form", [*CERTAIN, *PROBABLE])
def test_each_form_is_redacted(form: str):
    text, secret = {**CERTAIN, **PROBABLE}[form](1)
    assert secret not in redact(text) and "***" in redact(text)
    assert looks_like_credential(text)


@pytest.mark.parametrize("output", ["plain", "evidence", "end of a log", "local engine", "LoRA loader", "diff, terminal", "diff, Markdown"])
@pytest.mark.parametrize("text", NEAR_MISSES)
def test_near_miss_stays(output: str, text: str):
    assert text in OUTPUTS[output](text)
    assert not contains_key(text)


@pytest.mark.parametrize("form", CERTAIN)
def test_key_of_known_issuer_is_refused(form: str):
    for seed in range(20):
        assert contains_key(CERTAIN[form](seed)[0])


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
    "name", ["NGC_API_KEY", "hf_token", "DB_PASSWORD", "AWS_SECRET_ACCESS_KEY", "TLS_PRIVATE_KEY", "GOOGLE_CREDENTIALS"]
)
def test_secret_variable_is_recognised(name: str):
    assert is_secret_variable(name) and is_probably_secret_variable(name)


@pytest.mark.parametrize("name", ["SORT_KEY", "CACHE_KEY", "GIT_PAT", "BASIC_AUTH"])
def test_variable_of_unclear_name_is_only_redacted(name: str):
    assert is_probably_secret_variable(name) and not is_secret_variable(name)


@pytest.mark.parametrize("name", ["NIM_MAX_TOKENS", "TOKENIZER", "KEYS", "AUTHOR", "SECRETS_PATH", "NIM_MODEL_NAME"])
def test_ordinary_variable_is_not_redacted(name: str):
    assert not is_probably_secret_variable(name) and not is_secret_variable(name)


def test_secret_flags_are_recognised():
    assert all(map(is_secret_flag, ["--api-key", "--hf-token", "-password", "--client-secret"]))
    assert not any(map(is_secret_flag, ["--max-tokens", "--key", "token", "--api-key=x"]))


@pytest.mark.parametrize("copy", ["nim_component/lora_loader/redaction.py", "policies/redaction.py"])
def test_copy_for_standalone_code_is_current(copy: str):
    original = ROOT / "nim_component" / "text" / "redaction.py"
    assert (ROOT / copy).read_bytes() == original.read_bytes(), f"run: cp {original.relative_to(ROOT)} {copy}"


def test_own_source_text_contains_no_key():
    """The loader's ConfigMap contains this module, and the policy pack reads ConfigMaps."""
    assert not contains_key((ROOT / "nim_component" / "text" / "redaction.py").read_text(encoding="utf-8"))
