"""Values of a resource as plain mappings and lists, without those that are unknown at preview.

`pulumi_policy` wraps every mapping and every list. A wrapped list is no `list`, and access to an
unknown value raises an exception, which would end a rule before it has read the rest.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from fields import Props
from pulumi_policy.proxy import UnknownValueError

_POD_FIELDS = ("spec", "template", "containers", "initContainers", "ephemeralContainers", "container", "script", "steps")
"""Fields that contain pods or their containers."""


@dataclass
class Known:
    """Known values of a resource."""

    props: Props
    unknown: list[UnknownValueError] = field(default_factory=list[UnknownValueError])
    """Error of each unknown value, with its path."""

    def require(self, fields: Collection[str], within: Collection[str] = ()) -> None:
        """Raise the error of an unknown value that a rule needs.

        Pulumi then prints that the policy cannot run during preview. It runs during the update.

        Args:
            fields: Fields whose value is needed.
            within: Fields whose value is needed with everything in it.
        """
        for each in self.unknown:
            path = [step for step in each.props if not step.isdigit()]
            if path and path[0] != "status" and (path[-1] in {*fields, *_POD_FIELDS} or not set(path).isdisjoint(within)):
                raise each


def read_known(props: Props) -> Known:
    """Return the known values of a resource."""
    known = Known({})
    known.props = _unwrap(props, known.unknown)
    return known


def _unwrap(value: Any, unknown: list[UnknownValueError]) -> Any:
    if isinstance(value, Mapping):
        entries = cast("Mapping[str, Any]", value)
        return {key: item for key in entries for item in _read(entries, key, unknown)}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        listed = cast("Sequence[Any]", value)
        return [item for index in range(len(listed)) for item in _read(listed, index, unknown)]
    return value


def _read(container: Any, key: Any, unknown: list[UnknownValueError]) -> list[Any]:
    """Return the value with a key in a list of its own, or an empty list for an unknown value."""
    try:
        return [_unwrap(container[key], unknown)]
    except UnknownValueError as error:
        unknown.append(error)
        return []
