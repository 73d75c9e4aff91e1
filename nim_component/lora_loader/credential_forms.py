"""Forms of the credentials of known issuers, as data.

The forms are those of the issuers' documentation and of three sets of rules that are maintained:

- gitleaks (MIT licence), https://github.com/gitleaks/gitleaks/blob/master/config/gitleaks.toml
- detect-secrets (Apache-2.0), https://github.com/Yelp/detect-secrets
- TruffleHog, for both forms of an NGC key

Two strengths: arguments and policies refuse a complete key. Output is also redacted where a key may
be cut, or where other letters touch it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_START = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))"
"""Beginning of a word, also after a line break in a repr.

Forms with a short prefix require it, because `disk-` ends in `sk-`.
"""

_CLASSES = {"w": "A-Za-z0-9", "t": r"\w-", "h": "0-9a-f", "_": r"\w"}
_PREFIXED = r"""
nvapi- \w.- 8 1
(?<![a-z])hf_ w 20 20
hf_ w 34 20
(?<![/a-z])hf_(?![a-z]+[_-]) w 20 8
api_org_ w 30 20
gh[pousr]_ _ 30 16
github_pat_ _ 30 16
^gl(?:pat|dt|ft|soat|rt|cbt|imt|ptt|agent|oas|ffct)- \w.- 20 12
glpat- t 20 12
GR1348941 t 20 12
pul- h 40 16
xox[abeoprs]- t 20 10
xox[ar]- w 8 8
xapp-\d- t 20 10
AIza t 35 24
GOCSPX- t 20 12
^ya29\. t 30 16
^sk- w 20 20
^sk-(?=[\w-]{0,100}[A-Z])(?=[\w-]{0,100}[0-9]) t 32 16
sk-(?=[a-z0-9_-]{0,100}[A-Z])(?=[\w-]{0,100}[0-9]) t 32 24
^sk-(?:[a-z0-9]{1,12}-){1,3} w 32 32
^sk_ h 48 48
^sess- w 40 40
tvly-(?:dev-|prod-)? A-Za-z0-9- 20 16
^fw_(?=[A-Za-z]{0,30}[0-9]) w 22 20
^sq[upa]_ h 40 24
^rpa_(?=[A-Z]{0,40}[0-9]) w 40 24
^csk- w 40 24
wandb_v1_ _ 40 20
^e2b_ h 40 24
^jina_(?=[A-Za-z]{0,40}[0-9]) w 40 24
sb_secret_ t 20 12
^nfp_ w 36 24
^napi_ a-z0-9 60 32
figd_ t 40 20
bkua_ a-z0-9 40 24
CCIPAT_ _ 40 24
^cf[ua]t_ w 40 24
lin_oauth_ w 40 16
^dbt[cup]_ \w=- 40 24
mdb_sa_sk_ t 40 16
CFPAT- t 40 20
^AKID w 32 32
HRKU-AA t 58 24
gloas- t 64 24
s-s4t2(?:ud|af)- h 64 24
sk-lf- 0-9a-f- 36 16
^ABSK A-Za-z0-9+/ 100 40
bedrock-api-key- A-Za-z0-9+/ 28 16
^LTAI w 20 16
^[sr]k_(?:live|test|prod)_ w 16 10
whsec_ A-Za-z0-9+/ 24 16
^npm_ w 36 24
pypi-AgE t 50 16
rubygems_ h 48 16
dckr_(?:pat|oat)_ t 20 12
^dapi h 32 32
do[opr]_v1_ h 64 16
^glc_ A-Za-z0-9+/ 32 24
glsa_ _ 32 16
^hv[bsr]\. t 24 20
\w{14}\.atlasv1\. \w=- 40 16
sha256~ t 43 24
AGE-SECRET-KEY-1 0-9A-Z 50 10
ops_eyJ A-Za-z0-9+/ 100 24
^AKCp w 60 40
^cmVmd w 59 40
^AT[AC]TT3 \w=- 32 24
^ATBB w 28 24
dp\.(?:pt|st|ct|sa)\. \w. 40 20
dt0c01\. \w. 60 20
dt0s\d\d\. \w. 60 20
^sl\. t 130 100
fm[12][ar]?_ A-Za-z0-9+/ 100 40
fo1_ t 40 24
lin_api_ w 40 16
^NR(?:AK|II|IQ|RA|JS)- A-Za-z0-9- 19 16
^ntn_ w 40 24
^secret_ w 43 43
pplx- w 40 16
^gsk_ w 40 20
^r8_ w 36 24
^xai- w 60 24
tgp_v1_ t 40 16
pcsk_ _ 40 20
lsv2_(?:pt|sk)_ _ 32 16
pscale_(?:tkn|oauth|pw)_ \w=.- 32 16
PMAK- 0-9a-f- 50 20
^pnu_ w 36 24
sntry[su]_ \w+/= 40 20
^shp(?:at|ca|pa|ss)_ A-Fa-f0-9 32 16
^sgp_ _ 40 24
sq0(?:atp|csp)- t 22 16
tskey-(?:api|auth|client)- t 20 12
^sbp_ h 40 24
^key- h 32 32
^pat-(?:na|eu)\d- 0-9a-f- 36 16
duffel_(?:test|live)_ \w=- 40 16
shippo_(?:live|test)_ A-Fa-f0-9 40 16
^EZ[AT]K w 54 40
^p8e- w 32 24
rdme_ w 70 24
xkeysib- 0-9A-Za-z- 64 24
^tfp_ \w=.- 50 40
^sm_(?:aat|pat|sat)_ w 16 16
^EAA[A-Z] t 60 40
^EAAA(?=[\w-]{0,60}[0-9])(?=[\w-]{0,60}[a-z])(?=[\w-]{0,60}[B-Z]) t 22 22
CLOJARS_ a-z0-9 60 24
fio-u- \w=- 64 24
^tk-us- t 48 24
^4b1d w 38 38
^API- A-Z0-9 26 26
^oy2 a-z0-9 43 43
^ico- w 32 32
FLWSECK(?:_TEST)?- A-Za-z0-9- 12 12
"""
"""Forms with a prefix. `^` is the beginning of a word.

Each line has the prefix, its further characters, a name of `_CLASSES` or a class, and their number
when refused, and when redacted.
"""
_NO_LITERAL = re.compile(r"\^|\(\?[^()]*\)|\[[^\]]*\]|\\[wd]|\{[\d,]+\}|\?|\\")


def _list_prefixed() -> Iterator[tuple[str, str, str]]:
    """Yield the forms with a prefix. The needle is the longest text in it that is no pattern."""
    for prefix, of, most, least in map(str.split, _PREFIXED.strip().splitlines()):
        needle = max(_NO_LITERAL.sub(" ", prefix.replace("\\.", ".")).split(), key=len).lower()
        start = prefix.replace("^", _START)
        characters = _CLASSES.get(of, of)
        yield needle, f"{start}[{characters}]{{{most},}}", f"{start}[{characters}]{{{least},}}"


_JSON = r"(?<![\w-])(?=[\w-]*eyJ[\w-]{8})"
"""Beginning of a word that contains JSON in base64. It is tried once for each word."""
_PEM_WORD = r"[A-Za-z0-9+/]{8,}+={0,2}"
# A line break is a space in one line of output, and `\n` in a repr.
_PEM_BREAK = r"(?:\\{1,4}[nr]|[\s\"',]){1,24}+"
_PEM_HEADER = r"(?:(?:Proc-Type|DEK-Info|Version|Comment): [\w., +/()-]{1,80}?(?=\\|[\r\n]|\s[A-Za-z0-9+/]{40}))"
# Only lines in the form of a key are part of it: other text after its beginning stays.
_PEM_REDACTED = (
    r"-----BEGIN [A-Z0-9 ]{0,40}(?:PRIVATE KEY(?: BLOCK)?-{0,5}|\Z)"
    rf"(?:{_PEM_BREAK}(?:{_PEM_HEADER}|{_PEM_WORD}))*+"
    rf"(?:{_PEM_BREAK}(?:=?[A-Za-z0-9+/]{{1,8}}={{0,2}}{_PEM_BREAK})?+-----END [A-Z0-9 ]{{0,60}}-----)?+"
)

_SAME = (
    (".ey", r"\bey[A-Za-z0-9]{17,}\.ey[\w/-]{17,}(?:\.[\w/-]*+={0,2})?"),
    ("s.", rf"{_START}s\.(?=\w{{0,23}}[A-Z])(?=\w{{0,23}}[0-9])[A-Za-z0-9]{{24}}(?![\w-])"),
    ("1//0", r"\b1//0[\w-]{24,}"),
    ("amzn.mws.", r"amzn\.mws\.[0-9a-f-]{24,}"),
    ("aq.ab", rf"{_START}AQ\.Ab[\w-]{{24,}}"),
    ("re_", rf"{_START}re_[A-Za-z0-9]{{8}}_[A-Za-z0-9]{{24,}}"),
    ("/bot/v2/hook/", r"/bot/v2/hook/(?P<value>[0-9a-f-]{24,})"),
    ("/webhookb2/", r"/webhookb2/(?P<value>[\w-]{24,}@[\w-]{24,}/IncomingWebhook/[\w/-]{20,})"),
)
"""Forms that are refused and redacted in the same lengths."""

FORMS: tuple[tuple[str, str, str], ...] = (
    *_list_prefixed(),
    *((needle, pattern, pattern) for needle, pattern in _SAME),
    *(
        (needle, rf"\b{prefix}[A-Z0-9]{{16}}\b", rf"{prefix}[A-Z0-9]{{16}}")
        for needle, prefix in (
            ("akia", "AKIA"),
            ("asia", "ASIA"),
            ("abia", "ABIA"),
            ("acca", "ACCA"),
            ("a3t", "A3T[A-Z0-9](?=[A-Z0-9]{16})"),
        )
    ),
    # JSON Web Token: header and payload, both JSON in base64; or its beginning.
    ("eyj", rf"{_JSON}[\w-]{{11,}}+\.eyJ[\w-]{{8,}}", rf"{_JSON}[\w-]{{11,}}+(?:\.[\w-]*+){{1,4}}"),
    # The same, as a whole in base64.
    ("zxlk", r"\bZXlK(?:aGJHY2lPaU|MGVYQWlPaUp)[\w/+-]{40,}", r"\bZXlK[A-Za-z0-9]{2}(?:[\w/+\\-]|[\r\n]+(?=[\w/+\\-]{4})){40,}+={0,2}"),
    # The beginning of its header is `{"alg":` or `{"typ":`.
    ("eyj", "", r"eyJ(?:hbGciOi|0eXAiOi)[\w-]{8,}"),
    ("-----begin", r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY", _PEM_REDACTED),
    ("putty-user-key-file", r"PuTTY-User-Key-File-\d", r"Private-Lines: \d+(?P<value>(?:\s+[A-Za-z0-9+/]{8,}={0,2})++)"),
    # Registry login of Docker. The values in it are redacted by their names.
    ('"auths', r"\"auths\"\s{0,8}:", r"(?!)"),
    # The old form of an NGC key is this text in base64.
    ("-", r"\b[a-z0-9]{26}:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", r"\b[a-z0-9]{26}:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    # Hashes of passwords in files of htpasswd and of users.
    (
        "$",
        "",
        r"\$(?:apr1|1)\$[\w./]{1,8}\$[\w./]{22}|\$2[abxy]?\$\d\d\$[\w./]{53,}|\$[56]\$(?:rounds=\d{1,9}\$)?[\w./]{1,16}\$[\w./]{43,}",
    ),
    ("$argon2", "", r"\$argon2(?:id?|d)\$(?:v=\d{1,3}\$)?[mtp=,0-9]{5,40}\$[\w+/]{8,}\$[\w+/]{16,}"),
    ("{s", "", r"\{S?SHA\}[A-Za-z0-9+/]{27,}={0,2}"),
    ("sig=", r"[?&;]sig=[\w%+/-]{40,}", r"[?&;]sig=(?P<value>[\w%+/=-]{16,})"),
    ("accountkey", r"(?i:AccountKey)=[A-Za-z0-9+/]{80,}", r"(?i:AccountKey)=(?P<value>[A-Za-z0-9+/]{16,}={0,2})"),
    ("q~", rf"{_START}[\w.~-]{{3}}\dQ~[\w.~-]{{31,34}}", rf"{_START}[\w.~-]{{3}}\dQ~[\w.~-]{{24,34}}"),
    ("t3blbkfj", r"[\w-]{20}T3BlbkFJ[\w-]{20}", r"[\w-]{20}T3BlbkFJ[\w-]{20,}"),
    ("sg.", rf"{_START}SG\.(?:[\w-]{{16,}}\.[\w-]{{16,}}|[\w=.-]{{66}})", r"SG\.(?:[\w=.-]{66}|[\w-]{16,64}\.[\w-]{8,})"),
    ("sk", rf"{_START}SK[0-9a-fA-F]{{32}}\b", rf"{_START}SK[0-9a-fA-F]{{32}}"),
    ("_session=", "", r"_session=(?P<value>[0-9a-z]{32})"),
    ("bundle_", "", r"(?i:BUNDLE)_\w{1,80}[\"']?[ \t]{0,4}[=:][ \t]{0,4}[\"']?(?P<value>[\w.-]{4,100}:[\w.-]{6,200})"),
    ("hooks.slack.com", r"hooks\.slack\.com/\w{1,20}/[\w/+-]{20,}", r"hooks\.slack\.com/\w{1,20}/(?P<value>[\w/+-]{8,})"),
    ("/api/webhooks/", r"discord(?:app)?\.com/api/webhooks/\d+/[\w-]{40,}", r"/api/webhooks/\d{1,24}/(?P<value>[\w-]{20,})"),
    ("/incomingwebhook/", r"/IncomingWebhook/[0-9a-f]{32}/[\w-]{36}", r"/IncomingWebhook/(?P<value>[\w/-]{20,})"),
    # Discord: the number of an account in base64, a time, a signature.
    (".", rf"{_START}[MNO][\w-]{{23,27}}\.[\w-]{{6}}\.[\w-]{{27,38}}(?![\w-])", rf"{_START}[MNO][\w-]{{23,27}}\.[\w-]{{6}}\.[\w-]{{20,}}"),
    ("/soap/v3", r"/soap/v3(?:\.1)?/[a-z0-9]{64}\b", r"/soap/v3.{0,2}/(?P<value>[a-z0-9]{64})"),
    (
        ".acc",
        r"(?:sc|ext|scauth|authress)_[a-z0-9]{5,30}\.\w{4,6}\.acc[_-][\w-]{10,32}\.[\w+/=-]{30,}",
        r"\.\w{4,6}\.acc[_-][\w-]{10,32}\.[\w+/=-]{16,}",
    ),
    ("at.", r"\b[ps]at\.[\w-]{22}\.[A-Za-z0-9]{24}\.\w{20}", rf"{_START}[ps]at\.[\w-]{{22}}\.[A-Za-z0-9]{{24}}\.\w{{8,}}"),
    ("%", "", r"\b\d{15,16}%[\w-]{27,}"),
    ("|", r"\b\d{15,16}\|[\w-]{27,40}(?![\w-])", r"\d{15,16}\|[\w-]{20,}"),
    (":aa", r"\b\d{8,10}:AA[\w-]{33}\b", r"\b\d{8,10}:AA[\w-]{33}"),
    ("v1.0-", r"v1\.0-[0-9a-f]{24}-[0-9a-f]{100,}", r"v1\.0-[0-9a-f]{24}-[0-9a-f]{20,}"),
    ("_mmk", r"\w{6}_[A-Za-z0-9]{29}_mmk", r"\w{6}_[A-Za-z0-9]{29}_mmk"),
    ("-us", r"\b[0-9a-f]{32}-us\d{1,2}\b", r"\b[0-9a-f]{32}-us\d{1,2}\b"),
    ("pat", r"\bpat\w{14}\.[0-9a-f]{64}\b", r"\bpat\w{14}\.[0-9a-f]{40,}"),
    ("a3-", r"\bA3-[A-Z0-9]{6}-[A-Z0-9]{6,11}(?:-[A-Z0-9]{5}){3,4}", r"\bA3-[A-Z0-9]{6}-[A-Z0-9]{6,11}(?:-[A-Z0-9]{5}){2,4}"),
)
"""Forms of known issuers: a needle, and the patterns of both strengths.

- The needle is a text in lower case that every match contains. The search for it is fast.
- The first pattern is refused. It is empty if arguments may contain the form.
- The second is redacted. A capture called `value` is the part to redact.

This file contains the patterns, and no text that matches one.
"""
