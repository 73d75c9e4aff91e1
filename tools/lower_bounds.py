"""Constraints with the lowest declared version of every dependency in pyproject.toml.

Usage: `python -m tools.lower_bounds > constraints.txt`. `make lower-bounds` installs these versions
and runs the tests with them.
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]


def list_lower_bounds(pyproject: str) -> Iterator[str]:
    """Yield `name==version` for each dependency.

    Raises:
        ValueError: A dependency has no lower bound, or two extras have different bounds.
    """
    project = tomllib.loads(pyproject)["project"]
    extras = project.get("optional-dependencies", {}).values()
    bounds: dict[str, str] = {}
    for requirement in [*project["dependencies"], *(each for extra in extras for each in extra)]:
        match = re.match(r"([\w.-]+)>=([\d.]+)(?=,|$)", requirement)
        if match is None:
            raise ValueError(f"{requirement}: has no lower bound. Write it as name>=version.")
        name, version = match.groups()
        if bounds.setdefault(name, version) != version:
            raise ValueError(f"{name}: has the lower bounds {bounds[name]} and {version}. Use one of them.")
    yield from (f"{name}=={version}" for name, version in sorted(bounds.items()))


if __name__ == "__main__":
    print(*list_lower_bounds((ROOT / "pyproject.toml").read_text(encoding="utf-8")), sep="\n")
