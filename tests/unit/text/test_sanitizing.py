"""Text of a cluster or a program as one line that is safe to print."""

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nim_component.text.sanitizing import LONGEST, sanitize, sanitize_around, sanitize_tail

KEYS = [
    "nvapi-abcDEF123456_-x",
    "hf_abcdefghijklmnopqrstuvwxyz",
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0In0.abc-def",
    "c29tZXRoaW5nVmVyeVNlY3JldDEyMzQ1Njc4OTBhYmNkZWY0Mg",
    "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0\n-----END PRIVATE KEY-----",
]


@pytest.mark.parametrize("function", [sanitize, sanitize_tail])
@pytest.mark.parametrize("key", KEYS)
def test_credential_is_redacted(function: Callable[[str], str], key: str):
    assert function(f"could not log in with {key} at the registry") == "could not log in with *** at the registry"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("NGC_API_KEY=abc", "NGC_API_KEY=***"),
        ('{"password": "hunter2", "a": 1}', '{"password": "***", "a": 1}'),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("https://me:word@host/x?token=abc&b=1", "https://***@host/x?token=***&b=1"),
        ("split nvapi-\x1b[0mabcdef here", "split *** here"),
        ("split nvapi-\u200babcdef here", "split *** here"),
        ("split hf_abcdefgh\x00ijklmnopqrstuvw here", "split *** here"),
        ('secret "ngc" not found', 'secret "ngc" not found'),
        (
            "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        ),
        ("a\r\n\tb\x07\x1b]0;title\x07c\x1b[31;1md\x1b[2Je", "a bcde"),
        ("a\x9b31mb\u202eevil", "a31mbevil"),
    ],
)
def test_text_becomes_one_safe_line(text: str, expected: str):
    assert sanitize(text) == expected


@given(st.text(max_size=2000))
@example("\x1b" * 1000)
@example("\x1b]" + "a" * 1000)
def test_any_text_becomes_a_bounded_line(text: str):
    """No control character is left."""
    for line in (sanitize(text), sanitize_tail(text)):
        assert len(line) <= LONGEST
        assert not any(unicodedata.category(each)[0] == "C" for each in line)
        assert "\n" not in line


def test_tail_begins_with_a_whole_word():
    assert sanitize_tail("x" * 400 + " the end") == "…the end"
    assert sanitize("the beginning " + "x" * 400).startswith("the beginning xxx")


def test_cut_text_contains_the_words():
    text = "ValueError: " + "a b " * 200 + "the words " + "c d " * 200
    for words in ("the words", "ValueError", "absent"):
        assert len(sanitize_around(text, words)) <= LONGEST
    assert "the words" in sanitize_around(text, "the words")
    assert sanitize_around(text, "the words").startswith("ValueError: a b")
    assert sanitize_around(text, text).endswith("c d c d")
    assert sanitize_around("short text", "text") == "short text"
    assert sanitize_around(f"{text} nvapi-abcDEF123456", text).endswith("***")
