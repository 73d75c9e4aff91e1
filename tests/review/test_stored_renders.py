"""`nim-component diff --renders` with an expected base and head: a trusted job checks a file."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nim_component.cli import stored_renders
from nim_component.local.markers import SECRET, SIGNATURE
from nim_component.review.sources.base_check import find_other_stack
from nim_component.review.sources.render_pair import RenderPairError, read_render_pair

from .test_command import Diff, commit, diff, git, repository, rules_by_stack, stack

__all__ = ["diff", "repository"]

FILE = "../renders.json"


@pytest.fixture
def stored(repository: Path, diff: Diff) -> tuple[str, str]:
    """Store the renders of a change, and return the commits of base and head."""
    base = git(repository, "rev-parse", "main")
    head = commit(repository, Pulumi__dot__prod__dot__yaml=stack("x:2"))
    assert diff("--base", "main", "--head", "change", "--save-renders", FILE).code == 0
    return base, head


def forge(change: Callable[[dict[str, Any]], object]) -> None:
    content = json.loads(Path(FILE).read_text())
    change(content)
    Path(FILE).write_text(json.dumps(content))


def test_file_contains_both_commits(stored: tuple[str, str]):
    content = json.loads(Path(FILE).read_text())
    assert (content["version"], content["base_commit"], content["head_commit"]) == (2, *stored)


def test_working_tree_has_no_head_commit(repository: Path, diff: Diff):
    assert diff("--base", "main", "--save-renders", FILE).code == 0
    assert json.loads(Path(FILE).read_text())["head_commit"] == ""
    assert diff("--renders", FILE, "--head", "a" * 40).err.startswith(f"error: {FILE}: the head is a working tree, not commit {'a' * 40}.")


def test_equal_base_gives_report(stored: tuple[str, str], diff: Diff):
    result = diff("--renders", FILE, "--base", stored[0], "--head", stored[1], "-f", "json")
    assert result.code == 0
    assert rules_by_stack(result) == {"prod": ["image", "downtime"], "dev": []}


FORGERIES: dict[str, Callable[[dict[str, Any]], object]] = {
    "input": lambda content: content["base"]["prod"]["resources"][-1]["inputs"]["spec"].update(replicas=9),
    "log": lambda content: content["base"]["prod"].update(log=[{"severity": "warning", "message": "x", "urn": ""}]),
    "head as base": lambda content: content["base"].update(prod=content["head"]["prod"]),
    "error": lambda content: content["base"].update(prod={"error": "x"}),
    "unsupported": lambda content: content["base"].update(prod={"error": "x", "unsupported": True}),
    "omitted": lambda content: (content["base"].pop("prod"), content["head"].pop("prod")),
    "added": lambda content: content["base"].update(other=content["base"]["dev"]),
}


def test_forged_base_is_refused(stored: tuple[str, str], diff: Diff, monkeypatch: pytest.MonkeyPatch):
    original = json.loads(Path(FILE).read_text())
    rendered = {**stored_renders.render_commit(Path(), stored[0], [], sys.executable)[1]}
    monkeypatch.setattr(stored_renders, "render_commit", lambda *_: (stored[0], rendered))
    for name, change in FORGERIES.items():
        Path(FILE).write_text(json.dumps(original))
        forge(change)
        result = diff("--renders", FILE, "--base", stored[0], "--head", stored[1])
        assert (name, result.code, result.out) == (name, 1, "")
        assert f"of the base differs from that of commit {stored[0]}, rendered here. The code of the head changed the file" in result.err


def test_other_commits_are_refused(stored: tuple[str, str], repository: Path, diff: Diff):
    base, head = stored
    assert diff("--renders", FILE, "--base", head).err.startswith(f"error: {FILE}: the base is commit {base}, not commit {head}.")
    assert diff("--renders", FILE, "--base", base, "--head", base).err.startswith(
        f"error: {FILE}: the head is commit {head}, not commit {base}."
    )


@pytest.mark.parametrize("text", ["x", "A" * 40, "a" * 39, "a" * 40 + "\n", 7, None])
def test_commit_without_form_is_refused(text: object):
    content = {"version": 2, "base_commit": "", "head_commit": text, "base": {}, "head": {}, "requirements": []}
    with pytest.raises(RenderPairError, match="contains no renders"):
        read_render_pair(json.dumps(content))


def test_large_file_is_refused(diff: Diff, monkeypatch: pytest.MonkeyPatch):
    Path(FILE).write_text(" " * 1001)
    monkeypatch.setattr(stored_renders, "MAX_BYTES", 1000)
    assert diff("--renders", FILE).err == f"error: {FILE}: larger than 0 MB. Review fewer stacks: --stack NAME.\n"


def secret(value: str) -> dict[str, str]:
    return {SIGNATURE: SECRET, "value": value}


def test_secrets_are_equal_by_place():
    """Each render has its own key, so the hashes differ."""
    first = {"dev": {"resources": [{"inputs": {"a": secret("1"), "b": [secret("2"), secret("1")]}}]}}
    other_key = {"dev": {"resources": [{"inputs": {"b": [secret("8"), secret("9")], "a": secret("9")}}]}}
    other_place = {"dev": {"resources": [{"inputs": {"a": secret("9"), "b": [secret("8"), secret("8")]}}]}}
    plain = {"dev": {"resources": [{"inputs": {"a": "1", "b": [secret("8"), secret("9")]}}]}}
    assert find_other_stack(first, other_key) is None
    assert find_other_stack(first, other_place) == "dev"
    assert find_other_stack(first, plain) == "dev"


def test_secret_of_two_stacks_stays_equal():
    claimed = {"a": {"outputs": secret("1")}, "b": {"outputs": secret("1")}}
    assert find_other_stack(claimed, {"a": {"outputs": secret("7")}, "b": {"outputs": secret("7")}}) is None
    assert find_other_stack(claimed, {"a": {"outputs": secret("7")}, "b": {"outputs": secret("8")}}) == "b"


def test_deep_value_is_no_crash():
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    assert find_other_stack({"a": {"outputs": deep}}, {"a": {}}) == "a"
