"""Table of the Go types, built from a small dump."""

from nim_component.local.kubernetes_types import TABLE
from tools.kubernetes_types.table import build_table

DUMP = {
    "kinds": {"apps/v1 Thing": "apps_v1.Thing", "v1 Other": "core_v1.Other", "v1 Secret": "core_v1.Secret"},
    "structs": {
        "apps_v1.Thing": ["kind? str", "metadata meta_v1.ObjectMeta", "spec apps_v1.Spec", "status? apps_v1.Status"],
        "apps_v1.Spec": ["replicas? *int", "paused? bool", "limits? {}quantity", "owners? []meta_v1.ObjectMeta", "size! int"],
        "core_v1.Other": ["spec *core_v1.Spec"],
        "core_v1.Spec": ["at time", "data? bytes"],
        "core_v1.Secret": ["data? {}bytes"],
        "meta_v1.ObjectMeta": ["name? str", "managedFields? []any"],
    },
}


def test_table_has_kinds_and_structs() -> None:
    """Names are qualified only if two packages have the same; a Secret is skipped."""
    assert build_table(DUMP) == (
        "apps/v1 = Thing\n"
        "v1 = Other\n"
        "\n"
        "ObjectMeta = name?\n"
        "Other = spec:SpecCoreV1\n"
        "SpecAppsV1 = limits?:{}quantity owners?:[]ObjectMeta paused?\n"
        "SpecCoreV1 = at:time data?:bytes\n"
        "Thing = metadata:ObjectMeta spec:SpecAppsV1\n"
    )


def test_committed_table_has_two_sections() -> None:
    assert TABLE.read_text().count("\n\n") == 1
