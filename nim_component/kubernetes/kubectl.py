"""kubectl commands that fixes contain."""

NGC_REGISTRY = "nvcr.io"


def create_pull_secret(namespace: str, name: str, registry: str) -> str:
    """Return the command that creates a pull Secret. The password is a placeholder."""
    login = "'$oauthtoken' --docker-password=<NGC API key>" if registry == NGC_REGISTRY else "<user> --docker-password=<password>"
    return f"kubectl -n {namespace} create secret docker-registry {name} --docker-server={registry} --docker-username={login}"
