"""Patterns of errors inside the server, for logs in which no other pattern matches.

They follow all others, because an error of a cleanup can stand below the reason.
"""

from ..patterns import MessagePattern, any_of

_UNSUPPORTED = any_of(
    r"(?:is|are) (?:currently )?not (?:yet |currently |officially )?(?:supported|compatible|implemented|available for)\b",
    r"\bunsupported\b|does(?: not|n't) (?:currently |yet )?support\b|not (?:yet )?supported\b|\bonly supports?\b",
    r"only supported (?:for|with|on|by)\b|can only be used (?:with|when|for|if)\b|incompatible with\b",
    r"cannot be (?:used|enabled|combined) (?:together )?(?:with|when|for|if)\b",
)
_INTERNAL = any_of(
    r"^(?:TypeError|AttributeError|IndexError|KeyError|AssertionError|UnboundLocalError|NameError|ZeroDivisionError|NotImplementedError"
    r"|RecursionError|StopIteration|UnicodeDecodeError)\b",
    r"^torch\._(?:dynamo|inductor)\.exc\.\w+|\b(?:InductorError|BackendCompilerFailed|CompilationError|PassManager::run failed)\b",
    r"INTERNAL ASSERT FAILED|please (?:report|file) (?:this|a|an) (?:bug|issue)",
    r"^Fatal Python error: (?:Segmentation fault|Aborted|Illegal)",
    r"The size of tensor \w+ \(\d+\) must match|shapes cannot be multiplied|shape '[^']{1,200}' is invalid for input of size"
    r"|Expected all tensors to be on the same device|expected (?:mat1|m1|self) and \w+ to have the same dtype"
    r"|Sizes of tensors must match|split_with_sizes expects|is not a multiple of",
    r"Either a revision or a version must be specified",
)

FALLBACK_PATTERNS = (
    MessagePattern(
        "server-arguments",
        r"^KeyError: '(?-i:[A-Z][A-Z0-9]*_[A-Z0-9_]{1,80})'$|environment variable (?-i:[A-Z][A-Z0-9_]{1,80}) expected, but not set",
        "The server expects a variable that its environment lacks",
        "Set it in env, or remove command and args if they replace the start of the image.",
    ),
    MessagePattern(
        "cuda-crash",
        r"CUDA (?:driver )?error: (?:[a-z]|an? )\S{1,40} |Triton Error \[CUDA\]: |CUDA error code=\d+|^cuda(?:Error)?[A-Z]\w+Error\b",
        "A CUDA call of the server failed",
        "Use another image tag or another profile (model_profile). If it happens on one node only, suspect its GPU or its driver.",
    ),
    MessagePattern(
        "path-denied",
        any_of(
            r"\[Errno (?:1|13)\] (?:Permission denied|Operation not permitted): '(?P<path>[^']{1,300})'",
            r"(?:cannot (?:create|open|access|write)|can't (?:create|open)|mkdir:?|open) [^\n]{1,200}: Permission denied",
        ),
        "The server has no permission for a file or directory",
        "Set run_as_user and fs_group to the owner of the volume that contains the path. If it is a path of the image, set the variable "
        "that names the directory, in env, to one below /tmp.",
    ),
    MessagePattern(
        "server-unsupported",
        _UNSUPPORTED,
        "The server does not support a setting, or a combination of model, GPU and settings",
        "Change what the evidence names in args or env. If it names none, use another profile (model_profile) or a newer image.",
    ),
    MessagePattern(
        "server-fault",
        _INTERNAL,
        "The server failed with an internal error: a bug, Python packages that do not fit together, or a model or setting that it "
        "does not expect",
        "Remove changes of packages and settings in args, env and overrides. If it fails without them, use another image tag, and search "
        "the evidence in the issues of the server.",
    ),
)
"""Errors of the server's own code. Their texts do not depend on the subject of the error."""
