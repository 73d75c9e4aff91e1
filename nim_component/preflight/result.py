"""What a check says."""

from dataclasses import dataclass
from typing import Literal

Mark = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class CheckResult:
    """One thing that was checked."""

    mark: Mark
    about: str
    """What was checked: `Secret ml/ngc`."""
    text: str
    fix: str = ""
    """What to do about it; empty where nothing is."""

    def to_json(self) -> dict[str, str]:
        """For machines."""
        return {"mark": self.mark, "about": self.about, "text": self.text, "fix": self.fix}
