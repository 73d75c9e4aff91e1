"""An entry of a ConfigMap is a warning unless it is plain settings or prose."""

import base64
from typing import Any

import pytest

from nim_component.local.markers import UNKNOWN
from nim_component.review.matching import MISSING
from nim_component.review.safe_entries import is_safe_entry
from nim_component.review.sentences import plain_text

from .changes import LORA, render_service, review_renders
from .test_dangers import CRITICAL, NOTICE, WARNING, config_map, findings, severity

DANGEROUS: dict[str, str] = {
    "prestart": "pip install evil",
    "settings": "uv run evil",
    "note": "npm install evil",
    "text": "go run evil",
    "value": "tool --flag",
    "words": "a b c",
    ".bashrc": "alias ls=evil",
    ".profile": "export A=b",
    "crontab": "* * * * * root id",
    "x.ps1": "Get-Item x",
    "x.lua": "print(1)",
    "filter.tcl": "puts x",
    "Dockerfile": "FROM a\nRUN id",
    "Makefile": "all:\n\tid",
    "build.mk": "all:\n\tid",
    "x.jinja": "{{ cycler.__init__ }}",
    "chat_template": "{{ messages }}",
    "prompt.txt": "Hello {{ user }}.",
    "template.html": "<script>x</script>",
    "nginx.conf": "load_module x;",
    "envoy.yaml": "filters: [lua]",
    "object.yaml": "a: !!python/object/apply:os.system [id]",
    "tag.yaml": "a: !x b",
    "two.yaml": "a: 1\n---\nb: 2\n---\nc: 3\n",
    "repeated.json": '{"a": "x", "a": "y"}',
    "repeated.yaml": "a: x\na: y\n",
    "broken.json": "{",
    "command.json": '{"a": "sh -c id"}',
    "path.json": '{"a": "/etc/passwd"}',
    "relative.json": '{"a": "../x"}',
    "url.json": '{"a": "https://evil.example.com"}',
    "model.json": '{"model": "evil"}',
    "org.json": '{"a": "org/name"}',
    "module.json": '{"a": "os.system"}',
    "switch.json": '{"trust_remote_code": true}',
    "checks.yaml": "validation:\n  enabled: false\n",
    "plugins.toml": 'plugins = ["evil"]',
    "key.properties": "token=x",
    "lines.properties": "a=b\\\nc",
    "unknown.xyz": "a\nb",
    "MODEL_ID": "org/name",
    "VLLM_USE_MODELSCOPE": "1",
    "HF_REVISION": "main",
    "deps.txt": "evil",
    "packages.txt": "evil",
    "model": "evil",
    "start_command": "serve",
    "many.txt": "Line one.\nrun evil\n",
    "comment.yaml": "# {{ evil }}\na: 1\n",
}
PLAIN: dict[str, str] = {
    "note": "b",
    "size": "16Gi",
    "temperature": "0.7",
    "title": "Search for customers.",
    "limits.json": '{"max_batch": 8, "names": ["a", "b"], "ratio": 0.5, "stream": true, "other": null}',
    "limits.yaml": "max_batch: 8\ntitle: Search\n# a comment\n",
    "limits.toml": "max_batch = 8\n",
    "limits.properties": "# comment\nmax_batch=8\n",
    "README.md": "# Title\n\nPlain text.\n- An item.\n",
    "notes.txt": "See the manual.",
    "prompt.txt": "Sei höflich. Antworte kurz!",
    "server.json": '{"timeout_seconds": 30, "http": {"max_connections": 100}}',
    "NIM_LOG_LEVEL": "DEBUG",
    "OMP_NUM_THREADS": "8",
}  # fmt: skip


@pytest.mark.parametrize("name", DANGEROUS)
def test_entry_that_is_not_plain_is_warning(name: str):
    text = DANGEROUS[name]
    assert severity(config_map(kept="1"), config_map(kept="1", **{name: text})) in (WARNING, CRITICAL)
    assert severity(config_map(kept="1", **{name: text}), config_map(kept="1")) in (WARNING, CRITICAL)
    assert severity(config_map(**{name: ""}), config_map(**{name: text})) in (WARNING, CRITICAL)


@pytest.mark.parametrize("name", PLAIN)
def test_plain_entry_is_notice(name: str):
    text = PLAIN[name]
    assert severity(config_map(kept="1"), config_map(kept="1", **{name: text})) == NOTICE
    assert severity(config_map(kept="1", **{name: text}), config_map(kept="1")) == NOTICE


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("a.json", '{"url": "https://a.example.com", "size": 1}', '{"url": "https://a.example.com", "size": 2}'),
        ("a.yaml", "command: [sh]\ntitle: A\n", "command: [sh]\ntitle: B\n"),
        ("a.json", '{"a": 1}', '{\n  "a": 1\n}'),
    ],
)
def test_only_changed_fields_count(name: str, old: str, new: str):
    assert severity(config_map(**{name: old}), config_map(**{name: new})) == NOTICE


def of_bytes(content: bytes) -> dict[str, Any]:
    data = {"x": base64.b64encode(content).decode()}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "nim"}, "binaryData": data}


@pytest.mark.parametrize("content", [b"\x7fELF\x02\x01", b"\x80\x04\x95pickle", b"PK\x03\x04", b"\x00asm", b"sh -c id"])
def test_binary_entry_is_warning(content: bytes):
    assert severity(of_bytes(b"a"), of_bytes(content)) in (WARNING, CRITICAL)
    assert severity(of_bytes(content), of_bytes(content + b"\x01")) in (WARNING, CRITICAL)


def test_text_names_entry_and_uncertainty():
    (found,) = findings(config_map(note="a b"), config_map(note="c d"))
    assert (found.rule, found.severity.value, found.paths) == ("other", WARNING, ("data.note",))
    assert plain_text(found.text) == "ConfigMap c: note changes from a b to c d."
    assert plain_text(found.consequence) == (
        "It is not known to be plain settings or prose. Programs that read it may run code, or use another model, key or address."
    )
    (found,) = findings(config_map(note="a b", x="1"), config_map(x="1"))
    assert plain_text(found.text) == "ConfigMap c: note is removed, which was a b."
    (found,) = findings(config_map(x="1"), config_map(note="a b", x="1"))
    assert plain_text(found.text) == "ConfigMap c: note is added: a b."


def test_value_that_cannot_be_read_is_warning():
    old = config_map(note="a")
    for data in ({"note": UNKNOWN}, UNKNOWN):
        assert severity(old, {**old, "data": data}) == WARNING


def test_large_entry_is_not_plain():
    assert not is_safe_entry("a.json", MISSING, "[" * 5_000)
    assert not is_safe_entry("a.json", MISSING, '{"a": "' + "x" * 30_000 + '"}')
    assert not is_safe_entry("a.yaml", MISSING, "a: &a [x, x]\nb: &b [*a, *a]\n" + "".join(f"c{n}: [*b, *b]\n" for n in range(2_000)))


def test_field_beside_adapters_is_warning():
    """A new adapter is a notice. It cannot cover another field of the file."""
    old, new = '{"engine": "x", "adapters": []}', '{"engine": "../x", "adapters": [{"repo_id": "a/b"}]}'
    found = findings(config_map(**{"adapters.json": old}), config_map(**{"adapters.json": new}))
    assert WARNING in [each.severity.value for each in found]


def test_new_adapter_is_notice():
    before, after = (render_service(**{**LORA, "hf_repo_ids": ids}) for ids in (["my-org/a@v1"], ["my-org/a@v1", "my-org/b@v1"]))
    found = [each for each in review_renders(before, after).findings if each.kind == "ConfigMap"]
    assert {each.severity.value for each in found} == {NOTICE}
