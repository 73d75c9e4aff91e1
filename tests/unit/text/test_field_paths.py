"""Printed field paths."""

import pytest

from nim_component.text.field_paths import ItemName, Path, show_argument_path, show_path


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("a", "b", 0, "c"), "a.b[0].c"),
        (("a", "b.c/d"), 'a["b.c/d"]'),
        (("a", ""), 'a[""]'),
        (("containers", ItemName("nim"), "env", ItemName("A.B"), "value"), "containers[nim].env[A.B].value"),
        ((0, "a"), "[0].a"),
        ((), ""),
    ],
)
def test_property_path_matches_pulumi(path: Path, text: str) -> None:
    assert show_path(path) == text


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("env", "A.B", 0), "env['A.B'][0]"),
        (("cache", "storage_class"), "cache.storage_class"),
        (("node_selector", "hf_" + "a" * 24), "node_selector[...]"),
        ((), "arguments"),
    ],
)
def test_argument_path_is_python(path: Path, text: str) -> None:
    assert show_argument_path(path) == text
