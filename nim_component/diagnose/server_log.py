"""Errors in the end of a server's log, as the kubelet keeps it: 80 lines, 2,048 bytes."""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from .log_lines import Level, LogLine, read_lines

_MAX_LOG_LENGTH, _MAX_MESSAGE_LENGTH, _MAX_CHAINS = 65_536, 4_000, 40
_KEPT_LINES, _KEPT_BYTES = 80, 2040
"""Size from which the kubelet may have cut a log: 80 lines, 2,048 bytes less a cut character."""
_MAX_CONTINUATION = 12
"""Number of lines after an error that still belong to it."""
_TRACEBACK = "Traceback (most recent call last):"
_FRAME = re.compile(
    r"\s*File \"[^\"]*\", line \d+|.{0,300}\", line \d+, in [\w<>.]+$|\s*[~^]{2,}[~^ ]*$|\s*@?\s*0x[0-9a-f]{6,}|\s*frame #\d+: "
)
_UNDERLINE = re.compile(r"[~^ ]+")
"""Marks of Python 3.11 and later below a line of source code."""
_NATIVE_FRAME = re.compile(r"\d{1,3} +0x[0-9a-f]{6,}\b|\d{1,3} +\S{0,300}\.so\S{0,20}\(\+0x[0-9a-f]+\)")
"""Frame of a backtrace of C++, which follows its error. TensorRT-LLM numbers them."""
_CHAIN = re.compile(r"The above exception was the direct cause|During handling of the above exception")
_EXCEPTION = re.compile(
    r"(?P<kind>(?:[A-Za-z_]\w*\.)*\w*(?:Error|Exception|Exit|Interrupt|Failure|Timeout|NotFound|Cancelled|Unavailable|Expired))"
    r"(?:: *|$)"
)
_NEW_ERROR = re.compile(
    r"(?:[\w./-]{1,80}: )?(?:error|fatal|usage)\b ?:|Error\b|Killed|Aborted|Segmentation fault|Bus error", re.IGNORECASE
)
_VALIDATION = re.compile(r"\d+ validation errors? for .{1,120}? Value error, (?P<message>.+?) \[type=\w+", re.DOTALL)
_NESTED = re.compile(r"Worker failed with error '(?P<message>.{1,1000})', please check the stack trace above")
_GENERIC = re.compile(
    r"See (?:root cause|stack trace|error|the error messages?)\b.{0,20}\b(?:above|for)|Engine core initialization failed"
    r"|[Pp]lease (?:see|check) (?:the )?(?:error messages?|stack trace|if there are relevant logs)\b"
    r"|EngineCore (?:failed to start|encountered (?:an issue|a fatal error)|hit an exception)|WorkerProc (?:failed|hit an "
    r"exception|initialization failed)"
    r"|Engine (?:process|loop|background task) (?:failed|is dead|is not running|died)|[Bb]ackground loop (?:has errored|is stopped)"
    r"|Task finished unexpectedly|Application startup failed|^Process \S{1,80}:$|^(?:SystemExit|KeyboardInterrupt)\b|CancelledError\b"
    r"|Received sigquit from a child process|[Ss]cheduler (?:is dead|died|or DataParallelController)|Initialization failed\."
    r"|ChildFailedError"
    r"|(?:Scheduler|DetokenizerManager|TokenizerManager) hit an exception|died unexpectedly|The actor died|RayActorError"
    r"|Executor failed|Error executing method"
    r"|^Exception ignored in|resource_tracker|leaked (?:semaphore|shared_memory)|primary job *terminated|mpirun (?:noticed|has exited)"
    r"|MPI_ABORT|non-zero (?:status|exit)|exit(?:ed)? (?:code|status)|^Aborted\b|^(?:\S{1,200}: line \d+: +\d+ )?Killed\b"
    r"|EngineDeadError|MPINodeState|RLIMIT_NPROC -?\d|job (?:to be terminated|has been aborted)|^Process name: \[\[|^mpirun detected"
    r"|^(?:a )?non-zero status, thus|initialization of the executor failed|An error (?:occurred|was encountered)\.?$"
    r"|[Ee]xecutor worker returned error|reached monitoredBarrier, but received errors"
    r"|other ranks that didn't finish loading",
    re.IGNORECASE,
)
"""Errors that name no reason: the reason is in an earlier line."""
_TERMINATED = re.compile(r"KeyboardInterrupt: terminated$")
_CONSEQUENCE = re.compile(
    r"ncclRemoteError|remote process exited|Connection (?:closed|reset) by|Broken ?pipe|EOFError|Watchdog caught collective"
    r"|store->get|failed to recv|TCPStore|heartbeat"
)
"""Errors of a process whose peer has ended before."""
_SUMMARY = re.compile(
    r"architectures? .{1,200} failed to be inspected|NCCL error\b(?!.{0,900}Last error: ?\S)|We couldn't connect to 'https://"
)
"""Errors whose reason is in an earlier error, if there is one."""
_THREADS_REFUSED = re.compile(r"pthread_create failed.{0,80}: Operation not permitted")
_UNRELATED = re.compile(r"stats\.vllm\.ai")
"""Errors that end no server: vLLM reports its usage to this host."""
_RULER = re.compile(r"[-=_*#~]{5,}")
_VAGUE = re.compile(r"Failed to infer device type|No CUDA GPUs are available|device type")
"""Errors whose reason is in a warning, if there is one."""
_WARNING_RANK, _VAGUE_RANK = 2, 3
"""Ranks of chains of errors. Errors have rank 0. Summaries, and errors of a process that lost a
peer, have rank 1."""


@dataclass
class LogError:
    """An error: the message of one exception or of one log record, as one line."""

    text: str
    """The whole message: the class of an exception, a colon, its message."""
    level: Level
    prefix: str = ""
    process: str = ""
    is_exception: bool = False
    is_cut: bool = False
    """True for the first line of a log whose beginning the kubelet has cut off."""
    is_end: bool = False
    """True for the end of a cut first line in JSON. A later error is the more reliable one."""
    lines: list[str] = field(default_factory=list[str])

    @property
    def message(self) -> str:
        """The message without the class of the exception and without what wraps it."""
        match = _EXCEPTION.match(self.text)
        message = self.text[match.end() :] if match else self.text
        for each in (_NESTED, _VALIDATION):
            if inner := each.search(message):
                message = inner["message"]
        return message.strip()

    @property
    def is_generic(self) -> bool:
        """True if the error names no reason."""
        return not _NESTED.search(self.text) and _GENERIC.search(self.text) is not None


class LogErrors(NamedTuple):
    """Errors of a log, the decisive one first. Exceptions that caused each other are one chain."""

    chains: list[list[LogError]]
    generic: list[LogError]
    """Errors that name no reason."""

    @property
    def is_reason_missing(self) -> bool:
        """True if the log has errors, and none of them names a reason."""
        return not self.chains and bool(self.generic)

    @property
    def is_termination(self) -> bool:
        """True if no error precedes the signal SIGTERM, which vLLM logs during its start."""
        others = [each for chain in self.chains for each in chain if each.is_exception or each.level == "error"]
        return not others and all(_TERMINATED.match(each.text) for each in self.generic)


def read_errors(log: str) -> LogErrors:
    """Return the errors of the end of a log.

    The last error is decisive. The order is: errors, summaries of earlier errors and errors whose
    process lost a peer, warnings, errors whose reason is usually in a warning. Lines of the levels
    INFO and DEBUG are no errors.
    """
    log = log[-_MAX_LOG_LENGTH:]
    chains = _read_chains(log)
    if len(chains) > 1 and len(chains[0]) == 1 and chains[0][0].is_cut:
        chains = chains[1:]
    refused = _THREADS_REFUSED.search(log) is not None  # by the container runtime: no limit is reached
    chains = [kept for chain in chains if (kept := [each for each in chain if not _is_unrelated(each, refused)])]
    generic = [each for chain in chains for each in chain if each.is_generic and each.level != "warning"]
    specific = [kept for chain in chains if (kept := [each for each in chain if not each.is_generic])]
    if generic and not any(_rank(chain) == _VAGUE_RANK for chain in specific):
        specific = [chain for chain in specific if _rank(chain) != _WARNING_RANK]
    specific.reverse()
    return LogErrors(sorted(specific, key=_rank)[:_MAX_CHAINS], generic)


def _rank(chain: list[LogError]) -> int:
    if all(each.level == "warning" for each in chain):
        return _WARNING_RANK
    if any(_VAGUE.search(each.text) for each in chain):
        return _VAGUE_RANK
    is_summary = all(each.is_end or _SUMMARY.search(each.text) for each in chain)
    return int(is_summary or any(_CONSEQUENCE.search(each.text) for each in chain))


def _is_unrelated(error: LogError, threads_refused: bool) -> bool:
    return _UNRELATED.search(error.text) is not None or (threads_refused and "can't start new thread" in error.text)


class _Reader:
    """State of a log while it is read."""

    def __init__(self) -> None:
        self.chains: list[list[LogError]] = []
        self.tracebacks: set[str] = set()
        """Processes whose traceback has begun."""
        self.chained: set[str] = set()
        """Processes whose next exception was caused by the previous one."""
        self.last: dict[str, list[LogError]] = {}
        """Chain of the last exception of each process."""
        self.assertions: dict[str, str] = {}
        """Source line of each process's last frame, if it is an assertion."""
        self.open: LogError | None = None
        """The error that the next line may continue."""

    def add(self, line: LogLine) -> None:
        """Add a line."""
        text = line.text.strip()
        if not text:
            return
        if line.level == "information" or _RULER.fullmatch(text):
            self.open = None
        elif text.endswith(_TRACEBACK):
            self.tracebacks.add(line.process)
            self.open = None
        elif _CHAIN.match(text):
            self.chained.add(line.process)
        elif _NATIVE_FRAME.match(text):
            self.open = None
        elif _FRAME.match(line.text):
            self.tracebacks.add(line.process)
            self.open = None
            if not _UNDERLINE.fullmatch(text):
                self.assertions.pop(line.process, None)
        elif line.text[0] in " \t" and line.process in self.tracebacks:
            if text.startswith("assert "):
                self.assertions[line.process] = text
        elif not self._continue(line, text):
            self._start(line, text)

    def _continue(self, line: LogLine, text: str) -> bool:
        error = self.open
        if error is None or line.process in self.tracebacks or (line.prefix, line.process) != (error.prefix, error.process):
            return False
        is_part = error.is_exception or line.text[0] in " \t"
        if not is_part or _EXCEPTION.match(text) or _NEW_ERROR.match(text) or len(error.lines) >= _MAX_CONTINUATION:
            return False
        error.lines.append(text)
        return True

    def _start(self, line: LogLine, text: str) -> None:
        if text == "AssertionError" and line.process in self.assertions:
            text = f"{text}: {self.assertions[line.process]}"
        is_exception = line.process in self.tracebacks or _EXCEPTION.match(text) is not None
        error = LogError(text, line.level, line.prefix, line.process, is_exception, lines=[text])
        if line.process in self.chained and is_exception and line.process in self.last:
            chain = self.last[line.process]
        else:
            self.chains.append(chain := [])
        chain.append(error)
        if is_exception:
            self.last[line.process] = chain
            self.tracebacks.discard(line.process)
            self.chained.discard(line.process)
        self.open = error


def _read_chains(log: str) -> list[list[LogError]]:
    reader = _Reader()
    lines = list(read_lines(log))
    beginnings = {line.process: line for line in reversed(lines)}
    # The beginning of the traceback is cut off.
    reader.tracebacks.update(process for process, line in beginnings.items() if line.text[:1] in (" ", "\t"))
    is_cut = len(log.encode()) >= _KEPT_BYTES or len(lines) >= _KEPT_LINES
    from_first = sum(1 for _ in read_lines(log.partition("\n")[0]))
    for index, line in enumerate(lines):
        reader.add(line)
        if index < from_first and reader.open and not line.prefix:
            reader.open.is_cut, reader.open.is_end = is_cut and not index, is_cut and from_first > 1
    for chain in reader.chains:
        for each in chain:
            each.text = " ".join(each.lines)[:_MAX_MESSAGE_LENGTH]
    return reader.chains
