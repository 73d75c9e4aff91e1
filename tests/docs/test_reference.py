"""The content of the generated reference pages, compared with the code they describe."""

import re

from nim_component.args.foreign_names import FOREIGN_NAMES
from nim_component.cli import app
from nim_component.review.findings import RULES
from tools.docs.causes import examples
from tools.docs.commands import commands
from tools.docs.models import NAMED_TYPES, all_models, option_sets, type_of
from tools.docs.schema import render_schema

from .pages import REFERENCE, ROOT, read


def test_documented_rules_are_the_rules():
    page = read(REFERENCE / "review-rules.md").partition("## Rules")[2]
    assert dict(re.findall(r"^\| `([a-z-]+)` \| (.*) \|$", page, re.MULTILINE)) == dict(RULES)


def test_every_command_has_a_section():
    sections = re.findall(r"^## `(.*)`$", read(REFERENCE / "cli.md"), re.MULTILINE)
    assert sections == [name for name, _ in commands(app)]


def test_every_option_set_has_a_page():
    assert {f"{name.replace('_', '-')}.md" for name in option_sets()} | {"index.md"} == {
        page.name for page in (REFERENCE / "arguments").glob("*.md")
    }


def test_every_field_has_one_row():
    for model in all_models():
        pages = [read(page) for page in (REFERENCE / "arguments").glob("*.md")]
        (section,) = [
            text.partition(f"## `{model.__name__}`\n")[2].partition("\n## ")[0] for text in pages if f"## `{model.__name__}`\n" in text
        ]
        assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == list(model.model_fields)


def test_every_foreign_name_is_on_its_page():
    page = read(REFERENCE / "names.md")
    assert [each.name for each in FOREIGN_NAMES if f"| `{each.name}` |" not in page] == []


def test_documented_warning_is_output_of_a_rule():
    page = read(ROOT / "docs" / "guides" / "diagnosis.md")
    for line in str(examples()["gpu-too-many"]).splitlines():
        assert line[:70] in page


def test_the_picture_of_the_review_is_small():
    assert (ROOT / "docs" / "guides" / "review.png").stat().st_size < 200_000


def test_every_named_type_is_used():
    used = {each for model in all_models() for name in model.model_fields for each in type_of(model, name)}
    assert set(NAMED_TYPES.values()) <= used


def test_documented_stack_keys_equal_the_schema():
    documented = re.findall(r"^\| `(nim:\w+)` \|", read(REFERENCE / "stack-file.md"), re.MULTILINE)
    assert set(documented) == set(render_schema()["properties"]["config"]["properties"])
