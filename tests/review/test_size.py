"""However much changes, the comment fits, and every finding is in it as long as there is any room."""

import copy
import json
import re

import pytest

from nim_component.review.findings import RULES
from nim_component.review.markdown import LIMIT, render_markdown
from nim_component.review.renders import compare_renders
from nim_component.review.review import review, review_all

from .sources import LORA, one

HOST_LIMIT = 65_536
"""Characters of a comment on GitHub."""


def multiplied(render: dict, count: int) -> dict:
    """The one service of a render, under many names."""
    text = json.dumps([without_program(each) for each in render["resources"][1:]])
    resources = [each for index in range(count) for each in json.loads(re.sub(r"\bllama(?=[-\"$:])", f"model-{index:04d}", text))]
    return {**copy.deepcopy(render), "resources": [render["resources"][0], *resources], "outputs": {}}


def without_program(resource: dict) -> dict:
    """The loader's program is 40 KB a service and changes nothing here."""
    data = {name: text for name, text in resource["inputs"].get("data", {}).items() if not name.endswith((".py", ".txt"))}
    return {**resource, "inputs": resource["inputs"] | ({"data": data} if data else {})}


@pytest.fixture(scope="module")
def sides() -> tuple[dict, dict]:
    old = one(**LORA, cache={"size": "50Gi"})
    new = one(**LORA | {"hf_repo_ids": LORA["hf_repo_ids"][:1]}, cache={"size": "20Gi"}, image="nvcr.io/nim/meta/llama3-8b-instruct:1.0.3")
    return old, new


def comment_of(sides: tuple[dict, dict], count: int) -> str:
    old, new = (multiplied(side, count) for side in sides)
    return render_markdown(review_all([compare_renders("prod", old, new)]))


def test_two_hundred_changed_services_fit_with_every_finding(sides):
    comment = comment_of(sides, 200)
    assert len(comment) < HOST_LIMIT and len(comment.encode()) <= LIMIT
    names = [f"model-{index:04d}" for index in range(200)]
    # Four findings a service: the claim, the image, the adapter, the restart. Each names each service.
    bullets = [line for line in comment.splitlines() if re.match(r" *- ", line)]
    for name in names:
        assert sum(f"`{name}`" in line for line in bullets) >= 4, name
    for words in ("50Gi", "1.0.3", "`legal` is removed", "The only replica stops"):
        assert any(words in line for line in bullets), words


def test_with_few_services_every_finding_has_its_consequence_and_details(sides):
    comment = comment_of(sides, 3)
    assert comment.count("a claim never shrinks") == 3
    assert comment.count("+ spec.resources.requests.storage: 20Gi") == 3


def test_details_go_before_findings_do(sides):
    small, large = comment_of(sides, 20), comment_of(sides, 60)
    assert small.count("a claim never shrinks") == 20 and "```diff" in small
    assert len(re.findall(r"^- ", large, re.MULTILINE)) + len(re.findall(r"^  - ", large, re.MULTILINE)) >= 240


@pytest.mark.parametrize("count", [600, 2000])
def test_a_change_of_thousands_is_counted_at_the_very_least(sides, count: int):
    comment = comment_of(sides, count)
    assert len(comment.encode()) <= LIMIT
    for rule in ("cache-shrunk", "image", "adapter-removed", "downtime"):
        sentence = RULES[rule][0].upper() + RULES[rule][1:]
        assert sentence in comment and (str(count) in comment)


def test_hundreds_of_stacks_fit_too(sides):
    old, new = sides
    reviews = [review(compare_renders(f"stack-{index}-{'x' * 60}", old, new)) for index in range(300)]
    comment = render_markdown(reviews)
    assert len(comment.encode()) <= LIMIT
    assert "300" in comment


def test_unchanged_stacks_are_one_line_together(sides):
    old, new = sides
    reviews = review_all([compare_renders("prod", old, new), *(compare_renders(f"s{index}", old, old) for index in range(5))])
    lines = render_markdown(reviews).splitlines()
    assert [line for line in lines if "s3" in line] == ["Unchanged: `s0`, `s1`, `s2`, `s3`, `s4`."]
    assert "**1 of 6 stacks change**: 1 critical, 3 warnings." in lines
