"""Length of the comment: within the limit, and with every finding as long as they fit."""

import copy
import cProfile
import json
import pstats
import re

import pytest

from nim_component.review.findings import RULES
from nim_component.review.sources.renders import compare_renders
from nim_component.review.stack_review import review, review_all
from nim_component.review.views.details import ordered_lines
from nim_component.review.views.markdown import LIMIT, render_markdown

from .changes import LORA, render_service

HOST_LIMIT = 65_536
"""Characters of a comment on GitHub."""


def multiply(render: dict, count: int) -> dict:
    """Return a render with many copies of its service."""
    text = json.dumps([without_program(each) for each in render["resources"][1:]])
    resources = [each for index in range(count) for each in json.loads(re.sub(r"\bllama(?=[-\"$:])", f"model-{index:04d}", text))]
    return {**copy.deepcopy(render), "resources": [render["resources"][0], *resources], "outputs": {}}


def without_program(resource: dict) -> dict:
    """Leave out the program of the LoRA loader: 40 KB per service that do not change."""
    data = {name: text for name, text in resource["inputs"].get("data", {}).items() if not name.endswith((".py", ".txt"))}
    return {**resource, "inputs": resource["inputs"] | ({"data": data} if data else {})}


@pytest.fixture(scope="module")
def pair() -> tuple[dict, dict]:
    old = render_service(**LORA, cache={"size": "50Gi"})
    new = render_service(
        **LORA | {"hf_repo_ids": LORA["hf_repo_ids"][:1]}, cache={"size": "20Gi"}, image="nvcr.io/nim/meta/llama3-8b-instruct:1.0.3"
    )
    return old, new


def comment_of(pair: tuple[dict, dict], count: int) -> str:
    old, new = (multiply(render, count) for render in pair)
    return render_markdown(review_all([compare_renders("prod", old, new)]))


def test_comment_of_200_services_contains_every_finding(pair):
    comment = comment_of(pair, 200)
    assert len(comment) < HOST_LIMIT and len(comment.encode()) <= LIMIT
    names = [f"model-{index:04d}" for index in range(200)]
    # Four findings per service: PVC, image, adapter and restart.
    bullets = [line for line in comment.splitlines() if re.match(r" *- ", line)]
    for name in names:
        assert sum(f"`{name}`" in line for line in bullets) >= 4, name
    for text in ("50Gi", "1.0.3", "`legal` is removed", "The only replica stops"):
        assert any(text in line for line in bullets), text


def test_comment_of_few_services_contains_details(pair):
    comment = comment_of(pair, 3)
    assert comment.count("a PVC cannot shrink") == 3
    assert comment.count("+ spec.resources.requests.storage: 20Gi") == 3


def test_details_are_cut_before_findings(pair):
    small, large = comment_of(pair, 20), comment_of(pair, 60)
    assert small.count("a PVC cannot shrink") == 20 and "```diff" in small
    assert len(re.findall(r"^- ", large, re.MULTILINE)) + len(re.findall(r"^  - ", large, re.MULTILINE)) >= 240


@pytest.mark.parametrize("count", [600, 2000])
def test_comment_of_thousands_contains_counts(pair, count: int):
    comment = comment_of(pair, count)
    assert len(comment.encode()) <= LIMIT
    for rule in ("cache-shrunk", "image", "adapter-removed", "downtime"):
        assert RULES[rule] in comment and str(count) in comment


def test_comment_of_many_stacks_fits(pair):
    old, new = pair
    reviews = [review(compare_renders(f"stack-{index}-{'x' * 60}", old, new)) for index in range(300)]
    comment = render_markdown(reviews)
    assert len(comment.encode()) <= LIMIT
    assert "300" in comment


def test_unchanged_stacks_share_one_line(pair):
    old, new = pair
    reviews = review_all([compare_renders("prod", old, new), *(compare_renders(f"s{index}", old, old) for index in range(5))])
    lines = render_markdown(reviews).splitlines()
    assert [line for line in lines if "s3" in line] == ["Unchanged: `s0`, `s1`, `s2`, `s3`, `s4`."]
    assert "**1 of 6 stacks change**: 1 critical, 3 warnings." in lines


def count_calls(pair: tuple[dict, dict], count: int) -> int:
    """Return how many functions the details of this many services call."""
    old, new = (multiply(render, count) for render in pair)
    found, profile = review(compare_renders("prod", old, new)), cProfile.Profile()
    profile.runcall(ordered_lines, found)
    return pstats.Stats(profile).total_calls  # pyright: ignore[reportAttributeAccessIssue]


def test_effort_grows_with_services_only(pair):
    few, many = count_calls(pair, 5), count_calls(pair, 20)
    assert many < 4.2 * few
