"""Names of objects inside messages. They can contain any text, and do not change the cause."""

import re

import pytest

from nim_component.diagnose.rules import diagnose

from .contexts import snapshot_of
from .corpus import CorpusMessage, read_corpus

CORPUS = read_corpus()
HOSTILE_NAMES = ("filestore-rwx", "oom-killed", "403", "nvidia", "quota-exceeded", "timeout", "not-found", "access-denied")
"""Names of objects that contain the text of causes."""
_NAMES = (
    (r'StorageClass "([^"]+)"', 'StorageClass "{}"'),
    (r'for volume "([^"]+)"', 'for volume "{}"'),
    (r"\bgpu-0\b", "{}"),
    (r"\bpvc-3c5f\b", "{}"),
)
"""Patterns of names in messages of storage, each with its replacement."""


def rename_objects(entry: CorpusMessage, name: str) -> str:
    """Return an entry's message with another name of its class, volume and node."""
    text = entry.message
    for pattern, replacement in _NAMES if entry.context in ("provisioning", "mount", "attach") else ():
        text = re.sub(pattern, replacement.format(name), text)
    return text


def first_cause(entry: CorpusMessage, message: str) -> str:
    """Return the cause of the first diagnosis."""
    return next((each.cause for each in diagnose(snapshot_of(entry, message))), "none")


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_names_in_messages_do_not_matter(name: str):
    """Names of objects in a message contain the text of other causes."""
    renamed = [(each, rename_objects(each, name)) for each in CORPUS]
    changed = [(each, text) for each, text in renamed if text != each.message]
    assert len(changed) >= 60
    wrong = {each.id: found for each, text in changed if (found := first_cause(each, text)) != each.cause}
    assert wrong == {}


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_names_in_logs_do_not_matter(name: str):
    """Names of models, adapters and pods in a log contain the text of other causes."""
    logs = [each for each in CORPUS if each.context in ("log", "prewarm-log")]
    changed = [(each, text) for each in logs if (text := re.sub(r"[Ll]lama|(?<=[/-])support\b", name, each.message)) != each.message]
    assert len(changed) >= 40
    wrong = {each.id: found for each, text in changed if (found := first_cause(each, text)) != each.cause}
    assert wrong == {}
