"""Quantities in every notation that Kubernetes takes."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nim_component.args.quantities import parse_quantity


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0), ("1", 1), ("1.5", "1.5"), (".5", "0.5"), ("5.", 5), ("500m", "0.5"), ("1k", 1000), ("1Ki", 1024), ("1M", 10**6),
        ("1.5Gi", 1610612736), ("20Gi", 20 * 2**30), ("1Ti", 2**40), ("1e3", 1000), ("1E3", 1000), ("1e-3", "0.001"), ("1E", 10**18),
    ],
)  # fmt: skip
def test_the_number_a_quantity_stands_for(text: str, number: object):
    assert parse_quantity(text) == Decimal(str(number))


@pytest.mark.parametrize(
    "text", ["", " ", "Gi", "1 Gi", "1GB", "1KB", "-1", "+1", "1gi", "1Gi ", "0x1", "1e", "1e1.5", "١Gi", "1_000", "NaN"]
)
def test_what_is_no_quantity(text: str):
    with pytest.raises(ValueError):
        parse_quantity(text)


@given(st.integers(0, 10**15), st.sampled_from(["", "k", "M", "Ki", "Mi", "Gi", "m"]))
def test_more_of_a_unit_is_more(number: int, unit: str):
    assert parse_quantity(f"{number}{unit}") < parse_quantity(f"{number + 1}{unit}")


@given(st.text(max_size=12))
def test_any_text_is_a_number_or_a_value_error(text: str):
    try:
        assert parse_quantity(text) >= 0
    except ValueError:
        pass
