"""Diagnoses by the text of a message: tables of patterns, of which the first match applies."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ...text.sanitizing import sanitize, sanitize_around
from ..diagnosis import Confidence, Diagnosis, WordConfidence

SEE_EVIDENCE = "See the evidence for the reason."
"""Fix of the causes that only the message itself explains."""
MAX_MESSAGE_LENGTH = 8_000
"""Number of characters of a message that are read, at most: its beginning and its end."""
_GAP = " … "
OPEN_END = "open_end"
"""Capture group of the wildcard at the end of a sentence, for details of the message."""
_WILDCARD_AT_END = re.compile(r"(?<!\\)(\.\{\d+,\d+\})(\)?\??|\\\.\)?)$")


@dataclass(frozen=True)
class MessagePattern:
    """A pattern, and the diagnosis of the messages that match it.

    `text` and `fix` may contain the capture groups of the pattern, and further values of the rule,
    as `{name}`. A name that only some of the patterns capture is `?` for the others.
    """

    cause: str
    pattern: str
    text: str
    fix: str
    confidence: WordConfidence = "likely"
    """Confidence of a match of `pattern`: words alone are never certain."""
    sentences: tuple[str, ...] = ()
    """Patterns of whole messages. If one matches all of a message, the diagnosis is `certain`."""

    def find(self, message: str) -> "tuple[re.Match[str], Confidence] | None":
        """Return the match in a message and its confidence, or None."""
        if match := self.match_whole(message):
            return match, "certain"
        match = self.search(message)
        return match and (match, self.confidence)

    def match_whole(self, message: str) -> re.Match[str] | None:
        """Return the match of a sentence with a whole message, or None."""
        stripped = message.strip()
        return next((match for each in self._compiled_sentences if (match := each.fullmatch(stripped))), None)

    def search(self, message: str) -> re.Match[str] | None:
        """Return the match of the pattern in a message, or None."""
        return self._compiled_pattern.search(message)

    # All tables together have nearly as many patterns as the cache of `re` holds.
    @cached_property
    def _compiled_pattern(self) -> re.Pattern[str]:
        return re.compile(self.pattern, re.IGNORECASE)

    @cached_property
    def _compiled_sentences(self) -> list[re.Pattern[str]]:
        named = (_WILDCARD_AT_END.sub(rf"(?P<{OPEN_END}>\1)\2", each) for each in self.sentences)
        return [re.compile(each, re.IGNORECASE | re.DOTALL) for each in named]

    def diagnose(self, match: re.Match[str], confidence: Confidence, subject: str, evidence: str, values: Mapping[str, str]) -> Diagnosis:
        """Return the diagnosis of a match."""
        groups = defaultdict(lambda: "?", {name: sanitize(value or "?", 120) for name, value in match.groupdict().items()} | dict(values))
        shown = sanitize(match[0])
        return Diagnosis(
            self.cause,
            self.text.format_map(groups),
            self.fix.format_map(groups),
            evidence,
            confidence,
            subject,
            match=shown if shown in evidence and shown != evidence else "",
        )


def any_of(*patterns: str) -> str:
    """Return a pattern that matches wherever one of the patterns does."""
    return "|".join(patterns)


def compile_words(words: str) -> re.Pattern[str]:
    """Return the pattern of words that are not in a name, such as a quoted one or `ml/port`."""
    edge = r"[\w./\"'-]"
    return re.compile(rf"(?<!{edge})(?:{words})(?!{edge})", re.IGNORECASE)


def bound_message(message: str) -> str:
    """Return a message without its middle if it is longer than `MAX_MESSAGE_LENGTH`.

    The time of a pattern can grow with the square of the length.
    """
    if len(message) <= MAX_MESSAGE_LENGTH:
        return message
    half = (MAX_MESSAGE_LENGTH - len(_GAP)) // 2
    return f"{message[:half]}{_GAP}{message[-half:]}"


def match_patterns(
    table: Sequence[MessagePattern], message: str, subject: str, evidence: str = "", original: str = "", **values: str
) -> Iterator[Diagnosis]:
    """Yield the diagnosis of the first pattern that matches a message, or nothing.

    Args:
        table: Patterns, in order of precedence.
        message: Message of the cluster or of a container.
        subject: Object that the message is about.
        evidence: Evidence of the diagnosis; by default the matching line of the message.
        original: Message with the names that are masked in the other one, of the same length.
        **values: Further values for the texts of the patterns.
    """
    bounded, shown = bound_message(message), bound_message(original)
    for each in table:
        if found := each.find(bounded):
            match, confidence = found
            yield each.diagnose(match, confidence, subject, evidence or _matching_line(match, shown), values)
            return


def _matching_line(match: re.Match[str], original: str) -> str:
    message = original if len(original) == len(match.string) else match.string
    start = message.rfind("\n", 0, match.start()) + 1
    end = message.find("\n", match.end())
    return sanitize_around(message[start : None if end < 0 else end], message[match.start() : match.end()])
