"""Printed results of `nim-component check`."""

import io

import pytest
from rich.console import Console

from nim_component.cli.preflight import print_results, unknown_state
from nim_component.preflight import CheckResult

SECRET = "kubectl -n ml create secret generic ngc --from-file=NGC_API_KEY=/dev/stdin # longer than 80 columns"
RESULTS = [
    CheckResult("ok", "Kubernetes", "v1.36.3"),
    CheckResult(
        "fail", "Secret ml/ngc", "does not exist; used by llama, mixtral, deepseek, qwen", "Correct its name, or create it:", SECRET
    ),
    CheckResult(
        "warn", "GPUs", "nodes may not be read, and this is a long text that does not fit in one line", "Grant list.", "", "docs/a.md#b"
    ),
]


@pytest.fixture
def output(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Return the output of a console with 80 columns."""
    file = io.StringIO()
    console = Console(file=file, width=80, highlight=False)
    monkeypatch.setattr("nim_component.text.console.open_console", lambda: console)
    return file


def test_results_have_hanging_indents_at_80_columns(output: io.StringIO):
    """A command to copy stays in one line, whatever its length."""
    print_results(RESULTS)
    assert output.getvalue().splitlines() == [
        "✓ Kubernetes: v1.36.3",
        "✗ Secret ml/ngc: does not exist; used by llama, mixtral, deepseek, qwen",
        "  fix: Correct its name, or create it:",
        f"    {SECRET}",
        "! GPUs: nodes may not be read, and this is a long text that does not fit in one",
        "  line",
        "  fix: Grant list.",
        "  see: docs/a.md#b",
        "",
        "1 failed, 1 warning, 1 passed",
    ]


def test_unknown_state_result_has_export_command():
    result = unknown_state()
    assert (result.mark, result.about) == ("warn", "State")
    assert result.to_json()["fix"].endswith("pulumi stack export --file state.json")
