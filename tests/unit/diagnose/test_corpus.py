"""Corpus of messages against all rules: the right cause first, and no other one as certain."""

import json
import random
from collections import Counter

import pytest

from nim_component.diagnose.causes import CAUSES
from nim_component.diagnose.rules import diagnose

from .contexts import CONTEXTS, snapshot_of
from .corpus import CorpusMessage, read_corpus

CORPUS = read_corpus()
CATALOGUE = {cause for causes in CAUSES.values() for cause in causes}
GENERAL = {
    "crash-loop",
    "container-start",
    "image-pull",
    "pvc-provisioning",
    "volume-mount",
    "pod-refused",
    "pod-sandbox",
    "evicted",
    "unschedulable",
    "scale-up-failed",
}
"""Causes for messages that no other cause covers."""
HOSTILE_NAME = "rwx-oom-403-nvidia-quota-timeout-refused-tls-not-found"
OTHER_CAUSES = {
    "disk-full": "[Errno 28] No space left on device",
    "gpu-out-of-memory": "CUDA out of memory. Tried to allocate 2.00 GiB.",
    "driver-too-old": "The NVIDIA driver on your system is too old (found version 11040).",
}
"""Whole sentences of logs, by their causes."""
LOGS = [each for each in CORPUS if each.context == "log" and each.cause not in ("none", *GENERAL)]
each_message = pytest.mark.parametrize("entry", [pytest.param(each, id=each.id) for each in CORPUS])


def first_cause(entry: CorpusMessage, message: str | None = None) -> str:
    """Return the cause of the first diagnosis."""
    return next((each.cause for each in diagnose(snapshot_of(entry, message))), "none")


@each_message
def test_right_cause_is_first(entry: CorpusMessage):
    found = diagnose(snapshot_of(entry))
    assert next((each.cause for each in found), "none") == entry.cause
    output = " ".join(str(each) for each in found)
    for words in entry.text:
        assert words in output


@each_message
def test_no_other_cause_is_certain(entry: CorpusMessage):
    certain = {each.cause for each in diagnose(snapshot_of(entry)) if each.confidence == "certain"}
    assert certain - {entry.cause, *entry.beside} == set()


@pytest.mark.parametrize("entry", [pytest.param(each, id=each.id) for each in LOGS])
def test_information_before_error_is_ignored(entry: CorpusMessage):
    """Lines of the level INFO contain other messages."""
    others = random.Random(entry.id).sample([each for each in LOGS if each.cause != entry.cause], min(6, len(LOGS) - 1))
    information = [f"INFO 11-24 12:00:00 [launcher.py:42] {line}" for other in others for line in other.message.splitlines()[-1:]]
    assert first_cause(entry, "\n".join([*information, entry.message])) == entry.cause


@pytest.mark.parametrize("entry", [pytest.param(each, id=each.id) for each in LOGS])
def test_shutdown_after_error_is_ignored(entry: CorpusMessage):
    shutdown = ("INFO 11-24 12:00:01 [api_server.py:264] Shutting down FastAPI HTTP server.", "INFO:     Application shutdown complete.")
    assert first_cause(entry, "\n".join([entry.message, *shutdown])) == entry.cause


@pytest.mark.parametrize("entry", [pytest.param(each, id=each.id) for each in LOGS if each.message[-1] != "}" and "\n" not in each.message])
def test_message_with_second_cause_is_not_certain(entry: CorpusMessage):
    """The end of a message names another cause, which may be the reason."""
    for cause, words in OTHER_CAUSES.items():
        for end in (f": {words}", f" ({words})"):
            found = diagnose(snapshot_of(entry, entry.message + end))
            assert cause == entry.cause or "certain" not in {each.confidence for each in found}, f"{words}: {found}"


@pytest.mark.parametrize("entry", [pytest.param(each, id=each.id) for each in CORPUS if each.names])
def test_words_inside_names_are_ignored(entry: CorpusMessage):
    """Names of nodes, classes, webhooks, policies and quotas contain the text of other causes."""
    assert [name for name in entry.names if name not in entry.message] == []
    given = json.dumps([entry.message, entry.objects])
    for name in entry.names:
        given = given.replace(json.dumps(name)[1:-1], HOSTILE_NAME)
    message, objects = json.loads(given)
    found = diagnose(snapshot_of(entry._replace(objects=objects), message))
    assert found[0].cause == entry.cause
    assert {each.cause for each in found if each.confidence == "certain"} - {entry.cause, *entry.beside} == set()


@each_message
def test_changed_message_raises_no_error(entry: CorpusMessage):
    """A message of another wording is diagnosed without an error."""
    for changed in (f"odd {entry.message}", f"{entry.message} odd", entry.message[: len(entry.message) // 2], ""):
        for diagnosis in diagnose(snapshot_of(entry, changed)):
            assert diagnosis.text and diagnosis.fix


def test_entries_are_complete():
    assert [name for name, count in Counter(each.id for each in CORPUS).items() if count > 1] == []
    assert {each.context for each in CORPUS} <= set(CONTEXTS)
    assert {cause for each in CORPUS for cause in (each.cause, *each.beside)} - {"none"} <= CATALOGUE
    assert [each.id for each in CORPUS if not each.source.strip()] == []
