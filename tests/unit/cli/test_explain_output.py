"""Printed explanations of `nim-component explain`."""

import io

import pytest
from rich.console import Console

from nim_component.cli.explain import print_text
from nim_component.diagnose.diagnosis import Diagnosis
from nim_component.diagnose.explain import Explanation

COMMAND = "`kubectl -n ml create secret docker-registry pull --docker-server=nvcr.io --docker-username='$oauthtoken'`."
DIAGNOSIS = Diagnosis(
    "image-unauthorized",
    "The registry refuses the pull of nvcr.io/nim/meta/llama3-8b-instruct:1.0.0: the pull Secret pull does not exist",
    f"Create it: {COMMAND} Or set secrets.ngc_api_key.",
    "rpc error: code = Unknown desc = failed to pull and unpack image: 401 Unauthorized",
    "likely",
)
EXPLANATION = Explanation("llama", "ml", ("the server waits: ImagePullBackOff",), (DIAGNOSIS,), is_ready=False)


def capture(monkeypatch: pytest.MonkeyPatch, *explanations: Explanation, **options: object) -> str:
    """Return the output of a console with these options and 80 columns."""
    file = io.StringIO()
    settings: dict[str, object] = {"width": 80, "highlight": False, **options}
    monkeypatch.setattr("nim_component.text.console.open_console", lambda: Console(file=file, **settings))  # type: ignore[arg-type]
    print_text(list(explanations), ["ml"])
    return file.getvalue()


def test_diagnosis_has_hanging_indents_at_80_columns(monkeypatch: pytest.MonkeyPatch):
    """Neither the image nor the command is broken: both can be copied."""
    assert capture(monkeypatch, EXPLANATION).splitlines() == [
        "ml/llama: the server waits: ImagePullBackOff",
        "",
        "The registry refuses the pull of nvcr.io/nim/meta/llama3-8b-instruct:1.0.0: the",
        "pull Secret pull does not exist (likely).",
        "  evidence: rpc error: code = Unknown desc = failed to pull and unpack image:",
        "            401 Unauthorized",
        "  fix: Create it:",
        f"       {COMMAND}",
        "       Or set secrets.ngc_api_key.",
    ]


def test_terminal_output_has_colours(monkeypatch: pytest.MonkeyPatch):
    output = capture(monkeypatch, EXPLANATION, force_terminal=True, color_system="standard")
    assert "\x1b[1mml/llama: the server waits: ImagePullBackOff\x1b[0m" in output
    assert "\x1b[1;33mThe registry refuses" in output
    assert "\x1b[32mfix:\x1b[0m" in output


def test_output_without_terminal_is_plain(capsys: pytest.CaptureFixture[str]):
    """Without a terminal, the output is the text of the explanations, not wrapped."""
    print_text([EXPLANATION, EXPLANATION], ["ml"])
    assert capsys.readouterr().out == f"{EXPLANATION}\n\n{EXPLANATION}\n"


def test_namespace_without_services_has_a_note(monkeypatch: pytest.MonkeyPatch):
    expected = "No NIMService is deployed in ml. Choose another --namespace, --context or --stack."
    assert capture(monkeypatch, width=200) == f"{expected}\n"
