"""What a check says."""

from dataclasses import dataclass
from typing import Literal

Mark = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Verdict:
    """One thing that was checked."""

    mark: Mark
    about: str
    """What was checked: `Secret ml/ngc`."""
    text: str
    cure: str = ""
    """What to do about it; empty where nothing is."""

    def to_json(self) -> dict[str, str]:
        """For machines."""
        return {"mark": self.mark, "about": self.about, "text": self.text, "cure": self.cure}
