"""README, generated files, and the links between pages."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

import nim_component
from nim_component.args.arguments import Arguments
from nim_component.text import links
from tools.docs import __main__ as generator
from tools.docs.models import all_models, describe_fields
from tools.docs.schema import render_schema

from .pages import FENCE, README, REFERENCE, ROOT, SITE, anchors, read

STACKS = sorted((ROOT / "stacks").glob("Pulumi.*.yaml"))
TOP_LEVEL = [README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "examples").rglob("*.md"))]


def test_generated_files_are_up_to_date():
    result = subprocess.run([sys.executable, "-m", "tools.docs", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (0, "")


def test_check_reports_drift(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    generated = {path: text.replace("8000", "8001") for path, text in generator.generate().items()}
    monkeypatch.setattr(generator, "generate", lambda: generated)
    monkeypatch.setattr(sys, "argv", ["tools.docs", "--check"])
    assert generator.main() == 1
    assert "docs/reference/arguments/index.md is out of date. Run make generate." in capsys.readouterr().out


def test_no_reference_page_is_left_over():
    written_by_hand = {REFERENCE / "index.md"}
    assert {page for page in SITE if page.is_relative_to(REFERENCE)} - written_by_hand == {
        path for path in generator.generate() if path.is_relative_to(REFERENCE)
    }


def test_readme_is_short():
    assert len(read(README).splitlines()) <= 150


def test_readme_contains_the_essentials():
    text = read(README)
    for needed in ("pip install nim-component", "git+https://", "make up", "make test", "NIMService(", "docs/quickstart.md"):
        assert needed in text


@pytest.mark.parametrize("path", STACKS, ids=lambda path: path.name)
def test_every_stack_file_fits_its_schema(path: Path):
    jsonschema.validate(yaml.safe_load(read(path)), render_schema())


@pytest.mark.parametrize(
    "wrong",
    [
        {"imag": "x"},
        {"port": 80},
        {"replicas": -1},
        {"startup_timeout": 5},
        {"secrets": {"ngc_api_key": "plain"}},
        {"cache": {"storageClass": "x"}},
    ],
    ids=str,
)
def test_schema_refuses_wrong_fields(wrong: dict[str, Any]):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"config": {"nim:services": {"a": wrong}}}, render_schema())


def test_every_public_model_is_reachable_from_nim():
    public = [getattr(nim_component, name) for name in nim_component.__all__]
    assert {each for each in public if isinstance(each, type) and issubclass(each, Arguments)} == set(all_models())


@pytest.mark.parametrize("model", all_models(), ids=lambda model: model.__name__)
def test_every_field_is_described(model: type[Arguments]):
    assert model.model_fields.keys() == describe_fields(model).keys()
    assert any(f"## `{model.__name__}`" in read(page) for page in (REFERENCE / "arguments").glob("*.md"))


def test_every_public_name_has_a_docstring():
    assert [name for name in nim_component.__all__ if not getattr(nim_component, name).__doc__] == []


def test_data_files_are_part_of_the_package():
    packed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["nim_component"]
    package = ROOT / "nim_component"
    there = {str(file.relative_to(package)) for file in package.rglob("*") if file.is_file() and file.suffix not in (".py", ".pyc")}
    assert there == set(packed)


def test_every_named_path_exists():
    text = "".join(map(read, [*TOP_LEVEL, *SITE]))
    folders = "tests|examples|stacks|docs|tools|policies|bench|ci|nim_component|args|manifests|component|lora|lora_loader|review|diagnose"
    written_by_the_reader = {"stacks/Pulumi.my-cluster.yaml"}
    named = set(re.findall(rf"`((?:{folders})/[\w./-]*)`", text)) - written_by_the_reader
    missing = [path for path in named if not (ROOT / path).exists() and not (ROOT / "nim_component" / path).exists()]
    assert missing == []


@pytest.mark.parametrize("page", TOP_LEVEL, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_outside_the_site_resolve(page: Path):
    """The strict build covers the links of the site."""
    for target in re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", read(page))):
        if "://" in target or target.startswith("mailto:"):
            continue
        name, _, anchor = target.partition("#")
        linked = (page.parent / name).resolve() if name else page
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), target


@pytest.mark.parametrize("link", sorted(value for value in vars(links).values() if str(value).startswith("docs/")))
def test_links_that_the_product_prints_resolve(link: str):
    name, _, anchor = link.partition("#")
    assert not anchor or anchor in anchors(ROOT / name)
    assert (ROOT / name).is_file()
