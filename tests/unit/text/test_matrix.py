"""Every form of a key in every place of an object and in every output, all keys at once."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from nim_component import NIM, LoRAAdapter, NIMSecrets
from nim_component.local import shown_values
from nim_component.local.engine import redact_secrets
from nim_component.local.resources import LogEntry
from nim_component.lora_loader import outcome
from nim_component.review.sources.preview import read_preview
from nim_component.review.stack_review import review
from nim_component.review.views import render
from nim_component.text.redaction import redact
from nim_component.text.sanitizing import sanitize

from ...credentials import CERTAIN, ISSUED, base64_of
from ...policies.pack_modules import load

PLANTED = {form: make(11) for form, make in {**CERTAIN, **ISSUED}.items()}
PLACES: dict[str, Callable[[str, str], dict[str, Any]]] = {
    "variable": lambda name, text: {"env": [{"name": name, "value": text}]},
    "argument": lambda name, text: {"args": [f"--{name}", text]},
    "command": lambda name, text: {"command": ["sh", "-c", f"serve '{text}' --port 8000"]},
    "data": lambda name, text: {"data": {name: text}},
    "annotation": lambda name, text: {"metadata": {"annotations": {f"example.com/{name}": text}}},
    "field": lambda name, text: {"spec": {"deep": [{name: text}]}},
    "header": lambda name, text: {"httpGet": {"httpHeaders": [{"name": name, "value": text}]}},
    "lines": lambda name, text: {"data": {f"{name}.conf": f"# first\nmode: fast\n{text}\nlast: 1\n"}},
    "base64": lambda name, text: {"binaryData": {name: base64_of(f"mode=fast\n{text}\n")}},
    "key": lambda name, text: {"data": {text: "x"}},
}
"""Places, with the name of an entry and its text. The names show no credential."""


def list_places() -> list[tuple[str, str, dict[str, Any]]]:
    """Return form, place and fields of each combination."""
    made = enumerate(PLANTED.items())
    return [(form, place, put(f"entry-{index}", text)) for index, (form, (text, _)) in made for place, put in PLACES.items()]


def list_visible(shown: str) -> list[str]:
    """Return the forms whose secret is in a text, plain or as a part of base64."""
    return [form for form, (_, secret) in PLANTED.items() if secret in shown or json.dumps(secret)[1:-1] in shown]


def preview(operation: str, inputs: dict[str, Any]) -> str:
    urn = "urn:pulumi:dev::nim::kubernetes:a.example.com/v1:Thing::llama"
    new = {"apiVersion": "a.example.com/v1", "kind": "Thing", **inputs}
    old = {} if operation == "create" else {"oldState": {"inputs": {"kind": "Thing"}}}
    outputs = {f"o{index}": text for index, (text, _) in enumerate(PLANTED.values())}
    stack = {
        "op": "same",
        "urn": "urn:pulumi:dev::nim::pulumi:pulumi:Stack::nim-dev",
        "oldState": {"outputs": {}},
        "newState": {"outputs": outputs},
    }
    messages = [{"severity": "error", "message": f"failed: {text}", "urn": urn} for text, _ in PLANTED.values()]
    return json.dumps({"steps": [{"op": operation, "urn": urn, **old, "newState": {"inputs": new}}, stack], "diagnostics": messages})


@pytest.mark.parametrize("view", ["markdown", "terminal", "json"])
@pytest.mark.parametrize("operation", ["create", "update"])
def test_review_shows_no_key_of_any_place(view: str, operation: str):
    everything = {"spec": {"all": [fields for _, _, fields in list_places()]}}
    assert list_visible(render([review(read_preview(preview(operation, everything)))], view)) == []


def test_local_values_show_no_key_of_any_place():
    for form, place, fields in list_places():
        shown = json.dumps(shown_values.redact_value(fields))
        assert list_visible(shown) == [], (form, place)
        assert PLACES["base64"]("a", PLANTED[form][0])["binaryData"]["a"] not in shown, (form, place)


@pytest.mark.parametrize(
    "clean",
    [redact, sanitize, outcome.clean, lambda text: redact_secrets(text, set()), lambda text: redact(repr(ValueError(text)))],
    ids=["plain", "explain", "loader", "exception", "repr"],
)
def test_message_shows_no_key(clean: Callable[[str], str]):
    for form, (text, _) in PLANTED.items():
        assert list_visible(clean(f"failed to read {text} (attempt 2)")) == [], form


def test_log_shows_no_key():
    log = [LogEntry("info", line, "") for text, _ in PLANTED.values() for line in (f"value: {text}".splitlines())]
    shown = "\n".join(each.message for each in shown_values.redact_log(log, set()))
    assert list_visible(shown) == []


def test_policy_finds_key_of_any_place():
    check_secrets = load("plain_secrets").check_secrets
    for form, place, fields in list_places():
        violations = list(check_secrets("Thing", fields))
        assert violations, (form, place)
        assert list_visible("\n".join(violations)) == [], (form, place)


def test_argument_refusal_shows_no_key():
    image = "nvcr.io/nim/meta/llama3-8b-instruct:1.0.0"
    for form, (text, _) in PLANTED.items():
        with pytest.raises(ValueError) as refused:
            NIM(image=image, secrets=NIMSecrets.keyless(), env={"MODE": text})
        assert list_visible(str(refused.value)) == [], form
        assert "env.MODE: must not contain" in str(refused.value), form
        with pytest.raises(ValueError) as refused:
            LoRAAdapter(name="a", repo_id=text)
        assert list_visible(str(refused.value)) == [], form
