"""Recovery from a failed or interrupted update."""

import pytest

from nim_component.diagnose.progress.recovery import describe_recovery, find_link, is_interrupted
from nim_component.text.links import AFTER_CTRL_C, AFTER_FAILED_CHANGE, AFTER_TIME_OUT


@pytest.mark.parametrize(
    ("errors", "link"),
    [
        (["2 errors occurred:\n\t* timed out waiting for the condition"], AFTER_TIME_OUT),
        (["Timeout occurred polling for 'llama'"], AFTER_TIME_OUT),
        (["resource ml/llama was not successfully created: context canceled"], AFTER_CTRL_C),
        (['failed to become live: Resource operation was cancelled for "llama"'], AFTER_CTRL_C),
        (["'llama' timed out waiting to be Ready"], AFTER_TIME_OUT),
        (["operation was interrupted"], AFTER_CTRL_C),
        (["exceeded quota: limit"], AFTER_FAILED_CHANGE),
        ([], AFTER_FAILED_CHANGE),
    ],
)
def test_failure_links_to_its_recovery(errors: list[str], link: str):
    assert find_link(errors) == link
    assert is_interrupted(errors) == (link == AFTER_CTRL_C)


def test_recovery_names_both_commands():
    assert describe_recovery("prod").splitlines()[1:] == [
        "  to continue: `pulumi up --stack prod`",
        "  to go back: restore the previous arguments, then `pulumi up --refresh --stack prod`",
        "  see: docs/troubleshooting.md#after-ctrl-c",
    ]
