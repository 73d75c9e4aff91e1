"""Credentials in Secrets of any form, in numbers, and in pairs of name and value are redacted."""

import json
from typing import Any

import pytest

from nim_component.review.values import redact_inputs

WORD = "hunter2word9"
CORE = "kubernetes:core/v1:"
LEAKS: dict[str, tuple[str, dict[str, Any]]] = {
    "patch of a Secret": (f"{CORE}SecretPatch", {"stringData": {"x": WORD}}),
    "list of Secrets": (f"{CORE}SecretList", {"items": [{"data": {"x": WORD}}]}),
    "Secret in a list": (f"{CORE}List", {"items": [{"kind": "Secret", "data": {"x": WORD}}]}),
    "Secret of other manifests": ("kubernetes:yaml:ConfigGroup", {"objs": [{"kind": "Secret", "stringData": {"x": WORD}}]}),
    "number": ("kubernetes:a/v1:X", {"spec": {"password": 12345678}}),
    "short names": ("kubernetes:a/v1:X", {"spec": {"pass": WORD, "login": {"pwd": WORD}}}),
    "below another name": (f"{CORE}ConfigMap", {"data": {"a.yaml": f"auth:\n  password: {WORD}\n"}}),
    "pair in YAML": (f"{CORE}ConfigMap", {"data": {"a.yaml": f"env:\n- name: DB_PASSWORD\n  value: {WORD}\n"}}),
    "pair in JSON": (f"{CORE}ConfigMap", {"data": {"a.json": json.dumps([{"name": "DB_PASSWORD", "value": WORD}])}}),
    "user and password": ("kubernetes:a/v1:X", {"spec": {"auth": f"me:{WORD}", "basicAuth": f"first.last:{WORD}"}}),
    "user and password below auth": ("kubernetes:a/v1:X", {"spec": {"auth": {"basic": f"me:{WORD}"}}}),
    "template of a SealedSecret": ("kubernetes:bitnami.com/v1alpha1:SealedSecret", {"spec": {"template": {"data": {"x": WORD}}}}),
    "SealedSecret in a list": (f"{CORE}List", {"items": [{"kind": "SealedSecret", "spec": {"template": {"stringData": {"x": WORD}}}}]}),
    "pgpass": (f"{CORE}ConfigMap", {"data": {".pgpass": f"db:5432:app:me:{WORD}\n"}}),
    "netrc": (f"{CORE}ConfigMap", {"data": {".netrc": f"machine a.example.com\n  login me\n  password {WORD}\n"}}),
    "pair in XML": (f"{CORE}ConfigMap", {"data": {"a.xml": f'<property name="password" value="{WORD}"/>'}}),
}


@pytest.mark.parametrize("name", LEAKS)
def test_credential_of_structure_is_redacted(name: str):
    shown = json.dumps(redact_inputs(*LEAKS[name]), default=str)
    assert WORD not in shown
    assert "12345678" not in shown
    assert "[secret" in shown


@pytest.mark.parametrize(
    "fields",
    [
        {"spec": {"passwordLength": 1234, "maxTokens": 40960, "password": True}},
        {"data": {"a.yaml": "- name: MODEL\n  value: llama\n- name: TOKENIZER\n  value: x/y\n"}},
        {"data": {"a.yaml": "auth:\n  mode: oidc\n"}},
        {"kind": "ConfigMap", "data": {"x": WORD}},
        {"spec": {"auth": "nginx:1.25", "basicAuth": "oauth2-proxy", "basic": {"auth": "a.example.com:443"}}},
        {"kind": "SealedSecret", "spec": {"encryptedData": {"x": "AgBabc"}, "template": {"type": "Opaque"}}},
    ],
)
def test_other_values_stay(fields: dict[str, Any]):
    assert redact_inputs("kubernetes:a/v1:X", fields) == fields
