"""Causes that are told by the words of a message: a table of patterns, the first that fits wins."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...text.sanitizing import sanitize
from ..diagnosis import Confidence, Diagnosis

_LONGEST_MESSAGE = 20_000


@dataclass(frozen=True)
class MessagePattern:
    """A pattern, and what it means. Named groups of the pattern, and what a rule adds, may stand in text and fix as `{name}`."""

    cause: str
    pattern: str
    text: str
    fix: str
    confidence: Confidence = "certain"

    def diagnosis(self, match: re.Match[str], subject: str, evidence: str, more: Mapping[str, str]) -> Diagnosis:
        """What was found, with the groups filled in."""
        groups = {name: sanitize(value or "?", 120) for name, value in match.groupdict().items()} | dict(more)
        return Diagnosis(self.cause, self.text.format_map(groups), self.fix.format_map(groups), evidence, self.confidence, subject)


def any_of(*patterns: str) -> str:
    """One pattern that fits where one of several does."""
    return "|".join(patterns)


def match_patterns(table: Sequence[MessagePattern], message: str, subject: str, evidence: str = "", **more: str) -> Iterator[Diagnosis]:
    """What the message means by the first fitting entry; nothing when none fits. The evidence is the message, unless given."""
    bounded = message[-_LONGEST_MESSAGE:]
    for words in table:
        match = re.search(words.pattern, bounded, re.IGNORECASE)
        if match:
            yield words.diagnosis(match, subject, evidence or around(bounded, match), more)
            return


def around(message: str, match: re.Match[str]) -> str:
    """The line of the message that was matched."""
    start = message.rfind("\n", 0, match.start()) + 1
    end = message.find("\n", match.end())
    return sanitize(message[start : None if end < 0 else end])
