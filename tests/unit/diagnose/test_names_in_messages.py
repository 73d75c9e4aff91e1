"""Names of objects inside messages. They can contain any text, and do not change the cause."""

import json
import re
from dataclasses import replace

import pytest

from nim_component.diagnose.rules import diagnose
from nim_component.diagnose.snapshot import Snapshot

from .contexts import snapshot_of
from .corpus import CorpusMessage, read_corpus
from .kubernetes_objects import IMAGE

CORPUS = read_corpus()
HOSTILE_NAMES = ("filestore-rwx", "oom-killed", "403", "nvidia", "quota-exceeded", "timeout", "not-found", "access-denied", "denied", "eof")
"""Names of objects that contain the text of causes."""
_NAMES = (
    (r'StorageClass "([^"]+)"', 'StorageClass "{}"'),
    (r'for volume "([^"]+)"', 'for volume "{}"'),
    (r"\bgpu-0\b", "{}"),
    (r"\bpvc-3c5f\b", "{}"),
    (r"\bnim_llama-5d9-x_ml_0\b", "{}"),
    (r"\bnim-serv\b", "{}"),
    (r"/opt/nim/start\.sh", "/opt/{}"),
    (r'sandbox "[0-9a-f]+"', 'sandbox "{}"'),
    (r"\bin nvcr\.io/nim/meta/llama3-8b-instruct\b", "in nvcr.io/{0}"),
    (r"reading manifest 1\.0\.0", "reading manifest {}"),
    (r"nvcr\.io/v2/nim/meta/llama3-8b-instruct/manifests/1\.0\.0", "nvcr.io/v2/{0}/manifests/{0}"),
)
"""Patterns of names in messages of storage, registries and runtimes, each with its replacement."""
CONTEXTS = ("provisioning", "mount", "attach", "pull", "start", "sandbox")


def rename_objects(entry: CorpusMessage, name: str) -> str:
    """Return an entry's message with another name of its class, volume, node or container."""
    text = entry.message
    for pattern, replacement in _NAMES:
        text = re.sub(pattern, replacement.format(name), text)
    return text


def rename_image(given: Snapshot, name: str) -> Snapshot:
    """Return a snapshot with another image."""
    kinds = json.loads(json.dumps(given.kinds).replace(IMAGE, f"registry.example/{name}/nim:{name}"))
    return replace(given, kinds=kinds)


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_names_in_messages_do_not_matter(name: str):
    """Names of objects in a message contain the text of other causes."""
    renamed = [(each, rename_objects(each, name)) for each in CORPUS if each.context in CONTEXTS]
    changed = [(each, text) for each, text in renamed if text != each.message or "{image}" in text]
    assert len(changed) >= 150
    found = {each.id: diagnose(rename_image(snapshot_of(each, text), name)) for each, text in changed}
    causes = {each.id: each.cause for each, _ in changed}
    assert {id_: diagnoses[0].cause for id_, diagnoses in found.items() if diagnoses[0].cause != causes[id_]} == {}


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_names_in_logs_do_not_matter(name: str):
    """Names of models, adapters and pods in a log contain the text of other causes."""
    logs = [each for each in CORPUS if each.context in ("log", "prewarm-log")]
    changed = [(each, text) for each in logs if (text := re.sub(r"[Ll]lama|(?<=[/-])support\b", name, each.message)) != each.message]
    assert len(changed) >= 40
    wrong = {each.id: found for each, text in changed if (found := diagnose(snapshot_of(each, text))[0].cause) != each.cause}
    assert wrong == {}
