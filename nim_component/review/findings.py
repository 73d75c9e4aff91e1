"""What a reviewer must know, and in which order. The one list of rules, with the gravest first among equals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from string import Formatter
from typing import Any, Final, TypeAlias

from .change import Change
from .values import show


class Severity(Enum):
    """How much it matters to who is on call."""

    CRITICAL = "critical"
    """Running models stop, data is lost, or the update cannot work."""
    WARNING = "warning"
    """Running models are disturbed, or something that held before does not any more."""
    NOTICE = "notice"
    """Worth knowing; nothing that runs is disturbed by it."""

    @property
    def rank(self) -> int:
        """0 is the gravest."""
        return list(Severity).index(self)


CRITICAL, WARNING, NOTICE = Severity.CRITICAL, Severity.WARNING, Severity.NOTICE

RULES: Final[Mapping[str, str]] = {
    "failed": "the render or the preview ended in an error, or warned",
    "protected": "a protected resource would be deleted: the update stops",
    "deleted-first": "an object is deleted before it is created again",
    "service-removed": "a service goes, with all it has",
    "deleted": "an object is deleted",
    "cache-shrunk": "a claim is to become smaller, which no cluster does",
    "cache-lost": "a model cache is deleted, or replaced by an empty one",
    "scaled-to-zero": "no replica is left",
    "replicas-dropped": "`replicas` is no longer said: Kubernetes makes it one",
    "image": "a container's image changes",
    "image-unpinned": "an image has no fixed tag",
    "model": "the name, profile or command a model is served with changes",
    "adapter-removed": "a LoRA adapter goes",
    "adapter-repinned": "a LoRA adapter is taken at another revision",
    "adapter-added": "a LoRA adapter comes",
    "cache-moved": "the model cache is another volume than before",
    "cache-grown": "a claim grows",
    "downtime": "every replica stops before a new one answers",
    "stall-risk": "the rollout needs GPUs beside those in use",
    "replaced": "an object is created anew beside the old one, which is deleted afterwards",
    "pods-restart": "the pod template changes",
    "gpus": "other GPUs, or another number of them",
    "replicas": "another number of replicas",
    "url-changed": "clients reach the service elsewhere",
    "exposure-widened": "more can reach the service than before",
    "security-weakened": "a container may do more than before",
    "secret-renamed": "pods read another Secret, or another key of it",
    "secret-rotated": "a Secret's value changes",
    "secret-removed": "pods no longer get a Secret they had",
    "timeouts": "the waiting times are out of order",
    "startup-shortened": "a model has less time to load",
    "rollout-changed": "updates roll out in another way than before",
    "autoscaler-conflict": "an autoscaler and a fixed `replicas` fight over the number of pods",
    "autoscaler-removed": "an autoscaler goes",
    "autoscaler-range": "an autoscaler's bounds",
    "disruption": "what node drains may take down at once",
    "stack-added": "a stack comes",
    "stack-removed": "a stack's file goes",
    "service-added": "a service comes",
    "created": "an object comes",
    "other": "fields that no other rule knows",
}


class Value(str):
    """A piece of a sentence that somebody else wrote: a view shows it as what it is, and never obeys it."""

    __slots__ = ()


class Quote(Value):
    """What an engine or a program said, whole."""

    __slots__ = ()


Sentence: TypeAlias = tuple[str, ...]
"""A sentence in pieces, ours and `Value`s."""


def sentence(form: str, **values: Any) -> Sentence:
    """A sentence: `sentence("Image {old} becomes {new}.", old=…, new=…)`. A value that is `Sentence` itself, or a number, is ours."""
    pieces: list[str] = []
    for literal, name, _, _ in Formatter().parse(form):
        pieces.append(literal)
        if name is not None:
            value = values[name]
            if isinstance(value, tuple):
                pieces.extend(value)  # pyright: ignore[reportUnknownArgumentType]
            elif isinstance(value, Value):
                pieces.append(value)
            else:
                pieces.append(str(value) if isinstance(value, int | float) and not isinstance(value, bool) else Value(show(value)))
    return tuple(piece for piece in pieces if piece)


def noun(kind: str) -> Sentence | Value:
    """A kind as a word of the sentence, if it is one: anybody may invent kinds."""
    return (kind,) if kind.isascii() and kind.isalnum() and len(kind) < 64 else Value(kind)


def named(change: Change) -> Sentence:
    """`Deployment llama`."""
    return sentence("{kind} {name}", kind=noun(change.subject.kind), name=change.subject.object_name)


def listed(values: Iterable[Any]) -> Sentence:
    """`a, b and c`, each a value."""
    items = [Value(show(value)) for value in values]
    words: list[str] = []
    for index, item in enumerate(items):
        words += [item] if not index else [" and " if index == len(items) - 1 else ", ", item]
    return tuple(words)


def text(words: Sentence) -> str:
    """The sentence as plain text."""
    return "".join(words)


@dataclass(frozen=True)
class Finding:
    """One thing a reviewer must know."""

    rule: str
    severity: Severity
    service: str
    text: Sentence
    """What changes, in words."""
    consequence: Sentence = ()
    """What that does to running models."""
    resource: str = ""
    """URN of the resource that causes it."""
    kind: str = ""
    object_name: str = ""
    paths: tuple[str, ...] = ()
    """The fields that cause it; empty when it is the resource as a whole."""

    @property
    def order(self) -> tuple[Any, ...]:
        """The gravest first, then as the rules stand, then by name."""
        return (self.severity.rank, list(RULES).index(self.rule), self.service, text(self.text), self.resource)


def finding(
    rule: str, severity: Severity, change: Change, service: str, text: Sentence, consequence: Sentence = (), *paths: str
) -> Finding:
    """A finding about one change."""
    subject = change.subject
    return Finding(rule, severity, service, text, consequence, subject.urn, subject.kind, subject.object_name, tuple(dict.fromkeys(paths)))
