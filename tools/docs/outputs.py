"""Page of the outputs of `NIMService`, from the attributes of the class."""

import ast
import inspect
from collections.abc import Iterator
from itertools import pairwise

from nim_component import NIMService
from nim_component.component.children import TypedChildren

from .markdown import code, page, table
from .models import one_line

INTRO = """`NIMService(name, args, opts)` takes a [`NIM`](arguments/index.md) or a plain mapping of its fields. Its attributes are the
inputs of other resources."""

STACK = """## Outputs of a stack

The stack program exports one output, `services`: a mapping from the name of each service to the following values.

| Key | Value |
| --- | --- |
| `url`, `host`, `port` | the attributes above |
| `models` | `model_names`; absent if the base model's name is unknown |
| `external_url` | the attribute above; only for a service with `ingress`, `http_route` or a `LoadBalancer` Service |

```bash
pulumi stack output services --json
```"""


def render() -> dict[str, str]:
    """Return the page by its path below `docs/reference`."""
    rows = [[code(name), code(kind), meaning] for name, kind, meaning in attributes()]
    return {"outputs.md": page("Outputs of `NIMService`", INTRO, table(["Attribute", "Type", "Meaning"], rows), STACK)}


def attributes() -> Iterator[tuple[str, str, str]]:
    """Yield name, type and meaning of each public attribute.

    Attributes are properties, and annotations with a string literal below.
    """
    definition = _definition(NIMService)
    declared = [statement for each in definition.body if isinstance(each, ast.If) for statement in each.body]
    for field, text in pairwise(declared):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
            yield field.target.id, ast.unparse(field.annotation), one_line(ast.literal_eval(text.value))
    for each in (*_definition(TypedChildren).body, *definition.body):
        if isinstance(each, ast.FunctionDef) and any(ast.unparse(decorator) == "property" for decorator in each.decorator_list):
            kind = ast.unparse(each.returns).strip("\"'") if each.returns else ""
            yield each.name, kind, one_line(ast.get_docstring(each) or "")


def _definition(cls: type) -> ast.ClassDef:
    (definition,) = ast.parse(inspect.getsource(cls)).body
    assert isinstance(definition, ast.ClassDef)
    return definition
