"""Page of the names that other tools use, with the fields that replace them."""

from collections.abc import Mapping

from nim_component.args import NIM
from nim_component.args.foreign_names import CHART, KUBERNETES, OPERATOR

from .markdown import code, page, table
from .models import option_sets

INTRO = """The tables list names from other tools with the field of `NIM` that has the same purpose. Only the purpose is the same: units
and values can differ, so read the linked reference of the field. The complete samples of the NIM Operator, rewritten for this
component, are in `examples/from-operator`."""


def render() -> dict[str, str]:
    """Return the page by its path below `docs/reference`."""
    sections = {
        "NIM Operator": ("Field of `NIMService`, below `spec`", OPERATOR),
        "Helm chart nim-llm": ("Value", CHART),
        "Kubernetes names and common guesses": ("Name", KUBERNETES),
    }
    blocks = [block for heading, (column, names) in sections.items() for block in (f"## {heading}", _table(column, names))]
    return {"names.md": page("Names from other tools", INTRO, *blocks)}


def _table(column: str, names: Mapping[str, str]) -> str:
    return table([column, "Here"], [[code(theirs), _link(ours)] for theirs, ours in names.items()])


def _link(path: str) -> str:
    """Return the path with a link to the page that documents it."""
    name = path.partition(".")[0]
    assert name in NIM.model_fields, path
    own_page = f"{name.replace('_', '-')}.md" if name in option_sets() else "index.md"
    return f"[{code(path)}](arguments/{own_page})"
