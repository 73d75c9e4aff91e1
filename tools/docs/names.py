"""Page of the names that other products use, with the fields that replace them."""

from nim_component.args import NIM
from nim_component.args.foreign_names import FOREIGN_NAMES, ForeignName, Product

from .markdown import code, page, table
from .models import option_sets

INTRO = """The tables list names from other products with the fields of `NIM` that have the same purpose. Only the purpose is the same:
units and values can differ, so read the linked reference of the field. Names that only differ in case and underscores, such as
`tolerations` and `env`, are left out. An unknown argument with one of these names fails the preview, and the error names the field.

The complete samples of the NIM Operator, rewritten for this component, are in `examples/from-operator`."""

SECTIONS = {
    Product.OPERATOR: ("NIM Operator", "Field of `NIMService`, below `spec`"),
    Product.CHART: ("Helm chart nim-llm", "Value"),
    Product.KUBERNETES: ("Kubernetes", "Field"),
    Product.ALIAS: ("Other common names", "Name"),
}


def render() -> dict[str, str]:
    """Return the page by its path below `docs/reference`."""
    blocks = [block for product, (heading, column) in SECTIONS.items() for block in (f"## {heading}", _table(column, product))]
    return {"names.md": page("Names from other products", INTRO, *blocks)}


def _table(column: str, product: Product) -> str:
    return table([column, "Here", "Difference"], [_row(foreign) for foreign in FOREIGN_NAMES if product in foreign.products])


def _row(foreign: ForeignName) -> list[str]:
    return [code(foreign.name), ", ".join(map(_link, foreign.fields)), foreign.note]


def _link(path: str) -> str:
    """Return the path with a link to the page that documents it."""
    name = path.partition(".")[0]
    assert name in NIM.model_fields, path
    own_page = f"{name.replace('_', '-')}.md" if name in option_sets() else "index.md"
    return f"[{code(path)}](arguments/{own_page})"
