"""Outputs meet the rules of their fields when they resolve, in the name of the service that they are for."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast

import pulumi
from pydantic import ValidationError

from .error import ArgumentError
from .model import LATE, Arguments, default_of, field_adapter, read_path
from .nim import NIM
from .outputs import is_output
from .problems import Path, Problem, find_problems, is_hidden

T = TypeVar("T", bound=Arguments)

SECRET_VALUES = ("hf_token", "ngc_api_key")
SECRET_PATHS: frozenset[Path] = frozenset(("secrets", name) for name in SECRET_VALUES)
"""The only fields that take a secret; everywhere else a secret would stand in a pod spec and mask its whole diff."""


HEADLINE = ("image", "replicas", "gpu", "cpu", "mem", "namespace", "port")
"""What the engine's record of a service always says."""


def bind(args: T, owner: str) -> T:
    """A copy in which every Output is checked on resolution and fails in `owner`'s name; `args` itself when there is no Output.

    A model may serve several components, so that this is done by the component and not when the model is made.
    """
    bound = _bind_fields(args, owner, ())
    return _bind_rules(bound, owner)


def _bind_fields(args: T, owner: str, above: Path) -> T:
    changed: dict[str, Any] = {}
    cls = type(args)
    for name in cls.model_fields:
        value = getattr(args, name)
        bound = _bind_value(
            value, owner, (*above, name), lambda probe, name=name: field_adapter(cls, name).validate_python(probe, context=LATE)
        )
        if bound is not value:
            changed[name] = bound
    return args.model_copy(update=changed) if changed else args


def _bind_value(value: Any, owner: str, path: Path, check: Callable[[Any], Any]) -> Any:
    """`check` validates a whole field; an item inside a list or mapping is checked in its place, among its siblings."""
    if is_output(value):
        return _checked(value, owner, path, check)
    if isinstance(value, Arguments):
        return _bind_fields(value, owner, path)
    if isinstance(value, dict):
        items = cast("dict[Any, Any]", value)
        bound = {
            key: _bind_value(item, owner, (*path, str(key)), lambda probe, key=key: check({**items, key: probe})[key])
            for key, item in items.items()
        }
        return bound if any(bound[key] is not item for key, item in items.items()) else items
    if isinstance(value, list):
        entries = cast("list[Any]", value)
        done = [
            _bind_value(item, owner, (*path, at), lambda probe, at=at: check([*entries[:at], probe, *entries[at + 1 :]])[at])
            for at, item in enumerate(entries)
        ]
        return done if any(new is not old for new, old in zip(done, entries, strict=True)) else entries
    return value


def _checked(value: pulumi.Output[Any], owner: str, path: Path, check: Callable[[Any], Any]) -> pulumi.Output[Any]:
    if path in SECRET_PATHS:
        return value

    def refuse_secret(secret: bool) -> None:
        if secret:
            raise ArgumentError(owner, [_secret_problem(path)])

    def meet(resolved: list[Any]) -> Any:
        try:
            return check(resolved[0])
        except ValidationError as error:
            found = find_problems(error)
            # The probe's path is not the field's: whether the value may be shown is decided by the whole path.
            shown = [Problem(path, each.rule, each.remedy, None if is_hidden(path) else each.value) for each in found]
            raise ArgumentError(owner, shown) from None

    # Whether it is a secret is known before its value is: a preview refuses it too.
    not_secret = pulumi.Output.from_input(value.is_secret()).apply(refuse_secret)
    return pulumi.Output.all(value, not_secret).apply(meet)


def _secret_problem(path: Path) -> Problem:
    return Problem(
        path,
        "must not be a secret: it would stand in the pod spec",
        "Put it into a Kubernetes Secret and refer to that; when it is no secret after all, pass pulumi.Output.unsecret(value).",
    )


def _bind_rules(args: T, owner: str) -> T:
    """The rules that waited for an Output: checked when all that they read has resolved, and in the way of the first Output they read."""
    for rule in type(args).rules:
        if not rule.waits:
            continue
        values = [read_path(args, path) for path in rule.reads]
        late = next((path for path, value in zip(rule.reads, values, strict=True) if is_output(value)), None)
        if late is not None:
            args = _replace(args, late.split("."), _gated(values, rule.reads.index(late), rule.check, owner))
    return args


def _gated(values: list[Any], index: int, check: Callable[..., Iterator[Problem]], owner: str) -> pulumi.Output[Any]:
    # Models and plain values stay outside `all`, which would take them apart.
    outputs = {str(i): value for i, value in enumerate(values) if is_output(value)}

    def meet(resolved: dict[str, Any]) -> Any:
        found = list(check(*(resolved.get(str(i), value) for i, value in enumerate(values))))
        if found:
            raise ArgumentError(owner, found)
        return resolved[str(index)]

    return pulumi.Output.all(**outputs).apply(meet)


def _replace(args: T, path: list[str], value: Any) -> T:
    head, *rest = path
    return args.model_copy(update={head: _replace(getattr(args, head), rest, value) if rest else value})


def describe(args: NIM) -> dict[str, Any]:
    """The arguments as the plain mapping that the engine records and diffs: without secret values.

    The headline always, the rest where it is not the default: a diff is short, and a property costs the engine and the SDK time.
    """
    return _said(args) | {name: _plain(getattr(args, name)) for name in HEADLINE}


def _said(args: Arguments) -> dict[str, Any]:
    fields = type(args).model_fields
    values = {name: getattr(args, name) for name in fields if name not in SECRET_VALUES}
    return {name: _plain(value) for name, value in values.items() if is_output(value) or value != default_of(type(args), name)}


def _plain(value: Any) -> Any:
    if isinstance(value, Arguments):
        return _said(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in cast("dict[Any, Any]", value).items()}
    if isinstance(value, list):
        return [_plain(item) for item in cast("list[Any]", value)]
    return value
