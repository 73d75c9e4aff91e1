"""Kubernetes quantities in the one spelling that Kubernetes gives them: `1024Mi` is `1Gi`, `0.5` is `500m`."""

import re
from fractions import Fraction
from functools import lru_cache
from math import ceil

QUANTITY = re.compile(r"([+-]?)(\d*)(?:\.(\d*))?([A-Za-z]{0,2}|[eE][+-]?\d+)")
DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
SUFFIX = {exponent: suffix for suffix, exponent in DECIMAL.items()}
MAX = 2**63 - 1


@lru_cache(maxsize=4096)
def canonical_quantity(text: str) -> str:
    """The canonical spelling. ValueError when the text is no quantity."""
    match = QUANTITY.fullmatch(text)
    if match is None or not (match[2] or match[3]):
        raise ValueError(f"{text!r} is not a quantity")
    sign, whole, part, suffix = match[1], match[2].lstrip("0") or "0", match[3] or "", match[4]
    if suffix in BINARY:
        binary, exponent, scientific = True, BINARY[suffix], False
    elif suffix in DECIMAL:
        binary, exponent, scientific = False, DECIMAL[suffix], False
    elif len(suffix) > 1 and suffix[0] in "eE" and suffix[1:].lstrip("+-").isdigit():
        binary, exponent, scientific = False, int(suffix[1:]), True
    else:
        raise ValueError(f"{text!r} is not a quantity")
    if is_kept(whole, part, exponent, binary):
        return text
    amount = Fraction(int(whole + part), 10 ** len(part)) * (Fraction(2) ** exponent if binary else Fraction(10) ** exponent)
    amount = Fraction(ceil(amount * 10**9), 10**9)  # nothing is finer than nano, and nothing is rounded to less than was asked for
    if binary:
        amount = min(amount, Fraction(MAX))
    return spell(-amount if sign == "-" else amount, binary=binary, scientific=scientific)


def is_kept(whole: str, part: str, exponent: int, binary: bool) -> bool:
    """Whether Kubernetes takes the spelling for canonical as it stands and keeps it."""
    digits = whole + part
    if int(digits) > MAX:
        return False
    if binary:
        room = 15 - len(whole) - int(exponent * 3 / 10) - 1
        return not part and room >= 0 and int(digits) & 7 != 0 and int(digits) << exponent <= MAX
    scale = exponent - len(part)
    return 18 - len(digits) >= 0 and scale >= -9 and scale % 3 == 0 and not digits.endswith("000") and digits[0] != "0"


def spell(amount: Fraction, *, binary: bool, scientific: bool) -> str:
    """Writes an amount with the largest suffix that leaves it whole."""
    if amount == 0:
        return "0"
    if binary and abs(amount) >= 1024 and amount.denominator == 1:
        number, exponent = int(amount), 0
        while number % 1024 == 0 and exponent < 60:
            number, exponent = number // 1024, exponent + 10
        return f"{number}{next((suffix for suffix, power in BINARY.items() if power == exponent), '')}"
    number, exponent = amount, 0
    while number.denominator != 1:
        number, exponent = number * 1000, exponent - 3
    while number % 1000 == 0 and (scientific or exponent < 18):
        number, exponent = number / 1000, exponent + 3
    return f"{int(number)}{(f'e{exponent}' if exponent else '') if scientific else SUFFIX[exponent]}"
