"""Explicit fields and defaults: rules for explicit fields are skipped if none of them is set."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings

from nim_component import NIM, CacheArgs, NIMSecrets, Toleration
from nim_component.args.arguments import Arguments, explicit_fields, field_adapter, is_default
from nim_component.args.error import ArgumentValueError
from nim_component.args.recorded_arguments import describe_arguments
from nim_component.args.rule import broken_rules
from nim_component.component.validation import read_nim
from tests.strategies import nims


def models(of: type[Arguments] = Arguments) -> Iterator[type[Arguments]]:
    """Yield all subclasses of a model."""
    for model in of.__subclasses__():
        yield model
        yield from models(model)


# A valid service takes milliseconds to draw, and longer beside other tests.
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(nims())
def test_skipped_rules_find_nothing(nim: NIM):
    assert list(broken_rules(NIM.rules, nim)) == []
    assert list(broken_rules(NIM.rules, NIM.read(nim, "llama"))) == []


@pytest.mark.parametrize(
    "model", [each for each in models() if each.__module__.startswith("nim_component.")], ids=lambda each: each.__name__
)
def test_validated_default_is_default(model: type[Arguments]):
    for name, field in model.model_fields.items():
        if not field.is_required():
            declared = field.get_default(call_default_factory=True)
            assert is_default(model, name, declared)
            assert is_default(model, name, field_adapter(model, name).validate_python(declared))
            assert not is_default(model, name, "something else")


def test_default_changed_in_place_is_explicit():
    nim = NIM(secrets=NIMSecrets.keyless())
    nim.tolerations.append(Toleration(key="dedicated", value="llm"))
    again = read_nim("llama", nim)
    assert [each.key for each in again.tolerations] == ["nvidia.com/gpu", "dedicated"]
    assert len(describe_arguments(again)["tolerations"]) == 2
    nim.tolerations[0] = "wrong"  # type: ignore[call-overload]
    with pytest.raises(ArgumentValueError, match=r"tolerations\[0\]"):
        read_nim("llama", nim)


def test_explicit_fields_are_those_given():
    assert list(explicit_fields(NIM(secrets=NIMSecrets.keyless(), cpu=1))) == ["secrets", "cpu", "tolerations"]
    read = read_nim("llama", NIM(secrets=NIMSecrets.keyless(), cache=CacheArgs(size="60Gi")))
    assert list(explicit_fields(read)) == ["secrets", "cache", "tolerations"]
    assert list(explicit_fields(read.cache)) == ["size"]
