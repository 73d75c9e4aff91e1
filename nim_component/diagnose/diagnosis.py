"""What a rule found: a cause, what it rests on, and what to do about it. Whatever a cluster says is made harmless here."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

Confidence = Literal["certain", "likely", "possible"]
_ORDER: dict[str, int] = {"certain": 0, "likely": 1, "possible": 2}


@dataclass(frozen=True)
class Diagnosis:
    """One cause."""

    cause: str
    """What it is called: stable, for machines, such as `gpu-insufficient`."""
    text: str
    """What is wrong, a sentence without a final stop."""
    fix: str
    """What to do about it, in the arguments' own names."""
    evidence: str = ""
    """The cluster's own words, bounded and made harmless."""
    confidence: Confidence = "certain"
    """`certain`: the cluster says so. `likely`: its words say so. `possible`: nothing better is known."""
    subject: str = ""
    """What it is about, such as `pod/llama-7d9`."""
    count: int = 1
    """How many objects it is about."""

    def __str__(self) -> str:
        return "\n".join([self.headline, *([f"  evidence: {self.evidence}"] if self.evidence else []), f"  fix: {self.fix}"])

    @property
    def headline(self) -> str:
        """The cause in one line, with how sure it is."""
        doubt = "" if self.confidence == "certain" else f" ({self.confidence})"
        many = f" ({self.count} pods)" if self.count > 1 else ""
        return f"{self.text}{many}{doubt}."

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "cause": self.cause,
            "confidence": self.confidence,
            "subject": self.subject,
            "count": self.count,
            "text": self.text,
            "evidence": self.evidence,
            "fix": self.fix,
        }


def rank(diagnoses: Iterable[Diagnosis]) -> list[Diagnosis]:
    """One of each cause, the surest first; a guess only where nothing better was found."""
    merged: dict[str, Diagnosis] = {}
    for each in diagnoses:
        first = merged.get(each.cause)
        merged[each.cause] = each if first is None else replace(first, count=first.count + 1)
    ranked = sorted(merged.values(), key=lambda each: _ORDER[each.confidence])
    if any(each.confidence != "possible" for each in ranked):
        ranked = [each for each in ranked if each.confidence != "possible"]
    return ranked
