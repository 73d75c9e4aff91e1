"""Generated credentials of every form, and texts that resemble credentials.

No value is real or written down: each is computed from a seed, so that scanners of repositories
find no key here.
"""

import base64
import hashlib
import json
from collections.abc import Callable
from typing import TypeAlias


def word(seed: int, length: int) -> str:
    """Return a random word in the alphabet of base64url, the same for the same seed."""
    digests = b"".join(hashlib.sha256(f"{seed}/{index}".encode()).digest() for index in range(length // 32 + 1))
    return base64.urlsafe_b64encode(digests).decode()[:length]


def alphanumeric(seed: int, length: int) -> str:
    return word(seed, 2 * length + 20).replace("-", "").replace("_", "")[:length]


def lower(seed: int, length: int) -> str:
    return base64.b32encode(hashlib.sha512(str(seed).encode()).digest()).decode().lower()[:length]


def hexadecimal(seed: int, length: int) -> str:
    return hashlib.sha512(str(seed).encode()).hexdigest()[:length]


def uuid(seed: int) -> str:
    digits = hexadecimal(seed, 32)
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def base64_of(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def encode(value: object) -> str:
    """Return compact JSON in base64url, as in a JSON Web Token."""
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).decode().rstrip("=")


Planted: TypeAlias = tuple[str, str]
"""A text, and the part of it that no output may contain."""


def whole(text: str) -> Planted:
    return text, text


def around(secret: str, before: str, after: str = "") -> Planted:
    return f"{before}{secret}{after}", secret


def make_private_key(seed: int, kind: str = "RSA ") -> str:
    lines = [word(seed + each, 64).replace("-", "a").replace("_", "b") for each in range(5)]
    return "\n".join([f"-----BEGIN {kind}PRIVATE KEY-----", *lines, f"{alphanumeric(seed, 21)}==", f"-----END {kind}PRIVATE KEY-----"])


def make_old_ngc_key(seed: int) -> str:
    return base64_of(f"{lower(seed, 26)}:{uuid(seed)}")


def make_storage_key(seed: int) -> str:
    return base64.b64encode(hashlib.sha512(str(seed).encode()).digest()).decode()


CERTAIN: dict[str, Callable[[int], Planted]] = {
    "NGC": lambda seed: whole(f"nvapi-{word(seed, 64)}"),
    "Hugging Face": lambda seed: whole(f"hf_{alphanumeric(seed, 34)}"),
    "GitHub": lambda seed: whole(f"ghp_{alphanumeric(seed, 36)}"),
    "GitHub, fine-grained": lambda seed: whole(f"github_pat_{alphanumeric(seed, 22)}_{alphanumeric(seed, 59)}"),
    "GitLab": lambda seed: whole(f"glpat-{word(seed, 20)}"),
    "Pulumi": lambda seed: whole(f"pul-{hexadecimal(seed, 40)}"),
    "AWS": lambda seed: whole(f"AKIA{alphanumeric(seed, 16).upper()}"),
    "AWS, temporary": lambda seed: whole(f"ASIA{alphanumeric(seed, 16).upper()}"),
    "Slack": lambda seed: whole(f"xoxb-{alphanumeric(seed, 30)}"),
    "JSON Web Token": lambda seed: around(f"{encode({'sub': str(seed)})}.{word(seed, 43)}", f"{encode({'alg': 'RS256', 'typ': 'JWT'})}."),
    "private key": lambda seed: around(word(seed, 60), "-----BEGIN RSA PRIVATE KEY-----\n", "\n-----END RSA PRIVATE KEY-----"),
    "private key without its end": lambda seed: around(word(seed, 60), "-----BEGIN PRIVATE KEY-----\n"),
    "registry login": lambda seed: around(word(seed, 20), '{"auths": {"nvcr.io": {"password": "', '"}}}'),
    "registry login in base64": lambda seed: whole(encode({"auths": {"nvcr.io": {"auth": word(seed, 20)}}})),
}
"""Keys of known issuers, which stay recognizable between other letters."""

ISSUED: dict[str, Callable[[int], Planted]] = {
    "NGC, old form": lambda seed: whole(make_old_ngc_key(seed)),
    "GitLab, deploy token": lambda seed: whole(f"gldt-{word(seed, 20)}"),
    "Google API": lambda seed: whole(f"AIza{word(seed, 35)}"),
    "Google OAuth": lambda seed: whole(f"GOCSPX-{word(seed, 28)}"),
    "OpenAI": lambda seed: whole(f"sk-{alphanumeric(seed, 20)}T3BlbkFJ{alphanumeric(seed + 1, 20)}"),
    "OpenAI, project": lambda seed: whole(f"sk-proj-{word(seed, 74)}T3BlbkFJ{word(seed + 1, 74)}"),
    "Anthropic": lambda seed: whole(f"sk-ant-api03-{word(seed, 93)}AA"),
    "compatible API": lambda seed: whole(f"sk-{hexadecimal(seed, 32)}"),
    "Azure storage": lambda seed: around(
        make_storage_key(seed), "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=", ";EndpointSuffix=core"
    ),
    "Azure SAS": lambda seed: around(
        base64_of(word(seed, 32)).replace("+", "%2B").replace("=", "%3D"), "https://a.blob.core.windows.net/c?sv=2024-11-04&sp=r&sig="
    ),
    "Azure client": lambda seed: whole(f"{alphanumeric(seed, 3)}8Q~{alphanumeric(seed + 1, 34)}"),
    "Slack webhook": lambda seed: around(
        alphanumeric(seed, 24), f"https://hooks.slack.com/services/T{hexadecimal(seed, 8)}/B{hexadecimal(seed, 10)}/"
    ),
    "Stripe": lambda seed: whole(f"sk_live_{alphanumeric(seed, 24)}"),
    "SendGrid": lambda seed: whole(f"SG.{word(seed, 22)}.{word(seed + 1, 43)}"),
    "npm": lambda seed: whole(f"npm_{alphanumeric(seed, 36)}"),
    "PyPI": lambda seed: whole(f"pypi-AgEIcHlwaS5vcmc{word(seed, 80)}"),
    "Docker Hub": lambda seed: whole(f"dckr_pat_{word(seed, 27)}"),
    "Databricks": lambda seed: whole(f"dapi{hexadecimal(seed, 32)}"),
    "DigitalOcean": lambda seed: whole(f"dop_v1_{hexadecimal(seed, 64)}"),
    "Grafana": lambda seed: whole(f"glsa_{alphanumeric(seed, 32)}_{hexadecimal(seed, 8)}"),
    "Vault": lambda seed: whole(f"hvs.{word(seed, 95)}"),
    "OpenShift": lambda seed: whole(f"sha256~{word(seed, 43)}"),
    "Discord": lambda seed: whole(f"M{alphanumeric(seed, 23)}.{alphanumeric(seed + 1, 6)}.{word(seed, 38)}"),
    "NuGet": lambda seed: whole(f"oy2{lower(seed, 43)}"),
    "Infracost": lambda seed: whole(f"ico-{alphanumeric(seed, 32)}"),
    "Authress": lambda seed: around(word(seed, 60), f"sc_{lower(seed, 12)}.ab12.acc-{lower(seed, 16)}."),
    "Harness": lambda seed: whole(f"pat.{word(seed, 22)}.{hexadecimal(seed, 24)}.{alphanumeric(seed, 20)}"),
    "Facebook": lambda seed: around(word(seed, 27), f"{10**14 + seed}|"),
    "age": lambda seed: whole(f"AGE-SECRET-KEY-1{lower(seed, 58).upper()}"),
    "private key, OpenSSH": lambda seed: around(
        word(seed, 64).replace("-", "a").replace("_", "b"), "-----BEGIN OPENSSH PRIVATE KEY-----\n", "\n-----END OPENSSH PRIVATE KEY-----"
    ),
    "OpenRouter": lambda seed: whole(f"sk-or-v1-{hexadecimal(seed, 64)}"),
    "Tavily": lambda seed: whole(f"tvly-dev-{alphanumeric(seed, 32)}"),
    "Fireworks": lambda seed: whole(f"fw_7{alphanumeric(seed, 23)}"),
    "SonarQube": lambda seed: whole(f"squ_{hexadecimal(seed, 40)}"),
    "SonarQube, project": lambda seed: whole(f"sqp_{hexadecimal(seed, 40)}"),
    "RunPod": lambda seed: whole(f"rpa_7{alphanumeric(seed, 43).upper()}"),
    "Cerebras": lambda seed: whole(f"csk-{alphanumeric(seed, 48).lower()}"),
    "Amazon MWS": lambda seed: whole(f"amzn.mws.{uuid(seed)}"),
    "Jina": lambda seed: whole(f"jina_7{alphanumeric(seed, 59)}"),
    "Supabase": lambda seed: whole(f"sb_secret_{word(seed, 31)}"),
    "Netlify": lambda seed: whole(f"nfp_{alphanumeric(seed, 36)}"),
    "Google, refresh token": lambda seed: whole(f"1//0{word(seed, 99)}"),
    "Vault, old form": lambda seed: whole(f"s.aB7{alphanumeric(seed, 21)}"),
    "Heroku": lambda seed: whole(f"HRKU-AA{word(seed, 58)}"),
    "Weights & Biases": lambda seed: whole(f"wandb_v1_{alphanumeric(seed, 60)}"),
    "E2B": lambda seed: whole(f"e2b_{hexadecimal(seed, 40)}"),
    "Neon": lambda seed: whole(f"napi_{lower(seed, 64)}"),
    "Figma": lambda seed: whole(f"figd_{word(seed, 40)}"),
    "Buildkite": lambda seed: whole(f"bkua_{hexadecimal(seed, 40)}"),
    "CircleCI": lambda seed: whole(f"CCIPAT_{alphanumeric(seed, 22)}_{hexadecimal(seed, 40)}"),
    "Cloudflare": lambda seed: whole(f"cfut_{alphanumeric(seed, 40)}"),
    "dbt": lambda seed: whole(f"dbtc_{word(seed, 43)}"),
    "MongoDB Atlas": lambda seed: whole(f"mdb_sa_sk_{word(seed, 40)}"),
    "Contentful": lambda seed: whole(f"CFPAT-{word(seed, 43)}"),
    "Tencent Cloud": lambda seed: whole(f"AKID{alphanumeric(seed, 32)}"),
    "New Relic": lambda seed: whole(f"NRII-{word(seed, 32).replace('_', '-')}"),
    "Resend": lambda seed: whole(f"re_{alphanumeric(seed, 8)}_{alphanumeric(seed + 1, 24)}"),
    "Gemini": lambda seed: whole(f"AQ.Ab{word(seed, 48)}"),
    "ElevenLabs": lambda seed: whole(f"sk_{hexadecimal(seed, 48)}"),
    "Teams webhook": lambda seed: around(
        f"{uuid(seed)}@{uuid(seed + 1)}/IncomingWebhook/{hexadecimal(seed, 32)}/{uuid(seed + 2)}", "https://a.webhook.office.com/webhookb2/"
    ),
    "Lark webhook": lambda seed: around(uuid(seed), "https://open.feishu.cn/open-apis/bot/v2/hook/"),
    "kubeconfig, client key": lambda seed: around(
        base64_of(make_private_key(seed)), "users:\n- name: admin\n  user:\n    client-key-data: "
    ),
    "registry login with a space": lambda seed: around(
        base64_of(f"$oauthtoken:{word(seed, 20)}"), '{"auths" : {"nvcr.io" : {"auth" : "', '"}}}'
    ),
    "key in base64": lambda seed: whole(base64_of(f"nvapi-{word(seed, 64)}")),
    "key in base64, twice": lambda seed: whole(base64_of(base64_of(f"x: hf_{alphanumeric(seed, 34)}\n"))),
}
"""Further keys of known issuers. Letters before them may change their form."""

PROBABLE: dict[str, Callable[[int], Planted]] = {
    "old NGC key": lambda seed: whole(word(seed, 84)),
    "assignment": lambda seed: around(word(seed, 12), "NGC_API_KEY="),
    "assignment of digits": lambda seed: around(hexadecimal(seed, 12), "export PASSWORD="),
    "AWS secret key": lambda seed: around(word(seed, 40), "aws_secret_access_key = "),
    "YAML": lambda seed: around(word(seed, 12), "client_secret: "),
    "YAML with quotes": lambda seed: around(word(seed, 12), "password: 'two words, ", "'"),
    "JSON": lambda seed: around(word(seed, 12), '{"password": "two words, ', '"}'),
    "JSON in JSON": lambda seed: around(word(seed, 12), '"{\\"hf_token\\": \\"', '\\"}"'),
    "option": lambda seed: around(word(seed, 12), "--api-key="),
    "address with password": lambda seed: around(word(seed, 12), "postgres://me:", "@db:5432/x"),
    "address with @ in password": lambda seed: around(word(seed, 12), "https://me:a@", "@host/x"),
    "address with user": lambda seed: around(word(seed, 12), "https://", "@host/x"),
    "signed address": lambda seed: around(word(seed, 12), "https://cdn.example/f?Expires=1&Policy="),
    "header": lambda seed: around(word(seed, 12), "Authorization: Bearer "),
    "header without scheme": lambda seed: around(word(seed, 12), "authorization: "),
    "bearer token": lambda seed: around(word(seed, 12), "used bearer "),
    "basic login": lambda seed: around(base64.b64encode(f"me:{seed}".encode()).decode(), "Basic "),
}
"""Texts that are probably credentials."""

NAMED: dict[str, Callable[[int], Planted]] = {
    "PGPASSWORD": lambda seed: around(word(seed, 12), "PGPASSWORD="),
    "MYSQL_PWD": lambda seed: around(word(seed, 12), "export MYSQL_PWD="),
    "camel case": lambda seed: around(word(seed, 12), "clientSecret: "),
    "name with an environment": lambda seed: around(word(seed, 12), "HF_TOKEN_PROD="),
    "kebab case": lambda seed: around(word(seed, 12), "db-password: "),
    "capital letters": lambda seed: around(word(seed, 12), "Password = "),
    "YAML, quoted key": lambda seed: around(word(seed, 12), "'token': "),
    "JSON, spaced": lambda seed: around(word(seed, 12), '{"token" : "', '"}'),
    "JSON with escapes": lambda seed: around(word(seed, 12), '{"password": "a\\"b', '", "user": "me"}'),
    "Python": lambda seed: around(word(seed, 12), "{'api_key': '", "'}"),
    "YAML block": lambda seed: around(word(seed, 12), "password: |\n  ", "\n"),
    "ADO connection string": lambda seed: around(word(seed, 12), "Server=db;User Id=sa;Password=", ";Encrypt=true"),
    "PostgreSQL connection string": lambda seed: around(word(seed, 12), "host=db user=me password=", " dbname=x"),
    "service bus": lambda seed: around(base64_of(word(seed, 32)), "Endpoint=sb://a/;SharedAccessKeyName=x;SharedAccessKey="),
    "JDBC": lambda seed: around(word(seed, 12), "jdbc:mysql://db:3306/x?user=me&password=", "&useSSL=true"),
    "redis": lambda seed: around(word(seed, 12), "redis://:", "@cache:6379/0"),
    "query": lambda seed: around(word(seed, 12), "https://host/x?access_token=", "&b=1"),
    "signed address of S3": lambda seed: around(hexadecimal(seed, 64), "https://b.s3.amazonaws.com/f?X-Amz-Expires=60&X-Amz-Signature="),
    "API header": lambda seed: around(word(seed, 12), "curl -H 'X-Api-Key: ", "' https://host"),
    "header of GitLab": lambda seed: around(word(seed, 12), "PRIVATE-TOKEN: "),
    "option and value": lambda seed: around(f"{word(seed, 12)}7", "server --api-key "),
    "list of options": lambda seed: around(word(seed, 12), "['--hf-token', '", "']"),
    "user of curl": lambda seed: around(word(seed, 12), "curl -u me:", " https://host"),
    "subscript": lambda seed: around(word(seed, 12), "settings['api_key'] = '", "'"),
    "aligned": lambda seed: around(word(seed, 12), "api_key      =            "),
    "manifest of a Secret": lambda seed: around(
        word(seed, 12), "kind: Secret\nmetadata:\n  name: a\nstringData:\n  user: me\n  plain: ", "\ntype: Opaque\n"
    ),
    "manifest of a Secret, block": lambda seed: around(
        word(seed, 12), "kind: Secret\nstringData:\n  first: a\n  conf: |\n    line\n    ", "\ntype: Opaque\n"
    ),
    "manifest of a Secret, JSON": lambda seed: around(
        base64_of(word(seed, 9)), '{"data": {"first": "YQ==", "plain": "', '"}, "kind": "Secret"}'
    ),
    "kubeconfig, token": lambda seed: around(word(seed, 20), "users:\n- name: a\n  user:\n    token: "),
    "registry login, auth": lambda seed: around(base64_of(f"me:{word(seed, 12)}"), '"auth" : "', '"'),
    "netrc": lambda seed: around(word(seed, 12), "machine host login me password "),
    "netrc, lines": lambda seed: around(word(seed, 12), "machine a.example.com\n  login me\n  password "),
    "netrc, lines in a repr": lambda seed: around(word(seed, 12), "'machine a.example.com\\n  login me\\n  password ", "\\n'"),
    "netrc, without login": lambda seed: around(word(seed, 12), "machine a.example.com password "),
    "netrc, account": lambda seed: around(word(seed, 12), "default login me account a password "),
    "pgpass": lambda seed: around(alphanumeric(seed, 12), "db.example.com:5432:app:me:"),
    "pgpass, any database": lambda seed: around(alphanumeric(seed, 12), "# logins\n*:*:*:me:", "\n10.0.0.1:5432:a:b:$X\n"),
    "pgpass, socket": lambda seed: around(alphanumeric(seed, 12), '"/var/run/postgresql:5432:app:me:', '\\n"'),
    "user and password in auth": lambda seed: around(f"{alphanumeric(seed, 12)}7", 'auth: "me:', '"'),
    "user with dots in basicAuth": lambda seed: around(f"a1{alphanumeric(seed, 12)}", 'basicAuth: "first.last:', '"'),
    "mail address in auth": lambda seed: around(alphanumeric(seed, 12), '"auth": "me@b.example.com:', '"'),
    "user and password below auth": lambda seed: around(alphanumeric(seed, 12), "auth:\n  basic: me:"),
    "template of a SealedSecret": lambda seed: around(
        word(seed, 12), "kind: SealedSecret\nspec:\n  encryptedData:\n    a: x\n  template:\n    stringData:\n      a: ", "\n"
    ),
    "npmrc": lambda seed: around(word(seed, 20), "//registry.example/:_authToken="),
    "assignment in base64": lambda seed: whole(base64_of(f"export DB_PASSWORD={word(seed, 20)}\n")),
    "private key in a repr": lambda seed: around(
        word(seed, 60).replace("-", "a").replace("_", "b"),
        "ValueError('-----BEGIN PRIVATE KEY-----\\n",
        "\\n-----END PRIVATE KEY-----\\n')",
    ),
    "private key in YAML": lambda seed: around(
        word(seed, 60).replace("-", "a").replace("_", "b"),
        "key: |\n    -----BEGIN EC PRIVATE KEY-----\n    ",
        "\n    -----END EC PRIVATE KEY-----\n",
    ),
    "last line of a private key": lambda seed: around(
        f"{alphanumeric(seed, 21)}==", f"-----BEGIN PRIVATE KEY-----\n{alphanumeric(seed + 1, 64)}\n", "\n-----END PRIVATE KEY-----"
    ),
    "ADO connection string, short name": lambda seed: around(word(seed, 12), "Server=x;Uid=a;Pwd=", ";Encrypt=true"),
    "ODBC connection string": lambda seed: around(word(seed, 12), "DRIVER={x};SERVER=db;UID=a;PWD=", ";"),
    "several keys": lambda seed: around(word(seed, 12), "VLLM_API_KEYS=k1abcdef,"),
    "several passwords": lambda seed: around(word(seed, 12), "PASSWORDS: "),
    "list in YAML": lambda seed: around(word(seed, 12), "password: [abc, ", "]"),
    "list in JSON": lambda seed: around(word(seed, 12), '"apiKeys":["abc","', '"]'),
    "list in lines": lambda seed: around(word(seed, 12), "passwords:\n- first1\n- ", "\n"),
    "pass": lambda seed: around(word(seed, 12), "user=me pass="),
    "XML": lambda seed: around(word(seed, 12), "<password>", "</password>"),
    "password like a path": lambda seed: around(f"/aB3/xY{alphanumeric(seed, 4)}/q", "DB_PASSWORD="),
    "htpasswd, MD5": lambda seed: around(alphanumeric(seed, 22), "admin:$apr1$abcdefgh$"),
    "htpasswd, bcrypt": lambda seed: around(alphanumeric(seed, 53), "admin:$2y$05$"),
    "words in auth": lambda seed: around(f"{alphanumeric(seed, 12)}7", 'auth: "me:correct horse ', ' battery"'),
    "words in basicAuth": lambda seed: around(alphanumeric(seed, 12), "basicAuth = 'me:correct ", "'"),
    "domain in auth": lambda seed: around(f"{alphanumeric(seed, 12)}7", "auth: CORP\\me:"),
    "domain in quotes": lambda seed: around(f"{alphanumeric(seed, 12)}7", '{"auth": "CORP\\\\me:', '"}'),
    "domain and user": lambda seed: around(f"{alphanumeric(seed, 12)}7", "login of CORP\\me:", " failed"),
    "domain, user and host": lambda seed: around(alphanumeric(seed, 12), "Corp\\\\me:", "@files.example.com"),
    "domain in address": lambda seed: around(alphanumeric(seed, 12), "smb://DOM;me:", "@files.example.com/share"),
    "source of data of Go": lambda seed: around(alphanumeric(seed, 12), "me:", "@tcp(127.0.0.1:3306)/app"),
    "address without scheme": lambda seed: around(alphanumeric(seed, 12), "proxy = me:", "@proxy.example.com:3128"),
    "Oracle": lambda seed: around(alphanumeric(seed, 12), "jdbc:oracle:thin:scott/", "@//db:1521/app"),
    "words without quotes, INI": lambda seed: around(alphanumeric(seed, 12), "\npassword = correct horse ", "\nuser = me\n"),
    "words without quotes, YAML": lambda seed: around(alphanumeric(seed, 12), "a:\n- passphrase: correct horse "),
    "words without quotes, properties": lambda seed: around(alphanumeric(seed, 12), "\nspring.datasource.password=correct ", " staple\n"),
    "three quotes": lambda seed: around(word(seed, 12), 'password = """correct horse ', '"""'),
    "three quotes, lines": lambda seed: around(word(seed, 12), "password = '''\ncorrect horse ", "\n'''"),
    "text of bytes": lambda seed: around(word(seed, 12), "{'token': b'", "'}"),
    "raw text": lambda seed: around(word(seed, 12), 'password = r"', '"'),
    "text of bash": lambda seed: around(word(seed, 12), "PASSWORD=$'", "'"),
    "tag of YAML": lambda seed: around(word(seed, 12), "password: !!str "),
    "anchor of YAML": lambda seed: around(word(seed, 12), 'password: &shared "two words ', '"'),
    "block with indentation": lambda seed: around(word(seed, 12), "password: |2-\n  "),
    "comma in a password": lambda seed: around(f"{alphanumeric(seed, 6)},{alphanumeric(seed + 1, 6)}", "\nDB_PASSWORD="),
    "braces in a password": lambda seed: around(alphanumeric(seed, 12), "\nDB_PASSWORD=Xy7[]{}"),
    "backslash in a password": lambda seed: around(f"K{alphanumeric(seed, 12)}", "DB_PASSWORD=Xy7\\"),
    "operators in a password": lambda seed: around(alphanumeric(seed, 12), "\npassword: Xy7;&|<()>"),
    "proxy header": lambda seed: around(word(seed, 12), "Proxy-Authorization: Basic "),
    "header with another scheme": lambda seed: around(f"{alphanumeric(seed, 12)}7", "Authorization: CustomKey "),
    "header with NTLM": lambda seed: around(f"{alphanumeric(seed, 24)}7", "-H 'Authorization: NTLM ", "'"),
    "header with digest": lambda seed: around(hexadecimal(seed, 32), 'Authorization: Digest username="me", response="', '"'),
    "header with a named token": lambda seed: around(word(seed, 12), 'Authorization: Token token="', '", x="y"'),
    "second cookie": lambda seed: around(word(seed, 12), "Cookie: theme=dark; sid="),
    "words in quotes after -u": lambda seed: around(alphanumeric(seed, 12), "curl -u 'me:correct ", " staple' https://host"),
    "bytes after base64": lambda seed: around(encode({"auths": {"nvcr.io": {"password": word(seed, 30)}}}), "", " 0000"),
    "shadow": lambda seed: around(alphanumeric(seed, 86), "root:$6$abcdefgh$", ":19000:0"),
}
"""Credentials that only their name or their structure shows, in any casing and notation."""

EVERY = {**CERTAIN, **ISSUED, **PROBABLE, **NAMED}

_COMMIT = "1b6453892473a467d07372d45eb05abc2031647a"
_DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
NEAR_MISSES = [
    f"sha256:{_DIGEST}",
    _COMMIT,
    "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
    "3F2504E0-4F89-11D3-9A0C-0305E82C3301",
    "nvcr.io/nim/meta/llama3-8b-instruct:1.0.3",
    f"nvcr.io/nim/meta/llama3-8b-instruct@sha256:{_DIGEST}",
    "meta-llama/Meta-Llama-3-70B-Instruct-GPTQ-Int4",
    "neuralmagic/Meta-Llama-3.1-405B-Instruct-quantized.w4a16",
    "nvidia/Llama-3_3-Nemotron-Super-49B-v1_5-NVFP4-and-a-long-suffix",
    "Qwen/Qwen3-Coder-480B-A35B-Instruct-FP8-with-8x7B-experts",
    f"my-org/hf_adapter@{_COMMIT}",
    f"/models/hub/models--meta-llama--Meta-Llama-3-8B/snapshots/{_COMMIT}/config.json",
    "tensorrt_llm-h100-fp8-tp2-pp1-throughput-2330:10de-lora",
    "llama3-8b-cache-1b645389",
    "kubernetes:apps/v1:Deployment",
    "feature.node.kubernetes.io/cpu-cpuid.AVX512VNNI",
    "NIM_MAX_TOKENS=5",
    "max_tokens: 4096",
    "tokenizer: slow",
    "secretName: ngc-api",
    'secrets={"ngc_image_secret": "ngc-pull"}',
    "imagePullSecret: ngc-pull",
    'secret "ngc-api" not found',
    "couldn't find key NGC_API_KEY in Secret nim/ngc-api",
    "basic authentication is required",
    "the bearer token is missing",
    "http://llama.nim.svc.cluster.local:8000/v1/models",
    "git@github.com:my-org/my-repo.git",
    "https://github.com/my-org/my-repo.git",
    "author: somebody",
    "-H 'Content-Type: application/json'",
]
"""Texts that resemble credentials. No output redacts a part of them."""

LOOK_ALIKES = [
    *("auth: nginx:1.25", "auth: auth.example.com:443", "auth: auth.example.com:https", "auth: registry.example.com:v1.2.3"),
    *("basic: nginx:latest", "basic: true", "auth:\n  basic: enabled", "basicAuth: oidc"),
    *("00:11:22:33:44:55", "2001:0db8:85a3:0000:abcd", "fe80:1234:5:6::1", "a:b:c:d:e", "10:11:12:13:14", "Mon:10:20:30:40"),
    *("arn:aws:iam::123456789012:role/x", "2026-11-30T10:15:00:x:y", "127.0.0.1:8080:80/tcp", "svc:8080:http:up:ok"),
    *("main.py:12:5:error:unused1", "values.yaml:123:image:nginx:1.25.3", "a.example.com:5000/team/app:1.0", "a.example.com:5432:*:*:*"),
    *("db.example.com:5432:app:me:$PGPASSWORD", "the machine learning password policy"),
    *(
        "auth: C:\\Users:x",
        "auth: C:\\Users\\me",
        "path: C:\\Users:x",
        "CORP\\me: is unknown",
        "HKLM\\Software:key",
        "INFO\\nimage:llama3-8b",
    ),
    *("repo:1.0@sha256:12345", "nim:1.0@registry.example.com:5000", "mailto:me@example.com", "contact:team@example.com", "10:30@host:22"),
    *('auth: "note: see the manual"', 'auth: "nginx:1.25 with brotli"', "user: see the manual", "auth: user: see the manual"),
    *("Authorization: required for all requests", "authorization: webhook of-the-cluster", "Authorization: Bearer $TOKEN -X POST"),
    *("curl -b cookies.txt https://host", "http -a $LOGIN GET https://host", "vault login -method=oidc", "echo done | passwd-check"),
    *(
        "kubectl create configmap a --from-literal=mode=fast",
        "set password = $PASSWORD for all users",
        "curl -u $USER:$PASSWORD https://host",
    ),
    "PASSWORD=${DB_PASSWORD} python -m server run",
    "kind: SealedSecret\nspec:\n  encryptedData:\n    x: AgBabc\n",
    *("fw_rules_of_the_gateway_7", "fw_v2", "rpa_worker_pool_7", "csk-controller-7c9d8f6b54-abcde", "jina_embeddings_v3_base_2024"),
    *("tvly-search", "sqp_7c9d8f6b54", "s.split_by_tensor_parallel_2", "s.maxNumberOfTokensPerBatch2x", "s.endpoint", "re_ranker_v2_m3"),
    *("nfp_kernel_7", "e2b_model", "gemma-3n-e2b_it", "cfat_7", "dbtc_profile", "1//0", "amzn.mws", "sk_buff_head_init", "AQ.Abc", "AKIDX"),
    *("sess-7c9d8f6b54-abcde", "xoxa-", "NRJS", "bundle_sha: 12ab:cd", "BUNDLE_PATH=/usr/local/bundle", "sb_secret_name", "napi_enabled=1"),
    "GPU-3f2504e0-4f89-11d3-9a0c-0305e82c3301",
    "MIG-3f2504e0-4f89-11d3-9a0c-0305e82c3301",
    "MIG-GPU-3f2504e0-4f89-11d3-9a0c-0305e82c3301/7/0",
    "NVIDIA_VISIBLE_DEVICES=GPU-3f2504e0-4f89-11d3-9a0c-0305e82c3301,MIG-3f2504e0-4f89-11d3-9a0c-0305e82c3302",
    f"NIM_MODEL_PROFILE={_DIGEST}",
    f"profile {_DIGEST} is not compatible (vllm-bf16-tp2)",
    "ngc://nim/meta/llama-3.1-8b-instruct:hf-1d54af3-nim1.5",
    "GPU-3f2504e0-4f89-11d3-9a0c-0305e82c3301 is not available: Invalid value for key: NVIDIA_VISIBLE_DEVICES",
    "hf_translation_adapter",
    "my-org/hf_translation-lora",
    "disk-cache-for-llama-7f9c8b6d5-x2k4q",
    "sk-service-7f9c8b6d5-x2k4q",
    "task-7c9d8f6b54-abcde",
    "llama-nim-6c8f9d7b5d-xk2lp",
    "prewarm-29384756-9x8zq",
    "ip-10-0-12-34.eu-central-1.compute.internal",
    "https://123456789012.dkr.ecr.eu-central-1.amazonaws.com/v2/nim/manifests/1.0",
    "https://a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6.gr7.eu-central-1.eks.amazonaws.com",
    "https://cas-bridge.xethub.hf.co/xet-bridge-us/66f1c2a3b4d5e6f708192a3b/model.safetensors?partNumber=3&x-id=GetObject",
    "https://host/v1/models?limit=500&resourceVersion=123456789",
    "HF_ENDPOINT=https://huggingface.mirror.example",
    "GOOGLE_APPLICATION_CREDENTIALS=/var/run/secrets/google/key.json",
    "AWS_WEB_IDENTITY_TOKEN_FILE=/var/run/secrets/eks.amazonaws.com/serviceaccount/token",
    "token_path: /var/run/secrets/token",
    "HF_TOKEN_PATH=/cache/token",
    "eos_token: 128009",
    "Using pad_token: </s>, bos_token: <s>",
    "NGC_API_KEY=$(_FSEC_NGC_NGC_API_KEY)",
    "password: ${DB_PASSWORD}",
    "password: {{ .Values.password }}",
    'curl -H "Authorization: Bearer $TOKEN" https://host',
    "auth: none",
    "tls_key_password: null",
    "useToken: true",
    "secretKeyRef: {name: ngc, key: NGC_API_KEY}",
    "ngc_secret_key: NGC_API_KEY",
    "hf_token_key: hf_token",
    "hf_token_group: huggingface",
    "existingSecret: my-database",
    "sort_key: created_at",
    "GOOGLE_APPLICATION_CREDENTIALS=/x.json",
    "NGC_AUTH=evil.example.com:443",
    "X_AUTH=evil.sh",
    "auth: kubernetes",
    "PWD=somewhere OLDPWD=elsewhere",
    "tokens: [12, 13]",
    "pass=2, loss=0.5",
    "stop_tokens: [abc, def]",
    "credentials:\n- name: registry",
    "awk '{print $1$2}' $1$HOME/model_files/of/the/second/generation",
    "primary key: id",
    "std::secret_token::parse(x)",
    "kind: SecretStore\ndata:\n  region: eu-central-1",
    "kind: Secret\nmetadata:\n  name: ngc-api\ntype: Opaque",
    "ref: {kind: Secret, name: ngc-api, key: NGC_API_KEY}",
    "Monkey: yes, turkey: no",
    "NIM_PEFT_SOURCE=/lora/adapters",
    "/opt/nim/workspace/trtllm/engines/Meta-Llama-3.1-8B/rank0.engine",
    "/usr/local/lib/python3.12/dist-packages/vllm/model_executor/layers/quantization/utils.py",
    "python3 -m vllm.entrypoints.openai.api_server --max-model-len 8192 --token-limit 300",
    base64_of("This is plain text of a configuration file, encoded for binaryData: threads=8, mode=fast.\n"),
    base64_of(json.dumps({"tensor_parallel": 2, "model": "Meta-Llama-3.1-8B", "dtype": "bf16"})),
    encode({"auths": {}})[:8],
    "LoRAAdapterOfTheSecondGeneration2",
    "the password is wrong",
    "password: must be at least 12 characters",
    "Unauthorized: token expired at 2026-11-30T03:00:00Z",
    "invalid token: unexpected end of input",
    "secret: names a Secret of the namespace",
    "Signature: verified by cosign",
    "resourceVersion: 8872619, uid: 3f2504e0-4f89-11d3-9a0c-0305e82c3301",
    "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==",
]
"""Further texts that resemble credentials, of GPUs, clusters, model servers and configuration."""
