"""Public names of the package: listed once, imported on first use."""

import subprocess
import sys

import pytest

import nim_component
from nim_component import args
from nim_component.args.reflection import reachable_models


def run(program: str) -> str:
    """Return the output of a program in an interpreter of its own."""
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()


def test_dir_shows_the_exports():
    assert dir(nim_component) == sorted(nim_component.__all__)
    assert {"NIM", "NIMService", "NIMSecrets", "CacheArgs", "ArgumentError", "Toleration"} <= set(dir(nim_component))


@pytest.mark.parametrize("name", nim_component.__all__)
def test_export_is_importable(name: str):
    exported = getattr(nim_component, name)
    assert exported.__name__ == name
    assert name == "NIMService" or exported is getattr(args, name)


def test_star_import_binds_the_exports():
    names: dict[str, object] = {}
    exec("from nim_component import *", names)
    assert set(nim_component.__all__) <= names.keys()


def test_every_model_below_nim_is_exported():
    """Also those in lists, unions and mappings, at any depth."""
    found = {model.__name__ for model in reachable_models(args.NIM)}
    assert {"NIM", "KedaFallback", "NetworkPeer"} <= found <= set(nim_component.__all__)


def test_unknown_name_raises_attribute_error():
    with pytest.raises(AttributeError, match="module 'nim_component' has no attribute 'Nimm'"):
        nim_component.Nimm  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'nimm'"):
        from nim_component import nimm  # type: ignore[attr-defined]  # noqa: F401


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import nim_component", ["pydantic", "pulumi", "pulumi_kubernetes", "nim_component.args"]),
        ("import nim_component.args", ["pulumi", "pulumi_kubernetes", "yaml", "grpc", "nim_component.args.foreign_names"]),
        ("from nim_component import NIM, NIMSecrets; NIM(secrets=NIMSecrets.keyless())", ["pulumi", "pulumi_kubernetes", "yaml", "grpc"]),
        ("import nim_component.kubernetes.quantities", ["nim_component.args", "pydantic"]),
    ],
    ids=["package", "args", "valid-arguments", "submodule"],
)
def test_import_is_lazy(statement: str, absent: list[str]):
    assert run(f"import sys; {statement}; print([name for name in {absent} if name in sys.modules])") == "[]"
