"""Diagnosis of the errors of a server's log by tables of patterns."""

from collections.abc import Iterator, Mapping, Sequence

from ....text.sanitizing import sanitize_around
from ...diagnosis import Confidence, Diagnosis
from ...server_log import LogError, LogErrors
from ..patterns import MessagePattern


def match_errors(table: Sequence[MessagePattern], errors: LogErrors, subject: str, values: Mapping[str, str]) -> Iterator[Diagnosis]:
    """Yield the diagnosis of the most decisive error that a pattern matches, or nothing.

    It is `certain` only for a whole sentence in the decisive error. Below an unknown error it is
    `likely`, because the unknown error may be the reason.

    Args:
        table: Patterns, in order of precedence.
        errors: Errors of the log.
        subject: Object that the log is of.
        values: Values for the texts of the patterns.
    """
    is_decisive = True
    for chain in errors.chains:
        for pattern in table:
            for error in chain:
                if diagnosis := _match(pattern, error, subject, values, is_decisive and error.level != "warning"):
                    yield diagnosis
                    return
        is_decisive = is_decisive and all(error.level == "none" and not error.is_exception for error in chain)


def _match(pattern: MessagePattern, error: LogError, subject: str, values: Mapping[str, str], is_decisive: bool) -> Diagnosis | None:
    whole = pattern.match_whole(error.message) or pattern.match_whole(error.lines[0])
    match = whole or pattern.search(error.text)
    if match is None:
        return None
    confidence: Confidence = "certain" if whole and is_decisive else "likely"
    evidence = sanitize_around(error.text, error.text if whole else match[0])
    return pattern.diagnose(match, confidence, subject, evidence, values)
