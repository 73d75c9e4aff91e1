"""Previews between other lines, and streams of engine events, recorded from the CLI 3.260."""

import json
from pathlib import Path

import pytest

from nim_component.review.matching import Difference
from nim_component.review.sources.preview import PreviewError, read_preview

STREAMS = Path(__file__).parent / "event_streams"
NAMES = ("create", "update", "replace", "gone", "fail")
PREVIEW = (STREAMS / "replace.json").read_text()
BEFORE = "Loading policy packs...\nPolicies:\n    nim@v0.1.0 (local: ./policies)\n{not json}\n"
AFTER = "\nView in Browser: https://example.com/previews/1\n"


@pytest.mark.parametrize("name", NAMES)
def test_stream_equals_json(name: str):
    """The stream also contains the old outputs of the stack, which the JSON does not."""
    stream = read_preview((STREAMS / f"{name}.events").read_text())
    preview = read_preview((STREAMS / f"{name}.json").read_text())
    assert stream.services == preview.services
    assert stream.messages == preview.messages
    assert stream.stack == preview.stack == "dev"
    changed = (Difference(("u",), "1", "2"),)
    assert (preview.outputs, stream.outputs) == ((), () if name == "create" else changed)


@pytest.mark.parametrize(
    "text", [BEFORE + PREVIEW, PREVIEW + AFTER, "\ufeff" + PREVIEW, BEFORE + PREVIEW + AFTER, "\ufeff" + BEFORE + PREVIEW]
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_preview_between_other_lines_is_read(text: str, end: str):
    assert read_preview(text.replace("\n", end)) == read_preview(PREVIEW)


@pytest.mark.parametrize("compact", [False, True])
def test_preview_after_other_json_is_read(compact: bool):
    preview = json.dumps(json.loads(PREVIEW), indent=None if compact else 4)
    assert read_preview(f'{{"level": "info", "message": "starting"}}\n{preview}\n{{"level": "info"}}\n') == read_preview(PREVIEW)


def test_stream_between_other_lines_is_read():
    stream = (STREAMS / "replace.events").read_text()
    assert read_preview(f"\ufeff{BEFORE}{stream}{AFTER}") == read_preview(stream)


def test_stream_without_summary_is_refused():
    lines = (STREAMS / "replace.events").read_text().splitlines()
    cut = "\n".join(line for line in lines if "summaryEvent" not in line)
    with pytest.raises(
        PreviewError, match=r"^file: the stream of engine events ends before its summary, so the preview did not finish\. Run: "
    ):
        read_preview(cut, "file")


def test_failed_stream_without_error_has_a_message():
    lines = (STREAMS / "fail.events").read_text().splitlines()
    found = read_preview("\n".join(line for line in lines if '"severity":"error"' not in line))
    assert [message.text for message in found.messages if message.severity == "error"] == ["preview failed"]


@pytest.mark.parametrize("text", [BEFORE, "{", BEFORE + PREVIEW[:-30], "", "\ufeff"])
def test_text_without_preview_is_refused(text: str):
    with pytest.raises(PreviewError, match="Run: pulumi preview --json > FILE"):
        read_preview(text, "file")
