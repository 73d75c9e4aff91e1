"""JSON as Go writes it, in which the CLI passes structured configuration to the program.

https://github.com/pulumi/pulumi/blob/v3.260.0/sdk/go/common/resource/config/object.go
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})
"""Characters that Go escapes, in addition to those of Python."""


class NumberError(ValueError):
    """A number that JSON cannot represent."""


def to_go_json(value: Any) -> str:
    """Return a value as JSON: keys sorted, no spaces, numbers in the shortest form.

    Raises:
        NumberError: A number is infinite, or not a number.
    """
    match value:
        case float():
            return show_float(value)
        case int() if not isinstance(value, bool) and not -(2**63) <= value < 2**63:
            return show_float(float(value))  # Go decodes only 64 bits exactly.
        case dict():
            entries = cast("Mapping[str, Any]", value)
            return "{" + ",".join(f"{show_text(key)}:{to_go_json(entries[key])}" for key in sorted(entries)) + "}"
        case list():
            return "[" + ",".join(map(to_go_json, cast("list[Any]", value))) + "]"
        case str():
            return show_text(value)
        case _:
            return json.dumps(value)


def show_text(text: str) -> str:
    """Return a text in quotes."""
    return json.dumps(str(text), ensure_ascii=False).translate(ESCAPES)


def show_float(value: float) -> str:
    """Return a float: with an exponent only below 1e-6 and from 1e21 on."""
    if not math.isfinite(value):
        name = "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
        raise NumberError(f"json: unsupported value: {name}")
    if value and not 1e-6 <= abs(value) < 1e21:
        digits, _, exponent = f"{Decimal(repr(value)).normalize():e}".partition("e")
        return f"{digits}e{int(exponent):+d}"
    text = f"{Decimal(repr(value)):f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace("-0", "0", 1) if not value else text.removesuffix(".0")
