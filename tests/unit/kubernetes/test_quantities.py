"""Quantities: parsing and canonical spelling, by the grammar of Kubernetes' `resource.Quantity`."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nim_component.kubernetes.quantities import LARGEST_EXPONENT, LONGEST_TEXT, canonical_quantity, parse_quantity, read_quantity

SUFFIXES = ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]
NO_QUANTITIES = [
    "", " ", "Gi", ".", "-", "x", "1 Gi", "1GB", "1KB", "1Ki2", "1gi", "1GiB", "1Gi ", "0x1", "1e", "1e1.5", "1e+", "١Gi", "1_000", "1,5",
    "--1", "+-1", "NaN", "inf", "1" * (LONGEST_TEXT + 1), f"1e{LARGEST_EXPONENT + 1}", "1e999999999", "1e-999999999",
]  # fmt: skip

numbers = st.builds(
    "{}{}{}".format, st.sampled_from(["", "+", "-"]), st.integers(0, 10**12), st.sampled_from(["", ".", ".5", ".25", ".000001", ".1000"])
)
suffixes = (
    st.sampled_from(SUFFIXES)
    | st.builds("{}{}".format, st.sampled_from(["e", "E", "e+"]), st.integers(0, 99))
    | st.builds("e-{}".format, st.integers(1, 99))
)
quantities = st.builds("{}{}".format, numbers, suffixes) | st.builds("{}{}".format, st.sampled_from(["-.5", ".25", "007."]), suffixes)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0), ("1", 1), ("1.5", "1.5"), (".5", "0.5"), ("5.", 5), ("500m", "0.5"), ("1k", 1000), ("1Ki", 1024), ("1M", 10**6),
        ("1.5Gi", 1610612736), ("20Gi", 20 * 2**30), ("1Ti", 2**40), ("1e3", 1000), ("1E3", 1000), ("1e-3", "0.001"), ("1E", 10**18),
        ("1e+3", 1000), ("-1", -1), ("+1", 1), ("-1.5Ki", -1536), ("3n", "3e-9"), ("2u", "2e-6"), ("007", 7), ("1e999", 10**999),
    ],
)  # fmt: skip
def test_quantity_parses_to_exact_number(text: str, number: object):
    assert parse_quantity(text) == Fraction(Decimal(str(number)))


@pytest.mark.parametrize("text", NO_QUANTITIES)
@pytest.mark.parametrize("function", [parse_quantity, canonical_quantity])
def test_invalid_quantity_raises_value_error(function: Any, text: str):
    """Texts beyond the two bounds are refused at once: an exact number would fill the memory."""
    with pytest.raises(ValueError, match="not a quantity"):
        function(text)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("1024Mi", "1Gi"), ("0.5", "500m"), ("2", "2"), ("1000m", "1"), ("1.5Gi", "1536Mi"), ("2000", "2k"), ("0.1m", "100u"),
        ("1e3", "1e3"), ("1500m", "1500m"), ("1025Mi", "1025Mi"), ("0Gi", "0"), ("0.0000000001", "1n"), ("1.500", "1.500"),
        ("1e4", "10e3"), ("0.5Ki", "512"), ("-1024Mi", "-1Gi"), ("-0.0000000001", "-1n"), ("+5", "+5"), ("16Ei", "9223372036854775807"),
        ("1000E", "1000E"),
    ],
)  # fmt: skip
def test_quantity_has_one_canonical_spelling(text: str, canonical: str):
    """Expected spellings are those of Kubernetes 1.36. For the last, Kubernetes stores `1`."""
    assert canonical_quantity(text) == canonical


@pytest.mark.parametrize(
    ("value", "number"),
    [("1Ki", 1024), (" 1Ki\n", 1024), ("500m", 0.5), (2, 2), (0.5, 0.5), (1e16, 10**16), ("-1", -1), ("x", None), ("", None), (True, None),
     (None, None), ([], None), ({"a": 1}, None), (float("nan"), None), (float("inf"), None), ("1" * 50, None)],
)  # fmt: skip
def test_json_value_reads_as_number(value: Any, number: Any):
    assert read_quantity(value) == number


@given(st.integers(0, 10**15), st.sampled_from(SUFFIXES))
def test_larger_number_is_larger_quantity(number: int, suffix: str):
    assert parse_quantity(f"{number}{suffix}") < parse_quantity(f"{number + 1}{suffix}")


@given(quantities)
def test_minus_sign_negates_a_quantity(text: str):
    assert parse_quantity(f"-{text.lstrip('+-')}") == -parse_quantity(text.lstrip("+-"))


@given(quantities)
def test_canonical_spelling_keeps_the_number(text: str):
    """Kubernetes rounds up to a nano, and caps binary quantities at the largest int64."""
    number, stored = abs(parse_quantity(text)), abs(parse_quantity(canonical_quantity(text)))
    assert 0 <= stored - number < Fraction(1, 10**9) or stored == 2**63 - 1


@given(quantities)
def test_canonical_spelling_is_a_fixed_point(text: str):
    canonical = canonical_quantity(text)
    assert canonical_quantity(canonical) == canonical


@given(st.text(max_size=60) | quantities)
def test_any_text_parses_or_raises_value_error(text: str):
    try:
        number = parse_quantity(text)
    except ValueError:
        assert read_quantity(text) in (None, read_quantity(text.strip()))
    else:
        assert read_quantity(text) == number
