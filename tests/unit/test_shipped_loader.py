"""The LoRA loader changes deliberately: each change restarts the services with adapters."""

from pathlib import Path

import pytest

from nim_component.shipped_loader import DIGEST, VERSION, digest_program, read_program

ROOT = Path(__file__).parents[2]
HOW_TO_CHANGE = """The program of the LoRA loader changed, so an upgrade restarts services with adapters. If this is intended:
1. Raise VERSION in nim_component/shipped_loader.py, unless the former version is not released.
2. Set DIGEST there to {digest}.
3. Describe the change in CHANGELOG.md under "Restarts pods", and in docs/upgrading.md."""


def test_loader_has_its_pinned_digest():
    digest = digest_program(read_program())
    assert digest == DIGEST, HOW_TO_CHANGE.format(digest=digest)


def test_every_byte_changes_the_digest():
    program = read_program()
    for name, text in program.items():
        assert digest_program({**program, name: text + "#"}) != DIGEST
        assert digest_program({**program, name: "", f"{name}x": text}) != DIGEST
    assert len(program) > 10


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("CHANGELOG.md", f"version {VERSION} of the LoRA loader: restarts services with LoRA adapters"),
        ("docs/upgrading.md", f"| {VERSION} | "),
    ],
)
def test_version_is_documented(file: str, text: str):
    assert text in (ROOT / file).read_text(encoding="utf-8")
