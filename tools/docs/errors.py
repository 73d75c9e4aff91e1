"""Page of the error texts of the arguments, from the table of wrong inputs that the tests use."""

import re

from nim_component.args import NIM
from tests.unit.args.error_texts import FIELDS, SECRETS

from .markdown import code, page

INTRO = """A wrong argument fails the preview. One error lists every problem of a service, and each problem is one line:

```text
<field>: <problem> (got <value>). <fix>
```

The value is left out where it could be a secret. The lines below are examples from the test suite, by field. Search for the part
after the field's name."""


def render() -> dict[str, str]:
    """Return the page by its path below `docs/reference`."""
    lines: dict[str, dict[str, None]] = {name: {} for name in NIM.model_fields}
    for _, line in FIELDS:
        lines.setdefault(re.split(r"[.\[:]", line, maxsplit=1)[0], {})[line] = None
    for _, line in SECRETS:
        lines["secrets"][line] = None
    blocks: list[str] = []
    for name, found in lines.items():
        if found:
            blocks += [f"## {code(name)}", "\n".join(f"- {code(line)}" for line in found)]
    return {"errors.md": page("Error texts", INTRO, *blocks)}
