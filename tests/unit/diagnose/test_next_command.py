"""The next command of a diagnosis, and the highlighted part of its evidence."""

import pytest

from nim_component.diagnose.diagnosis import Diagnosis
from nim_component.diagnose.next_command import add_command
from nim_component.diagnose.rules import diagnose

from .kubernetes_objects import crashed, snapshot
from .snapshots import failed_mount, unbound_pvc


@pytest.mark.parametrize(
    ("subject", "command"),
    [
        ("pod/llama-1", "kubectl -n ml describe pod llama-1"),
        ("pvc/llama-cache", "kubectl -n ml describe pvc llama-cache"),
        ("pod", ""),
        ("", ""),
        ("node/gpu-0", ""),
    ],
)
def test_command_describes_the_subject(subject: str, command: str):
    found = add_command(Diagnosis("a", "text", "Correct it.", subject=subject), "ml")
    assert found.command == command
    assert [label for label, _ in found.details] == ["fix", *(["next"] if command else [])]


def test_fix_with_command_needs_no_other():
    assert add_command(Diagnosis("a", "text", "Run `pulumi up`.", subject="pod/x", command="kubectl"), "ml").command == ""


def test_log_of_crashed_server_is_next():
    (found,) = diagnose(snapshot(crashed("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 224.00 MiB.")))
    assert found.command == "kubectl -n ml logs llama-5d9-x -c nim --previous"
    assert str(found).splitlines()[-1] == f"  next: `{found.command}`"
    assert found.to_json()["next"] == found.command


def test_order_is_problem_evidence_fix_next():
    (found, *_) = diagnose(unbound_pvc('failed to provision volume with StorageClass "x": rpc error: odd'))
    assert [label for label, _ in found.details] == ["evidence", "fix", "next"]


def test_match_is_part_of_evidence():
    found = [
        each for each in diagnose(failed_mount('MountVolume.SetUp failed for volume "v" : mount failed: Stale file handle')) if each.match
    ]
    assert found and all(each.match in each.evidence and each.match != each.evidence for each in found)
