"""Every form of credential in every output: of commands, errors, diagnoses and the loader."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nim_component.args import NIM, ArgumentError
from nim_component.args.error import describe_owner
from nim_component.diagnose.rules import diagnose
from nim_component.lora_loader import outcome

from ...credentials import CERTAIN, EVERY, ISSUED, base64_of, make_private_key
from ..args.error_texts import REFERENCE
from ..diagnose.kubernetes_objects import crashed, event, snapshot, waiting
from .project import Command, write
from .project import snapshot as files_of

PLANTED = {name: make(100 + 10 * index) for index, (name, make) in enumerate(EVERY.items())}
KEYS = {name: PLANTED[name][0] for name in (*CERTAIN, *ISSUED)}

PROGRAM = """
import json, pulumi, pulumi_kubernetes as k8s
from pathlib import Path
planted = json.loads(Path("planted.json").read_text())
for name, text in planted.items():
    print(text)
    print(repr([text]))
    pulumi.log.warn(text)
    pulumi.export(name, {"plain": text, "list": [text]})
k8s.core.v1.ConfigMap("c", metadata={"name": "c", "annotations": planted}, data=planted)
"""
SECRET_PROGRAM = """
import json, pulumi, pulumi_kubernetes as k8s
from pathlib import Path
planted = json.loads(Path("planted.json").read_text())
secret = {name: pulumi.Output.secret(text) for name, text in planted.items()}
k8s.core.v1.Secret("s", metadata={"name": "s"}, string_data=secret)
k8s.core.v1.ConfigMap("c", metadata={"name": "c", "annotations": secret}, data=secret)
pulumi.export("all", secret)
for text in planted.values():
    print(text)
    print(repr([text]), json.dumps(text))
"""


def leaked(text: str) -> list[str]:
    """Return the forms whose credential a text contains, as it is or as JSON writes it."""
    return [name for name, (_, secret) in PLANTED.items() if secret in text or json.dumps(secret)[1:-1] in text]


def plant(folder: Path, program: str) -> None:
    (folder / "planted.json").write_text(json.dumps({str(index): text for index, (text, _) in enumerate(PLANTED.values())}))
    write(folder, "__main__.py", program)


def test_search_finds_planted_credentials():
    assert leaked(" ".join(text for text, _ in PLANTED.values())) == list(PLANTED)


@pytest.mark.parametrize("arguments", [("preview",), ("preview", "--json"), ("up",), ("up", "--json")])
def test_plain_credential_is_not_printed(cli: Command, folder: Path, arguments: tuple[str, ...]):
    """Messages, outputs of the stack and changed fields, of values that are not marked secret."""
    plant(folder, PROGRAM)
    result = cli(*arguments)
    assert result.code == 0, result.err
    assert leaked(result.out + result.err) == []


def test_secret_is_in_no_file_and_output(cli: Command, folder: Path):
    """Manifests, state, outputs and messages, of values that are marked secret."""
    plant(folder, SECRET_PROGRAM)
    results = [cli("up"), cli("preview", "--json")]
    written = "".join(text for path, text in files_of(folder).items() if path not in ("__main__.py", "planted.json"))
    assert [result.code for result in results] == [0, 0], results[0].err
    assert leaked(written + "".join(result.out + result.err for result in results)) == []


@pytest.mark.parametrize("raised", ["ValueError(text)", "KeyError([text])", "pulumi.RunError(text)", "SystemExit(text)"])
def test_credential_in_exception_is_redacted(cli: Command, folder: Path, raised: str):
    text = "\n".join(text for text, _ in PLANTED.values())
    (folder / "planted.json").write_text(json.dumps(text))
    write(folder, "__main__.py", f"import json, pulumi\ntext = json.load(open('planted.json'))\nraise {raised}\n")
    for arguments in (("up",), ("preview", "--json")):
        result = cli(*arguments)
        assert result.code == 1
        assert leaked(result.out + result.err) == []


@pytest.mark.parametrize("printed", [str, repr, base64_of, lambda text: json.dumps({"a": text})])
def test_printed_private_key_is_redacted(cli: Command, folder: Path, printed: Callable[[str], str]):
    key = make_private_key(5)
    (folder / "planted.json").write_text(json.dumps(printed(key)))
    write(folder, "__main__.py", "import json\nprint('before')\nprint(json.load(open('planted.json')))\nprint('after')\n")
    result = cli("preview", "--json")
    messages = [each["message"] for each in json.loads(result.out)["diagnostics"]]
    assert messages[0] == "before"
    assert messages[-1] == "after"
    assert not any(line in message for line in key.splitlines()[1:-1] for message in messages)


@pytest.mark.parametrize("form", KEYS)
def test_key_in_argument_is_refused(form: str):
    key = KEYS[form]
    places: list[dict[str, Any]] = [
        {"env": {"A": key}},
        {"args": ["--x", key]},
        {"command": ["sh", "-c", f"x {key}"]},
        {"pod_annotations": {"a": key}},
        {"served_model_name": key},
    ]
    for fields in places:
        with pytest.raises(ArgumentError) as caught:
            NIM.read({"secrets": REFERENCE, **fields}, describe_owner("llama"))
        assert key not in str(caught.value)
        assert repr(key)[1:-1] not in str(caught.value)


@pytest.mark.parametrize("form", EVERY)
def test_credential_in_diagnosis_is_redacted(form: str):
    text, secret = PLANTED[form]
    for message in (text, f"ValueError: {text}", repr(text)):
        found = diagnose(snapshot(crashed(message), waiting("ErrImagePull", message), events=[event("Failed", message, waiting("x"))]))
        assert found
        assert secret not in json.dumps([each.to_json() for each in found])
        assert secret not in "".join(str(each) for each in found)


@pytest.mark.parametrize("form", EVERY)
def test_credential_in_loader_line_is_redacted(form: str):
    text, secret = PLANTED[form]
    for printed in (text, ValueError(text), repr(text), outcome.LoadError("hub", text)):
        assert secret not in outcome.clean(printed)
