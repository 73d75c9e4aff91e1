"""The base of every argument model: unknown fields refused, all problems at once, rules across fields beside the fields."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Annotated, Any, ClassVar, Self, cast

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, TypeAdapter, ValidationError, model_validator
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from ..text.nearest_names import suggest
from .outputs import is_output
from .problems import Problem, find_problems, line_errors

LATE = "late"
"""The validation context of a value that an Output resolved to."""


@dataclass(frozen=True)
class Rule:
    """A rule across fields. `check` gets the values that `reads` names, in that order, and yields what they break."""

    reads: tuple[str, ...]
    """Dotted paths below the model, such as `cache.access_modes`."""
    validate: Callable[..., Iterator[Problem]]
    waits: bool = True
    """While one of the values is an Output the rule waits, and the component runs it when all have resolved.
    False for a rule that looks only at what is given, not at values."""

    @cached_property
    def paths(self) -> tuple[tuple[str, ...], ...]:
        """`reads`, taken apart."""
        return tuple(tuple(dotted.split(".")) for dotted in self.reads)

    @cached_property
    def fields(self) -> frozenset[str]:
        """The fields of the model that `reads` begins with."""
        return frozenset(path[0] for path in self.paths)

    def read(self, model: Any) -> list[Any]:
        """The values that the rule reads of a model. Through a `None` on the way one is `None`."""
        return [read_path(model, path) for path in self.paths]


class Arguments(BaseModel):
    """What a caller says about one thing."""

    # Built on first use: a group that a program does not use costs it nothing at import.
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        validate_default=True,
        revalidate_instances="always",
        defer_build=True,
    )
    rules: ClassVar[tuple[Rule, ...]] = ()

    def __init__(self, **data: Any) -> None:
        try:
            super().__init__(**data)
        except ValidationError as error:
            raise _argument_error(type(self).__name__, error) from None

    # pydantic calls a model's own __init__ for nested data too, unless it knows it for its base's: nested problems keep their place then.
    __init__.__pydantic_base_init__ = True  # pyright: ignore[reportFunctionMemberAccess]

    @classmethod
    def read(cls, data: "Self | Mapping[str, Any]", owner: str) -> Self:
        """A model from what a caller or a stack file gives; problems are said of `owner`, such as `NIMService 'llama'`."""
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise _argument_error(owner, error) from None

    @model_validator(mode="wrap")
    @classmethod
    def _validate_all(cls, data: Any, validate_fields: ModelWrapValidatorHandler[Self]) -> Self:
        """Runs the rules also where single fields are wrong, over the fields that are right: one error says everything."""
        if isinstance(data, cls):
            # A copy with changes (`model_copy`) or a mapping changed in place has met no rule yet.
            data = explicit_fields(data)
        try:
            model = validate_fields(data)
        except ValidationError as error:
            if not isinstance(data, Mapping):
                raise
            wrong = {str(detail["loc"][0]) for detail in error.errors(include_input=False, include_url=False) if detail["loc"]}
            details = [_keep(detail, cls) for detail in error.errors(include_url=False)]
            found = list(broken_rules(cls.rules, _Partial(cls, cast("Mapping[str, Any]", data), wrong)))
            raise ValidationError.from_exception_data(cls.__name__, details + line_errors(found)) from None
        found = list(broken_rules(_rules_for(cls, model.model_fields_set), model))
        if found:
            raise ValidationError.from_exception_data(cls.__name__, line_errors(found))
        return model


def _argument_error(owner: str, error: ValidationError) -> ValueError:
    from .error import ArgumentValueError  # imports Pulumi, which a caller that only checks need not wait for

    return ArgumentValueError(owner, find_problems(error))


@cache
def default_of(cls: type[Arguments], name: str) -> Any:
    """A field's default in the form that a validated value has; none for a required field."""
    field = cls.model_fields[name]
    return None if field.is_required() else field_adapter(cls, name).validate_python(field.get_default(call_default_factory=True))


def is_default(cls: type[Arguments], name: str, value: Any) -> bool:
    """Whether a validated value is the field's default. Only a number may be kept in another form than it is declared in, as its text;
    building a rule to tell takes a millisecond."""
    field = cls.model_fields[name]
    declared = None if field.is_required() else field.get_default(call_default_factory=True)
    return value == declared or (isinstance(declared, int | float) and isinstance(value, str) and value == default_of(cls, name))


def explicit_fields(model: Arguments) -> dict[str, Any]:
    """What a caller gave, in the order of the fields: what was set, and what may have been changed in place since."""
    names = model.model_fields_set | _changeable_fields(type(model))
    return {name: getattr(model, name) for name in type(model).model_fields if name in names}


@cache
def _changeable_fields(cls: type[Arguments]) -> set[str]:
    """The fields whose default can be changed in place."""
    defaults = {name: field.get_default(call_default_factory=True) for name, field in cls.model_fields.items() if not field.is_required()}
    return {name for name, default in defaults.items() if isinstance(default, list | dict)}


def broken_rules(rules: Iterable[Rule], model: Any) -> Iterator[Problem]:
    """What rules find in a model, leaving out those that wait for an Output or lack a valid field."""
    for rule in rules:
        try:
            values = rule.read(model)
        except AttributeError:
            continue
        if not (rule.waits and any(is_output(value) for value in values)):
            yield from rule.validate(*values)


def _rules_for(cls: type[Arguments], given: Set[str]) -> list[Rule]:
    """The rules that can find something where only `given` may differ from the defaults."""
    return [rule for rule, kept in _kept_by_defaults(cls) if not kept or not rule.fields.isdisjoint(given)]


@cache
def _kept_by_defaults(cls: type[Arguments]) -> list[tuple[Rule, bool]]:
    """Each rule, and whether the defaults alone keep it."""
    defaults = _Partial(cls, {}, {name for name, field in cls.model_fields.items() if field.is_required()})

    def kept(rule: Rule) -> bool:
        try:
            return not list(rule.validate(*rule.read(defaults)))
        except AttributeError:  # it reads what is required, and so always given
            return False

    return [(rule, kept(rule)) for rule in cls.rules]


def read_path(model: Any, path: Sequence[str]) -> Any:
    """`("cache", "size")` of a model. Through a `None` on the way it is `None`."""
    for name in path:
        if model is None:
            return None
        model = getattr(model, name)
    return model


@cache
def field_adapter(cls: type[Arguments], name: str) -> TypeAdapter[Any]:
    """The rule of a single field, with all its constraints."""
    field = cls.model_fields[name]
    annotation: Any = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation  # pyright: ignore
    return TypeAdapter(annotation)


class _Partial:
    """A model of which some fields are wrong: the right ones are there, the others raise AttributeError."""

    def __init__(self, cls: type[Arguments], data: Mapping[str, Any], wrong: set[str]) -> None:
        for name, field in cls.model_fields.items():
            if name in wrong:
                continue
            value = field_adapter(cls, name).validate_python(data[name]) if name in data else field.get_default(call_default_factory=True)
            setattr(self, name, value)


def _keep(detail: ErrorDetails, cls: type[Arguments]) -> InitErrorDetails:
    """An error that was found, to be raised again among others. An unknown field is told here, where the model's own names are known."""
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "extra_forbidden" and len(detail["loc"]) == 1:
        unknown = Problem(detail["loc"], "is not a known field", suggest(str(detail["loc"][0]), cls.model_fields))
        return line_errors([unknown])[0]
    if kind in ("rule", "problem"):
        return InitErrorDetails(type=PydanticCustomError(kind, "{rule}. {remedy}", context), loc=detail["loc"], input=detail["input"])
    return InitErrorDetails(type=kind, loc=detail["loc"], input=detail["input"], ctx=context)
