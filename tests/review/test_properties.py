"""Properties of the review of any two valid stacks."""

import copy
import json
import re
from types import SimpleNamespace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nim_component.kubernetes.generated_names import match_contents
from nim_component.kubernetes.list_keys import BY_NAME, LIST_KEYS
from nim_component.local.comparison import compare_values
from nim_component.review.matching import compare
from nim_component.review.sources.renders import compare_renders
from nim_component.review.stack_review import review
from nim_component.review.views import render
from nim_component.text.field_paths import show_path
from tests.strategies import nims

from .changes import render_services

FORMS = ("markdown", "json", "terminal")
KEYS = [field for field, keys in LIST_KEYS.items() if keys.identity != BY_NAME]
ELSEWHERE = re.compile(rf"({'|'.join([*KEYS, 'egress', 'ingress'])})\[.*")
"""Lists that the oracle matches by other keys than the review, or by index."""


def in_order(value: Any, field: str = "") -> Any:
    """Sort the lists that the review matches by key.

    Another order is no changed field, only a finding.
    """
    if isinstance(value, dict):
        return {key: in_order(item, key) for key, item in value.items()}
    items = [in_order(item) for item in value] if isinstance(value, list) else value
    return sorted(items, key=repr) if isinstance(value, list) and field in KEYS else items


BUSY = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
STACKS = st.dictionaries(st.sampled_from(["a", "b"]), nims(), min_size=1, max_size=2)


@BUSY
@given(STACKS)
def test_equal_stacks_are_unchanged(stack):
    rendered = render_services(**stack)
    found = review(compare_renders("dev", rendered, copy.deepcopy(rendered)))
    assert (found.is_changed, list(found.findings)) == (False, [])
    assert "Nothing changes in stack `dev`." in render([found], "markdown")
    assert render([found], "terminal") == "dev (local renders): unchanged\n"


@BUSY
@given(STACKS, STACKS)
def test_changed_paths_are_in_every_view(first, second):
    old, new = render_services(**first), render_services(**second)
    found = review(compare_renders("dev", old, new))
    views = {form: render([found], form) for form in FORMS}
    assert len(views["markdown"].encode()) <= 64_000
    changes = json.loads(views["json"])["stacks"][0]["changes"]
    fields = {change["resource"]: {field["path"] for field in change["fields"]} for change in changes}
    before, after = ({each["urn"]: each for each in render["resources"]} for render in (old, new))
    for urn in before.keys() & after.keys():
        for change in compare_values(in_order(before[urn]["inputs"]), in_order(after[urn]["inputs"])):
            path = ELSEWHERE.sub(r"\1", str(change))
            if path in after[urn]["ignored"]:  # such as the replicas of an autoscaler
                assert path not in fields.get(urn, ())
                continue
            assert any(shown.startswith(path) or path.startswith(shown) for shown in fields.get(urn, ())), (urn, path)
    # A former content belongs to the replacement by the new one.
    former = match_contents(*([SimpleNamespace(**each) for each in render["resources"]] for render in (old, new)))
    external = {each["urn"] for each in old["resources"] + new["resources"] if each["external"]}
    for urn in (before.keys() ^ after.keys()) - external - {*former.values()}:
        assert urn in fields, urn
    assert not fields.keys() & {*former.values()}
    for paths in fields.values():
        for path in paths:
            assert path in views["terminal"]


@BUSY
@given(STACKS, STACKS, st.randoms())
def test_order_of_resources_changes_no_byte(first, second, random):
    old, new = render_services(**first), render_services(**second)
    expected = [render([review(compare_renders("dev", old, new))], form) for form in FORMS]
    shuffled = copy.deepcopy(new)
    random.shuffle(shuffled["resources"])
    assert [render([review(compare_renders("dev", old, shuffled))], form) for form in FORMS] == expected


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "key", "args", "ports", "env", "x.y"]), inner, max_size=3)
        | st.lists(st.fixed_dictionaries({"name": st.sampled_from("abc")}, optional={"value": inner}), max_size=3)
    ),
    max_leaves=12,
)


@given(VALUES)
def test_equal_values_have_no_difference(value):
    assert list(compare(value, copy.deepcopy(value))) == []


@given(VALUES, VALUES)
def test_unequal_values_have_a_difference(old, new):
    def flat(value) -> object:
        if isinstance(value, dict):
            return {key: flat(item) for key, item in value.items()}
        return sorted(map(repr, map(flat, value))) if isinstance(value, list) else (type(value).__name__, value)

    if flat(old) != flat(new):
        assert list(compare(old, new))


@given(VALUES, VALUES)
def test_paths_of_differences_are_unique(old, new):
    paths = [show_path(each.path) for each in compare({"v": old}, {"v": new})]
    assert len(paths) == len({*paths})


@given(
    st.lists(
        st.fixed_dictionaries({"name": st.text("abcde", min_size=1), "value": st.text(max_size=3)}), unique_by=lambda each: each["name"]
    )
)
def test_reordered_variables_have_no_difference(env):
    assert list(compare({"env": env}, {"env": env[::-1]})) == []
