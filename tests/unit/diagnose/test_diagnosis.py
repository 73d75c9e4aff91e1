"""Ranking of diagnoses, and messages of a cluster in them."""

import json
import time

from nim_component.diagnose.diagnosis import Diagnosis, rank
from nim_component.diagnose.rules import diagnose
from nim_component.text.sanitizing import sanitize, sanitize_tail

from .kubernetes_objects import crashed, event, snapshot, waiting


def test_long_message_is_diagnosed_in_time():
    """Neither the rules' patterns nor those of the redaction backtrack on any part of a message.

    CPU time, since other processes of the machine do not change it much.
    """
    started = time.process_time()
    for filler in ("a", "\x1b", "\x1b]", "-----BEGIN", "token=", "nvapi-", "eyJ", "hf_", "://", "Insufficient ", "profile "):
        text = filler * 2_000_000
        sanitize(text)
        sanitize_tail(text)
        diagnose(snapshot(crashed(text), waiting("ErrImagePull", text), events=[event("Failed", text, waiting("x"))]))
    assert time.process_time() - started < 5


def test_key_in_termination_message_is_redacted():
    (found,) = diagnose(snapshot(crashed("Traceback\n\x1b[31mKeyError\x1b[0m: nvapi-abcDEF123456_-x\nnvapi-second")))
    assert found.cause == "server-fault"
    assert found.evidence == "KeyError: *** ***"
    assert "nvapi" not in json.dumps(found.to_json())


def test_name_with_control_characters_is_sanitized():
    message = 'secret "evil\n\x1b[31m{cause}" not found'
    (found,) = diagnose(snapshot(waiting("CreateContainerConfigError", message)))
    assert found.text == "The Secret evil {cause} does not exist"


def test_certain_cause_is_first_and_possible_omitted():
    diagnoses = [
        Diagnosis("a", "a", "c", confidence="possible"),
        Diagnosis("b", "b", "c", confidence="likely"),
        Diagnosis("c", "c", "c"),
        Diagnosis("b", "b", "c", confidence="likely"),
    ]
    assert [(each.cause, each.count) for each in rank(diagnoses)] == [("c", 1), ("b", 2)]
    assert [each.cause for each in rank(diagnoses[:1])] == ["a"]


def test_text_has_labels_and_confidence():
    diagnosis = Diagnosis("a", "The image does not exist", "Correct image.", "not found", "likely", "pod/a", 2)
    assert str(diagnosis) == "The image does not exist (2 pods) (likely).\n  evidence: not found\n  fix: Correct image."
    assert str(Diagnosis("a", "The image does not exist", "Correct image.")) == "The image does not exist.\n  fix: Correct image."
    assert diagnosis.to_json()["fix"] == "Correct image."
