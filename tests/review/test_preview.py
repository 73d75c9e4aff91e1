"""Forms of `pulumi preview --json`, and files that are no preview."""

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nim_component.local.markers import UNKNOWN, UNKNOWN_SENTINEL
from nim_component.review.change import Change, StackChange
from nim_component.review.matching import MISSING
from nim_component.review.sources.preview import PreviewError, read_preview
from nim_component.review.stack_review import review
from nim_component.review.views import render
from nim_component.text.field_paths import parse_path

from .changes import NAMES, PREVIEWS, review_preview

DEPLOYMENT = "urn:pulumi:dev::nim::nim:index:NIMService$kubernetes:apps/v1:Deployment::llama3-8b"


def digest(name: str) -> dict[str, Any]:
    return json.loads((PREVIEWS / f"{name}.json").read_text())


def read(content: dict[str, Any]) -> StackChange:
    return read_preview(json.dumps(content))


def change_of(stack: StackChange, urn: str = DEPLOYMENT) -> Change:
    return next(change for service in stack.services for change in service.changes if change.subject.urn == urn)


def in_steps(content: dict[str, Any], *operations: str) -> dict[str, Any]:
    """Return a preview with each replacement in several steps, as some engines write it."""
    steps: list[dict[str, Any]] = []
    for step in content["steps"]:
        if step["op"] != "replace":
            steps.append(step)
            continue
        for operation in operations:
            part = {**copy.deepcopy(step), "op": operation}
            if operation == "delete-replaced":
                del part["newState"]
            for state in ("oldState", "newState"):
                part.get(state, {}).pop("pendingReplacement", None)
                part.get(state, {}).pop("delete", None)
            steps.append(part)
    return {**content, "steps": steps}


def describe(stack: StackChange) -> list[tuple[str, str]]:
    return [(each.rule, "".join(each.text)) for each in review(stack).findings]


@pytest.mark.parametrize("name", ["adapter-removed", "cache-class-changed"])
def test_replacement_in_three_steps_equals_one_step(name: str):
    three = in_steps(digest(name), "delete-replaced", "replace", "create-replacement")
    assert describe(read(three)) == describe(read(digest(name)))
    assert change_of(read(three)).order == "delete-before-create"


def test_order_of_steps_is_order_of_replacement():
    created_first = in_steps(digest("adapter-removed"), "create-replacement", "replace", "delete-replaced")
    assert change_of(read(created_first)).order == "create-before-delete"
    assert "deleted-first" not in [rule for rule, _ in describe(read(created_first))]


def test_unchanged_resources_add_no_finding():
    same = digest("nothing-with-sames")
    image = digest("image")
    named = {step["urn"] for step in image["steps"]}
    both = {**image, "steps": [*image["steps"], *(step for step in same["steps"] if step["urn"] not in named)]}
    assert describe(read(both)) == describe(read(image))


def test_unknown_value_is_shown_as_such():
    content = digest("image")
    for step in content["steps"]:
        if step["urn"] == DEPLOYMENT:
            step["newState"]["inputs"]["spec"]["template"]["spec"]["containers"][0]["image"] = UNKNOWN_SENTINEL
    stack = read(content)
    (leaf,) = change_of(stack).differences
    assert leaf.new is UNKNOWN
    assert ("image", "The image changes from nvcr.io/nim/meta/llama3-8b-instruct:1.0.0 to (known after apply).") in describe(stack)
    assert UNKNOWN_SENTINEL not in render([review(stack)], "markdown")


def test_drift_outside_inputs_is_reported():
    content = digest("replicas")
    for step in content["steps"]:
        if step["urn"] == DEPLOYMENT:
            step["newState"] = copy.deepcopy(step["oldState"])
            step["detailedDiff"] = {'spec.template.spec.containers[0].resources.limits["nvidia.com/gpu"]': {"kind": "update"}}
    (leaf,) = change_of(read(content)).differences
    assert leaf.where == 'spec.template.spec.containers[nim].resources.limits["nvidia.com/gpu"]'
    assert [rule for rule, _ in describe(read(content))] == ["downtime", "other"]


def test_reordered_list_is_no_difference():
    content = digest("env-inserted-first")
    for step in content["steps"]:
        if step["urn"] == DEPLOYMENT:
            step["newState"] = copy.deepcopy(step["oldState"])
            step["newState"]["inputs"]["spec"]["template"]["spec"]["containers"][0]["env"].reverse()
    stack = read(content)
    assert change_of(stack).differences == ()
    found = [each for each in review(stack).findings if each.rule == "downtime"]
    assert ["".join(each.text) for each in found] == [
        "The only replica stops before the new one starts, although only the order of list items changes."
    ]


def test_outputs_of_stack_are_compared():
    content = digest("nothing")
    content["steps"][0]["oldState"]["outputs"], content["steps"][0]["newState"]["outputs"] = {"url": "a"}, {"url": "b", "new": 1}
    assert [(each.where, each.old, each.new) for each in read(content).outputs] == [("new", MISSING, 1), ("url", "a", "b")]
    assert "+ url: b" in render([review(read(content))], "markdown")


def test_replacement_of_protected_object_is_reported():
    content = digest("cache-class-changed")
    for step in content["steps"]:
        if "PersistentVolumeClaim" in step["urn"]:
            step["oldState"]["protect"] = True
    assert ("protected", "PersistentVolumeClaim llama3-8b-cache is protected and would be replaced.") in describe(read(content))


def test_only_errors_and_warnings_are_kept():
    assert [each.severity for each in read(digest("secret-missing")).messages] == ["error"]
    content = {
        "steps": [],
        "diagnostics": [{"severity": "info#err", "message": "x"}, {"severity": "warning", "message": "<{%reset%}>w<{%reset%}>"}],
    }
    assert [(each.severity, each.text) for each in read(content).messages] == [("warning", "w")]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("Previewing update (dev)", "not JSON. Run: pulumi preview --json > FILE"),
        ("", "not JSON."),
        ("[]", "not a preview, because it contains no steps."),
        ("{}", "not a preview, because it contains no steps."),
        ('{"result": "succeeded", "resources": []}', "written with --output json, which contains no properties."),
        (
            '{"sequence": 1, "preludeEvent": {}}\n{"sequence": 2}',
            "the stream of engine events ends before its summary, so the preview did not finish.",
        ),
        ("[" * 100_000, "nested too deeply for a preview. Run: pulumi preview --json > FILE"),
    ],
)
def test_file_of_other_format_is_refused(text: str, error: str):
    with pytest.raises(PreviewError) as raised:
        read_preview(text, "file.json")
    assert str(raised.value).startswith("file.json: ") and error in str(raised.value)


def test_property_paths_of_pulumi_are_parsed():
    assert parse_path('spec.containers[0].limits["nvidia.com/gpu"].a-b') == ("spec", "containers", 0, "limits", "nvidia.com/gpu", "a-b")
    assert parse_path('metadata.annotations["a\\"b"]') == ("metadata", "annotations", 'a"b')


JUNK = st.sampled_from([None, True, 0, -1, 1e300, "", "x", "[secret]", UNKNOWN_SENTINEL, [], {}, [None], {"a": None}, ["x"], [[]]])


def all_paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(each for key, item in inner for each in all_paths(item, (*path, key)))]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([name for name in NAMES if name != "nothing-with-sames"]), st.data())
def test_damaged_preview_is_read_or_refused(name: str, data: st.DataObject):
    content = digest(name)
    for step in content["steps"]:
        for state in ("oldState", "newState"):
            for key in ("stackTrace", "outputs", "sourcePosition"):
                (step.get(state) or {}).pop(key, None)
    for _ in range(data.draw(st.integers(1, 4))):
        *path, last = data.draw(st.sampled_from([each for each in all_paths(content) if each]))
        target: Any = content
        for key in path:
            target = target[key]
        if isinstance(target, dict) and data.draw(st.booleans()):
            del target[last]
        else:
            target[last] = copy.deepcopy(data.draw(JUNK))
    try:
        stack = read(content)
    except PreviewError:
        return
    for form in ("markdown", "json", "terminal"):
        render([review(stack)], form)


def test_replacement_in_one_step_has_provider_order():
    assert change_of(review_preview("adapter-removed").change).order == "delete-before-create"
    assert change_of(review_preview("namespace-moved").change).order == "create-before-delete"


def test_marks_of_engine_precede_names():
    kept, moved = digest("adapter-removed"), digest("namespace-moved")
    for content, mark, other in ((kept, "delete", "pendingReplacement"), (moved, "pendingReplacement", "delete")):
        for step in content["steps"]:
            if step["urn"] == DEPLOYMENT:
                step["oldState"].pop(other, None)
                step["oldState"][mark] = True
    assert change_of(read(kept)).order == "create-before-delete"
    assert change_of(read(moved)).order == "delete-before-create"
