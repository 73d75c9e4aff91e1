"""Values that a name or a structure shows to be credentials.

They are values of settings, options, headers, connection strings and parameters of addresses. A
value that a shell executes is redacted up to its first operator, so that no command can follow a
name such as `--secret` without being shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .client_options import find_option_values
from .login_files import may_be_login
from .secret_names import (
    is_connection_name,
    is_login_name,
    is_plural_secret_name,
    is_probably_secret_name,
    is_probably_secret_variable,
    is_secret_name,
    is_unclear_name,
    is_unclear_setting,
)
from .unquoted_values import find_end_of_line, find_rest_of_header
from .value_forms import FIELDS, NO_SECRET, REFERENCE, decode, find_operator

Span = tuple[int, int]
_MAX_NAME = 64
_NAME_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"
_ESCAPE = re.compile(r".*\\+[nrt]?", re.DOTALL)
"""Line break in a repr, and what precedes it."""
_SEPARATOR = re.compile(r"(?:\\{0,8}[\"'`])?\]?\s{0,8}(?:=>|:=|==?|:(?!:))\s{0,24}+")
_VALUE = re.compile(
    # Tag or anchor of YAML; prefix of a text in Python, C# and bash; scheme of a header.
    r"(?:[!&][\w!/.-]{0,64}[ \t]{1,4}){0,2}(?:[rRbBuUfF@$]{1,2}(?=\\{0,8}[\"']))?"
    r"(?:(?:\\{0,8}[\"'])?(?P<scheme>(?i:basic|bearer|digest|token|api-?key|api-token|negotiate|ntlm|splunk|ssws|geniekey|hawk))"
    r"[ \t]{1,4})?"
    # A text in quotes, also inside JSON in JSON, and in three quotes; a block of YAML; a word.
    r"(?:(?P<escapes>\\{1,8})(?P<mark>[\"'])(?:(?:(?P=escapes)(?P=mark)){2})?"
    r"(?P<escaped>(?:(?!(?<!\\)(?P=escapes)(?P=mark)).){1,4000}+)"
    r"|(?:\"{3}|'{3})(?P<long>(?:(?!\"{3}|'{3}).){1,4000}+)"
    r"|(?P<quote>[\"'`])(?P<quoted>(?:\\{1,8}.|(?!(?P=quote))[^\\]){1,4000}+)"
    r"|[|>][+-]?\d?[+-]?[ \t]{0,8}\n(?P<block>(?:[ \t]{1,80}+\S[^\n]{0,400}+(?:\n|\Z)){1,40}+)"
    r"|[|>][+-]?\d?[+-]?[ \t]{0,8}\\{1,4}n[ \t]{1,80}(?P<line>[^\n\"'\\]{1,4000}+(?:\\{1,4}n[ \t]{1,80}[^\n\"'\\]{1,400}+){0,40}+)"
    r"|(?P<word>(?:[^\s\"'`,;&\\<>|(){}\[\]]|\\{1,8}+(?![nrtux\\\"'`\s,;&<>|(){}\[\]])){1,4000}+))",
    re.DOTALL,
)
_UNCLEAR_VALUE = re.compile(r"\\{0,8}[\"'`]?[\w+/=~.-]{8,200}+(?![\w+/=~.-])", re.ASCII)
_PROSE = re.compile(
    r"(?:an?|anyone|are|at|authentication|been|by|can|cannot|could|denied|does|end|error|expected|expired|failed|for|from|has|in|incorrect|"
    r"invalid|is|may|missing|must|names?|needs?|not|of|on|or|required|requires?|the|to|unauthorized|unexpected|unknown|verified|was|wrong)\Z"
)
"""First word after a colon in a sentence: `ngc_api_key: must be ...`."""
_BREAK = r"(?:\\{1,8}[nrt]|\s){0,80}+"
_NAME_OF_NEXT = re.compile(r"[a-z_-]{2,40}=(?=\\{0,8}[\"'])", re.ASCII)
"""Name of a parameter with quotes after it, as in `Authorization: Token token="x"`."""
_LINE_BREAK = re.compile(r"\\n|\n")
_LIST = re.compile(rf"{_BREAK}(?:\[(?!secret(?:\]| [0-9a-f]{{6}},))|(?<=[\s\\nrt])-[ \t]{{1,8}}){_BREAK}")
_NEXT_ITEM = re.compile(rf"(?:\\{{0,8}}[\"'`])?(?:{_BREAK},{_BREAK}|(?:\\{{1,8}}n|\n)[ \t]{{0,80}}-[ \t]{{1,8}})")
_FURTHER = re.compile(r"(?:,[^\s\"'`,;&\\<>|(){}\[\]=:]{1,4000}+)*+")
"""Values after the first one, as in `API_KEYS=a,b`."""
_ELEMENT = re.compile(r"<([\w.:-]{1,64})(?:\s[^<>]{0,200})?>([^<>]{1,4000})</")
_PAIR = re.compile(
    r"\b(?:name|key)\\{0,8}[\"']?\s{0,4}[:=]\s{0,4}\\{0,8}[\"']?([\w.-]{1,64})\\{0,8}[\"']?(?:\\{1,8}[nr]|[\s,]){1,80}+"
    r"\\{0,8}[\"']?value\\{0,8}[\"']?\s{0,4}[:=]\s{0,4}"
)
"""Name and value of a setting as two fields, up to the value."""
_BEGIN = r"(?:\b|(?<=\\[nrt]))"
_SECRET_KIND = re.compile(_BEGIN + r"kind\\{0,8}[\"']?\s{0,4}:\s{0,4}\\{0,8}[\"']?(?:Sealed)?Secret\b")
_SECRET_DATA = re.compile(
    r"(?P<indent>(?<![^\n])[ \t]{0,80}+)?\\{0,8}[\"']?"
    rf"{_BEGIN}(?:data|stringData)\\{{0,8}}[\"']?\s{{0,4}}:[ \t]{{0,8}}(?:\{{|(?=\n|\\{{1,8}}[nr]))"
)
_ENTRY = re.compile(r"(?:\\{1,8}[nrt]|[\s,]){0,80}+\\{0,8}[\"']?[\w.-]{1,253}\\{0,8}[\"']?\s{0,4}:[ \t]{0,8}+")
_USER = re.compile(r"(?<=://)[^/\s\"'<>`$]{1,4000}(?=@)|(?<=://)[^/\s\"'<>`$]{0,400}\$\w[^/\s\"'<>`$]{0,400}(?=@)")
_QUERY = re.compile(r"[?&;]([\w.-]{1,64})=([^\s\"'&;<>`]{1,4000})")
_SIGNING_PARAMETERS = frozenset({"policy", "hmac", "hdnts", "awsaccesskeyid", "key-pair-id", "x-amz-credential", "x-goog-credential"})
_LOGIN = re.compile(
    r"(?:(?<=\s)|(?<=\\n)|^)(?:-u|--user)[ =]{1,3}[\"']?[^\s:\"'/]{1,100}:([^\s\"']{1,200})|\blogin \S{1,100} password (\S{1,200})"
)
_DIGEST_RESPONSE = re.compile(r"\bresponse=\\{0,8}[\"']?([0-9a-f]{32,128})\b")
_SCHEME = re.compile(r"(bearer|basic)\s{1,4}([\w.~+/=-]{1,4000})", re.IGNORECASE | re.ASCII)


def find_named_values(text: str, *, executed: bool = False) -> Iterator[Span]:
    """Yield the values of settings, options, addresses and headers that are credentials."""
    lowered = text.lower()
    if ":" in text or "=" in text:
        yield from _find_settings(text, executed)
    if "value" in lowered:
        yield from _find_pairs(text)
    if "</" in text:
        yield from (each.span(2) for each in _ELEMENT.finditer(text) if is_secret_name(each[1]) and not NO_SECRET.match(each[2].strip()))
    if "://" in text:
        yield from (each.span() for each in _USER.finditer(text) if not NO_SECRET.match(each[0]))
        yield from (each.span(2) for each in _QUERY.finditer(text) if _is_signing(each[1], each[2]) and not NO_SECRET.match(each[2]))
    if "-" in text:
        yield from find_option_values(text, executed)
    if "secret" in lowered and _SECRET_KIND.search(text):
        yield from _find_secret_data(text, executed)
    if "-u" in text or " password " in lowered:
        yield from (each.span(each.lastindex or 0) for each in _LOGIN.finditer(text) if not NO_SECRET.match(each[each.lastindex or 0]))
    if "digest" in lowered:
        yield from (each.span(1) for each in _DIGEST_RESPONSE.finditer(text))
    if "bearer" in lowered or "basic" in lowered:
        yield from (each.span(2) for each in _SCHEME.finditer(text) if _is_scheme_value(each[1].lower(), each[2]))


def _find_pairs(text: str) -> Iterator[Span]:
    """Yield the values of pairs such as `name: DB_PASSWORD`, `value: x`, in YAML, JSON and XML."""
    for pair in _PAIR.finditer(text):
        found = _VALUE.match(text, pair.end())
        if found and found.lastgroup and is_probably_secret_variable(pair[1]) and _is_setting_value(pair[1], "=", found):
            yield found.span(found.lastgroup)


def _find_settings(text: str, executed: bool) -> Iterator[Span]:
    """Yield the values of settings whose name is that of a credential: `password=`, `"token": `."""
    end = 0
    for separator in _SEPARATOR.finditer(text):
        before = text[max(end, separator.start() - _MAX_NAME) : separator.start()]
        path = _ESCAPE.sub("", before[len(before.rstrip(_NAME_CHARACTERS + "\\")) :])
        name = path.rpartition(".")[2].strip("-")
        if not name:
            continue
        is_named = is_probably_secret_name(name) or (name.lower() == "key" and is_probably_secret_name(path))  # `api.key`
        if not is_named and not _is_unclear(name, text, separator) and not _is_password_here(name, before, separator[0]):
            continue
        if name == "secret" and before.endswith(("checksum/secret", "hash/secret")):
            continue  # digest of a Secret
        for found in _find_values(text, separator):
            kind = found.lastgroup or ""
            if kind == "word" and separator[0].strip() == ":":
                yield from find_rest_of_header(name, text, found[kind], found.end())
            if not _is_setting_value(name, separator[0], found):
                continue  # its text may be the name of the next setting
            start, end = found.span(kind)
            if kind == "word" and is_plural_secret_name(name) and (further := _FURTHER.match(text, end)):
                end = further.end()
            if executed and (kind != "word" or "$(" in found[kind]):
                start += len(found[kind]) - len(found[kind].lstrip())
                yield start, start + find_operator(found[kind].lstrip())
            else:
                if kind == "word" and not executed:
                    end = find_end_of_line(text, separator.start() - len(before) + before.rindex(name), separator[0], end)
                yield start, end


def _find_values(text: str, separator: re.Match[str]) -> Iterator[re.Match[str]]:
    """Yield the value after a separator, or each item of a list."""
    start = separator.end()
    opening = _LIST.match(text, start)
    if opening and "[" not in opening[0] and not _LINE_BREAK.search(text, separator.start(), opening.end()):
        opening = None  # a word that begins with a dash
    position = opening.end() if opening else start
    while (found := _VALUE.match(text, position)) and found.lastgroup:
        if opening and found["word"] and found["word"].endswith(":"):
            return  # a mapping in a list
        yield found
        following = _NEXT_ITEM.match(text, found.end())
        if not opening or not following:
            return
        position = following.end()


def _is_password_here(name: str, before: str, separator: str) -> bool:
    """Return whether a name that has other meanings is a password: `pass=x`, `UID=a;PWD=x`."""
    return (name.lower() == "pass" and separator == "=") or (name == "PWD" and before[: -len(name)].endswith(";"))


def _is_setting_value(name: str, separator: str, found: re.Match[str]) -> bool:
    """Return whether the value of a setting is a credential, and no reference, flag or sentence."""
    kind = found.lastgroup or ""
    value = found[kind]
    if kind == "word" and (following := _NAME_OF_NEXT.match(found.string, found.start(kind))) and following.end() == found.end():
        return False
    if kind == "word" and REFERENCE.match(found.string, found.start(kind)):
        return False
    is_prose = kind == "word" and separator.strip()[-1:] == ":" and _PROSE.match(value.rstrip("."))
    if is_prose or NO_SECRET.match(value.strip()) or _is_name(value):
        return False
    if value.isdigit() and (name.lower().endswith("token") or (name.lower() == "pass" and len(value) < 4)):
        return False
    if is_login_name(name) and not may_be_login(value):
        return False
    if (is_connection_name(name) and FIELDS.search(found.string, found.start(kind), found.end() + 1)) or not _is_clear(name, value):
        return False
    return name.lower() != "authorization" or bool(found["scheme"]) or len(value) >= 8


def _is_unclear(name: str, text: str, separator: re.Match[str]) -> bool:
    """Return whether a setting such as `BUILD_KEY` may have a generated value."""
    return is_unclear_name(name) and _UNCLEAR_VALUE.match(text, separator.end()) is not None


def _is_clear(name: str, value: str) -> bool:
    """Return whether a value is a credential if its name, such as `BUILD_KEY`, does not show it."""
    return not is_unclear_name(name) or is_secret_name(name) or is_unclear_setting(name, value)


def _find_secret_data(text: str, executed: bool) -> Iterator[Span]:
    """Yield the values of the manifest of a Secret, in YAML or JSON, whatever their names are."""
    for mapping in _SECRET_DATA.finditer(text):
        position, indent = mapping.end(), mapping["indent"]
        while entry := _ENTRY.match(text, position):
            line = entry[0].strip("\n")
            if indent is not None and len(line) - len(line.lstrip()) <= len(indent) and not mapping[0].endswith("{"):
                break
            found = _VALUE.match(text, entry.end())
            if found is None or found.lastgroup is None:
                break
            start, end = found.span(found.lastgroup)
            if text[start] == "/" or "://" in text[start:end] or not NO_SECRET.match(text[start:end]):
                yield start, start + find_operator(text[start:end]) if executed else end
            position = end + len(found["escapes"] or "") + 1 if found["quote"] or found["mark"] else end


def _is_name(value: str) -> bool:
    """Return whether a value is the name of a variable or key: `token: HF_TOKEN`."""
    return "_" in value and value.isupper() and is_secret_name(value)


def _is_signing(name: str, value: str) -> bool:
    """Return whether a parameter of an address is a credential."""
    if name.lower() in ("key", "code"):
        return len(value) >= 16 and any(map(str.isdigit, value)) and "/" not in value
    return name.lower() in _SIGNING_PARAMETERS or is_probably_secret_name(name)


def _is_scheme_value(scheme: str, value: str) -> bool:
    if scheme == "bearer":
        return len(value) >= 8 and not (value.isalpha() and (value.islower() or value.istitle()))
    return len(value) >= 6 and re.match(rb"[ -~]{1,100}:", decode(value)) is not None
