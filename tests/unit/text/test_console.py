"""Wrapped output of the command line."""

import io

import pytest
from rich.console import Console
from rich.text import Text

from nim_component.text.console import open_console, print_hanging, print_whole

PATH = "/a/path/that/is/longer/than/the/whole/line.yaml"
COMMAND = "kubectl -n ml create secret generic ngc --from-file=KEY=/dev/stdin"


def test_wrapped_lines_have_hanging_indents():
    output = io.StringIO()
    print_hanging(Console(file=output, width=20), Text("✗ "), Text("Secret ml/ngc: does not exist"))
    assert output.getvalue() == "✗ Secret ml/ngc:\n  does not exist\n"


def test_long_word_is_not_broken():
    output = io.StringIO()
    print_hanging(Console(file=output, width=20), Text("  fix: "), Text(f"Correct {PATH}, then retry."))
    assert output.getvalue().splitlines() == ["  fix: Correct", f"       {PATH},", "       then retry."]


def test_command_is_not_wrapped():
    output = io.StringIO()
    print_whole(Console(file=output, width=20), Text(COMMAND))
    assert output.getvalue() == f"{COMMAND}\n"


def test_command_in_backticks_is_not_broken():
    output = io.StringIO()
    print_hanging(Console(file=output, width=30), Text("  fix: "), Text(f"Create it: `{COMMAND}`. Then run `pulumi up` again."))
    assert output.getvalue().splitlines() == ["  fix: Create it:", f"       `{COMMAND}`.", "       Then run `pulumi up`", "       again."]


def test_styles_survive_wrapping():
    output = io.StringIO()
    console = Console(file=output, width=20, force_terminal=True, color_system="standard", highlight=False)
    print_hanging(console, Text("✗ ", "red"), Text.assemble(("Secret ml/ngc:", "bold"), " does not exist"))
    assert output.getvalue() == "\x1b[31m✗ \x1b[0m\x1b[1mSecret ml/ngc:\x1b[0m\n  does not exist\n"


def test_output_without_terminal_is_plain(capsys: pytest.CaptureFixture[str]):
    print_hanging(open_console(), Text("✗ ", "red"), Text("word " * 100))
    assert capsys.readouterr().out == f"✗ {'word ' * 100}".rstrip() + "\n"
