"""The terminal view at 80 columns: grouping, indents, unbroken words and colours."""

import re
import sys
from collections.abc import Callable

import pytest

from nim_component.review.stack_review import StackReview
from nim_component.review.views import render

from .changes import LORA, NAMES, SERVICE, render_service, render_services, review_preview, review_renders

WIDTH = 80
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture
def view(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Return a function that renders reviews for a terminal of 80 columns."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return lambda *reviews, notes=(): render(reviews, "terminal", notes)


def lines_of(shown: str) -> list[str]:
    return COLOURS.sub("", shown).splitlines()


@pytest.mark.parametrize("name", NAMES)
def test_only_single_words_exceed_the_width(view: Callable[..., str], name: str):
    for line in lines_of(view(review_preview(name))):
        assert len(line) <= WIDTH or len(line.split()) <= 2, line


@pytest.mark.parametrize("name", NAMES)
def test_no_path_is_broken_by_a_newline(view: Callable[..., str], name: str):
    found = review_preview(name)
    lines = lines_of(view(found))
    for service in found.change.services:
        for change in service.changes:
            for difference in change.differences:
                assert any(f"{difference.where}:" in line for line in lines), difference.where


def two_services() -> StackReview:
    """Return a review in which the findings of two services alternate in order of severity."""
    old = render_services(a={**SERVICE, "cache": {"size": "50Gi"}}, b={**SERVICE, "cache": {"size": "50Gi"}})
    new = render_services(
        a={**SERVICE, "cache": {"size": "20Gi"}, "image": "nvcr.io/nim/x:2"},
        b={**SERVICE, "cache": {"size": "20Gi"}, "image": "nvcr.io/nim/x:2"},
    )
    return review_renders(old, new)


def test_each_service_has_one_heading(view: Callable[..., str]):
    assert [each.service for each in two_services().findings][:3] == ["a", "b", "a"]
    headings = [line.strip() for line in lines_of(view(two_services())) if re.match("  [^ ]", line)]
    assert headings == ["a", "b", "changed fields"]


def test_further_lines_of_a_finding_are_indented(view: Callable[..., str]):
    lines = lines_of(view(two_services()))
    start = next(index for index, line in enumerate(lines) if line.startswith("    warning: The image changes"))
    assert lines[start + 1].startswith(" " * len("    warning: ")) and not lines[start + 1].startswith(" " * len("    warning:  "))


def test_long_values_of_a_field_are_indented(view: Callable[..., str]):
    lines = lines_of(view(review_renders(render_service(**LORA), render_service())))
    start = next(index for index, line in enumerate(lines) if line.startswith("    - hf_repo_ids"))
    assert lines[start + 1].startswith("      ") and len(lines[start + 1]) <= WIDTH


def test_message_without_full_stop_gets_one(view: Callable[..., str]):
    text = " ".join(" ".join(lines_of(view(review_preview("secret-missing")))).split())
    assert "'nim2/no-such-secret' does not exist. The update would fail here." in text


def test_note_has_a_hanging_indent(view: Callable[..., str]):
    lines = lines_of(view(review_preview("nothing"), notes=["word " * 40]))
    assert lines[0] == "dev (pulumi preview): unchanged"
    assert lines[1].startswith("note: word") and lines[2].startswith("      word")


def test_severities_and_differences_have_colours(view: Callable[..., str]):
    shown = view(review_preview("everything"))
    assert "\x1b[1;31mcritical: \x1b[0m" in shown and "\x1b[33mwarning: \x1b[0m" in shown
    assert "\x1b[32m    + \x1b[0m" in shown and "\x1b[31m    - \x1b[0m" in shown


def test_no_color_turns_colours_off(view: Callable[..., str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", view(review_preview("everything")))


def test_without_terminal_each_finding_is_one_line(view: Callable[..., str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False)
    shown = view(two_services())
    assert "\x1b" not in shown
    assert sum(line.startswith("    ") and ": " in line and line[4] not in "-+@" for line in shown.splitlines()) == len(
        two_services().findings
    )
