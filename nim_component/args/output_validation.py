"""Outputs meet the rules of their fields when they resolve, in the name of the service that they are for."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar, cast

import pulumi
from pydantic import ValidationError

from ..text.field_paths import Path
from .arguments import LATE, Arguments, explicit_fields, field_adapter, read_path
from .error import ArgumentError
from .outputs import is_output
from .problems import Problem, find_problems, is_secret_path
from .secrets import SECRET_VALUE_FIELDS

T = TypeVar("T", bound=Arguments)

SECRET_PATHS: frozenset[Path] = frozenset(("secrets", name) for name in SECRET_VALUE_FIELDS)
"""The only fields of which a Secret is made; in a pod spec a secret would mask its whole diff."""
KUBECONFIG = ("diagnosis", "kubeconfig")
"""Used in this process alone, secret or not, and recorded nowhere."""


def bind_outputs(args: T, owner: str) -> T:
    """A copy in which every Output is checked on resolution and fails in `owner`'s name; `args` itself when there is no Output.

    A model may serve several components, so that this is done by the component and not when the model is made.
    """
    bound = _bind_fields(args, _Findings(owner), ())
    # Apart, since the rules wait for the fields that they read: were one to wait for the other's findings, both would for ever.
    return bound if bound is args else _bind_rules(bound, _Findings(owner))


class _Findings:
    """What is found wrong with one owner's Outputs as they resolve. The first that fails waits for the others: one error says it all."""

    def __init__(self, owner: str) -> None:
        self.owner = owner
        self.all: list[pulumi.Output[list[Problem]]] = []

    def add(self, finding: "pulumi.Output[list[Problem]]") -> "pulumi.Output[None]":
        """Resolves when nothing was found, and fails otherwise. While the value is not known, so is this."""
        self.all.append(finding)
        return finding.apply(lambda found: self._fail() if found else None)

    async def _fail(self) -> None:
        found: list[Problem] = []
        for finding in self.all:
            # What cannot be had has failed for a reason of its own, which is said where it failed; what is not known is None.
            with contextlib.suppress(Exception):
                found += await finding.future() or []
        raise ArgumentError(self.owner, found)


def _bind_fields(args: T, findings: _Findings, above: Path) -> T:
    changed: dict[str, Any] = {}
    cls = type(args)
    for name, value in explicit_fields(args).items():
        bound = _bind_value(
            value, findings, (*above, name), lambda probe, name=name: field_adapter(cls, name).validate_python(probe, context=LATE)
        )
        if bound is not value:
            changed[name] = bound
    return args.model_copy(update=changed) if changed else args


def _bind_value(value: Any, findings: _Findings, path: Path, check: Callable[[Any], Any]) -> Any:
    """`check` validates a whole field; an item inside a list or mapping is checked in its place, among its siblings."""
    if is_output(value):
        return _checked(value, findings, path, check)
    if isinstance(value, Arguments):
        return _bind_fields(value, findings, path)
    if isinstance(value, dict):
        items = cast("dict[Any, Any]", value)
        bound = {
            key: _bind_value(item, findings, (*path, str(key)), lambda probe, key=key: check({**items, key: probe})[key])
            for key, item in items.items()
        }
        return bound if any(bound[key] is not item for key, item in items.items()) else items
    if isinstance(value, list):
        entries = cast("list[Any]", value)
        done = [
            _bind_value(item, findings, (*path, at), lambda probe, at=at: check([*entries[:at], probe, *entries[at + 1 :]])[at])
            for at, item in enumerate(entries)
        ]
        return done if any(new is not old for new, old in zip(done, entries, strict=True)) else entries
    return value


def _checked(value: pulumi.Output[Any], findings: _Findings, path: Path, check: Callable[[Any], Any]) -> pulumi.Output[Any]:
    if path in SECRET_PATHS or path == KUBECONFIG:
        return value

    def find(resolved: list[Any]) -> list[Problem]:
        plain, secret = resolved
        if secret:
            return []  # said already
        try:
            check(plain)
        except ValidationError as error:
            # The probe's path is not the field's: whether the value may be shown is decided by the whole path.
            return [Problem(path, each.rule, each.remedy, None if is_secret_path(path) else each.value) for each in find_problems(error)]
        return []

    secret = pulumi.Output.from_input(value.is_secret())
    # Whether it is a secret is known before its value is: a preview refuses it too.
    not_secret = findings.add(secret.apply(lambda is_secret: [_secret_problem(path)] if is_secret else []))
    valid = findings.add(pulumi.Output.all(value, secret).apply(find))
    return pulumi.Output.all(value, not_secret, valid).apply(lambda resolved: check(resolved[0]))


def _secret_problem(path: Path) -> Problem:
    return Problem(
        path,
        "must not be a secret: it would stand in the pod spec",
        "Put it into a Kubernetes Secret and refer to that; when it is no secret after all, pass pulumi.Output.unsecret(value).",
    )


def _bind_rules(args: T, findings: _Findings) -> T:
    """The rules that waited for an Output: checked when all that they read has resolved, and in the way of the first Output they read."""
    bound = args
    for rule in type(args).rules:
        if not rule.waits:
            continue
        values = rule.read(args)
        late = next((path for path, value in zip(rule.paths, values, strict=True) if is_output(value)), None)
        if late is not None:
            kept = findings.add(_broken(values, rule.validate))
            gated = pulumi.Output.all(read_path(bound, late), kept).apply(lambda resolved: resolved[0])
            bound = _replace(bound, late, gated)
    return bound


def _broken(values: list[Any], check: Callable[..., Iterator[Problem]]) -> "pulumi.Output[list[Problem]]":
    """What a rule finds when its values have resolved."""
    # Models and plain values stay outside `all`, which would take them apart.
    outputs = {str(i): value for i, value in enumerate(values) if is_output(value)}

    def find(resolved: dict[str, Any]) -> list[Problem]:
        return list(check(*(resolved.get(str(i), value) for i, value in enumerate(values))))

    return pulumi.Output.all(**outputs).apply(find)


def _replace(args: T, path: Sequence[str], value: Any) -> T:
    head, *rest = path
    return args.model_copy(update={head: _replace(getattr(args, head), rest, value) if rest else value})
