"""Result of one preflight check."""

from dataclasses import dataclass
from typing import Literal

Mark = Literal["ok", "warn", "fail", "skip"]
"""Result of a check; `skip` marks what was not checked and needs no action."""


@dataclass(frozen=True)
class CheckResult:
    """Result of one preflight check."""

    mark: Mark
    about: str
    """The checked object, such as `Secret ml/ngc`."""
    text: str
    """Predicate of `about`, such as `does not exist`."""
    fix: str = ""
    """Action to take; empty if there is none. It ends with a colon if `snippet` follows."""
    snippet: str = ""
    """Command or YAML to copy."""
    link: str = ""
    """Page of the documentation."""

    def to_json(self) -> dict[str, str]:
        """Return the JSON form of `check --json`."""
        fix = " ".join(part for part in (self.fix, self.snippet, self.link and f"See {self.link}.") if part)
        return {"mark": self.mark, "about": self.about, "text": self.text, "fix": fix}
