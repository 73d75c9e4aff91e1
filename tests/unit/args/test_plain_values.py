"""Outputs where a plain value is needed, and texts of Outputs: each is refused with its path."""

from collections.abc import Iterator
from typing import Any, get_args, get_origin

import pulumi
import pytest

from nim_component import NIM, ArgumentError, NIMService
from nim_component.args.reflection import field_paths, model_at, models_in, types_in
from nim_component.testing import record
from tools.docs.models import output_support

from ..seed import REFERENCE

PLAIN = "must be a plain value: it decides which resources exist and how they are built (got an Output). "
KNOWN = "Use a value that is known while the program runs, such as one from `pulumi.Config()`."
TEXT = "contains the text of an Output in place of its value"
FORMAT = '. Use pulumi.Output.format("https://{}", output) in place of an f-string, or pass the Output itself.'
PATHS = sorted({path for path in field_paths(NIM) if path[0] != "secrets" or len(path) > 1})


def annotation(path: tuple[str, ...]) -> Any:
    return model_at(NIM, path[:-1]).model_fields[path[-1]].annotation  # pyright: ignore


def container(of: Any) -> type | None:
    """Return `list` or `dict` if the values of an annotation are one."""
    return next((get_origin(each) for each in types_in(of) if get_origin(each) in (list, dict)), None)


def place(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """Return arguments with a value at a path; parents in lists and mappings are single items."""
    *above, name = path
    fields: Any = {name: value}
    for depth in range(len(above), 0, -1):
        kind = container(annotation(path[:depth]))
        fields = {above[depth - 1]: [fields] if kind is list else {"a": fields} if kind is dict else fields}
    if path[0] == "secrets":
        fields["secrets"] = {**REFERENCE, **fields["secrets"]}
    return fields


def shown(path: tuple[str, ...]) -> str:
    """Return the path as errors print it."""
    text = path[0]
    for depth, name in enumerate(path[1:], 1):
        kind = container(annotation(path[:depth]))
        text += f"[0].{name}" if kind is list else f".a.{name}" if kind is dict else f".{name}"
    return text


def lines(fields: dict[str, Any]) -> list[str]:
    """Return the problems of arguments."""
    with pytest.raises(ArgumentError) as caught:
        NIM.read({"secrets": REFERENCE, **fields}, "NIMService 'llama'")
    return [line.removeprefix("  ") for line in str(caught.value).split("\n")[1:]]


@pytest.fixture
def output() -> Iterator[Any]:
    """An Output, inside the event loop of a program."""
    made: list[Any] = []
    record(lambda: made.append(pulumi.Output.from_input("x")))
    return made[0]


@pytest.fixture
def text(output: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    """Text of an Output, as an f-string contains it."""
    monkeypatch.delenv("PULUMI_ERROR_OUTPUT_STRING", raising=False)
    return f"https://{output}/v1"


def support(path: tuple[str, ...]) -> str:
    """Return the place of Outputs in a field, as the reference documents it."""
    return output_support(model_at(NIM, path[:-1]), path[-1])  # pyright: ignore[reportArgumentType]


def is_plain(path: tuple[str, ...]) -> bool:
    return support(path) not in ("yes", "secret")


def test_walk_reaches_plain_and_other_fields():
    plain = {path for path in PATHS if is_plain(path)}
    assert {
        ("replicas",),
        ("cache", "prewarm", "timeout"),
        ("tolerations", "operator"),
        ("hf_repo_ids", "locked", "files", "size"),
    } <= plain
    assert {("image",), ("cache", "size"), ("secrets", "ngc_api_key"), ("tolerations", "value")} <= {*PATHS} - plain


@pytest.mark.parametrize("path", [path for path in PATHS if is_plain(path)], ids=".".join)
def test_output_in_plain_field_is_refused(path: tuple[str, ...], output: Any):
    (line,) = [each for each in lines(place(path, output)) if PLAIN in each]
    assert line.startswith(f"{shown(path)}: {PLAIN}")
    assert line.endswith("Its values may be Outputs.") is (support(path) in ("values", "inside"))


def has_plain_items(path: tuple[str, ...]) -> bool:
    """Return whether a list or mapping accepts Outputs neither in its place nor as its items."""
    kind = next((each for each in types_in(annotation(path)) if get_origin(each) in (list, dict)), None)
    return is_plain(path) and kind is not None and support(path) != "values" and get_args(kind)[-1] is not Any


ITEMS = [path for path in PATHS if has_plain_items(path)]


@pytest.mark.parametrize("path", ITEMS, ids=".".join)
def test_output_as_item_of_plain_field_is_refused(path: tuple[str, ...], output: Any):
    is_list = container(annotation(path)) is list
    place_of_item = f"{shown(path)}[0]" if is_list else f"{shown(path)}.a"
    found = [each for each in lines(place(path, [output] if is_list else {"a": output})) if PLAIN in each]
    assert [line.partition(": ")[0] for line in found] == [place_of_item]


@pytest.mark.parametrize("path", PATHS, ids=".".join)
def test_text_of_output_is_refused_anywhere(path: tuple[str, ...], text: str):
    shapes: dict[str, Any] = {"": text, "[0]": [text], ".a": {"a": text}, ".a[0].b": {"a": [{"b": text}]}}
    for suffix, shape in shapes.items():
        (line,) = [each for each in lines(place(path, shape)) if TEXT in each]
        assert line.startswith(f"{shown(path)}{suffix}: {TEXT}")
        is_text = suffix == "" and not container(annotation(path)) and not list(models_in(annotation(path)))
        assert not is_text or line.endswith(FORMAT) is not is_plain(path)
    (line,) = [each for each in lines(place(path, {text: "a"})) if "has a key" in each]
    assert line == f"{shown(path)}: has a key that contains the text of an Output: keys must be plain. {KNOWN}"


@pytest.mark.parametrize("path", PATHS, ids=".".join)
def test_text_of_output_is_never_printed(path: tuple[str, ...], text: str):
    assert "Calling" not in "".join(lines(place(path, text)))


FIELDS: list[tuple[Any, str]] = [
    (lambda it: {"replicas": it}, f"replicas: {PLAIN}{KNOWN}"),
    (lambda it: {"rollout": it}, f"rollout: {PLAIN}{KNOWN}"),
    (lambda it: {"env": it}, f"env: {PLAIN}Pass a dict. Its values may be Outputs."),
    (lambda it: {"cache": it}, f"cache: {PLAIN}Pass CacheArgs(...) or a dict."),
    (lambda it: {"cache": {"prewarm": {"timeout": it}}}, f"cache.prewarm.timeout: {PLAIN}{KNOWN}"),
    (lambda it: {"args": it}, f"args: {PLAIN}Write a list, also for a single item. Its values may be Outputs."),
    (lambda it: {"tolerations": [it]}, f"tolerations[0]: {PLAIN}Pass Toleration(...) or a dict."),
    (lambda it: {"overrides": {"deployment": it}}, f"overrides.deployment: {PLAIN}Pass a dict. Its values may be Outputs."),
    (lambda it: {"extra_volumes": [{"name": it}]}, f"extra_volumes[0].name: {PLAIN}{KNOWN}"),
    (lambda it: {"extra_mounts": [{"name": "a", "mount_path": it}]}, f"extra_mounts[0].mountPath: {PLAIN}{KNOWN}"),
    (lambda it: {"disruption_budget": {"min_available": it}}, f"disruption_budget.min_available: {PLAIN}{KNOWN}"),
]


@pytest.mark.parametrize(("fields", "line"), FIELDS, ids=[line.partition(":")[0] for _, line in FIELDS])
def test_output_in_plain_field_has_text(fields: Any, line: str, output: Any):
    assert lines(fields(output)) == [line]


TEXTS: list[tuple[Any, str]] = [
    (lambda it: {"env": {"URL": it}}, f"env.URL: {TEXT}{FORMAT}"),
    (lambda it: {"env": {"A": {"valueFrom": {"secretKeyRef": {"name": it}}}}}, f"env.A.valueFrom.secretKeyRef.name: {TEXT}{FORMAT}"),
    (lambda it: {"command": ["serve", it]}, f"command[1]: {TEXT}{FORMAT}"),
    (lambda it: {"pod_annotations": {"a.b/c": it}}, f"pod_annotations['a.b/c']: {TEXT}{FORMAT}"),
    (lambda it: {"image": it}, f"image: {TEXT}{FORMAT}"),
    (lambda it: {"cache": {"size": it}}, f"cache.size: {TEXT}{FORMAT}"),
    (lambda it: {"affinity": {"nodeAffinity": [{"a": it}]}}, f"affinity.nodeAffinity[0].a: {TEXT}{FORMAT}"),
    (
        lambda it: {"service_name": it},
        f"service_name: {TEXT}, and must be a plain value: it decides which resources exist and how they are built. {KNOWN}",
    ),
    (lambda it: {"env": {it: "a"}}, f"env: has a key that contains the text of an Output: keys must be plain. {KNOWN}"),
]


@pytest.mark.parametrize(("fields", "line"), TEXTS, ids=[line.partition(":")[0] for _, line in TEXTS])
def test_text_of_output_has_text(fields: Any, line: str, text: str):
    assert lines(fields(text)) == [line]


def test_repr_of_output_is_refused(output: Any):
    assert lines({"env": {"A": f"{[output]}"}}) == [f"env.A: {TEXT}{FORMAT}"]


def test_text_beside_other_problems_is_one_problem(text: str):
    assert lines({"image": text, "gpu": -1, "prot": 1}) == [
        "gpu: must be at least 0 (got -1). Increase it.",
        "prot: unknown field. Did you mean 'port'?",
        f"image: {TEXT}{FORMAT}",
    ]


def test_unknown_field_with_output_is_unknown(output: Any):
    assert lines({"prot": output}) == ["prot: unknown field. Did you mean 'port'?"]


def test_output_that_resolves_to_text_is_refused(text: str):
    with pytest.raises(ArgumentError) as caught:
        record(lambda: NIMService("llama", {"secrets": REFERENCE, "env": {"A": pulumi.Output.from_input(text)}}))
    assert str(caught.value) == f"NIMService 'llama' has 1 problem:\n  env.A: {TEXT}{FORMAT}"


def test_name_with_text_of_output_is_refused(text: str):
    with pytest.raises(ArgumentError, match="service_name: the service's name contains the text of an Output, and must be plain"):
        record(lambda: NIMService(text, {"secrets": REFERENCE, "service_name": "llama"}))
