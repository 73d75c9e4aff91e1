"""The search for keys finds them: were it broken, every test that finds none would be green."""

import base64
import json

from hypothesis import given
from hypothesis import strategies as st

from ..hiding import find_in

KEY = "nvapi-of-nobody"


@given(before=st.binary(max_size=20), after=st.binary(max_size=20), times=st.integers(0, 4))
def test_a_key_is_found_wherever_it_stands(before: bytes, after: bytes, times: int):
    text = before.replace(b"\\", b"") + KEY.encode() + after
    for _ in range(times):
        text = base64.b64encode(text)
    assert find_in(text.decode("utf-8", errors="replace"), [KEY, "another"]) == [KEY]


def test_a_key_is_found_in_what_json_makes_of_it():
    encoded = base64.b64encode(f'{{"password": "{KEY}"}}'.encode()).decode()
    assert find_in(json.dumps({"a": f"x/\n{encoded}"}), [KEY]) == [KEY]


@given(text=st.text(max_size=200))
def test_what_is_not_there_is_not_found(text: str):
    assert find_in(text.replace("n", ""), [KEY]) == []
