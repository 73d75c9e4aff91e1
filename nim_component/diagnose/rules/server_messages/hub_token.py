"""Token for the Hugging Face Hub: whether the server has one, and the fixes that depend on it."""

from collections.abc import Mapping

from ....cluster.objects import Object, items_at, text_at

_LISTS = ("containers", "initContainers")
_VARIABLES = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")


def describe_token(template: Object, container: str) -> Mapping[str, str]:
    """Return the values about the token that texts of log patterns may contain.

    Args:
        template: Spec of the pod template; empty if it is unknown.
        container: Name of the container that downloads.
    """
    has_one = has_token(template, container)
    if has_one is None:
        return {
            "gated_fix": "Accept its terms on the hub, and set secrets.hf_token_key to a token of the same account, unless it is set.",
            "private_fix": "If it is private, set secrets.hf_token_key.",
            "rate_fix": "For the hub, set secrets.hf_token_key: requests without a token have a lower limit.",
        }
    if has_one:
        return {
            "gated_fix": "Accept its terms on the hub with the account of the token in secrets.hf_token_key.",
            "private_fix": "If it is private, give the account of the token in secrets.hf_token_key access to it.",
            "rate_fix": "For the hub, the limit is that of the account of secrets.hf_token_key.",
        }
    if any(has_token(template, text_at(each, "name")) for list_ in _LISTS for each in items_at(template, list_)):
        # The component gives the token only to containers that name a repository of the hub.
        name = "The server has no token, and another container has one. Name the model by hf:// in env or args, so that the server gets it"
        return {
            "gated_fix": f"{name}. Accept the model's terms on the hub with the account of the token.",
            "private_fix": f"If it is private: {name[0].lower()}{name[1:]}.",
            "rate_fix": f"For the hub: {name[0].lower()}{name[1:]}. Requests without a token have a lower limit.",
        }
    return {
        "gated_fix": "The server has no token. Accept the model's terms on the hub, and set secrets.hf_token_key to the key of a Secret "
        "with a token of the same account (or secrets.hf_token).",
        "private_fix": "If it is private, set secrets.hf_token_key: the server has no token.",
        "rate_fix": "For the hub, set secrets.hf_token_key: the server has no token, and requests without one have a lower limit.",
    }


def has_token(template: Object, container: str) -> bool | None:
    """Return whether a container has a token, or None if that is unknown.

    A whole Secret or ConfigMap in its environment may contain one.
    """
    found = next((each for list_ in _LISTS for each in items_at(template, list_) if text_at(each, "name") == container), None)
    if found is None:
        return None
    if any(text_at(each, "name") in _VARIABLES for each in items_at(found, "env")):
        return True
    return None if items_at(found, "envFrom") else False
