"""Forms of the credentials of known issuers, as data.

The forms are those of the issuers' documentation and of three sets of rules that are maintained:

- gitleaks (MIT licence), https://github.com/gitleaks/gitleaks/blob/master/config/gitleaks.toml
- detect-secrets (Apache-2.0), https://github.com/Yelp/detect-secrets
- TruffleHog, for both forms of an NGC key

Two strengths: arguments and policies refuse a complete key. Output is also redacted where a key may
be cut, or where other letters touch it.
"""

from __future__ import annotations

_WORD, _TEXT, _HEX = "A-Za-z0-9", r"\w-", "0-9a-f"
_START = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))"
"""Beginning of a word, also after a line break in a repr.

Forms with a short prefix require it, because `disk-` ends in `sk-`.
"""

# Needle, prefix, characters, number of characters when refused, and when redacted.
_PREFIXED: tuple[tuple[str, str, str, int, int], ...] = (
    ("nvapi-", "nvapi-", r"\w.-", 8, 1),
    ("hf_", "(?<![a-z])hf_", _WORD, 20, 20),
    ("hf_", "hf_", _WORD, 34, 20),
    ("hf_", "(?<![/a-z])hf_(?![a-z]+[_-])", _WORD, 20, 8),
    ("api_org_", "api_org_", _WORD, 30, 20),
    ("gh", "gh[pousr]_", r"\w", 30, 16),
    ("github_pat_", "github_pat_", r"\w", 30, 16),
    ("gl", f"{_START}gl(?:pat|dt|ft|soat|rt|cbt|imt|ptt|agent|oas|ffct)-", r"\w.-", 20, 12),
    ("glpat-", "glpat-", _TEXT, 20, 12),
    ("gr1348941", "GR1348941", _TEXT, 20, 12),
    ("pul-", "pul-", _HEX, 40, 16),
    ("xox", "xox[abeoprs]-", _TEXT, 20, 10),
    ("xox", "xox[ar]-", _WORD, 8, 8),
    ("xapp-", r"xapp-\d-", _TEXT, 20, 10),
    ("aiza", "AIza", _TEXT, 35, 24),
    ("gocspx-", "GOCSPX-", _TEXT, 20, 12),
    ("ya29.", f"{_START}ya29\\.", _TEXT, 30, 16),
    ("sk-", f"{_START}sk-", _WORD, 20, 20),
    ("sk-", f"{_START}sk-(?=[\\w-]{{0,100}}[A-Z])(?=[\\w-]{{0,100}}[0-9])", _TEXT, 32, 16),
    ("sk-", "sk-(?=[a-z0-9_-]{0,100}[A-Z])(?=[\\w-]{0,100}[0-9])", _TEXT, 32, 24),
    ("sk-", f"{_START}sk-(?:[a-z0-9]{{1,12}}-){{1,3}}", _WORD, 32, 32),
    ("sk_", f"{_START}sk_", _HEX, 48, 48),
    ("sess-", f"{_START}sess-", _WORD, 40, 40),
    ("tvly-", "tvly-(?:dev-|prod-)?", "A-Za-z0-9-", 20, 16),
    ("fw_", f"{_START}fw_(?=[A-Za-z]{{0,30}}[0-9])", _WORD, 22, 20),
    ("sq", f"{_START}sq[upa]_", _HEX, 40, 24),
    ("rpa_", f"{_START}rpa_(?=[A-Z]{{0,40}}[0-9])", _WORD, 40, 24),
    ("csk-", f"{_START}csk-", _WORD, 40, 24),
    ("wandb_v1_", "wandb_v1_", r"\w", 40, 20),
    ("e2b_", f"{_START}e2b_", _HEX, 40, 24),
    ("jina_", f"{_START}jina_(?=[A-Za-z]{{0,40}}[0-9])", _WORD, 40, 24),
    ("sb_secret_", "sb_secret_", _TEXT, 20, 12),
    ("nfp_", f"{_START}nfp_", _WORD, 36, 24),
    ("napi_", f"{_START}napi_", "a-z0-9", 60, 32),
    ("figd_", "figd_", _TEXT, 40, 20),
    ("bkua_", "bkua_", "a-z0-9", 40, 24),
    ("ccipat_", "CCIPAT_", r"\w", 40, 24),
    ("cf", f"{_START}cf[ua]t_", _WORD, 40, 24),
    ("lin_oauth_", "lin_oauth_", _WORD, 40, 16),
    ("dbt", f"{_START}dbt[cup]_", r"\w=-", 40, 24),
    ("mdb_sa_sk_", "mdb_sa_sk_", _TEXT, 40, 16),
    ("cfpat-", "CFPAT-", _TEXT, 40, 20),
    ("akid", f"{_START}AKID", _WORD, 32, 32),
    ("hrku-", "HRKU-AA", _TEXT, 58, 24),
    ("gloas-", "gloas-", _TEXT, 64, 24),
    ("s-s4t2", "s-s4t2(?:ud|af)-", _HEX, 64, 24),
    ("sk-lf-", "sk-lf-", "0-9a-f-", 36, 16),
    ("absk", f"{_START}ABSK", "A-Za-z0-9+/", 100, 40),
    ("bedrock-api-key-", "bedrock-api-key-", "A-Za-z0-9+/", 28, 16),
    ("ltai", f"{_START}LTAI", _WORD, 20, 16),
    ("k_", f"{_START}[sr]k_(?:live|test|prod)_", _WORD, 16, 10),
    ("whsec_", "whsec_", "A-Za-z0-9+/", 24, 16),
    ("npm_", f"{_START}npm_", _WORD, 36, 24),
    ("pypi-age", "pypi-AgE", _TEXT, 50, 16),
    ("rubygems_", "rubygems_", _HEX, 48, 16),
    ("dckr_", "dckr_(?:pat|oat)_", _TEXT, 20, 12),
    ("dapi", f"{_START}dapi", _HEX, 32, 32),
    ("_v1_", "do[opr]_v1_", _HEX, 64, 16),
    ("glc_", f"{_START}glc_", "A-Za-z0-9+/", 32, 24),
    ("glsa_", "glsa_", r"\w", 32, 16),
    ("hv", f"{_START}hv[bsr]\\.", _TEXT, 24, 20),
    (".atlasv1.", r"\w{14}\.atlasv1\.", "\\w=-", 40, 16),
    ("sha256~", "sha256~", _TEXT, 43, 24),
    ("age-secret-key-", "AGE-SECRET-KEY-1", "0-9A-Z", 50, 10),
    ("ops_eyj", "ops_eyJ", "A-Za-z0-9+/", 100, 24),
    ("akcp", f"{_START}AKCp", _WORD, 60, 40),
    ("cmvmd", f"{_START}cmVmd", _WORD, 59, 40),
    ("tt3", f"{_START}AT[AC]TT3", r"\w=-", 32, 24),
    ("atbb", f"{_START}ATBB", _WORD, 28, 24),
    ("dp.", r"dp\.(?:pt|st|ct|sa)\.", r"\w.", 40, 20),
    ("dt0c01.", r"dt0c01\.", r"\w.", 60, 20),
    ("dt0s", r"dt0s\d\d\.", r"\w.", 60, 20),
    ("sl.", f"{_START}sl\\.", _TEXT, 130, 100),
    ("fm", "fm[12][ar]?_", "A-Za-z0-9+/", 100, 40),
    ("fo1_", "fo1_", _TEXT, 40, 24),
    ("lin_api_", "lin_api_", _WORD, 40, 16),
    ("nr", f"{_START}NR(?:AK|II|IQ|RA|JS)-", "A-Za-z0-9-", 19, 16),
    ("ntn_", f"{_START}ntn_", _WORD, 40, 24),
    ("secret_", f"{_START}secret_", _WORD, 43, 43),
    ("pplx-", "pplx-", _WORD, 40, 16),
    ("gsk_", f"{_START}gsk_", _WORD, 40, 20),
    ("r8_", f"{_START}r8_", _WORD, 36, 24),
    ("xai-", f"{_START}xai-", _WORD, 60, 24),
    ("tgp_v1_", "tgp_v1_", _TEXT, 40, 16),
    ("pcsk_", "pcsk_", r"\w", 40, 20),
    ("lsv2_", "lsv2_(?:pt|sk)_", r"\w", 32, 16),
    ("pscale_", "pscale_(?:tkn|oauth|pw)_", r"\w=.-", 32, 16),
    ("pmak-", "PMAK-", "0-9a-f-", 50, 20),
    ("pnu_", f"{_START}pnu_", _WORD, 36, 24),
    ("sntry", "sntry[su]_", r"\w+/=", 40, 20),
    ("shp", f"{_START}shp(?:at|ca|pa|ss)_", "A-Fa-f0-9", 32, 16),
    ("sgp_", f"{_START}sgp_", r"\w", 40, 24),
    ("sq0", "sq0(?:atp|csp)-", _TEXT, 22, 16),
    ("tskey-", "tskey-(?:api|auth|client)-", _TEXT, 20, 12),
    ("sbp_", f"{_START}sbp_", _HEX, 40, 24),
    ("key-", f"{_START}key-", _HEX, 32, 32),
    ("pat-", f"{_START}pat-(?:na|eu)\\d-", "0-9a-f-", 36, 16),
    ("duffel_", "duffel_(?:test|live)_", r"\w=-", 40, 16),
    ("shippo_", "shippo_(?:live|test)_", "A-Fa-f0-9", 40, 16),
    ("ez", f"{_START}EZ[AT]K", _WORD, 54, 40),
    ("p8e-", f"{_START}p8e-", _WORD, 32, 24),
    ("rdme_", "rdme_", _WORD, 70, 24),
    ("xkeysib-", "xkeysib-", "0-9A-Za-z-", 64, 24),
    ("tfp_", f"{_START}tfp_", r"\w=.-", 50, 40),
    ("sm_", f"{_START}sm_(?:aat|pat|sat)_", _WORD, 16, 16),
    ("eaa", f"{_START}EAA[A-Z]", _TEXT, 60, 40),
    ("eaaa", f"{_START}EAAA(?=[\\w-]{{0,60}}[0-9])(?=[\\w-]{{0,60}}[a-z])(?=[\\w-]{{0,60}}[B-Z])", _TEXT, 22, 22),
    ("clojars_", "CLOJARS_", "a-z0-9", 60, 24),
    ("fio-u-", "fio-u-", r"\w=-", 64, 24),
    ("tk-us-", f"{_START}tk-us-", _TEXT, 48, 24),
    ("4b1d", f"{_START}4b1d", _WORD, 38, 38),
    ("api-", f"{_START}API-", "A-Z0-9", 26, 26),
    ("oy2", f"{_START}oy2", "a-z0-9", 43, 43),
    ("ico-", f"{_START}ico-", _WORD, 32, 32),
    ("flwseck", "FLWSECK(?:_TEST)?-", "A-Za-z0-9-", 12, 12),
)

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

FORMS: tuple[tuple[str, str, str], ...] = (
    *((needle, f"{prefix}[{of}]{{{most},}}", f"{prefix}[{of}]{{{least},}}") for needle, prefix, of, most, least in _PREFIXED),
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
    (".ey", r"\bey[A-Za-z0-9]{17,}\.ey[\w/-]{17,}", r"\bey[A-Za-z0-9]{17,}\.ey[\w/-]{17,}(?:\.[\w/-]*+={0,2})?"),
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
    (
        "s.",
        rf"{_START}s\.(?=\w{{0,23}}[A-Z])(?=\w{{0,23}}[0-9])[A-Za-z0-9]{{24}}(?![\w.-])",
        rf"{_START}s\.(?=\w{{0,23}}[A-Z])(?=\w{{0,23}}[0-9])[A-Za-z0-9]{{24}}(?![\w-])",
    ),
    ("1//0", r"\b1//0[\w-]{40,}", r"\b1//0[\w-]{20,}"),
    ("amzn.mws.", r"amzn\.mws\.[0-9a-f-]{36}", r"amzn\.mws\.[0-9a-f-]{16,}"),
    ("aq.ab", rf"{_START}AQ\.Ab[\w-]{{40,}}", rf"{_START}AQ\.Ab[\w-]{{24,}}"),
    ("re_", rf"{_START}re_[A-Za-z0-9]{{8}}_[A-Za-z0-9]{{24}}\b", rf"{_START}re_[A-Za-z0-9]{{8}}_[A-Za-z0-9]{{16,}}"),
    ("_session=", "", r"_session=(?P<value>[0-9a-z]{32})"),
    ("bundle_", "", r"(?i:BUNDLE)_\w{1,80}[\"']?[ \t]{0,4}[=:][ \t]{0,4}[\"']?(?P<value>[\w.-]{4,100}:[\w.-]{6,200})"),
    ("/bot/v2/hook/", r"/bot/v2/hook/[0-9a-f-]{36}", r"/bot/v2/hook/(?P<value>[0-9a-f-]{16,})"),
    ("hooks.slack.com", r"hooks\.slack\.com/\w{1,20}/[\w/+-]{20,}", r"hooks\.slack\.com/\w{1,20}/(?P<value>[\w/+-]{8,})"),
    ("/api/webhooks/", r"discord(?:app)?\.com/api/webhooks/\d+/[\w-]{40,}", r"/api/webhooks/\d{1,24}/(?P<value>[\w-]{20,})"),
    ("/webhookb2/", r"/webhookb2/[\w-]{36}@[\w-]{36}/IncomingWebhook/\w{32}/[\w-]{36}", r"/webhookb2/(?P<value>[\w@/-]{20,})"),
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
