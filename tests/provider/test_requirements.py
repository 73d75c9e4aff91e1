"""The plugin is installed with the pins of the project."""

from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_pins_are_those_of_the_project():
    def pins(path: str) -> list[str]:
        return [line for line in (ROOT / path).read_text("utf-8").splitlines() if "==" in line]

    assert pins("plugin/requirements.txt") == pins("requirements.txt")
    assert (ROOT / "plugin/requirements.txt").read_text("utf-8").splitlines()[-1] == "..[diagnose]"
