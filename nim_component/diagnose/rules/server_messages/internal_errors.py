"""Patterns of errors inside the server, for logs in which no other pattern matches.

They follow all others, because an error of a cleanup can stand below the reason.
"""

from ..patterns import MessagePattern, any_of
from .memory import KILLED_PATTERN

_UNSUPPORTED = any_of(
    r"(?:is|are) (?:currently )?not (?:yet |currently |officially )?(?:supported|compatible|implemented|available for)\b",
    r"\bunsupported\b|does(?: not|n't) (?:currently |yet )?support\b|not (?:yet )?supported\b|\bonly supports?\b",
    r"only supported (?:for|with|on|by|in|when|if)\b|can only be used (?:with|when|for|if)\b|incompatible with\b",
    r"cannot be (?:used|enabled|combined) (?:together )?(?:with|when|for|if)\b",
)
_SETTING = any_of(
    r"\bmust be (?:set|specified|provided|passed|one of|less|greater|larger|smaller|at least|at most|a multiple|divisible|positive|between"
    r"|either|equal|enabled|disabled|[<>])",
    r"\b(?:valid|supported|allowed|available|possible) (?:options|values|choices|backends|methods|types|formats) (?:are|is)\b"
    r"|\bexpected one of\b|\bis (?:disabled|not enabled) but\b",
    r"\bshould be (?:one of|less|greater|set|in)\b|\b(?:is|are) (?:mutually exclusive|required (?:for|when|if|with|to))\b",
    r"\bplease (?:set|specify|use|pass|provide|enable|disable|increase|decrease|reduce|lower|adjust)\b",
)
_INTERNAL = any_of(
    r"^(?:AttributeError|IndexError|KeyError|UnboundLocalError|NameError|ZeroDivisionError|RecursionError|StopIteration"
    r"|UnicodeDecodeError)\b",
    r"^AssertionError\b|cannot be accessed from Triton|attempted to run this operator with|Duplicated timeseries in",
    r"^NotImplementedError(?:$|: assert )|Failed to apply \w{1,60} on data=",
    r"double free or corruption|(?:free|malloc|realloc|munmap_chunk)\(\): |corrupted size vs|Segfault encountered|Segmentation fault"
    r"|terminate called without an active exception|Process received signal",
    r"^torch\._(?:dynamo|inductor)\.exc\.\w+|\b(?:InductorError|BackendCompilerFailed|CompilationError|PassManager::run failed)\b",
    r"INTERNAL ASSERT FAILED|please (?:report|file) (?:this|a|an) (?:bug|issue)",
    r"^Fatal Python error: (?:Aborted|Illegal)",
    r"The size of tensor \w+ \(\d+\) must match|shapes cannot be multiplied|shape '[^']{1,200}' is invalid for input of size"
    r"|Expected all tensors to be on the same device|Could this error message be improved\?"
    r"|expected (?:mat1|m1|self) and \w+ to have the same dtype"
    r"|Sizes of tensors must match|split_with_sizes expects|is not a multiple of",
)

_FAULT = (
    "The server failed with an internal error: a bug, Python packages that do not fit together, or a model or setting that it "
    "does not expect",
    "Remove changes of packages and settings in args, env and overrides. If it fails without them, use another image tag, and search "
    "the evidence in the issues of the server.",
)

FALLBACK_PATTERNS = (
    KILLED_PATTERN,
    MessagePattern(
        "download-unreachable",
        r"^(?:requests\.exceptions|httpx|urllib3\.exceptions)\.(?:Connect|Connection|Read|Proxy|ChunkedEncoding|Protocol|RemoteProtocol)"
        r"(?:Error|Timeout)\b",
        "A download or another request of the server broke off",
        "Allow access from the node to the source of the model (network policy, proxy), or retry. The log before it names the host.",
    ),
    MessagePattern("server-fault", r"^TypeError\b|Either a revision or a version must be specified", *_FAULT),
    MessagePattern(
        "server-arguments",
        r"^KeyError: '(?-i:[A-Z][A-Z0-9]*_[A-Z0-9_]{1,80})'$"
        r"|environment variable (?-i:[A-Z][A-Z0-9_]{1,80}) (?:expected, but not set|not found|is not set|is required)",
        "The server expects a variable that its environment lacks",
        "Set it in env, or remove command and args if they replace the start of the image.",
    ),
    MessagePattern(
        "server-arguments",
        r"(?P<variable>(?-i:[A-Z][A-Z0-9_]{1,80})) '[^']{1,200}' appears to be a URI",
        "A variable of the server contains an address in place of a port",
        "Remove it from env. If overrides enable enableServiceLinks, it comes from a Service with this name: remove that too.",
    ),
    MessagePattern(
        "cuda-crash",
        any_of(
            r"CUDA (?:driver )?error: \w|CUDA runtime error in \S|Triton Error \[CUDA\]: |CUDA error code=\d+",
            r"\b(?:CUBLAS|CUDNN|CUSOLVER|CUSPARSE)_STATUS_\w+|cutlass (?:error|failed)|\bcutlass\b.{0,80}\bError\b",
            r"RuntimeError: Error Internal",
        ),
        "A CUDA call of the server failed",
        "Use another image tag or another profile (model_profile). If it happens on one node only, suspect its GPU or its driver.",
    ),
    MessagePattern(
        "path-denied",
        any_of(
            r"\[Errno (?:1|13)\] (?:Permission denied|Operation not permitted): '(?P<path>[^']{1,300})'",
            r"filesystem error: [^\n]{1,200}Permission denied \[",
            r"(?:cannot (?:create|open|access|write)|can't (?:create|open)|mkdir:?|open) [^\n]{1,200}: Permission denied",
        ),
        "The server has no permission for a file or directory",
        "Set run_as_user and fs_group to the owner of the volume that contains the path. If it is a path of the image, set the variable "
        "that names the directory, in env, to one below /tmp.",
    ),
    MessagePattern(
        "path-missing",
        r"No such file or directory: '(?P<path>[^']{1,300})'|[Nn]o such file or directory: \"(?P<quoted>[^\"]{1,300})\""
        r"|filesystem error: [^\n]{1,200}No such file or directory \[",
        "The server does not find a file or directory",
        "Correct the path where args or env contain it, or mount the volume with it (extra_volumes, extra_mounts).",
    ),
    MessagePattern(
        "image-incomplete",
        r"\bpip3? install\b|(?:[Pp]lease|need to|must) install\b|requires? the following packages|but it was not found in your environment",
        "The image lacks a Python package that the model or a setting requires",
        "Use an image with the package, or remove the setting that requires it from args and env.",
    ),
    MessagePattern(
        "image-incomplete",
        r"\bNinja build failed\b|\bninja: build stopped\b|Command '\['ninja'",
        "The compilation of GPU code at the start of the server failed",
        "Use an image whose kernels are compiled for the GPU, or another profile (model_profile). If the evidence names flashinfer, set "
        "VLLM_USE_FLASHINFER_SAMPLER to 0 in env. The log above has the error of the compiler.",
    ),
    MessagePattern(
        "server-unsupported",
        any_of(_UNSUPPORTED, _SETTING),
        "The server does not support a setting, or a combination of model, GPU and settings",
        "Change what the evidence names in args or env. If it names none, use another profile (model_profile) or a newer image.",
    ),
    MessagePattern("server-fault", _INTERNAL, *_FAULT),
)
"""Errors of the server's own code. Their texts do not depend on the subject of the error."""
