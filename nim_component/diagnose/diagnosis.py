"""Diagnoses: a cause, its evidence and its fix."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

Confidence = Literal["certain", "likely", "possible"]
"""Reliability of a diagnosis.

`certain`: the state of an object, or a whole known sentence, shows the cause. `likely`: part of a
message suggests it.
`possible`: reported only if there is no better diagnosis.
"""
WordConfidence = Literal["likely", "possible"]
"""Reliability of a diagnosis by part of a message."""
_RANK: dict[Confidence, int] = {"certain": 0, "likely": 1, "possible": 2}
_GENERAL = frozenset(("crash-loop", "unschedulable"))
"""Causes that follow others of the same confidence."""


@dataclass(frozen=True)
class Diagnosis:
    """One cause."""

    cause: str
    """Stable id of the cause, such as `gpu-insufficient`."""
    text: str
    """The problem, as a sentence without its full stop."""
    fix: str
    """The fix. Arguments have the names that the user writes; commands are in backticks."""
    evidence: str = ""
    """The cluster's own message, sanitized."""
    confidence: Confidence = "certain"
    subject: str = ""
    """The object concerned, such as `pod/llama-7d9`."""
    count: int = 1
    """Number of objects with this cause."""
    command: str = ""
    """The next command to run, if the fix has none. It changes nothing."""
    match: str = ""
    """Part of the evidence that shows the cause."""

    def __str__(self) -> str:
        return "\n".join([self.headline, *(f"  {label}: {text}" for label, text in self.details)])

    @property
    def headline(self) -> str:
        """The problem in one line, with the confidence if it is not certain."""
        count = f" ({self.count} pods)" if self.count > 1 else ""
        confidence = "" if self.confidence == "certain" else f" ({self.confidence})"
        return f"{self.text}{count}{confidence}."

    @property
    def details(self) -> list[tuple[str, str]]:
        """The evidence, the fix and the next command, each with its label, if not empty."""
        found = [("evidence", self.evidence), ("fix", self.fix), ("next", f"`{self.command}`" if self.command else "")]
        return [(label, text) for label, text in found if text]

    def to_json(self) -> dict[str, Any]:
        """Return the diagnosis as `explain --json` prints it."""
        return {
            "cause": self.cause,
            "confidence": self.confidence,
            "subject": self.subject,
            "count": self.count,
            "text": self.text,
            "evidence": self.evidence,
            "fix": self.fix,
            "next": self.command,
        }


def rank(diagnoses: Iterable[Diagnosis]) -> list[Diagnosis]:
    """Return one diagnosis per cause, the most reliable first.

    Diagnoses that are only `possible` are omitted if there is a better one.
    """
    merged: dict[str, Diagnosis] = {}
    for each in diagnoses:
        first = merged.get(each.cause)
        merged[each.cause] = each if first is None else replace(first, count=first.count + 1)
    ranked = sorted(merged.values(), key=lambda each: (_RANK[each.confidence], each.cause in _GENERAL))
    if any(each.confidence != "possible" for each in ranked):
        ranked = [each for each in ranked if each.confidence != "possible"]
    return ranked
