"""Label selectors, by the rules of Kubernetes."""

from collections.abc import Mapping
from typing import Any, cast

from .objects import Object, items_at, text_at, texts_at


def matches_labels(selector: Object | None, labels: Mapping[str, str]) -> bool:
    """Return True if a label selector selects labels. None selects nothing, and `{}` everything."""
    if selector is None:
        return False
    has_labels = all(labels.get(key) == value for key, value in texts_at(selector, "matchLabels").items())
    return has_labels and all(matches_expression(each, labels) for each in items_at(selector, "matchExpressions"))


def matches_expression(expression: Object, labels: Mapping[str, str]) -> bool:
    """Return True if labels satisfy an expression of a selector or of a node affinity."""
    value, values = labels.get(text_at(expression, "key")), expression.get("values")
    operands = cast("list[Any]", values) if isinstance(values, list) else []
    match expression.get("operator"):
        case "In":
            return value in operands
        case "NotIn":
            return value not in operands
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "Gt" | "Lt" as operator if value is not None and value.isdecimal() and operands and str(operands[0]).isdecimal():
            return (int(value) > int(operands[0])) == (operator == "Gt") and int(value) != int(operands[0])
        case _:
            return False
