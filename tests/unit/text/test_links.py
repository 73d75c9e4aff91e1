"""Links to the documentation in printed texts."""

import re
from pathlib import Path

import pytest

from nim_component.text import links

ROOT = Path(__file__).parents[3]
LINKS = {name: value for name, value in vars(links).items() if name.isupper()}


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and the documentation site create them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", LINKS)
def test_link_target_exists(name: str):
    path, _, anchor = LINKS[name].partition("#")
    assert (ROOT / path).is_file()
    assert not anchor or anchor in anchors(ROOT / path)


def test_recovery_links_have_anchors():
    assert all("#" in value for name, value in LINKS.items() if name.startswith("AFTER_"))
