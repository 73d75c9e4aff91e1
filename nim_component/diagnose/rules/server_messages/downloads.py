"""Patterns of errors of model downloads from NGC and from the Hugging Face Hub."""

from ..patterns import MessagePattern, any_of

_NGC = r"\b(?:ngc\.nvidia\.com|nvcr\.io|authn\.nvidia\.com)\b"
_HUB = r"\b(?:huggingface\.co|hf\.co)\b"
_SUBDOMAINS = r"(?:[\w-]{1,60}\.){0,5}"


def _status(code: str, words: str) -> str:
    """Return a pattern of an HTTP status in the wordings of Python's and Rust's clients."""
    alternatives = (
        rf"\b{code} (?:Client|Server) Error",
        rf"\berror:? {code}\b",
        rf"\((?:HTTP )?{code}\b",
        rf"status(?: code)?[:= ]{{1,2}}\(?{code}\b",
        rf"\b{code}[: ,-]{{1,3}}{words}\b",
        rf"HTTP(?:/[\d.]+)? {code}\b",
    )
    return f"(?:{'|'.join(alternatives)})"


def _from(host: str, code: str, words: str) -> str:
    """Return a pattern of a status near a host, in either order."""
    status = _status(code, words)
    return rf"{status}.{{0,300}}?{host}|{host}.{{0,300}}?{status}"


_FORBIDDEN = r"(?:Unauthorized|Forbidden|Access Denied)"

DOWNLOAD_PATTERNS = (
    MessagePattern(
        "model-gated",
        any_of(
            r"GatedRepoError",
            r"Cannot access gated repo",
            r"Access to model .{1,120} is restricted",
            r"You are trying to access a gated repo|is a gated repository\.",
        ),
        "The model's repository on the hub is gated",
        "{gated_fix}",
        sentences=(
            r"40[13] Client Error\..{0,120}Cannot access gated repo for url \S+\. Access to model \S+ is restricted.{0,300}",
            r"You are trying to access a gated repo\..{0,500}",
        ),
    ),
    MessagePattern(
        "download-rate-limited",
        any_of(
            _from(_NGC, "429", "Too Many Requests"),
            _from(_HUB, "429", "Too Many Requests"),
            r"429 Too Many Requests|you have reached your '\w+' rate limit|HTTP status client error \(429",
        ),
        "The source of the model download limits the number of requests",
        "Wait for the next start. {rate_fix} With many replicas, fill the cache once (cache.prewarm).",
        sentences=(
            r"HTTP status client error \(429 Too Many Requests\) for url \(\S+\)",
            r"429 Client Error: Too Many Requests for url: \S+",
        ),
    ),
    MessagePattern(
        "ngc-not-entitled",
        any_of(
            _from(_NGC, "402", "Payment Required"),
            _from(_NGC, "451", "Unavailable For Legal Reasons"),
            r"HTTP status client error \((?:402|451)",
        ),
        "NGC accepts the API key, but does not let its organisation download the model",
        "Renew the NVIDIA AI Enterprise subscription or accept the terms of the model in the NGC catalogue (402), or ask NVIDIA about "
        "export rules (451).",
        sentences=(r"HTTP status client error \((?:402 Payment Required|451 Unavailable For Legal Reasons)\) for url \(\S+\)",),
    ),
    MessagePattern(
        "ngc-key-refused",
        any_of(
            r"insufficient_scope",
            r"Invalid (?:NGC )?API.?key|API key is (?:invalid|not valid|expired)",
            r"NGC_API_KEY\b.{0,60}(?:invalid|not set|missing|expired|required|must be set)",
            r"requires an API key, but none was found|requires permissions that the user does not have",
            r"NGC API key.{0,40}(?:invalid|not set|missing|expired|required|not found)",
            r"\bAuthentication (?:Error|failed)\b",
            r"repo file list has not been validated",
            _from(_NGC, "(?:401|403)", _FORBIDDEN),
        ),
        "NGC refuses the API key for the model download, or there is none",
        "Renew the key in the Secret of secrets.ngc_secret_key (or secrets.ngc_api_key), and check that its organisation "
        "is entitled to the model.",
        sentences=(
            r"(?:Error downloading manifest: |Download failed after \d+ attempts\. Last exception: )?(?:Permission error: )?The "
            r"requested operation "
            r"requires (?:an API key, but none was found|permissions that the user does not have).{0,300}",
            rf"HTTP status client error \((?:401 Unauthorized|403 Forbidden)\) for url \(https://{_SUBDOMAINS}{_NGC}/\S+\)",
            rf"40[13] Client Error: (?:Unauthorized|Forbidden) for url: https://{_SUBDOMAINS}{_NGC}/\S+",
        ),
    ),
    MessagePattern(
        "hub-token-refused",
        any_of(
            r"Invalid (?:credentials in Authorization header|username or password)",
            r"User Access Token .{0,60}(?:expired|invalid)|Invalid user token|token (?:is|seems) invalid",
            r"Make sure your token has the correct permissions|not in the list of allowed tokens",
            _from(_HUB, "403", "Forbidden"),
        ),
        "The hub refuses the token of the model download",
        "Renew the token in the Secret of secrets.hf_token_key, with read access to the repository.",
        sentences=(
            r"40[13] (?:Client Error|Forbidden): .{1,120} Cannot access content at: \S+ Make sure your token has the correct "
            r"permissions\.",
        ),
    ),
    MessagePattern(
        "model-not-found",
        any_of(
            r"Could not receive runai_response .{0,60}(?:File access error|error)|runai_\w+ .{0,80}File access error",
            r"NoCredentialsError|Unable to locate credentials|InvalidAccessKeyId|SignatureDoesNotMatch|\bNoSuch(?:Bucket|Key)\b",
            r"An error occurred \((?:40[0134]|301|AccessDenied|ExpiredToken|PermanentRedirect)\) when calling the \w+ operation",
        ),
        "The server cannot read the model in its object storage: the bucket or path does not exist, or the credentials have no access",
        "Correct the address of the model ({model_source}). Check in env the credentials, the region and the address of the object storage "
        "(such as AWS_ENDPOINT_URL).",
    ),
    MessagePattern(
        "model-not-found",
        any_of(
            r"RepositoryNotFoundError|Repository Not Found for url|RevisionNotFoundError|Revision Not Found for url",
            r"\b(?:Remote)?EntryNotFoundError|Entry Not Found for url",
            r"Repo id must (?:be in the form|use alphanumeric chars)|is not a local folder or a valid repository name",
            r"is not a local folder and is not a valid model identifier",
            _from(_NGC, "404", "Not Found"),
            _from(_HUB, "404", "Not Found"),
            _from(_HUB, "401", "Unauthorized"),
            r"HTTP status client error \(404",
        ),
        "The source of the model download has no such model, file or version, or the credentials have no access to it",
        "Correct the model's name ({model_source}, or model_profile). {private_fix}",
        sentences=(
            r"40[14] Client Error\..{0,120}(?:Repository|Revision|Entry) Not Found for url: \S+.{0,500}",
            r"\S+ is not a local folder and is not a valid model identifier listed on 'https://huggingface\.co/models'.{0,400}",
            r"HTTP status client error \(404 Not Found\) for url \(\S+\)",
        ),
    ),
    MessagePattern(
        "download-certificate",
        any_of(
            r"certificate verify failed|CERTIFICATE_VERIFY_FAILED|unable to get local issuer certificate|invalid peer certificate",
            r"self.signed certificate|certificate signed by unknown authority|UnknownIssuer",
        ),
        "The server does not trust the certificate of the model download",
        "Set network.ca_config_map to a ConfigMap with the certificate authority of the company's proxy.",
        sentences=(r"\[SSL: CERTIFICATE_VERIFY_FAILED\] certificate verify failed: .{1,120}",),
    ),
    MessagePattern(
        "proxy-refused",
        r"Tunnel connection failed|Proxy Authentication Required|ProxyError|(?:Cannot|Unable to|Failed to) connect to (?:the "
        r")?proxy|unsuccessful tunnel|WRONG_VERSION_NUMBER",
        "The proxy refuses the model download, or does not respond",
        "Correct network.https_proxy (address, user and password), or allow the host in the proxy.",
        sentences=(r"Tunnel connection failed: \d{3} .{1,80}",),
    ),
    MessagePattern(
        "hub-offline",
        any_of(
            r"outgoing traffic has been disabled",
            r"offline mode is enabled|OfflineModeIsEnabled",
            r"we couldn't find (?:it|them|the requested files) in the (?:local|cached)",
        ),
        "The cache lacks a file of the model, and downloads are disabled",
        "Fill the cache first (cache.prewarm), or set cache.offline to false (or remove HF_HUB_OFFLINE from env).",
        sentences=(
            r"Cannot reach \S+: offline mode is enabled\. To disable it, please unset the `HF_HUB_OFFLINE` environment variable\.",
            r"Cannot find (?:the requested files|an appropriate cached snapshot folder).{1,120} outgoing traffic has been "
            r"disabled\. .{1,200}",
        ),
    ),
    MessagePattern(
        "download-unreachable",
        any_of(
            r"Name or service not known|Temporary failure in name resolution|NameResolutionError|failed to lookup address "
            r"information|dns error",
            r"Could not resolve host|No address associated with hostname|Could not connect to the endpoint URL",
            r"error sending request for url|tcp connect error",
            rf"(?:Connection refused|Connection timed out|Read timed out|Connection reset).{{0,200}}(?:{_NGC}|{_HUB})",
            rf"(?:{_NGC}|{_HUB}).{{0,200}}(?:Connection refused|timed out|Connection reset|Max retries exceeded)",
            r"Max retries exceeded with url|ConnectTimeout|ReadTimeout|ReadTimeoutError|operation timed out",
            r"Connection broken: IncompleteRead|Network is unreachable|All connection attempts failed",
            r"We couldn't connect to 'https://|trying to locate the files? on the Hub and we cannot find",
            r"error occurred while downloading using `hf_transfer`|UNEXPECTED_EOF_WHILE_READING|EOF occurred in violation of protocol",
            r"\b(?:ChunkedEncodingError|RemoteDisconnected|RemoteProtocolError|SSLEOFError)\b",
            _from(_NGC, "50[0234]", r"(?:Internal Server Error|Bad Gateway|Service Unavailable|Gateway Time-?out)"),
            _from(_HUB, "50[0234]", r"(?:Internal Server Error|Bad Gateway|Service Unavailable|Gateway Time-?out)"),
            r"HTTP status server error \(50\d",
            r"CAS service error ?: .{0,200}(?:Request failed after|Timer expired|did not match expected value|IncompleteBody|decoding"
            r" response body|Real call failed)",
        ),
        "The server cannot reach the source of the model download, or the source has a fault",
        "Allow access from the pod to NGC or the hub (network.https_proxy, DNS, network policy), or use a filled cache.",
        sentences=(
            r"\[Errno -[23]\] (?:Name or service not known|Temporary failure in name resolution)",
            rf"error sending request for url \(https://{_SUBDOMAINS}(?:{_NGC}|{_HUB})/\S+\)(?:: .{{1,200}})?",
        ),
    ),
)
