"""Pages of the arguments: one for `NIM`, one for each of its option sets."""

from nim_component.args import NIM
from nim_component.args.arguments import Arguments

from .markdown import code, page, table, toctree
from .models import default_of, describe_fields, one_line, option_sets, output_support, type_of

GUIDES = {
    "secrets": "secrets",
    "hf_repo_ids": "lora",
    "lora": "lora",
    "autoscaling": "autoscaling",
    "vertical_autoscaling": "autoscaling",
    "cache": "cache",
    "multi_node": "multi-node",
    "network": "closed-networks",
    "tolerations": "placement",
    "network_policy": "network-policy",
    "disruption_budget": "placement",
    "resource_claims": "placement",
    "service_account": "secrets",
    "service": "exposure",
    "ingress": "exposure",
    "http_route": "exposure",
    "grpc_route": "exposure",
    "inference_pool": "exposure",
    "metrics": "metrics",
    "diagnosis": "diagnosis",
}
"""The how-to guide of each option set."""

LEGEND = """Each table has one row for a field. The names are the same in a Python program and in a stack file.

- **Type**: the accepted YAML or Python value. A range such as `1024–65535` includes both ends. A *mapping* without further
  detail is a Kubernetes structure and is rendered unchanged.
- **Default**: the value without the field. `None` means that the field has no value; *required* means that it has no default.
- **Output**: `yes` accepts a Pulumi Output in place of the value. `values` accepts Outputs as the values of the mapping or the
  items of the list. `inside` accepts Outputs anywhere in the structure. `secret` accepts only a secret Output. Fields
  without an entry decide which resources exist and how they are built, so their values must be plain."""


def render() -> dict[str, str]:
    """Return the pages by their paths below `docs/reference`."""
    sets = option_sets()
    names = {name: name.replace("_", "-") for name in sets}
    homes = {model.__name__: f"{names[name]}.md#{model.__name__.lower()}" for name, models in sets.items() for model in models}
    overview = page(
        "Arguments",
        LEGEND,
        "## `NIM`",
        one_line(NIM.__doc__ or ""),
        list_fields(NIM, homes),
        toctree(list(names.values())),
    )
    pages = {"arguments/index.md": overview}
    for name, models in sets.items():
        guide = f"How-to guide: [{GUIDES[name]}](../../guides/{GUIDES[name]}.md). Columns: [Arguments](index.md)."
        sections: list[str] = []
        for model in models:
            sections += [f"## `{model.__name__}`", one_line(model.__doc__ or ""), list_fields(model, homes)]
        pages[f"arguments/{names[name]}.md"] = page(f"`{name}`", guide, *sections)
    return pages


def list_fields(model: type[Arguments], homes: dict[str, str]) -> str:
    """Return the table of a model's fields, with links to the pages of nested models."""
    described = describe_fields(model)
    return table(
        ["Field", "Type", "Default", "Output", "Meaning"],
        [
            [
                code(name),
                _linked(" or ".join(type_of(model, name)), homes),
                "required" if (default := default_of(model, name)) is None else code(default),
                output_support(model, name),
                described.get(name, ""),
            ]
            for name in model.model_fields
        ],
    )


def _linked(text: str, homes: dict[str, str]) -> str:
    """Replace each `$Name` with a link to the table of the model."""
    return " ".join(f"[`{word[1:]}`]({homes[word[1:]]})" if word.startswith("$") else word for word in text.split(" "))
