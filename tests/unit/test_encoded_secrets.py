"""The search for secrets finds them. If it were broken, every test that finds none would pass."""

import base64
import json

from hypothesis import given
from hypothesis import strategies as st

from ..encoded_secrets import find_in

KEY = "nvapi-of-nobody"


@given(before=st.binary(max_size=20), after=st.binary(max_size=20), times=st.integers(0, 4))
def test_encoded_secret_is_found_at_any_offset(before: bytes, after: bytes, times: int):
    text = before.replace(b"\\", b"") + KEY.encode() + after
    for _ in range(times):
        text = base64.b64encode(text)
    assert find_in(text.decode("utf-8", errors="replace"), [KEY, "another"]) == [KEY]


def test_encoded_secret_is_found_in_json():
    encoded = base64.b64encode(f'{{"password": "{KEY}"}}'.encode()).decode()
    assert find_in(json.dumps({"a": f"x/\n{encoded}"}), [KEY]) == [KEY]


@given(text=st.text(max_size=200))
def test_missing_secret_is_not_found(text: str):
    assert find_in(text.replace("n", ""), [KEY]) == []
