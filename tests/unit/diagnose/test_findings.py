"""What a cluster says is shown sanitize, bounded and without keys."""

import json
import time
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nim_component.diagnose.diagnosis import Diagnosis, rank
from nim_component.diagnose.rules import diagnose
from nim_component.text.sanitizing import LONGEST, sanitize, sanitize_tail

from .made import ended, event, snapshot, waiting

KEYS = [
    "nvapi-abcDEF123456_-x",
    "hf_abcdefghijklmnopqrstuvwxyz",
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0In0.abc-def",
    "c29tZXRoaW5nVmVyeVNlY3JldDEyMzQ1Njc4OTBhYmNkZWY0Mg",
    "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0\n-----END PRIVATE KEY-----",
]


@pytest.mark.parametrize("show", [sanitize, sanitize_tail])
@pytest.mark.parametrize("key", KEYS)
def test_a_key_is_not_shown(show, key: str):
    shown = show(f"could not log in with {key} at the registry")
    assert shown == "could not log in with *** at the registry"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("NGC_API_KEY=abc", "NGC_API_KEY=***"),
        ('{"password": "hunter2", "a": 1}', '{"password": "***", "a": 1}'),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("https://me:word@host/x?token=abc&b=1", "https://***@host/x?***"),
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
def test_a_text_is_shown_as_one_harmless_line(text: str, shown: str):
    assert sanitize(text) == shown


@given(st.text(max_size=2000))
@example("\x1b" * 1000)
@example("\x1b]" + "a" * 1000)
def test_nothing_that_a_terminal_obeys_is_left(text: str):
    for shown in (sanitize(text), sanitize_tail(text)):
        assert len(shown) <= LONGEST
        assert not any(unicodedata.category(each)[0] == "C" for each in shown)
        assert "\n" not in shown


def test_a_log_of_any_length_takes_no_time():
    began = time.monotonic()
    for filler in ("a", "\x1b", "\x1b]", "-----BEGIN", "token=", "nvapi-", "eyJ", "hf_", "://", "Insufficient ", "profile "):
        text = filler * 2_000_000
        sanitize(text)
        sanitize_tail(text)
        diagnose(snapshot(ended(text), waiting("ErrImagePull", text), events=[event("Failed", text, waiting("x"))]))
    assert time.monotonic() - began < 5


def test_the_end_of_a_log_is_shown_from_a_whole_word_on():
    assert sanitize_tail("x" * 400 + " the end") == "…the end"
    assert sanitize("the beginning " + "x" * 400).startswith("the beginning xxx")


def test_a_key_in_a_termination_message_reaches_no_finding():
    (found,) = diagnose(snapshot(ended(f"Traceback\n\x1b[31mKeyError\x1b[0m: {KEYS[0]}\nnvapi-second")))
    assert found.cause == "crash-loop"
    assert found.evidence == "Traceback KeyError: *** ***"
    assert "nvapi" not in json.dumps(found.to_json())


def test_names_of_a_hostile_cluster_cannot_break_a_line():
    message = 'secret "evil\n\x1b[31m{cause}" not found'
    (found,) = diagnose(snapshot(waiting("CreateContainerConfigError", message)))
    assert found.text == "The Secret evil{cause} does not exist".replace("evil{", "evil {")


def test_the_surest_comes_first_and_a_guess_not_at_all():
    diagnoses = [
        Diagnosis("a", "a", "c", confidence="possible"),
        Diagnosis("b", "b", "c", confidence="likely"),
        Diagnosis("c", "c", "c"),
        Diagnosis("b", "b", "c", confidence="likely"),
    ]
    assert [(each.cause, each.count) for each in rank(diagnoses)] == [("c", 1), ("b", 2)]
    assert [each.cause for each in rank(diagnoses[:1])] == ["a"]
