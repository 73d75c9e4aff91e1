"""Page of the keys of a stack file."""

from nim_component.args.namespace import NamespaceArgs

from .arguments import list_fields
from .markdown import page, table
from .models import one_line

INTRO = """The program of a [stack file](../guides/stack-files.md) reads these keys. `nim` is the name of the Pulumi project, in
`Pulumi.yaml`. `stacks/schema.json` is the JSON schema for editors."""

KEYS = [
    ["`nim:services`", "mapping of a name to [`NIM`](arguments/index.md), required. `aliases` of a service is a list of its former names"],
    ["`nim:defaults`", "[`NIM`](arguments/index.md), without required fields"],
    ["`nim:namespaces`", "mapping of a name to [`NamespaceArgs`](#namespaceargs), or to nothing"],
    ["`nim:kubernetesVersion`", "Kubernetes version whose schemas the local engine validates against"],
    ["`nim:<any name>`", "secret, for `ngc_api_key` and `hf_token` of [`NIMSecrets`](arguments/secrets.md)"],
]


def render() -> dict[str, str]:
    """Return the page by its path below `docs/reference`."""
    model = [f"## `{NamespaceArgs.__name__}`", one_line(NamespaceArgs.__doc__ or ""), list_fields(NamespaceArgs, {})]
    return {"stack-file.md": page("Stack file", INTRO, table(["Key", "Value"], KEYS), *model)}
