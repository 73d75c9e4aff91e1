"""Diagnosis of the errors of a server's log by tables of patterns."""

import re
from collections.abc import Iterator, Mapping, Sequence

from ....text.sanitizing import sanitize_around
from ...diagnosis import Diagnosis
from ...server_log import LogErrors
from ..patterns import OPEN_END, MessagePattern


def match_errors(table: Sequence[MessagePattern], errors: LogErrors, subject: str, values: Mapping[str, str]) -> Iterator[Diagnosis]:
    """Yield the diagnosis of the most decisive error that a pattern matches, or nothing.

    It is `certain` only for a whole sentence in the decisive error, whose open end has no other
    cause. Below an unknown error it is `likely`, because the unknown error may be the reason.

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
                whole = pattern.match_whole(error.message) or pattern.match_whole(error.lines[0])
                if match := whole or pattern.search(error.text):
                    is_certain = whole and is_decisive and error.level != "warning" and not _has_other_cause(table, pattern, whole)
                    evidence = sanitize_around(error.text, error.text if whole else match[0])
                    yield pattern.diagnose(match, "certain" if is_certain else "likely", subject, evidence, values)
                    return
        is_decisive = is_decisive and all(error.level == "none" and not error.is_exception for error in chain)


def _has_other_cause(table: Sequence[MessagePattern], pattern: MessagePattern, match: re.Match[str]) -> bool:
    """Return True if the open end of a sentence contains the text of another cause.

    An open end is for details that differ between versions. Another cause there may be the reason.
    """
    end = match.groupdict().get(OPEN_END)
    return end is not None and any(each.search(end) for each in table if each.cause != pattern.cause)
