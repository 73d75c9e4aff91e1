"""YAML documents, read as the Pulumi CLI does, with yaml.v3.

Only the first document of a file is read. A repeated key is an error, and so is a document that
aliases make much larger. https://github.com/go-yaml/yaml/blob/v3.0.1/decode.go
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn, cast

import yaml

from .yaml_scalars import MERGE, STR, ScalarError, resolve_scalar


class MixedMapping(dict[str, Any]):
    """A mapping that has a key that is not a text, such as `true:` or `8080:`.

    The CLI passes such keys to the program as texts.
    """


@dataclass(frozen=True, eq=False)
class Alias:
    """A reference `*name` to a node."""

    name: str
    target: yaml.Node
    start_mark: Any


class NodeLoader(yaml.SafeLoader):
    """Parser of nodes. Plain scalars have an empty tag, and aliases are nodes of their own."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Return the next node, or an `Alias`."""
        untyped: Any = self
        event: Any = untyped.peek_event()
        if not isinstance(event, yaml.AliasEvent):
            untyped.anchors.pop(event.anchor, None)  # An anchor may be set again.
        node = super().compose_node(parent, index)
        return Alias(event.anchor, cast("yaml.Node", node), event.start_mark) if isinstance(event, yaml.AliasEvent) else node

    def compose_document(self) -> Any:
        """Return the root node of a document."""
        untyped: Any = self
        event: Any = untyped.peek_event()
        if event.version not in (None, (1, 1)):
            fail("found incompatible YAML document. Remove the line `%YAML`.", event)
        return super().compose_document()

    def compose_scalar_node(self, anchor: Any) -> Any:
        """Return a scalar node."""
        untyped: Any = self
        event: Any = untyped.get_event()
        tag = event.tag if event.tag not in (None, "!") else "" if event.style is None else STR
        node: Any = yaml.ScalarNode(tag, event.value, event.start_mark, event.end_mark, style=event.style)
        if anchor is not None:
            untyped.anchors[anchor] = node
        return node


def parse_yaml(text: str, *, is_rewritten: bool = False) -> Any:
    """Return the first document of a text.

    Dates are texts, keys are texts.

    Args:
        text: YAML.
        is_rewritten: Read project and stack files as the CLI does. It writes them anew, with block
            scalars and without the quotes of `<<`, before it reads the configuration.

    Raises:
        YAMLError: The text is not YAML, or the CLI refuses it.
    """
    loader: Any = NodeLoader(text)
    try:
        return Decoder(is_rewritten).decode(loader.get_node()) if loader.check_node() else None
    except RecursionError:
        raise yaml.YAMLError("nested too deeply. Remove levels.") from None
    finally:
        loader.dispose()


class Decoder:
    """Conversion of nodes to values, with the limit of yaml.v3 on aliases."""

    def __init__(self, is_rewritten: bool) -> None:
        self.is_rewritten = is_rewritten
        self.count = 0
        """Nodes that were decoded."""
        self.aliased = 0
        """Nodes that were decoded below an alias."""
        self.open: list[Alias] = []
        """Aliases that are being decoded."""

    def decode(self, node: Any) -> Any:
        """Return the value of a node."""
        self.check_aliases(node)
        match node:
            case Alias():
                if node in self.open:
                    fail(f"anchor '{node.name}' value contains itself", node)
                self.open.append(node)
                value = self.decode(node.target)
                self.open.pop()
                return value
            case yaml.MappingNode():
                mapping: dict[str, Any] = {} if all(map(is_text, (key for key, _ in node.value))) else MixedMapping()
                self.fill_mapping(node, mapping, None)
                return mapping
            case yaml.SequenceNode():
                return [self.decode(child) for child in node.value]
            case _:
                try:
                    value = resolve_scalar(node.tag, node.value)[1]
                    return rewrite_text(value, node) if self.is_rewritten and isinstance(value, str) else value
                except ScalarError as error:
                    fail(str(error), node)

    def check_aliases(self, node: Any) -> None:
        """Count a node. Raise ConstructorError if most nodes come from aliases."""
        self.count += 1
        self.aliased += bool(self.open)
        allowed = 0.99 - 0.89 * min(max((self.count - 400_000) / 3_600_000, 0), 1)
        if self.aliased > 100 and self.count > 1000 and self.aliased / self.count > allowed:
            fail("document contains excessive aliasing. Write the values in place of the aliases.", node)

    def fill_mapping(self, node: yaml.MappingNode, mapping: dict[str, Any], seen: set[str] | None) -> None:
        """Add the entries of a node to a mapping.

        Args:
            node: Mapping node.
            mapping: Mapping to change.
            seen: Keys that a merged node must not change; None for a node that is not merged.
        """
        refuse_repeated_keys(node)
        merged = None
        for key, value in node.value:
            if is_merge(key, self.is_rewritten):
                merged = value
                continue
            name = self.decode_key(key, is_mixed=isinstance(mapping, MixedMapping))
            if seen is not None:
                if name in seen:
                    continue
                seen.add(name)
            mapping[name] = self.decode(value)
        if merged is not None:
            self.merge(merged, mapping, set(mapping) if seen is None else seen)

    def decode_key(self, node: Any, *, is_mixed: bool) -> str:
        """Return a key as the text that the program receives."""
        value = self.decode(node)
        if isinstance(value, dict | list):
            fail("invalid map key. Write a text as the key.", node)
        target = node.target if isinstance(node, Alias) else node
        return show_key(value) if is_mixed else target.value if not isinstance(value, str) else value

    def merge(self, node: Any, mapping: dict[str, Any], seen: set[str]) -> None:
        """Add the entries of the value of `<<`."""
        for each in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            target = each.target if isinstance(each, Alias) else each
            if not isinstance(target, yaml.MappingNode):
                fail("map merge requires map or sequence of maps as the value. Write `<<: *name`.", each)
            self.check_aliases(each)
            if isinstance(each, Alias):
                if each in self.open:
                    fail(f"anchor '{each.name}' value contains itself", each)
                self.open.append(each)
            self.fill_mapping(target, mapping, seen)
            if isinstance(each, Alias):
                self.open.pop()


def rewrite_text(text: str, node: Any) -> str:
    """Return a text that the CLI wrote as a block scalar and read again.

    A line break at the start is lost, and a tab at the start is an error.
    """
    if "\n" not in text or re.search(r" (?:\n|$)", text):
        return text  # written in quotes
    if text.startswith("\t"):
        fail("found a tab character where an indentation space is expected. Begin the text with another character.", node)
    return re.sub(r"\A[\n\u2028\u2029]", "", text)


def is_text(key: Any) -> bool:
    """Return true for a key that is a text or `<<`."""
    node = key.target if isinstance(key, Alias) else key
    return isinstance(node, yaml.ScalarNode) and (is_merge(node, True) or resolve_scalar(node.tag, node.value)[0] == STR)


def is_merge(key: Any, is_rewritten: bool) -> bool:
    """Return true for the key `<<`, in a rewritten file also with quotes."""
    tags = ("", MERGE, STR) if is_rewritten else ("", MERGE)
    return isinstance(key, yaml.ScalarNode) and key.value == "<<" and key.tag in tags


def show_key(value: Any) -> str:
    """Return a key as Go prints it."""
    match value:
        case None:
            return "<nil>"
        case bool():
            return str(value).lower()
        case float() if math.isfinite(value) and value:
            number = Decimal(repr(value)).normalize()
            if -4 <= number.adjusted() < 6:
                return f"{number:f}"
            digits, _, exponent = f"{number:e}".partition("e")
            return f"{digits}e{int(exponent):+03d}"
        case float():
            return "0" if not value else "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
        case _:
            return str(value)


def refuse_repeated_keys(node: yaml.MappingNode) -> None:
    """Raise ConstructorError for keys that are written alike, also with and without quotes."""
    lines: dict[tuple[type, str], int] = {}
    for key, _ in node.value:
        text = key.name if isinstance(key, Alias) else key.value if isinstance(key, yaml.ScalarNode) else ""
        if (type(key), text) in lines:
            fail(f"key '{text}' is repeated, first in line {lines[type(key), text]}. Remove one of them.", key)
        lines[type(key), text] = key.start_mark.line + 1


def fail(problem: str, node: Any) -> NoReturn:
    """Raise ConstructorError with the line of a node."""
    raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
