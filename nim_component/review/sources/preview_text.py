"""Texts that contain a preview: JSON, JSON between other lines, or a stream of engine events.

A policy pack or a wrapper may print lines before or after the JSON. With
`PULUMI_ENABLE_STREAMING_JSON_PREVIEW` or `--event-log`, the CLI writes one event in each line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence, Set
from typing import Any, cast

from ...local import urns
from ..accessors import Fields, get, mapping, strings

KEYS = ("steps", "diagnostics", "changeSummary")
"""Keys of a preview, of which at least one is present."""
READS, DISCARDS = ("read", "read-replacement"), ("discard", "discard-replaced")


def find_preview(text: str) -> Any:
    """Return the preview in a text, else its whole content as JSON.

    Raises:
        ValueError: The text contains no JSON.
        RecursionError: The JSON is nested too deeply.
    """
    text = text.removeprefix("\ufeff")
    try:
        return json.loads(text)
    except ValueError:
        events = list(read_events(text))
        if events:
            return convert_events(events)
        found = next(read_documents(text), None)
        if found is None:
            raise
        return found


def read_documents(text: str) -> Iterator[Fields]:
    """Yield the previews that begin at the start of a line."""
    decoder, place = json.JSONDecoder(), 0
    for line in text.splitlines(keepends=True):
        if line.startswith("{"):
            try:
                content, _ = decoder.raw_decode(text, place)
            except ValueError:
                content = None
            if isinstance(content, dict) and any(key in content for key in KEYS):
                yield cast("Fields", content)
        place += len(line)


def read_events(text: str) -> Iterator[Fields]:
    """Yield the engine events of a stream."""
    for line in text.splitlines():
        if line.startswith("{") and '"sequence"' in line:
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict) and "sequence" in event:
                yield cast("Fields", event)


def convert_events(events: Sequence[Fields]) -> Fields:
    """Return a stream of events in the form of `pulumi preview --json`.

    A stream without its last event, the summary, has no steps: the preview was cut off.
    """
    planned = [mapping(get(event["resourcePreEvent"], "metadata")) for event in events if "resourcePreEvent" in event]
    finished = {event.get("urn"): event for each in events if (event := mapping(get(each.get("resOutputsEvent"), "metadata")))}
    marked = {event.get("urn") for event in planned if get(event.get("old"), "delete") is True}
    steps = [build_step(finished.get(event.get("urn"), event) if is_stack(event) else event, marked) for event in planned]
    diagnostics = [diagnostic for event in events if (diagnostic := read_diagnostic(event))]
    summary = next((mapping(event["summaryEvent"]) for event in events if "summaryEvent" in event), None)
    if summary is None:
        return {"events": "incomplete"}
    if summary.get("result") == "failed" and not any(each.get("severity") == "error" for each in diagnostics):
        diagnostics.append({"severity": "error", "message": "preview failed"})
    return {"steps": steps, "diagnostics": diagnostics, "changeSummary": summary.get("resourceChanges")}


def is_stack(metadata: Fields) -> bool:
    """Return true for the stack. Only its last event contains its outputs."""
    urn = metadata.get("urn")
    return isinstance(urn, str) and urns.is_urn(urn) and urns.parse(urn).type == urns.STACK_TYPE


def build_step(metadata: Fields, marked: Set[Any]) -> Fields:
    """Return the step of an event.

    Args:
        metadata: Content of the event.
        marked: URNs whose old state is marked for deletion in one of the events.
    """
    urn, operation = metadata.get("urn"), metadata.get("op")
    old: Any = metadata.get("old")
    new: Any = metadata.get("new")
    if isinstance(old, dict):
        old = {**mapping(old), "external": operation in (*READS, *DISCARDS), "delete": urn in marked}
    if isinstance(new, dict):
        new = {**mapping(new), "external": operation in READS}
    return {
        "op": operation,
        "urn": urn,
        "oldState": old,
        "newState": new,
        "replaceReasons": strings(metadata.get("keys")),
        "detailedDiff": {path: {"kind": get(detail, "diffKind")} for path, detail in mapping(metadata.get("detailedDiff")).items()},
    }


def read_diagnostic(event: Fields) -> Fields | None:
    """Return a message of an event, or None."""
    if "errorEvent" in event:
        return {"severity": "error", "message": get(event["errorEvent"], "error")}
    diagnostic = mapping(event.get("diagnosticEvent"))
    return None if diagnostic.get("ephemeral") else diagnostic or None
