"""Errors in the end of a server's log."""

import pytest

from nim_component.diagnose.log_lines import read_lines
from nim_component.diagnose.server_log import read_errors

V1 = "(EngineCore_DP0 pid=271) ERROR 11-24 12:00:00 [core.py:843] "
GENERIC = "RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}"


def messages(log: str) -> list[list[str]]:
    """Return the messages of the chains of errors."""
    return [[each.message for each in chain] for chain in read_errors(log).chains]


@pytest.mark.parametrize(
    ("line", "level", "text"),
    [
        (f"{V1}text", "error", "text"),
        ("\x1b[1;36m(APIServer pid=1)\x1b[0;0m INFO 11-24 12:00:00 [launcher.py:42] text", "information", "text"),
        ("(VllmWorker rank=0 pid=12) WARNING 11-24 12:00:00 [a.py:1] text", "warning", "text"),
        ("ERROR 07-15 12:00:00.123 engine.py:389] text", "error", "text"),
        ("[rank0]: text", "none", "text"),
        ("[rank0]:[W1124 12:00:00.123456789 ProcessGroupNCCL.cpp:1476] text", "warning", "text"),
        ("[TensorRT-LLM][ERROR] text", "error", "text"),
        ("[11/24/2026-12:00:00] [TRT-LLM] [I] text", "information", "text"),
        ("2024-08-02 06:29:53,660 [WARNING] [TRT-LLM] [W] text", "warning", "text"),
        ("2024-08-02 06:29:53,660 - nim - ERROR - text", "error", "text"),
        ("2024-06-01T12:00:00.123456Z ERROR nim_sdk::hub: text", "error", "text"),
        ("[09-25 19:03:45.989 ERROR  nim_sdk::hub::repo  rust/nim-sdk/src/hub/repo.rs:119] text", "error", "text"),
        ("[2025-09-14 12:00:00 TP0] text", "none", "text"),
        ("llama-0:411:512 [0] init.cc:916 NCCL WARN text", "error", "text"),
        ("llama-0:411:512 [0] NCCL INFO text", "information", "text"),
        ("E1124 12:00:02.690461 93 model_lifecycle.cc:641] text", "error", "text"),
        ("ERROR:    text", "error", "text"),
        ("INFO:nimlib.nimutils:text", "information", "text"),
        ('{"level": "ERROR", "message": "text", "exc_info": "None"}', "error", "text"),
        ('{"level": "None", "message": "[09-25 19:03:45.989 ERROR  nim_sdk::hub  a.rs:119] text"}', "error", "text"),
        ('"timestamp": "2025-04-03 20:44:43,942", "level": "ERROR", "message": "text', "error", "text"),
        ("/opt/a.py:129: UserWarning: text", "warning", "/opt/a.py:129: UserWarning: text"),
        ('10.0.0.1:80 - "GET /v1/models HTTP/1.1" 401 Unauthorized', "information", None),
        ("text", "none", "text"),
    ],
)
def test_prefix_is_removed(line: str, level: str, text: str | None):
    (found,) = read_lines(line)
    assert found.level == level
    assert text is None or found.text == text


def test_last_error_is_first():
    assert messages("error: first\nerror: second\nINFO 11-24 12:00:00 [a.py:1] error: third") == [["error: second"], ["error: first"]]


def test_frames_and_code_are_dropped():
    log = f'{V1}Traceback (most recent call last):\n{V1}  File "/a.py", line 403, in load\n{V1}    raise X\n{V1}    ^^^^^^^\n{V1}ValueError: text'
    assert messages(log) == [["text"]]


def test_traceback_without_beginning_is_dropped():
    assert messages('    self.load()\n  File "/a.py", line 403, in load\n    raise X\nValueError: text') == [["text"]]


def test_cut_traceback_of_second_process_is_dropped():
    """The first line is cut in its prefix, so that the process is known from the second one."""
    log = 'id=1)   File "/a.py", line 403, in load\n(APIServer pid=1)     run(main())\n(APIServer pid=1) ValueError: text'
    assert messages(log) == [["text"]]


def test_chained_exceptions_are_one_chain():
    cause = "The above exception was the direct cause of the following exception:"
    log = f"Traceback (most recent call last):\nKeyError: 'a'\n\n{cause}\n\nTraceback (most recent call last):\nValueError: b"
    assert messages(log) == [["'a'", "b"]]


def test_generic_error_leads_to_earlier_one():
    found = read_errors(f"{V1}ValueError: text\n(APIServer pid=1) {GENERIC}")
    assert [each.message for each in found.chains[0]] == ["text"]
    assert not found.is_reason_missing


def test_generic_error_alone_lacks_reason():
    found = read_errors(f"(APIServer pid=1) {GENERIC}\nINFO:     Application shutdown complete.")
    assert found.chains == []
    assert found.is_reason_missing


def test_termination_after_error_is_no_reason():
    """A server whose engine has failed may wait until its startup probe ends it."""
    terminated = "(APIServer pid=1) KeyboardInterrupt: terminated"
    assert read_errors(terminated).is_termination
    assert not read_errors(f"{V1}ValueError: text\n{terminated}").is_termination
    assert not read_errors(f"{V1}EngineCore failed to start.\n{terminated}").is_termination


def test_nested_error_is_unwrapped():
    log = f"{V1}RuntimeError: Worker failed with error 'CUDA out of memory', please check the stack trace above for the root cause"
    assert messages(log) == [["CUDA out of memory"]]


def test_validation_error_is_unwrapped():
    log = "pydantic_core.ValidationError: 1 validation error for ModelConfig\n  Value error, text [type=value_error, input_type=dict]"
    assert messages(log) == [["text"]]


def test_lines_of_one_message_are_joined():
    log = "huggingface_hub.errors.GatedRepoError: 403 Client Error.\n\nCannot access gated repo.\nerror: other"
    assert messages(log) == [["error: other"], ["403 Client Error. Cannot access gated repo."]]


def test_warning_counts_only_alone():
    warning, error = "WARNING 11-24 12:00:00 [a.py:1] warning", "ERROR 11-24 12:00:00 [a.py:1] error"
    assert messages(f"{error}\n{warning}") == [["error"], ["warning"]]
    assert messages(warning) == [["warning"]]
    assert messages(f"{warning}\n{GENERIC}") == []


def test_lost_peer_follows_its_reason():
    assert messages("[rank1]: ValueError: text\n[rank0]: RuntimeError: Connection closed by peer") == [
        ["text"],
        ["Connection closed by peer"],
    ]


def test_cut_line_is_dropped():
    """The kubelet keeps 2,048 bytes: the level of the first line is unknown."""
    information = "ble GPUs: 2\n" + "INFO 11-24 12:00:00 [a.py:1] text\n" * 60
    assert messages(f"{information}ValueError: text") == [["text"]]
    assert messages("line of a short log\nValueError: text") == [["text"], ["line of a short log"]]


def test_cut_json_yields_exception():
    log = 'hub/a.py\\", line 196, in inject\\n    cached = repo.get_all()\\nException: text", "stack_info": "None"}'
    assert messages(log)[0] == ["text"]


@pytest.mark.parametrize(
    "log", ["", "\n", "\x1b[31m", "{", '{"level": 3}', '"level": "ERROR"', "[rank0]: ", "Traceback (most recent call last):"]
)
def test_log_without_text_has_no_error(log: str):
    assert not read_errors(log).is_reason_missing


def test_deeply_nested_line_is_no_json():
    """Python's decoder raises RecursionError at about 1,000 levels."""
    line = '{"a": ' * 1_300 + "1"
    assert [each.text for each in read_lines(line)] == [line]
