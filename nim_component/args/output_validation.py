"""Validation of Outputs when they resolve, with the same rules and texts as plain values."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar, cast

import pulumi
from pydantic import ValidationError

from ..text.field_paths import Path
from .arguments import RESOLVED, Arguments, copy_unvalidated, explicit_fields, field_adapter
from .error import ArgumentError
from .fixes import fix
from .outputs import is_output
from .plain_values import find_output_texts
from .problems import Problem, find_problems, is_secret_path
from .rule import read_path
from .secrets import SECRET_VALUE_FIELDS

T = TypeVar("T", bound=Arguments)

SECRET_PATHS: frozenset[Path] = frozenset(("secrets", name) for name in SECRET_VALUE_FIELDS)
"""Only fields from which a Secret is created. A secret in a pod spec would redact its whole
diff."""
KUBECONFIG = ("diagnosis", "kubeconfig")
"""Field that may be a secret, because it is used in this process only and never recorded."""


def bind_outputs(args: T, owner: str) -> T:
    """Return a copy whose Outputs are validated when they resolve, or `args` if there is none.

    The component does this, not the model: one model may belong to several components.

    Args:
        args: Validated arguments.
        owner: Name in errors, such as `NIMService 'llama'`.
    """
    bound = _bind_fields(args, _OutputProblems(owner), ())
    # Rules wait for the fields that they read. With a common list of problems, each would wait for
    # the other without end.
    return bound if bound is args else _bind_rules(bound, _OutputProblems(owner))


class _OutputProblems:
    """Problems of one owner's Outputs, in one error.

    The first Output that fails waits for the others.
    """

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.all: list[pulumi.Output[list[Problem]]] = []

    def add(self, problems: "pulumi.Output[list[Problem]]") -> "pulumi.Output[None]":
        """Return an Output that fails if there are problems, and is unknown while they are."""
        self.all.append(problems)
        return problems.apply(lambda found: self._fail() if found else None)

    async def _fail(self) -> None:
        found: list[Problem] = []
        for problems in self.all:
            # An Output that failed by itself is reported there. The problems of an unknown Output
            # are None.
            with contextlib.suppress(Exception):
                found += await problems.future() or []
        raise ArgumentError(self.owner, found)


def _bind_fields(args: T, problems: _OutputProblems, above: Path) -> T:
    changed: dict[str, Any] = {}
    cls = type(args)
    for name, value in explicit_fields(args).items():
        bound = _bind_value(
            value, problems, (*above, name), lambda probe, name=name: field_adapter(cls, name).validate_python(probe, context=RESOLVED)
        )
        if bound is not value:
            changed[name] = bound
    return copy_unvalidated(args, changed) if changed else args


def _bind_value(value: Any, problems: _OutputProblems, path: Path, validate: Callable[[Any], Any]) -> Any:
    """Return a value with its Outputs bound.

    `validate` validates a whole field: an item of a list or mapping is validated in its place.
    """
    if is_output(value):
        return _validated(value, problems, path, validate)
    if isinstance(value, Arguments):
        return _bind_fields(value, problems, path)
    if isinstance(value, dict):
        items = cast("dict[Any, Any]", value)
        bound = {
            key: _bind_value(item, problems, (*path, str(key)), lambda probe, key=key: validate({**items, key: probe})[key])
            for key, item in items.items()
        }
        return bound if any(bound[key] is not item for key, item in items.items()) else items
    if isinstance(value, list):
        entries = cast("list[Any]", value)
        done = [
            _bind_value(item, problems, (*path, at), lambda probe, at=at: validate([*entries[:at], probe, *entries[at + 1 :]])[at])
            for at, item in enumerate(entries)
        ]
        return done if any(new is not old for new, old in zip(done, entries, strict=True)) else entries
    return value


def _validated(value: pulumi.Output[Any], problems: _OutputProblems, path: Path, validate: Callable[[Any], Any]) -> pulumi.Output[Any]:
    if path in SECRET_PATHS or path == KUBECONFIG:
        return value

    def find(resolved: list[Any]) -> list[Problem]:
        plain, is_secret = resolved
        if is_secret:
            return []  # reported by `not_secret`
        try:
            validate(plain)
        except ValidationError as error:
            # The field decides if the value is printed, and the error has another path.
            is_redacted = is_secret_path(path)
            return [replace(each, path=path, value=None if is_redacted else each.value, base=()) for each in find_problems(error)]
        return [problem for _, problem in find_output_texts(None, plain, path)]

    is_secret = pulumi.Output.from_input(value.is_secret())
    # The mark of a secret is known before its value: a preview refuses it too.
    not_secret = problems.add(is_secret.apply(lambda secret: [_secret_problem(path)] if secret else []))
    valid = problems.add(pulumi.Output.all(value, is_secret).apply(find))
    return pulumi.Output.all(value, not_secret, valid).apply(lambda resolved: validate(resolved[0]))


def _secret_problem(path: Path) -> Problem:
    return Problem(
        path,
        "must not be a secret: it would be part of the pod spec",
        fix(
            "Store it in a Kubernetes Secret and refer to that, such as {}. If it is not secret, use pulumi.Output.unsecret(value).",
            {"env": {"NAME": {"valueFrom": {"secretKeyRef": {"name": "my-secret", "key": "my-key"}}}}},
        ),
    )


def _bind_rules(args: T, problems: _OutputProblems) -> T:
    """Return a copy whose waiting rules run when all that they read has resolved.

    The first Output that a rule reads depends on its result.
    """
    bound = args
    for rule in type(args).rules:
        if not rule.waits:
            continue
        values = rule.read(args)
        first = next((path for path, value in zip(rule.paths, values, strict=True) if is_output(value)), None)
        if first is not None:
            satisfied = problems.add(_find_broken(values, rule.validate))
            gated = pulumi.Output.all(read_path(bound, first), satisfied).apply(lambda resolved: resolved[0])
            bound = _replace_at(bound, first, gated)
    return bound


def _find_broken(values: list[Any], validate: Callable[..., Iterator[Problem]]) -> "pulumi.Output[list[Problem]]":
    """Return the problems that a rule finds when its values have resolved."""
    # Only the Outputs: `Output.all` would convert models to dictionaries.
    outputs = {str(i): value for i, value in enumerate(values) if is_output(value)}

    def find(resolved: dict[str, Any]) -> list[Problem]:
        return list(validate(*(resolved.get(str(i), value) for i, value in enumerate(values))))

    return pulumi.Output.all(**outputs).apply(find)


def _replace_at(args: T, path: Sequence[str], value: Any) -> T:
    head, *rest = path
    return copy_unvalidated(args, {head: _replace_at(getattr(args, head), rest, value) if rest else value})
