"""Base class of all argument models.

Unknown fields are refused, all problems are reported at once, and rules across fields are declared
beside the fields.
"""

from collections.abc import Iterator, Mapping, Set
from functools import cache
from typing import Annotated, Any, ClassVar, Self, TypeVar, cast

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, TypeAdapter, ValidationError, model_validator
from pydantic_core import ErrorDetails, InitErrorDetails

from ..text.field_paths import Path
from .fixes import Syntax, syntax_of
from .plain_values import find_output_texts
from .printing import printable
from .problems import Problem, find_problems, keep_custom_error, line_errors, public_path
from .rule import Rule, broken_rules

RESOLVED = "resolved"
"""Validation context of the value that an Output resolved to."""


class Arguments(BaseModel):
    """Arguments of one thing: a service or one of its option sets. Instances are immutable."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        validate_default=True,
        revalidate_instances="always",
        # Validators are built on first use: an option set that is not used costs nothing at import.
        defer_build=True,
    )
    rules: ClassVar[tuple[Rule, ...]] = ()
    """Rules across the fields of the model."""
    constructors: ClassVar[Mapping[str, str]] = {}
    """Class methods that set a Boolean field to true, by field, for examples in Python."""

    def __init__(self, **data: Any) -> None:
        try:
            super().__init__(**data)
        except ValidationError as error:
            raise _argument_error(type(self), type(self).__name__, error, "python") from None

    # pydantic calls __init__ for nested data too, unless it is marked as the base's. Only without
    # that call do nested problems keep their path.
    __init__.__pydantic_base_init__ = True  # pyright: ignore[reportFunctionMemberAccess]

    @classmethod
    def read(cls, data: "Self | Mapping[str, Any]", owner: str) -> Self:
        """Return a validated model.

        Args:
            data: Model or mapping from a program or a stack file.
            owner: Name in errors, such as `NIMService 'llama'`.

        Raises:
            ArgumentValueError: Every problem of the arguments.
        """
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise _argument_error(cls, owner, error, syntax_of(data)) from None

    def replace(self, **changes: Any) -> Self:
        """Return a validated copy with changed fields.

        Raises:
            ArgumentValueError: A field is unknown, or the copy breaks a rule.
        """
        return type(self)(**{**explicit_fields(self), **changes})

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy; with `update`, validate it as `replace` does."""
        copy = super().model_copy(deep=deep)
        return copy.replace(**update) if update else copy

    def __setattr__(self, name: str, value: Any) -> None:
        raise _frozen_error(self, name, value)

    def __delattr__(self, name: str) -> None:
        raise _frozen_error(self, name, None)

    def __repr_args__(self) -> Iterator[tuple[str, Any]]:
        """Yield the fields that were set: without secrets, and with Outputs as `Output`."""
        for name in type(self).model_fields:
            if name in self.model_fields_set:
                yield name, printable(name, getattr(self, name))

    @model_validator(mode="wrap")
    @classmethod
    def _validate_all(cls, data: Any, validate_fields: ModelWrapValidatorHandler[Self]) -> Self:
        """Validate all fields and rules: one error reports all problems.

        If fields are wrong, the rules run over the fields that are right.
        """
        if isinstance(data, cls):
            # A list or mapping that was changed in place has not been validated.
            data = explicit_fields(data)
        texts = dict(find_output_texts(cls, data))
        model, details = None, list[ErrorDetails]()
        try:
            model = validate_fields(data)
        except ValidationError as error:
            if not isinstance(data, Mapping):
                raise
            details = [each for each in error.errors(include_url=False) if not _is_reported(each, texts)]
        if model is not None and not texts:
            found = list(broken_rules(_rules_for(cls, model.model_fields_set), model))
        else:
            wrong = {str(path[0]) for path in (*map(public_path, details), *texts) if path}
            found = [*texts.values(), *broken_rules(cls.rules, _Partial(cls, cast("Mapping[str, Any]", data), wrong))]
        if model is None or found:
            raise ValidationError.from_exception_data(cls.__name__, [*map(_keep, details), *line_errors(found)])
        return model


T = TypeVar("T", bound=Arguments)


def copy_unvalidated(model: T, changes: Mapping[str, Any]) -> T:
    """Return a copy with changed fields that are known to be valid."""
    return cast("T", BaseModel.model_copy(model, update=changes))


def _argument_error(root: type[Arguments], owner: str, error: ValidationError, syntax: Syntax) -> ValueError:
    from .error import ArgumentValueError  # imports Pulumi, which valid arguments do not need

    return ArgumentValueError(owner, find_problems(error, root), root, syntax)


def _frozen_error(model: Arguments, name: str, value: Any) -> ValueError:
    from .error import ArgumentValueError  # imports Pulumi, which valid arguments do not need
    from .field_hints import hint_for_unknown_field

    cls = type(model)
    if name in cls.model_fields:
        problem = Problem((name,), "cannot be assigned: arguments are immutable", f"Make a copy: replace({name}=...).")
    else:
        problem = Problem((name,), "unknown field", hint_for_unknown_field(cls, (name,), value))
    return ArgumentValueError(cls.__name__, [problem], cls, "python")


@cache
def default_of(cls: type[Arguments], name: str) -> Any:
    """Return a field's default in the form of a validated value, or None for a required field."""
    field = cls.model_fields[name]
    return None if field.is_required() else field_adapter(cls, name).validate_python(field.get_default(call_default_factory=True))


def is_default(cls: type[Arguments], name: str, value: Any) -> bool:
    """Return whether a validated value is the field's default.

    Only a number may be stored in another form than its default, as text. Only then is the
    validator built, which takes a millisecond.
    """
    field = cls.model_fields[name]
    declared = None if field.is_required() else field.get_default(call_default_factory=True)
    return value == declared or (isinstance(declared, int | float) and isinstance(value, str) and value == default_of(cls, name))


def explicit_fields(model: Arguments) -> dict[str, Any]:
    """Return the fields that a caller set, and those that may have been changed in place since.

    The order is that of the model's fields.
    """
    names = model.model_fields_set | _mutable_fields(type(model))
    return {name: getattr(model, name) for name in type(model).model_fields if name in names}


@cache
def _mutable_fields(cls: type[Arguments]) -> set[str]:
    """Return the fields whose default can be changed in place."""
    defaults = {name: field.get_default(call_default_factory=True) for name, field in cls.model_fields.items() if not field.is_required()}
    return {name for name, default in defaults.items() if isinstance(default, list | dict)}


def _rules_for(cls: type[Arguments], explicit: Set[str]) -> list[Rule]:
    """Return the rules that can find a problem if only `explicit` differ from the defaults."""
    return [rule for rule, satisfied in _satisfied_by_defaults(cls) if not satisfied or not rule.fields.isdisjoint(explicit)]


@cache
def _satisfied_by_defaults(cls: type[Arguments]) -> list[tuple[Rule, bool]]:
    """Return each rule with whether the defaults alone satisfy it."""
    defaults = _Partial(cls, {}, {name for name, field in cls.model_fields.items() if field.is_required()})

    def is_satisfied(rule: Rule) -> bool:
        try:
            return not list(rule.validate(*rule.read(defaults)))
        except AttributeError:  # It reads a required field, which is always given.
            return False

    return [(rule, is_satisfied(rule)) for rule in cls.rules]


@cache
def field_adapter(cls: type[Arguments], name: str) -> TypeAdapter[Any]:
    """Return the validator of a single field, with all its constraints."""
    field = cls.model_fields[name]
    annotation: Any = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation  # pyright: ignore
    return TypeAdapter(annotation)


class _Partial:
    """A model with some wrong fields: reading one of them raises AttributeError."""

    def __init__(self, cls: type[Arguments], data: Mapping[str, Any], wrong: set[str]) -> None:
        for name, field in cls.model_fields.items():
            if name in wrong:
                continue
            value = field_adapter(cls, name).validate_python(data[name]) if name in data else field.get_default(call_default_factory=True)
            setattr(self, name, value)


def _is_reported(detail: ErrorDetails, texts: Mapping[Path, Problem]) -> bool:
    """Return whether an error has the cause that a problem in `texts` reports."""
    path = public_path(detail)
    return any(path[: len(each)] == each or (path, detail["msg"]) == (problem.path, problem.message) for each, problem in texts.items())


def _keep(detail: ErrorDetails) -> InitErrorDetails:
    """Return an error that was caught in the form in which it is raised again, among others."""
    kept = InitErrorDetails(type=keep_custom_error(detail), loc=detail["loc"], input=detail["input"])
    if isinstance(kept["type"], str) and "ctx" in detail:
        kept["ctx"] = detail["ctx"]
    return kept
