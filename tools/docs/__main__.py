"""`python -m tools.docs`: write the generated files. With `--check`, compare them only."""

import json
import sys
from pathlib import Path

from . import (
    arguments,
    causes,
    changes,
    children,
    commands,
    errors,
    names,
    outputs,
    review_rules,
    stack_file,
    typed_dicts,
    versions,
    what_was_run,
)
from .package_schema import render_package_schema
from .schema import render_schema

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
SECTIONS = (arguments, stack_file, outputs, children, changes, commands, causes, review_rules, errors, names)


def generate() -> dict[Path, str]:
    """Return the content of each generated file."""
    pages = {REFERENCE / name: text for section in SECTIONS for name, text in section.render().items()}
    return {
        **pages,
        ROOT / "docs" / "supported-versions.md": versions.render(),
        ROOT / "docs" / "contributing" / "what-was-run.md": what_was_run.render(),
        ROOT / "nim_component" / "args" / "typed_dicts.py": typed_dicts.render(),
        ROOT / "nim_component" / "provider" / "schema.json": json.dumps(render_package_schema(), indent=1, sort_keys=True) + "\n",
        ROOT / "stacks" / "schema.json": json.dumps(render_schema(), indent=2, sort_keys=True) + "\n",
    }


def main() -> int:
    """Write the files that differ, or with `--check` print their names."""
    stale = {path: text for path, text in generate().items() if not path.exists() or path.read_text(encoding="utf-8") != text}
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is out of date. Run make generate.")
        return 1 if stale else 0
    for path, text in stale.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"wrote {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
