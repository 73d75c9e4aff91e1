"""What somebody else wrote is shown, and means nothing: secrets are not even shown."""

import base64
import json
import re
from typing import Any

import pulumi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from nim_component.review.findings import NOTICE, Finding, Quote, Value, sentence
from nim_component.review.markdown import MARKER, code, render_markdown
from nim_component.review.preview import read_preview
from nim_component.review.renders import compare_renders
from nim_component.review.review import StackReview, review
from nim_component.review.views import render

from .sources import PREVIEWS, compared, deployment, render_program, thing

FORMS = ("markdown", "json", "terminal")
HOSTILE = [
    "**bold** _it_ ~~gone~~ [link](https://evil.example) ![image](https://evil.example/x.png)",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "</code></summary></details><h1>approved</h1>",
    "`code` ``more`` ```fence",
    "a\n\n# heading\n- [x] done\n```\n</details>\n| a | b |\n|---|---|",
    "\x1b[2J\x1b[31mred\x1b]8;;https://evil.example\x07link\x1b]8;;\x07\x9b1m",
    "@everyone @org/team #1 GH-2 org/repo#3 :rocket: https://evil.example www.evil.example",
    "\u202egnp.exe\u2066\u200b\ufeff\u2028next",
    "<!-- nim-component diff -->",
    "$(whoami) ${{ secrets.GITHUB_TOKEN }} {% raw %}",
    "\ud800 lone surrogate",
    " leading and trailing ",
    "z̸̡͎̯̲̗̓̓̈́̿a̷l̵g̶o̷",
    "x" * 1_000_000,
    "`" * 100_000,
    "",
]
OUR_TAGS = re.compile(r"</?(details|summary|sub|code)>|<!-- nim-component diff -->")


def inert(comment: str) -> None:
    """Every token of a real Markdown parser is one that this writes itself."""
    tokens = MarkdownIt("gfm-like", {"html": True, "linkify": False}).parse(comment)
    for token in [each for block in tokens for each in (block, *(block.children or ()))]:
        assert_ours(token)


def assert_ours(token: Token) -> None:
    content = token.content
    if token.type in ("html_inline", "html_block"):
        rest = OUR_TAGS.sub("", content)
        assert not re.search(r"[<>@`*\[]", rest), rest
    elif token.type == "text":
        assert not re.search(r"@|https?:|www\.|<|#\d|\x1b|:rocket:", content), content
    elif token.type == "fence":
        assert token.info == "diff"
        assert all(line[0] in "@-+" for line in content.splitlines())
    else:
        assert token.type in {
            "inline", "code_inline", "heading_open", "heading_close", "paragraph_open", "paragraph_close", "bullet_list_open",
            "bullet_list_close", "list_item_open", "list_item_close", "strong_open", "strong_close", "softbreak",
        }, token  # fmt: skip
    if token.type == "heading_open":
        assert token.tag in ("h3", "h4")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\ufeff\ud800-\udfff]", content)


def everywhere(value: str) -> StackReview:
    """A change with the value wherever a user can write one."""

    def side(text: str, image: str) -> dict[str, Any]:
        env = [{"name": text or "x", "value": text}, {"name": "B", "value": text}]
        adapters = json.dumps({"adapters": [{"name": f"{image}{text}", "repo_id": text, "revision": text}]})
        return {
            "resources": [
                entry("nim:index:NIMService", text, "", {"image": text, text: text}),
                entry("kubernetes:apps/v1:Deployment", text, text, {
                    **deployment(container={"image": f"{text}:{image}", "env": env, "name": text, "args": [text, image]}),
                    "metadata": {"name": text, "namespace": text, "annotations": {text: text + image}},
                }),
                entry("kubernetes:core/v1:ConfigMap", text + "cm", text, {
                    "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": text}, "data": {"adapters.json": adapters, text: image}}),
                entry("kubernetes:core/v1:Service", text + "s", text, thing("Service", "v1", {"type": text + image, "ports": [{"port": text}]})),
                entry(f"kubernetes:evil/v1:{text}", text + image, text, {"spec": {text: text}}),
            ],
            "outputs": {text: text + image},
            "log": [{"severity": "warning", "message": text + image, "urn": ""}],
        }  # fmt: skip

    return review(compare_renders(value, side(value, "1"), side(value, "2")))


def entry(type_: str, name: str, parent: str, inputs: dict[str, Any]) -> dict[str, Any]:
    component = f"urn:pulumi:dev::nim::nim:index:NIMService::{parent}"
    own = "nim:index:NIMService" if not parent else f"nim:index:NIMService${type_}"
    urn = f"urn:pulumi:dev::nim::{own}::{name}"
    return {"urn": urn, "type": type_, "name": name, "parent": component if parent else "", "custom": bool(parent), "inputs": inputs}


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_value_is_inert_in_the_comment(value: str):
    comment = render_markdown([everywhere(value)])
    inert(comment)
    assert len(comment.encode()) <= 65_000
    # The first line finds the comment again; no value can be that line.
    assert [index for index, line in enumerate(comment.splitlines()) if line == MARKER] == [0]


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_value_moves_no_cursor(value: str):
    for form in ("terminal", "json"):
        shown = render([everywhere(value)], form)
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_nothing_leaves_a_code_span(value: str):
    comment = f"- ℹ️ **Image {code(value)} becomes {code(value[::-1])}.** It ends."
    inert(comment)
    spans = [
        each
        for token in MarkdownIt("gfm-like", {"linkify": False}).parse(comment)
        for each in token.children or ()
        if each.type == "code_inline"
    ]
    assert len(spans) == 2


def test_what_an_engine_says_is_quoted_too():
    quote = review(read_preview(json.dumps({"steps": [], "diagnostics": [{"severity": "error", "message": HOSTILE[4] + HOSTILE[1]}]})))
    inert(render_markdown([quote]))


# Shapes of secrets that the boundary knows by themselves, and one that only its place tells.
PLANTED = "correct-horse-battery"
NVAPI = "nvapi-Zm9vYmFyYmF6cXV4Zm9vYmFy"


def planted(value: str, key: str) -> dict[str, Any]:
    """Every field that can hold a secret, with one in it."""

    def program() -> None:
        secret = pulumi.Output.secret(value)
        component = pulumi.ComponentResource("nim:index:NIMService", "llama", {"env": {"MY_TOKEN": value, "MODE": "x"}, "own": secret})
        options = pulumi.ResourceOptions(parent=component)
        encoded = base64.b64encode(value.encode()).decode()
        annotation = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps({"data": value})}
        pulumi.CustomResource(
            "kubernetes:core/v1:Secret",
            "llama-a",
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a", "annotations": annotation}, "stringData": {"k": value}},
            options,
        )
        pulumi.CustomResource(
            "kubernetes:core/v1:Secret",
            "llama-b",
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "b"}, "data": {"k": encoded}},
            options,
        )
        pulumi.CustomResource(
            "kubernetes:core/v1:ConfigMap",
            "llama-c",
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"conf": f"key: {key}", "own": secret}},
            options,
        )
        container = {
            "env": [
                {"name": "HF_TOKEN", "value": value},
                {"name": "DB", "value": f"postgres://me:{value}@db/x"},
                {"name": "OK", "value": key},
            ],
            "args": ["--api-key", value, f"--token={value}", f"--header=Authorization: Bearer {value}"],
        }
        spec = {**deployment(container=container), "metadata": {"name": "llama", "annotations": {"note": secret, "k": key}}}
        pulumi.CustomResource("kubernetes:apps/v1:Deployment", "llama-d", spec, options)
        pulumi.ProviderResource("kubernetes", "cluster", {"kubeconfig": f"token: {value}"})
        pulumi.log.warn(f"the key {key} is old")
        pulumi.export("own", secret)
        pulumi.export("key", key)

    return render_program(program)


def gone(shown: str, *values: str) -> None:
    for value in values:
        assert value not in shown
        assert base64.b64encode(value.encode()).decode() not in shown


@pytest.mark.parametrize("form", FORMS)
def test_no_secret_of_a_render_is_in_any_view(form: str):
    old, new = planted(PLANTED, NVAPI), planted(PLANTED[::-1], NVAPI + "X")
    for review_ in (compared(old, new), compared(None, new), compared({"resources": []}, new), compared(old, {"resources": []})):
        gone(render([review_], form), PLANTED, PLANTED[::-1], NVAPI)


def test_that_a_secret_changed_can_be_seen():
    fields = json.loads(render([compared(planted(PLANTED, NVAPI), planted(PLANTED[::-1], NVAPI + "X"))], "json"))["stacks"][0]["changes"]
    seen = {field["path"] for change in fields for field in change["fields"]}
    assert {
        "data.k", "data.own", "data.conf", "env.MY_TOKEN", "kubeconfig", "metadata.annotations.note", "metadata.annotations.k",
        "spec.template.spec.containers[nim].env[HF_TOKEN].value", "spec.template.spec.containers[nim].args",
    } <= seen  # fmt: skip


def test_nothing_changes_where_only_the_key_of_the_comparison_could_tell():
    assert not compared(planted(PLANTED, NVAPI), planted(PLANTED, NVAPI)).changed


@pytest.mark.parametrize("form", FORMS)
def test_a_preview_with_shown_secrets_shows_none(form: str):
    # `--show-secrets` writes plaintext where `[secret]` stood.
    for name in ("secret-rotated", "secret-now-created", "create"):
        digest = json.loads((PREVIEWS / f"{name}.json").read_text())
        for step in digest["steps"]:
            for side in ("oldState", "newState"):
                state = step.get(side)
                if state and ":Secret" in state["type"] and not state.get("external"):
                    state["inputs"]["data"] = {"NGC_API_KEY": base64.b64encode((PLANTED + side).encode()).decode()}
                    state["inputs"]["stringData"] = {"NGC_API_KEY": PLANTED}
                if state and "metadata" in state.get("inputs", {}):
                    written = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps({"data": PLANTED + side})}
                    state["inputs"]["metadata"]["annotations"] = written
                if state:
                    state["outputs"] = {"data": {"x": PLANTED}}
        digest["config"] = {"nim:ngcApiKey": PLANTED}
        digest["diagnostics"] = [{"severity": "error", "message": f"denied for {NVAPI} at https://me:{PLANTED}@host"}]
        gone(render([review(read_preview(json.dumps(digest)))], form), PLANTED, PLANTED + "oldState", PLANTED + "newState", NVAPI)


def test_a_sentence_keeps_whose_words_are_whose():
    pieces = sentence("{a} and {b} and {c} of {d}", a="x*", b=3, c=("ours",), d=Quote("q"))
    assert [(type(piece), piece) for piece in pieces if type(piece) is not str] == [(Value, "x*"), (Quote, "q")]
    assert "".join(pieces) == "x* and 3 and ours of q"
    assert Finding("other", NOTICE, "s", pieces).order[0] == 2
