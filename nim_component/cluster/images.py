"""Image references of containers."""


def registry_of(image: str) -> str:
    """Return the registry of an image: its first part if that is a host name, else Docker Hub."""
    first, slash, _ = image.partition("/")
    return first if slash and ("." in first or ":" in first or first == "localhost") else "docker.io"
