"""Secrets: redacted in files and in output."""

from pathlib import Path

from .project import ENCODED, PROGRAM, Command, Result, snapshot, write


def test_secret_is_not_printed_or_written(cli: Command, folder: Path) -> None:
    write(folder, "__main__.py", PROGRAM + "\nprint('hunter2-secret')\n")
    results = [cli("up"), cli("preview", "--json"), cli("up")]
    printed = "".join(result.out + result.err for result in results)
    written = "".join(text for path, text in snapshot(folder).items() if path != "__main__.py")
    for text in (printed, written):
        assert "hunter2" not in text
        assert ENCODED not in text
    assert "key: [secret]" in printed


PLANTED = """
import pulumi, pulumi_kubernetes as k8s
PLAIN, ENCODED = "hunter2-secret", "aHVudGVyMi1zZWNyZXQ="
secret = pulumi.Output.secret(PLAIN)
applied = {"kubectl.kubernetes.io/last-applied-configuration": '{"data": {"key": "' + ENCODED + '"}}', "other": "kept"}
k8s.core.v1.Secret("unmarked", metadata={"name": "unmarked", "annotations": applied}, data={"key": ENCODED})
k8s.core.v1.SecretPatch("patch", metadata={"name": "patch"}, string_data={"key": PLAIN})
k8s.core.v1.ConfigMap("map", metadata={"name": secret, "labels": {"l": secret}}, data={"a": secret, "b": pulumi.Output.concat("b", secret)})
provider = k8s.Provider("provider", kubeconfig="{kind: Config, users: [{name: a, user: {token: " + PLAIN + "}}]}")
k8s.core.v1.ConfigMap("other", metadata={"name": "other"}, opts=pulumi.ResourceOptions(provider=provider))
class Group(pulumi.ComponentResource):
    def __init__(self):
        super().__init__("demo:index:Group", "group", {"plain": secret, "deep": {"list": [secret]}})
        self.register_outputs({"out": secret})
Group()
pulumi.export("deep", {"list": [secret]})
pulumi.log.info("info " + PLAIN)
secret.apply(lambda value: pulumi.log.warn("apply " + value))
secret.apply(lambda value: print("print " + value))
"""


def test_secret_in_any_resource_is_redacted(cli: Command, folder: Path) -> None:
    results: list[Result] = []
    for program in (PLANTED, PLANTED.replace('"other": "kept"', '"other": "changed"'), ""):
        write(folder, "__main__.py", program)
        results += [cli("preview"), cli("preview", "--json"), cli("up"), cli("up", "--json")]
        written = "".join(text for path, text in snapshot(folder).items() if path != "__main__.py")
        assert "hunter2" not in written
        assert ENCODED not in written
    printed = "".join(result.out + result.err for result in results)
    assert [result.code for result in results] == [0] * 12
    assert "hunter2" not in printed
    assert ENCODED not in printed
    assert 'metadata.annotations.other: "kept" => "changed"' in printed


def test_secret_in_error_is_redacted(cli: Command, folder: Path) -> None:
    write(folder, "__main__.py", PROGRAM + "\nprint('hunter2-secret')\nraise ValueError('it was hunter2-secret')\n")
    result = cli("up")
    assert "hunter2" not in result.out + result.err.replace("raise ValueError('it was hunter2-secret')", "")
    assert "it was [secret]" in result.err
