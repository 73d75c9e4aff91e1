"""Lines of a server's log: the prefix that a logger writes, its level, and the text after it.

Sources of the prefixes: vLLM, SGLang, TensorRT-LLM, NIM (Python, Rust and JSON), NCCL, PyTorch,
glog (Triton), uvicorn and Python's logging.
"""

import re
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple, cast

from ..cluster.json_values import decode_json
from ..text.sanitizing import strip_escapes

Level = Literal["error", "warning", "information", "none"]

_LEVELS: dict[str, Level] = {
    **dict.fromkeys(("CRITICAL", "FATAL", "ERROR", "ERR", "SEVERE", "EXCEPTION", "E", "F"), "error"),
    **dict.fromkeys(("WARNING", "WARN", "W"), "warning"),
    **dict.fromkeys(("INFO", "DEBUG", "NOTICE", "TRACE", "VERBOSE", "I", "D", "V"), "information"),
}
_WORD = r"(?P<level>CRITICAL|FATAL|ERROR|SEVERE|WARNING|WARN|INFO|DEBUG|NOTICE|TRACE|VERBOSE)"
_TIME = r"\[?(?:\d{2,4}[-/])?\d{2}[-/]\d{2,4}[T -]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})?"
_PREFIXES = [
    re.compile(pattern)
    for pattern in (
        r"\((?P<process>[\w-]{1,40}(?: [\w=.,:-]{1,60}){0,4} ?pid=\d+[^)\n]{0,60})\)(?: |$)",  # (EngineCore_0 pid=271)
        r"\[(?P<process>rank\d+)\]:(?: |(?=\[))",
        r"\[\d+,\d+\]<std(?:out|err)>: ?",  # mpirun
        rf"(?:\[{_TIME}\] )?[\w.-]{{1,80}}:\d+:\d+ \[\d+\] (?:[\w./]+:\d+ )?NCCL (?P<level>WARN|INFO|TRACE) ?",
        rf"{_WORD} (?:{_TIME}\]? )(?:\[?[\w./-]{{1,80}}:\d+\] ?)?",  # vLLM, NIM
        rf"{_WORD} \d{{2}}-\d{{2}} \[[\w./-]{{1,80}}:\d+\] ?",
        rf"\[{_TIME} +{_WORD} +[\w:.]{{1,80}}(?: +[\w./-]{{1,120}}:\d+)?\] ?",  # nim_sdk in Rust
        rf"{_TIME} (?:- [\w.]{{1,80}} - |- )?{_WORD} (?:[\w:.]{{1,80}}: |- |\| ?)?",  # logging, tracing
        rf"{_TIME} (?:- [\w.]{{1,80}} - |- )?\[{_WORD}\] ",
        rf"{_TIME}(?: [A-Z]{{2,3}}\d{{0,4}}){{1,4}}\] (?:{_WORD}: )?",  # SGLang with a rank
        rf"{_TIME}\] (?:{_WORD}:? )?",
        r"\[TensorRT-LLM\]\[(?P<level>ERROR|WARNING|INFO|DEBUG|TRACE)\] ?",
        r"\[(?:TRT-LLM|TRT|TensorRT)\] (?:\[RANK \d+\] )?\[(?P<level>[EFWIV])\] ?",
        r"\[(?P<level>[EFWI])\d{3,4} \d{2}:\d{2}:\d{2}[.\d]* +[\w./-]{1,80}:\d+\] ?",  # PyTorch
        r"(?P<level>[EFWI])\d{4} \d{2}:\d{2}:\d{2}[.\d]* +\d+ [\w./-]{1,80}:\d+\] ?",  # glog
        rf"{_WORD}:(?: {{1,6}}|[\w.]{{1,80}}:)",  # uvicorn, logging.basicConfig
        rf"\[{_WORD}\] ?",
    )
]
_PYTHON_WARNING = re.compile(r"\S{1,200}:\d+: (?:\w*Warning): ")
_ACCESS = re.compile(r"\"(?:GET|POST|HEAD|PUT|DELETE|PATCH|OPTIONS) \S{1,400} HTTP/[\d.]+\" \d{3}\b")
_MAX_LINE_LENGTH = 8_000
_FIELD = r"\"{}\": ?\"((?:[^\"\\]|\\.)*)"


class LogLine(NamedTuple):
    """A line without its prefix."""

    text: str
    """The text, with its indentation."""
    level: Level
    """Level of the line; `none` without a prefix that contains one."""
    prefix: str
    """The prefix. Lines of one message of vLLM have the same prefix."""
    process: str
    """The process, such as `EngineCore_0 pid=271` or `rank0`."""


def read_lines(log: str) -> Iterator[LogLine]:
    """Yield the lines of a log. A line in JSON yields those of its message and its traceback."""
    for whole in strip_escapes(log).splitlines():
        line = whole if len(whole) <= _MAX_LINE_LENGTH else whole[-_MAX_LINE_LENGTH:]
        stripped = _strip_prefix(line)
        texts = _texts_of_json(stripped.text) if stripped.level == "none" and '": ' in line else None
        if texts is None:
            yield stripped
            continue
        level, messages = texts
        for each in (_strip_prefix(part) for message in messages for part in message.splitlines()):
            yield each if level == "none" else each._replace(level=level)


def _strip_prefix(line: str) -> LogLine:
    rest, level, process = line, "none", ""
    while match := next((found for each in _PREFIXES if (found := each.match(rest))), None):
        groups = match.groupdict()
        if groups.get("level") and level == "none":
            # NCCL reports failures as warnings.
            level = "error" if "NCCL WARN" in match[0] else _LEVELS[groups["level"].upper()]
        process = groups.get("process") or process
        rest = rest[match.end() :]
    if level == "none" and _PYTHON_WARNING.match(rest):
        level = "warning"
    if _ACCESS.search(rest):
        level = "information"
    return LogLine(rest.rstrip(), level, line[: len(line) - len(rest)], process)


def _texts_of_json(line: str) -> "tuple[Level, list[str]] | None":
    """Return the level and the texts of a line in JSON, also if its beginning or end is cut off."""
    try:
        found: Any = decode_json(line)
    except ValueError:
        found = {name: _decode(match[1]) for name in ("level", "message", "exc_info") if (match := re.search(_FIELD.format(name), line))}
        if not found and (match := re.match(r"(?P<text>.*\\n.*?)\", \"\w+\": ", line)):  # only the end of a traceback is left
            found = {"level": "ERROR", "exc_info": _decode(match["text"].rpartition('": "')[2])}
    if not isinstance(found, dict):
        return None
    fields = cast("dict[str, Any]", found)
    texts = [text for name in ("message", "msg", "exc_info") if isinstance(text := fields.get(name), str) and text not in ("", "None")]
    if not texts:
        return None
    name = fields.get("level") or fields.get("levelname")
    return _LEVELS.get(str(name).upper(), "none"), texts


def _decode(text: str) -> str:
    return text.replace("\\n", "\n").replace('\\"', '"').replace("\\\\", "\\")
