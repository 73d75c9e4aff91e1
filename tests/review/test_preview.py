"""All forms of `pulumi preview --json`, and what is none."""

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nim_component.local.markers import UNKNOWN, UNKNOWN_SENTINEL
from nim_component.review.change import Change, StackChange
from nim_component.review.matching import MISSING
from nim_component.review.preview import PreviewError, parse_path, read_preview
from nim_component.review.review import review
from nim_component.review.views import render

from .sources import NAMES, PREVIEWS, recorded

DEPLOYMENT = "urn:pulumi:dev::nim::nim:index:NIMService$kubernetes:apps/v1:Deployment::llama3-8b"


def digest(name: str) -> dict[str, Any]:
    return json.loads((PREVIEWS / f"{name}.json").read_text())


def read(content: dict[str, Any]) -> StackChange:
    return read_preview(json.dumps(content))


def change_of(stack: StackChange, urn: str = DEPLOYMENT) -> Change:
    return next(change for service in stack.services for change in service.changes if change.subject.urn == urn)


def in_steps(content: dict[str, Any], *operations: str) -> dict[str, Any]:
    """Each replacement in several steps, as engines that show every step write it."""
    steps: list[dict[str, Any]] = []
    for step in content["steps"]:
        if step["op"] != "replace":
            steps.append(step)
            continue
        for operation in operations:
            one = {**copy.deepcopy(step), "op": operation}
            if operation == "delete-replaced":
                del one["newState"]
            for side in ("oldState", "newState"):
                one.get(side, {}).pop("pendingReplacement", None)
                one.get(side, {}).pop("delete", None)
            steps.append(one)
    return {**content, "steps": steps}


def said(stack: StackChange) -> list[tuple[str, str]]:
    return [(each.rule, "".join(each.text)) for each in review(stack).findings]


@pytest.mark.parametrize("name", ["adapter-removed", "cache-class-changed"])
def test_a_replacement_in_three_steps_is_the_same_as_in_one(name: str):
    three = in_steps(digest(name), "delete-replaced", "replace", "create-replacement")
    assert said(read(three)) == said(read(digest(name)))
    assert change_of(read(three)).order == "delete-before-create"


def test_the_order_of_the_steps_is_the_order_of_things():
    created_first = in_steps(digest("adapter-removed"), "create-replacement", "replace", "delete-replaced")
    assert change_of(read(created_first)).order == "create-before-delete"
    assert "deleted-first" not in [rule for rule, _ in said(read(created_first))]


def test_sames_add_nothing():
    same = digest("nothing-with-sames")
    image = digest("image")
    named = {step["urn"] for step in image["steps"]}
    both = {**image, "steps": [*image["steps"], *(step for step in same["steps"] if step["urn"] not in named)]}
    assert said(read(both)) == said(read(image))


def test_what_is_not_known_is_said():
    content = digest("image")
    for step in content["steps"]:
        if step["urn"] == DEPLOYMENT:
            step["newState"]["inputs"]["spec"]["template"]["spec"]["containers"][0]["image"] = UNKNOWN_SENTINEL
    stack = read(content)
    (leaf,) = change_of(stack).differences
    assert leaf.new is UNKNOWN
    assert ("image", "Image: nvcr.io/nim/meta/llama3-8b-instruct:1.0.0 becomes (known after apply).") in said(stack)
    assert UNKNOWN_SENTINEL not in render([review(stack)], "markdown")


def test_a_drift_that_the_inputs_do_not_show_is_not_dropped():
    content = digest("replicas")
    for step in content["steps"]:
        if step["urn"] == DEPLOYMENT:
            step["newState"] = copy.deepcopy(step["oldState"])
            step["detailedDiff"] = {'spec.template.spec.containers[0].resources.limits["nvidia.com/gpu"]': {"kind": "update"}}
    (leaf,) = change_of(read(content)).differences
    assert leaf.where == 'spec.template.spec.containers[nim].resources.limits["nvidia.com/gpu"]'
    assert [rule for rule, _ in said(read(content))] == ["downtime", "other"]


def test_a_reordering_that_the_engine_lists_by_position_is_no_difference():
    content = digest("env-inserted-first")
    for step in content["steps"]:
        if step["urn"] == DEPLOYMENT:
            step["newState"] = copy.deepcopy(step["oldState"])
            step["newState"]["inputs"]["spec"]["template"]["spec"]["containers"][0]["env"].reverse()
    stack = read(content)
    assert change_of(stack).differences == ()
    found = [each for each in review(stack).findings if each.rule == "downtime"]
    assert ["".join(each.text) for each in found] == [
        "The only replica stops before the new one starts, though only the order of list items differs."
    ]


def test_stack_outputs_are_shown_where_both_sides_have_them():
    content = digest("nothing")
    content["steps"][0]["oldState"]["outputs"], content["steps"][0]["newState"]["outputs"] = {"url": "a"}, {"url": "b", "new": 1}
    assert [(each.where, each.old, each.new) for each in read(content).outputs] == [("new", MISSING, 1), ("url", "a", "b")]
    assert "+ url: b" in render([review(read(content))], "markdown")


def test_a_protected_replacement_stops_the_update():
    content = digest("cache-class-changed")
    for step in content["steps"]:
        if "PersistentVolumeClaim" in step["urn"]:
            step["oldState"]["protect"] = True
    assert ("protected", "PersistentVolumeClaim llama3-8b-cache is protected and would be replaced.") in said(read(content))


def test_only_the_last_words_of_a_program_are_kept():
    assert [each.severity for each in read(digest("secret-missing")).messages] == ["error"]
    content = {
        "steps": [],
        "diagnostics": [{"severity": "info#err", "message": "x"}, {"severity": "warning", "message": "<{%reset%}>w<{%reset%}>"}],
    }
    assert [(each.severity, each.text) for each in read(content).messages] == [("warning", "w")]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("Previewing update (dev)", "is not JSON; make it with: pulumi preview --json > FILE"),
        ("", "is not JSON"),
        ("[]", "is no preview: it has no steps"),
        ("{}", "is no preview: it has no steps"),
        ('{"result": "succeeded", "resources": []}', "was made with --output json, which says no properties"),
        (
            '{"sequence": 1, "preludeEvent": {}}\n{"sequence": 2}',
            "holds a stream of engine events; unset PULUMI_ENABLE_STREAMING_JSON_PREVIEW",
        ),
        ("[" * 100_000, "make it with"),
    ],
)
def test_what_is_no_preview_is_told_with_the_remedy(text: str, error: str):
    with pytest.raises(PreviewError) as raised:
        read_preview(text, "file.json")
    assert str(raised.value).startswith("file.json: ") and error in str(raised.value)


def test_paths_are_read_as_pulumi_writes_them():
    assert parse_path('spec.containers[0].limits["nvidia.com/gpu"].a-b') == ("spec", "containers", 0, "limits", "nvidia.com/gpu", "a-b")
    assert parse_path('metadata.annotations["a\\"b"]') == ("metadata", "annotations", 'a"b')


JUNK = st.sampled_from([None, True, 0, -1, 1e300, "", "x", "[secret]", UNKNOWN_SENTINEL, [], {}, [None], {"a": None}, ["x"], [[]]])


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(each for key, item in inner for each in places(item, (*path, key)))]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([name for name in NAMES if name != "nothing-with-sames"]), st.data())
def test_a_preview_with_anything_missing_or_strange_is_still_read(name: str, data: st.DataObject):
    content = digest(name)
    for step in content["steps"]:
        for side in ("oldState", "newState"):
            for key in ("stackTrace", "outputs", "sourcePosition"):
                (step.get(side) or {}).pop(key, None)
    for _ in range(data.draw(st.integers(1, 4))):
        *path, last = data.draw(st.sampled_from([each for each in places(content) if each]))
        target: Any = content
        for key in path:
            target = target[key]
        if isinstance(target, dict) and data.draw(st.booleans()):
            del target[last]
        else:
            target[last] = data.draw(JUNK)
    try:
        stack = read(content)
    except PreviewError:
        return
    for form in ("markdown", "json", "terminal"):
        render([review(stack)], form)


def test_whole_replacements_agree_with_the_recorded_order():
    assert change_of(recorded("adapter-removed").change).order == "delete-before-create"
    assert change_of(recorded("namespace-moved").change).order == "create-before-delete"


def test_the_engines_own_marks_are_believed_before_the_names():
    kept, moved = digest("adapter-removed"), digest("namespace-moved")
    for content, mark, other in ((kept, "delete", "pendingReplacement"), (moved, "pendingReplacement", "delete")):
        for step in content["steps"]:
            if step["urn"] == DEPLOYMENT:
                step["oldState"].pop(other, None)
                step["oldState"][mark] = True
    assert change_of(read(kept)).order == "create-before-delete"
    assert change_of(read(moved)).order == "delete-before-create"
