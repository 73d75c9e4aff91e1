"""Links to the recovery from a failed update."""

import pytest

from nim_component.diagnose.progress.reporter import find_link
from nim_component.text.links import AFTER_CTRL_C, AFTER_FAILED_CHANGE, AFTER_TIME_OUT


@pytest.mark.parametrize(
    ("errors", "link"),
    [
        (["2 errors occurred:\n\t* timed out waiting for the condition"], AFTER_TIME_OUT),
        (["Timeout occurred polling for 'llama'"], AFTER_TIME_OUT),
        (["resource ml/llama was not successfully created: context canceled"], AFTER_CTRL_C),
        (["operation was interrupted"], AFTER_CTRL_C),
        (["exceeded quota: limit"], AFTER_FAILED_CHANGE),
        ([], AFTER_FAILED_CHANGE),
    ],
)
def test_failure_links_to_its_recovery(errors: list[str], link: str):
    assert find_link(errors) == link
