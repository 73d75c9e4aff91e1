"""Kubernetes quantities: how text becomes a number, by the grammar of `k8s.io/apimachinery/pkg/api/resource`."""

import re
from decimal import Decimal

_FORM = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+-]?[0-9]{1,2})?")
_DECIMAL = {"": 0, "n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}


def parse_quantity(text: str) -> Decimal:
    """The number a quantity stands for: `20Gi` → 21474836480, `500m` → 0.5. `ValueError` when it is none."""
    form = _FORM.fullmatch(text)
    if form is None:
        raise ValueError(text)
    number, unit = Decimal(form[1]), form[2] or ""
    if unit in _BINARY:
        return number * 1024 ** _BINARY[unit]
    if unit in _DECIMAL:
        return number.scaleb(_DECIMAL[unit])
    return number.scaleb(int(unit[1:]))
