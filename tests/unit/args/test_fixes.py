"""Fixes: examples rendered in the syntax in which the user wrote the arguments."""

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

import nim_component
from nim_component import NIM, ArgumentError, CacheArgs, NIMSecrets, Toleration
from nim_component.args.error import ArgumentValueError
from nim_component.args.fixes import ExampleValue, Fix, Syntax, fix, syntax_of, written_in
from nim_component.args.problems import Problem
from nim_component.args.reflection import model_at
from nim_component.component.validation import read_nim

from .error_texts import FIELDS, REFERENCE, SECRETS

SYNTAXES: list[Syntax] = ["python", "mapping", "yaml"]


@pytest.mark.parametrize(
    ("settings", "base", "expected"),
    [
        (
            {"cache": {"existing_claim": "my-pvc"}}, (),
            ['cache=CacheArgs(existing_claim="my-pvc")', '"cache": {"existing_claim": "my-pvc"}', "cache: {existing_claim: my-pvc}"],
        ),
        (
            {"existing_claim": "my-pvc"}, ("cache",),
            ['cache=CacheArgs(existing_claim="my-pvc")', '"cache": {"existing_claim": "my-pvc"}', "cache: {existing_claim: my-pvc}"],
        ),
        ({"secrets": {"without_key": True}}, (), ["secrets=NIMSecrets.keyless()", '"secrets": {"without_key": True}', "secrets: {without_key: true}"]),
        (
            {"secrets": {"without_key": True, "ngc_image_secret": "login"}}, (),
            [
                'secrets=NIMSecrets.keyless(ngc_image_secret="login")',
                '"secrets": {"without_key": True, "ngc_image_secret": "login"}',
                "secrets: {without_key: true, ngc_image_secret: login}",
            ],
        ),
        ({"operator": "Exists"}, ("tolerations", 0), ['operator="Exists"', '"operator": "Exists"', "operator: Exists"]),
        (
            {"env": {"NIM_MAX_MODEL_LEN": "8192"}}, (),
            ['env={"NIM_MAX_MODEL_LEN": "8192"}', '"env": {"NIM_MAX_MODEL_LEN": "8192"}', "env: {NIM_MAX_MODEL_LEN: '8192'}"],
        ),
        ({"monitor": None}, ("metrics",), ["metrics=MetricsArgs(monitor=None)", '"metrics": {"monitor": None}', "metrics: {monitor: null}"]),
        (
            {"lora": {"volume": {}}}, (),
            ["lora=LoRAArgs(volume=AdapterVolume())", '"lora": {"volume": {}}', "lora: {volume: {}}"],
        ),
        (
            {"hf_repo_ids": [{"repo_id": "org/name"}]}, (),
            ['hf_repo_ids=[LoRAAdapter(repo_id="org/name")]', '"hf_repo_ids": [{"repo_id": "org/name"}]', "hf_repo_ids: [{repo_id: org/name}]"],
        ),
        ("20Gi", ("mem",), ['"20Gi"', '"20Gi"', "20Gi"]),
        (5, (), ["5", "5", "5"]),
        ("8192", (), ['"8192"', '"8192"', "'8192'"]),
        ([3128], (), ["[3128]", "[3128]", "[3128]"]),
        (ExampleValue({"valueFrom": {"a": "b"}}), ("env", "A"), ['{"valueFrom": {"a": "b"}}', '{"valueFrom": {"a": "b"}}', "{valueFrom: {a: b}}"]),
    ],
)  # fmt: skip
def test_example_is_rendered_in_each_syntax(settings: Any, base: tuple[str | int, ...], expected: list[str]):
    rendered = [fix("Use {}.", settings).render(syntax, NIM, base) for syntax in SYNTAXES]
    assert rendered == [f"Use `{text}`." for text in expected]


def test_stack_file_may_have_its_own_sentence():
    action = fix("Pass a str.", yaml="Quote it.")
    assert [action.render(syntax, NIM, ()) for syntax in SYNTAXES] == ["Pass a str.", "Pass a str.", "Quote it."]


def test_braces_in_text_are_not_examples():
    assert fix("Write {} for {name}.", 1).render("yaml", NIM, ()) == "Write `1` for {name}."
    assert fix("Write {}.").render("yaml", NIM, ()) == "Write {}."


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: NIM(secrets=NIMSecrets.keyless(), gpu=0), "NIM has 1 problem:\n  gpu: {}. Set `gpu=1`, or request"),
        (
            lambda: NIM.read({"secrets": {"without_key": True}, "gpu": 0}, "NIMService 'a'"),
            "NIMService 'a' has 1 problem:\n  gpu: {}. Set `\"gpu\": 1`, or request",
        ),
        (
            lambda: read_nim("a", {"secrets": {"without_key": True}, "gpu": 0}),
            "NIMService 'a' has 1 problem:\n  gpu: {}. Set `\"gpu\": 1`, or request",
        ),
        (
            lambda: CacheArgs(access_mode="ReadWriteOncePod", prewarm={"all_profiles": True}),  # type: ignore[arg-type]
            "CacheArgs has 1 problem:\n  access_mode: must allow a second pod with prewarm: the Job's, while the server runs "
            "(got 'ReadWriteOncePod'). Use `access_mode=\"ReadWriteOnce\"`",
        ),
        (
            lambda: Toleration(effect="NoSchedule"),
            "Toleration has 1 problem:\n  operator: must be Exists without a key (got 'Equal'). Set the key of the taint, "
            'or tolerate every taint: `operator="Exists"`.',
        ),
    ],
    ids=["python", "mapping", "component", "option-set", "list-item"],
)
def test_syntax_is_that_of_the_arguments(make: Any, text: str):
    with pytest.raises(ArgumentError) as caught:
        make()
    assert str(caught.value).startswith(text.format("must be at least 1 without another source of a GPU (got 0)"))


def test_stack_file_gets_yaml():
    with written_in("yaml"), pytest.raises(ArgumentError, match="Set `gpu: 1`, or request"):
        read_nim("a", {"secrets": {"without_key": True}, "gpu": 0})


def test_syntax_ends_with_its_block():
    assert syntax_of({}) == "mapping"
    assert syntax_of(NIM(secrets=NIMSecrets.keyless())) == "python"
    with pytest.raises(KeyError), written_in("yaml"):
        assert syntax_of({}) == syntax_of(None) == "yaml"
        raise KeyError
    assert syntax_of(None) == "python"


def list_problems() -> list[Problem]:
    """Return the problems of all wrong arguments that tests have a table of."""
    found: dict[str, Problem] = {}
    for fields in [*(fields for fields, _ in FIELDS), *({"secrets": secrets} for secrets, _ in SECRETS)]:
        try:
            NIM.read({"secrets": REFERENCE, **fields}, "")
        except ArgumentValueError as error:
            found |= {problem.render(): problem for problem in error.problems}
    return list(found.values())


PROBLEMS = [problem for problem in list_problems() if isinstance(problem.fix, Fix) and problem.fix.examples]


class Call:
    """Replacement of a public class: a call returns the mapping of its arguments."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def __call__(self, **fields: Any) -> dict[str, Any]:
        assert fields.keys() <= self.model.model_fields.keys(), (self.model, fields)
        return fields

    def keyless(self, **fields: Any) -> dict[str, Any]:
        return {"without_key": True, **self(**fields)}


CLASSES = {
    name: Call(getattr(nim_component, name))
    for name in nim_component.__all__
    if name.endswith(("Args", "NIMSecrets", "LoRAAdapter", "Peer", "Volume", "Fallback"))
}


@pytest.mark.parametrize("problem", PROBLEMS, ids=lambda problem: problem.render()[:60])
def test_examples_parse_in_each_syntax(problem: Problem):
    """Each example is valid, names existing fields, and is the same setting in all syntaxes."""
    action: Any = problem.fix
    for example in action.examples:
        python, mapping, in_yaml = (fix("{}", example).render(syntax, NIM, problem.base).strip("`") for syntax in SYNTAXES)
        if not isinstance(example, Mapping):
            assert eval(python) == eval(mapping) == yaml.safe_load(in_yaml)
            continue
        settings = yaml.safe_load(f"{{{in_yaml}}}")
        assert eval(f"{{{mapping}}}") == settings
        assert eval(f"dict({python})", {"dict": dict, **CLASSES}) == settings
        start = max((index + 1 for index, step in enumerate(problem.base) if isinstance(step, int)), default=0)
        assert_fields(model_at(NIM, problem.base[:start]), settings)


def assert_fields(model: Any, settings: Mapping[str, Any]) -> None:
    """Assert that settings name existing fields, also in nested option sets."""
    assert settings.keys() <= model.model_fields.keys(), (model, settings)
    for name, value in settings.items():
        nested = model_at(model, (name,))
        for item in value if isinstance(value, list) else [value]:
            if nested is not None and isinstance(item, Mapping):
                assert_fields(nested, item)


@pytest.mark.parametrize("problem", list_problems(), ids=lambda problem: problem.render()[:60])
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_error_text_ends_with_its_fix(problem: Problem, syntax: Syntax):
    """The form is `<path>: <message> (got <value>). <fix>`.

    The message has no full stop of its own, and every example is filled in.
    """
    text = problem.render(NIM, syntax)
    assert not problem.message.endswith(".")
    assert text[-1] in ".?"
    assert text.count("`{}`") == 0


def test_at_least_thirty_fixes_have_examples():
    assert len(PROBLEMS) >= 30
