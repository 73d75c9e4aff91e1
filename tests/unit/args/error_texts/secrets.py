"""Wrong secrets and their errors."""

from typing import Any

from .common import REFERENCE

CASES: list[tuple[dict[str, Any], str]] = [
    (
        {},
        'secrets.ngc_image_secret: is required. Name the Secrets in the cluster, `"secrets": {"ngc_image_secret": '
        '"ngc-pull", "ngc_secret_group": "ngc-api", "ngc_secret_key": "NGC_API_KEY"}`; or use `"secrets": {"without_key":'
        " True}` for public images, or ngc_api_key with a Pulumi secret.",
    ),
    (
        {"ngc_image_secret": "pull"},
        'secrets.ngc_secret_key: is required. Name the Secrets in the cluster, `"secrets": {"ngc_image_secret": '
        '"ngc-pull", "ngc_secret_group": "ngc-api", "ngc_secret_key": "NGC_API_KEY"}`; or use `"secrets": {"without_key":'
        " True}` for public images, or ngc_api_key with a Pulumi secret.",
    ),
    (
        {**REFERENCE, "ngc_image_secret": "My_Secret"},
        "secrets.ngc_image_secret: must be a Kubernetes object name (got 'My_Secret'). Use at most 253 lower-case "
        "letters, digits, '-' and '.', such as `\"my-name\"`.",
    ),
    (
        {**REFERENCE, "ngc_secret_key": "a key"},
        "secrets.ngc_secret_key: must be a key of a Secret (got 'a key'). Use at most 253 letters, digits, '-', '_' and "
        "'.', such as `\"NGC_API_KEY\"`.",
    ),
    (
        {**REFERENCE, "ngc_secret_key": "nvapi-abcdef"},
        "secrets.ngc_secret_key: must be a name, and this value looks like a credential. Store the credential in a "
        "Secret, and set the Secret's name and key here.",
    ),
    (
        {**REFERENCE, "hf_token_group": "hf"},
        "secrets.hf_token_key: is required with hf_token_group. Set the key of the Secret that contains the token, such "
        'as `"secrets": {"hf_token_key": "HF_TOKEN"}`.',
    ),
    (
        {**REFERENCE, "secrets_prefix": "1-"},
        "secrets.secrets_prefix: must be a prefix of environment variables (got '1-'). Use letters, digits and '_', such as `\"_FSEC_\"`.",
    ),
    (
        {**REFERENCE, "ngc_api_key": "nvapi-abcdef"},
        "secrets.ngc_api_key: must be a Pulumi secret: anyone can read plain text in a program or a stack file. Use "
        'pulumi.Config().require_secret("ngcApiKey"), and set it: pulumi config set --secret ngcApiKey.',
    ),
    (
        {"without_key": True, **REFERENCE},
        "secrets.ngc_secret_key: must not be combined with keyless() (without_key). Remove one of the two.",
    ),
    (
        {"without_key": True, "hf_token_key": "t"},
        "secrets.hf_token_group: is required with hf_token_key if no Secret of the NGC key exists that could contain the "
        'token. Name the Secret, such as `"secrets": {"hf_token_group": "hf-token"}`, or use hf_token with a Pulumi '
        "secret.",
    ),
    (
        {**REFERENCE, "secrets_prefix": "NIM_", "ngc_secret_key": "CACHE_PATH"},
        "secrets.ngc_secret_key: becomes the variable NIM_CACHE_PATH with secrets_prefix, and that variable is used for "
        "something else. Use another prefix or key.",
    ),
    (
        {**REFERENCE, "secrets_prefix": "HF_", "ngc_secret_key": "TOKEN"},
        "secrets.ngc_secret_key: becomes the variable HF_TOKEN with secrets_prefix, and that variable is used for "
        "something else. Use another prefix or key.",
    ),
    (
        {**REFERENCE, "secrets_prefix": "_", "ngc_secret_group": "a.b", "hf_token_group": "a-b", "hf_token_key": "NGC_API_KEY"},
        "secrets.hf_token_key: becomes the variable _A_B_NGC_API_KEY, as another key does. Rename one of the keys or Secrets.",
    ),
    (
        {**REFERENCE, "ngc_secret": "x"},
        "secrets.ngc_secret: unknown field. Did you mean 'ngc_secret_key'?",
    ),
    (
        {**REFERENCE, "verify": "off"},
        "secrets.verify: must be a boolean (got 'off'). Use True or False.",
    ),
    (
        {"without_key": 1},
        "secrets.without_key: must be a boolean (got 1). Use True or False.",
    ),
    (
        {**REFERENCE, "verify": "maybe"},
        "secrets.verify: must be a boolean (got 'maybe'). Use True or False.",
    ),
    (
        {"ngc_secret_key": "k", "ngc_secret_group": "g"},
        'secrets.ngc_image_secret: is required. Name the pull Secret, such as `"secrets": {"ngc_image_secret": "ngc-pull"}`; or use '
        '`"secrets": {"image_pull": "node_identity"}` if the nodes pull with their own identity, or ngc_api_key with a Pulumi secret.',
    ),
    (
        {"image_pull": "node_identity", "ngc_secret_key": "k"},
        "secrets.ngc_secret_group: is required with image_pull 'node_identity'. Name the Secret of the NGC key, "
        '`"secrets": {"ngc_secret_group": "ngc-api", "ngc_secret_key": "NGC_API_KEY"}`; or use `"secrets": {"without_key": True}` for '
        "public images, or ngc_api_key with a Pulumi secret.",
    ),
    (
        {"image_pull": "node_identity", **REFERENCE, "ngc_secret_group": "g"},
        "secrets.ngc_image_secret: must not be combined with image_pull 'node_identity'. Remove one of the two. "
        "Name Secrets of other registries in extra_image_secrets.",
    ),
    (
        {**REFERENCE, "extra_image_secrets": ["My_Secret"]},
        "secrets.extra_image_secrets[0]: must be a Kubernetes object name (got 'My_Secret'). Use at most 253 lower-case "
        "letters, digits, '-' and '.', such as `\"my-name\"`.",
    ),
]
