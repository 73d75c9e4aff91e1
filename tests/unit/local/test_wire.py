"""Conversion of values and their markers to protobuf and back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nim_component.local import markers, wire
from nim_component.local.markers import UNKNOWN, Archive, Asset, ResourceReference, Secret

scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.floats(allow_nan=False, allow_infinity=False)
marker_values = st.just(UNKNOWN) | st.builds(Asset, text=st.text(min_size=1)) | st.builds(ResourceReference, urn=st.text(), id=st.text())
values = st.recursive(
    scalars | marker_values,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text().filter(lambda key: key != markers.SIGNATURE), inner, max_size=3)
        | st.builds(Secret, inner)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.text().filter(lambda key: key != markers.SIGNATURE), values, max_size=4))
def test_decode_returns_the_encoded_properties(properties: dict[str, Any]) -> None:
    assert wire.decode(wire.encode(properties)) == properties


def test_nested_secret_keeps_its_position() -> None:
    assert wire.decode(wire.encode({"a": [{"b": Secret("x")}, "y"]})) == {"a": [{"b": Secret("x")}, "y"]}


def test_whole_numbers_decode_as_ints() -> None:
    assert [type(number) for number in wire.decode(wire.encode({"a": [2.0, 0.5]}))["a"]] == [int, float]


def test_output_without_value_is_unknown() -> None:
    assert wire.decode_value(wire.add_signature(markers.OUTPUT)) is UNKNOWN


def test_secret_output_is_a_secret() -> None:
    assert wire.decode_value(wire.add_signature(markers.OUTPUT, value="x", secret=True)) == Secret("x")


def test_archive_keeps_its_assets() -> None:
    archive = Archive(assets={"a": Asset(path="a.txt")})
    assert wire.decode(wire.encode({"a": archive})) == {"a": archive}


def test_secret_does_not_print_its_value() -> None:
    assert "hunter2" not in f"{Secret('hunter2')!r} {Secret({'a': 'hunter2'})} {[Secret('hunter2')]}"


def test_mask_replaces_secret_and_unknown_values() -> None:
    assert markers.mask({"a": [Secret({"b": 1}), UNKNOWN, "c"]}) == {"a": ["[secret]", "[unknown]", "c"]}


def test_unsupported_type_raises_its_name() -> None:
    with pytest.raises(TypeError, match="^set: not a type of Pulumi values. Return plain values"):
        wire.encode({"a": {1}})
