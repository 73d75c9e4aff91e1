"""docs/review.md says what the code does."""

import re
from pathlib import Path

import yaml

from nim_component.review.findings import RULES

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "review.md").read_text(encoding="utf-8")


def test_the_documented_rules_are_the_rules():
    assert dict(re.findall(r"^\| `([a-z-]+)` \| (.*) \|$", TEXT, re.MULTILINE)) == dict(RULES)


def test_the_documented_inputs_are_the_actions():
    (block,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    used = yaml.safe_load(block)[-1]["with"]
    assert {*used} <= {*yaml.safe_load((ROOT / "action.yml").read_text())["inputs"]}


def test_the_pictures_are_there():
    for name in re.findall(r"!\[.*?\]\((.*?)\)", TEXT):
        assert (ROOT / "docs" / name).stat().st_size < 200_000
