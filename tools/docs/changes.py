"""Page of the changes of a running service, recorded on the real engine."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from .markdown import code, page, table

FOLDER = Path(__file__).parents[2] / "tests" / "engine" / "changes"
HEADER = ("Change", "Arguments before → after", "Pods", "Requests", "Address", "Cache", "Undone")

INTRO = """Each row is one run of `tests/engine/test_first_update.py` with the Pulumi CLI and a Kubernetes control plane. The change is
the first `pulumi up` after the creation, with its preview. It is undone by one more `pulumi up` with the old arguments. A
preview after each of the two shows no change."""

LEGEND = """- **Requests**: the time in which no pod of the Service was ready. Pods of the runs are simulated, so the time is a multiple of
  the start of a pod. A real NIM needs minutes for a start: image, download and loading of the model.
- **Address**: name, cluster IP and ports of the Service. If it changes, clients must connect again.
- **Cache**: the PVCs of the service: model cache and LoRA adapters. A replaced or deleted PVC loses its files.
- **Undone**: what the second update did to pods, requests and cache. Afterwards, the pod template was equal to the first one in every row
  that was not refused."""


def render() -> dict[str, str]:
    """Return the page by its path below `docs/reference`."""
    changes = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in sorted(FOLDER.glob("*.yaml"))]
    rows = [_row(each) for each in sorted(changes, key=lambda each: each["title"].strip("`").lower())]
    return {"changes.md": page("Changes of a running service", INTRO, table(HEADER, rows), LEGEND)}


def _row(change: Mapping[str, Any]) -> list[str]:
    seen, undo = change["seen"]["change"], change["seen"]["undo"]
    flag = " (as the first update: with `--skip-preview`)" if change.get("skip_preview") else ""
    flag += f" (refused by the API server: `{change['undo_error']}`)" if "result" in seen else ""
    back = (
        f"refused by the API server: `{change['undo_error']}`"
        if "result" in undo
        else f"pods {undo['pods']}, requests: {undo['requests']}, cache {undo['cache']}"
    )
    arguments = (
        "another value of the key"
        if change.get("keys")
        else " → ".join(
            code(yaml.safe_dump(_differing(change[one], change[other]), default_flow_style=True, width=1000).strip())
            for one, other in (("before", "after"), ("after", "before"))
        )
    )
    return [change["title"] + flag, arguments, seen["pods"], seen["requests"], seen["address"], seen["cache"], back]


def _differing(fields: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields whose values differ from the others."""
    return {key: value for key, value in fields.items() if others.get(key) != value}
